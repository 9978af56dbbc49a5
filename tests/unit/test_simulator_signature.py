"""The simulator lets in whoever botocore signs for with the right secret, and nobody else."""

from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from assay.simulator.credentials import ACCESS_KEY_ID, BEARER_TOKEN, REGION, SECRET_ACCESS_KEY
from assay.simulator.service_errors import ServiceError
from assay.simulator.signature import authenticate

BODY = b'{"messages": []}'
Signed = tuple[str, str, list[tuple[str, str]], bytes]
MODEL_IDS = [
    "sim.swift-v1:0",
    "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-lite-v1:0",
    "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3",
    "odd name with spaces & signs (100%) ~ ü",
]


def signed(
    path: str = "/model/sim.swift-v1%3A0/converse",
    headers: dict[str, str] | None = None,
    body: bytes = BODY,
    key: str = ACCESS_KEY_ID,
    secret: str = SECRET_ACCESS_KEY,
    service: str = "bedrock",
    region: str = REGION,
) -> Signed:
    """A request as botocore signs it: method, target, headers, body."""
    url = f"http://127.0.0.1:8000{path}"
    request = AWSRequest(
        "POST", url, headers={"Content-Type": "application/json", **(headers or {})}, data=body
    )
    SigV4Auth(Credentials(key, secret), service, region).add_auth(request)
    pairs = [
        ("host", urlsplit(url).netloc),
        *((name.lower(), value) for name, value in request.headers.items()),
    ]
    return "POST", path, pairs, body


def refused(request: Signed, now: datetime | None = None) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        authenticate(*request, now or datetime.now(UTC))
    return caught.value


@pytest.mark.parametrize("model_id", MODEL_IDS)
@pytest.mark.parametrize("safe", ["", "/:"])
def test_lets_in_what_botocore_signs_whatever_the_path(model_id: str, safe: str) -> None:
    authenticate(*signed(f"/model/{quote(model_id, safe=safe)}/converse"), datetime.now(UTC))


@pytest.mark.parametrize(
    "path", ["/a/./b", "/a/../b", "/a//b", "/a/b/", "/", "/a?b=2&a=1", "/a?b=%20x&b=%2Fy&c"]
)
def test_lets_in_odd_paths_and_queries(path: str) -> None:
    authenticate(*signed(path), datetime.now(UTC))


@pytest.mark.parametrize("value", ["  two  words ", "a,b", "tab\there", "=;", ""])
def test_lets_in_odd_headers(value: str) -> None:
    authenticate(*signed(headers={"X-Amz-Odd": value}), datetime.now(UTC))


@given(st.data())
def test_refuses_every_mutated_request(data: st.DataObject) -> None:
    method, target, headers, body = signed(headers={"X-Amz-Extra": "something"})
    what = data.draw(st.sampled_from(["signature", "body", "target", "header", "method"]))
    place = data.draw(st.integers(min_value=0, max_value=63))
    if what == "signature":
        at = len(dict(headers)["authorization"]) - 64 + place
        headers = [
            (name, _changed(value, at, "0123456789abcdef") if name == "authorization" else value)
            for name, value in headers
        ]
    elif what == "body":
        body = _changed(body.decode(), place % len(body), "xyz").encode()
    elif what == "target":
        target = _changed(target, 1 + place % (len(target) - 1), "xyz")
    elif what == "header":
        name = data.draw(st.sampled_from(["host", "content-type", "x-amz-extra"]))
        headers = [
            (key, _changed(value, place % len(value), "xyz") if key == name else value)
            for key, value in headers
        ]
    else:
        method = "PUT"
    assert refused((method, target, headers, body)).kind == "invalid_signature"


def _changed(text: str, at: int, letters: str) -> str:
    other = next(letter for letter in letters if letter != text[at])
    return text[:at] + other + text[at + 1 :]


@pytest.mark.parametrize(
    ("changed", "kind", "words"),
    [
        ({"secret": "wrong"}, "invalid_signature", "does not match"),
        ({"key": "someone"}, "unrecognized_client", "security token"),
        ({"service": "s3"}, "invalid_signature", "correct service"),
        ({"region": "eu-west-1"}, "invalid_signature", "valid region"),
    ],
)
def test_says_which_credential_is_wrong(changed: dict[str, str], kind: str, words: str) -> None:
    error = refused(signed(**changed))  # type: ignore[arg-type]
    assert error.kind == kind
    assert words in error.message


@pytest.mark.parametrize("minutes", [-6, 6])
def test_refuses_a_signature_that_is_more_than_five_minutes_off(minutes: int) -> None:
    error = refused(signed(), datetime.now(UTC) + timedelta(minutes=minutes))
    assert error.exception == "InvalidSignatureException"
    assert "Signature expired" in error.message if minutes > 0 else "not yet current" in error.message
    authenticate(*signed(), datetime.now(UTC) + timedelta(minutes=minutes / 1.5))


def test_refuses_an_unsigned_request() -> None:
    error = refused(("POST", "/model/x/converse", [("host", "127.0.0.1")], b"{}"))
    assert (error.exception, error.status) == ("MissingAuthenticationTokenException", 403)


@pytest.mark.parametrize(
    "authorization",
    [
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=simulator/20260101/us-east-1/bedrock/aws4_request",
        "AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host, Signature=b, Signature=c",
        "AWS4-HMAC-SHA256 Credential=simulator/x, SignedHeaders=host, Signature=b",
        "AWS4-HMAC-SHA256 nonsense",
        "Basic c2ltdWxhdG9yOg==",
        "",
    ],
)
def test_refuses_an_authorization_that_is_not_whole(authorization: str) -> None:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    headers = [("host", "a"), ("x-amz-date", stamp), ("authorization", authorization)]
    assert refused(("POST", "/", headers, b"")).status == 403


def test_refuses_headers_that_amazon_wants_signed_and_are_not() -> None:
    method, target, headers, body = signed()
    assert refused((method, target, [*headers, ("x-amz-late", "1")], body)).kind == "invalid_signature"


def test_refuses_a_request_in_which_the_host_is_not_signed() -> None:
    method, target, headers, body = signed()
    headers = [(name, value.replace(";host", "")) for name, value in headers]
    assert "'Host'" in refused((method, target, headers, body)).message


def test_takes_the_bearer_token_and_no_other() -> None:
    authenticate("POST", "/", [("authorization", f"Bearer {BEARER_TOKEN}")], b"", datetime.now(UTC))
    error = refused(("POST", "/", [("authorization", f"Bearer {BEARER_TOKEN}x")], b""))
    assert error.exception == "AccessDeniedException"
