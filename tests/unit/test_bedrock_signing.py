"""Signatures are those that botocore would make."""

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials

from assay.bedrock.credentials import BEARER_TOKEN_VARIABLE, signer
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
