"""Signatures are those that botocore would make."""

import threading
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials

from assay.bedrock.credentials import BEARER_TOKEN_VARIABLE, _Kept, signer
from assay.bedrock.settings import BedrockEndpoint
from assay.bedrock.signing import Bearer, Credentials, SigV4
from assay.errors import InputError

IDS = [
    "anthropic.claude-3-haiku-20240307-v1:0",
    "us.amazon.nova-lite-v1:0",
    "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123",
    "odd id/with ünicode~and%percent",
]


@pytest.mark.parametrize("model_id", IDS)
@pytest.mark.parametrize("token", [None, "a/session+token=="])
def test_a_signature_is_the_one_botocore_makes(
    model_id: str, token: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/model/{quote(model_id, safe='')}/converse-stream"
    host, body = "bedrock-runtime.us-east-1.amazonaws.com", b'{"messages":[]}'
    moment = datetime(2026, 11, 1, 12, 30, 15, tzinfo=UTC)
    ours = SigV4(lambda: Credentials("AKID", "secret", token), "us-east-1", now=lambda: moment)

    request = AWSRequest("POST", f"https://{host}{path}", data=body)
    request.headers["content-type"] = "application/json"
    request.headers["host"] = host
    monkeypatch.setattr(
        "botocore.auth.get_current_datetime", lambda remove_tzinfo=True: moment.replace(tzinfo=None)
    )
    SigV4Auth(BotoCredentials("AKID", "secret", token), "bedrock", "us-east-1").add_auth(request)

    made = ours.headers(host, path, body)
    assert made["authorization"] == request.headers["Authorization"]
    assert made["x-amz-date"] == request.headers["X-Amz-Date"]
    assert made.get("x-amz-security-token") == token


def test_the_signing_key_follows_new_credentials_and_a_new_day() -> None:
    held = [Credentials("A", "one")]
    day = [datetime(2026, 11, 1, tzinfo=UTC)]
    made = SigV4(lambda: held[0], "eu-west-1", now=lambda: day[0])
    first = made.headers("h", "/p", b"")["authorization"]
    held[0] = Credentials("A", "two")
    second = made.headers("h", "/p", b"")["authorization"]
    day[0] = datetime(2026, 11, 2, tzinfo=UTC)
    third = made.headers("h", "/p", b"")["authorization"]
    assert len({first, second, third}) == 3


def test_credentials_do_not_show_themselves() -> None:
    assert "hush" not in repr(Credentials("AKID", "hush", "hush"))


def test_a_bedrock_api_key_in_the_environment_comes_first_unless_a_profile_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(BEARER_TOKEN_VARIABLE, "key")
    monkeypatch.setenv("AWS_CONFIG_FILE", f"{tmp_path}/none")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", f"{tmp_path}/none")
    plain = signer(BedrockEndpoint(kind="bedrock", region="us-east-1"))
    assert isinstance(plain, Bearer)
    assert plain.headers("h", "/", b"") == {"authorization": "Bearer key"}
    with pytest.raises(InputError, match="profile 'work'"):
        signer(BedrockEndpoint(kind="bedrock", region="us-east-1", profile="work"))


def test_a_profile_of_the_credentials_file_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "credentials"
    file.write_text("[work]\naws_access_key_id = AKIDWORK\naws_secret_access_key = s\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    monkeypatch.setenv("AWS_CONFIG_FILE", f"{tmp_path}/none")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    found = signer(BedrockEndpoint(kind="bedrock", region="us-east-1", profile="work"))
    assert "Credential=AKIDWORK/" in found.headers("h", "/", b"")["authorization"]


def test_no_credentials_at_all_is_one_clear_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", BEARER_TOKEN_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", f"{tmp_path}/none")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", f"{tmp_path}/none")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(InputError, match="no AWS credentials found"):
        signer(BedrockEndpoint(kind="bedrock", region="us-east-1"))


def test_a_refresh_never_holds_up_a_request_and_its_failure_tells_no_secret(
    caplog: pytest.LogCaptureFixture,
) -> None:
    moment = [0.0]
    held = threading.Event()
    looks: list[str] = []

    def look() -> BotoCredentials:
        looks.append(threading.current_thread().name)
        if len(looks) == 2:
            held.wait(10)
            raise RuntimeError("the program printed SECRET")
        return BotoCredentials(f"AKID{len(looks)}", "secret")

    kept = _Kept(look, lambda: moment[0])
    assert kept().access_key_id == "AKID1" and len(looks) == 1
    moment[0] = 61.0
    assert kept().access_key_id == "AKID1", "while the refresh is under way, the ones at hand serve"
    held.set()
    assert kept._looking is not None
    kept._looking.join(10)
    assert kept().access_key_id == "AKID1" and looks[1] == "credentials"
    assert "RuntimeError" in caplog.text and "SECRET" not in caplog.text
    moment[0] = 122.0
    kept()
    kept._looking.join(10)
    assert kept().access_key_id == "AKID3"


def test_a_failing_credential_program_is_one_clear_error_without_what_it_printed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\necho SECRETLEAK >&2\nexit 1\n")
    program.chmod(0o755)
    config.write_text(f"[profile work]\ncredential_process = {program}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    with pytest.raises(InputError, match="no credentials for profile 'work'") as caught:
        signer(BedrockEndpoint(kind="bedrock", region="us-east-1", profile="work"))
    assert "SECRETLEAK" not in str(caught.value)
