"""Checks who sent a request: AWS Signature Version 4, or a Bedrock bearer token.

The check follows the AWS documentation ("Create a signed AWS API request"): the canonical request is built anew
from what arrived, and the signature has to be the one that the secret key gives for it. Written apart from the
sender's signing on purpose. Leaves to others what a request means.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import quote, unquote

from assay.simulator.credentials import ACCESS_KEY_ID, BEARER_TOKEN, REGION, SECRET_ACCESS_KEY
from assay.simulator.service_errors import ServiceError

Headers = Sequence[tuple[str, str]]
"""Names in lower case, in the order in which they arrived, repeated names repeated."""

SERVICE = "bedrock"
ALGORITHM = "AWS4-HMAC-SHA256"
MOST_SKEW_S = 300

_PART = re.compile(r"\s*(Credential|SignedHeaders|Signature)=([^,\s]*)\s*")
_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
    "Key and signing method. Consult the service documentation for details."
)


def authenticate(method: str, target: str, headers: Headers, body: bytes, now: datetime) -> None:
    """Return if the request is from someone who knows our credentials, raise ServiceError if not.

    `target` is the path with its query exactly as it stood in the request line, `now` an aware UTC time.
    """
    authorization = _only(headers, "authorization")
    if authorization is None:
        raise ServiceError("missing_authentication", "Missing Authentication Token")
    scheme, _, rest = authorization.partition(" ")
    if scheme == "Bearer":
        if not hmac.compare_digest(rest.strip().encode(), BEARER_TOKEN.encode()):
            message = "Authentication failed: Please make sure your API Key is valid."
            raise ServiceError("access_denied", message)
        return
    if scheme != ALGORITHM:
        raise ServiceError("missing_authentication", "Missing Authentication Token")
    _check_signature(method, target, headers, body, now, rest)


def _check_signature(
    method: str, target: str, headers: Headers, body: bytes, now: datetime, authorization: str
) -> None:
    parts = _authorization_parts(authorization)
    signed_headers = parts["SignedHeaders"].split(";")
    time = _request_time(headers)
    _check_skew(time, now)
    scope = _check_scope(parts["Credential"], time)
    if signed_headers != sorted(set(signed_headers)):
        raise ServiceError("invalid_signature", _MISMATCH)
    if "host" not in signed_headers:
        message = "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
        raise ServiceError("invalid_signature", message)
    for name, _ in headers:
        if name.startswith("x-amz-") and name not in signed_headers:
            message = f"There were headers present in the request which were not signed: {name}"
            raise ServiceError("invalid_signature", message)
    payload_hash = hashlib.sha256(body).hexdigest()
    declared = _only(headers, "x-amz-content-sha256")
    if declared is not None and declared != payload_hash:
        message = "The provided 'x-amz-content-sha256' header does not match what was computed."
        raise ServiceError("invalid_signature", message)
    canonical = canonical_request(method, target, headers, signed_headers, payload_hash)
    stamp = time.strftime("%Y%m%dT%H%M%SZ")
    expected = signature(canonical, stamp, scope, SECRET_ACCESS_KEY)
    if not hmac.compare_digest(expected.encode(), parts["Signature"].encode()):
        raise ServiceError("invalid_signature", _MISMATCH)


def _authorization_parts(text: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for piece in text.split(","):
        match = _PART.fullmatch(piece)
        if match is None or match[1] in parts:
            raise ServiceError(
                "incomplete_signature", f"Authorization header is malformed at '{piece.strip()}'."
            )
        parts[match[1]] = match[2]
    for name in ("Credential", "SignedHeaders", "Signature"):
        if not parts.get(name):
            raise ServiceError("incomplete_signature", f"Authorization header requires '{name}' parameter.")
    return parts


def _request_time(headers: Headers) -> datetime:
    stamp = _only(headers, "x-amz-date")
    if stamp is None:
        message = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
        raise ServiceError("incomplete_signature", message)
    try:
        return datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        message = f"Date must be in ISO-8601 'basic format'. Got '{stamp}'."
        raise ServiceError("incomplete_signature", message) from None


def _check_skew(time: datetime, now: datetime) -> None:
    skew_s = (now - time).total_seconds()
    if abs(skew_s) <= MOST_SKEW_S:
        return
    stamp, server = (moment.strftime("%Y%m%dT%H%M%SZ") for moment in (time, now))
    word, relation = ("expired", "earlier") if skew_s > 0 else ("not yet current", "later")
    sign = "-" if skew_s > 0 else "+"
    message = f"Signature {word}: {stamp} is now {relation} than the allowed time ({server} {sign} 5 min.)"
    raise ServiceError("invalid_signature", message)


def _check_scope(credential: str, time: datetime) -> str:
    key_id, _, scope = credential.partition("/")
    if key_id != ACCESS_KEY_ID:
        raise ServiceError("unrecognized_client", "The security token included in the request is invalid.")
    parts = scope.split("/")
    if len(parts) != 4 or parts[3] != "aws4_request":
        message = f"Credential must have exactly 5 slash-delimited elements, got '{credential}'."
        raise ServiceError("incomplete_signature", message)
    day, region, service = parts[:3]
    if day != time.strftime("%Y%m%d"):
        message = "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP."
        raise ServiceError("invalid_signature", message)
    if region != REGION:
        message = f"Credential should be scoped to a valid region, not '{region}'."
        raise ServiceError("invalid_signature", message)
    if service != SERVICE:
        message = f"Credential should be scoped to correct service: '{SERVICE}'."
        raise ServiceError("invalid_signature", message)
    return scope


def canonical_request(
    method: str, target: str, headers: Headers, signed_headers: Sequence[str], payload_hash: str
) -> str:
    """The text whose hash is signed. The path is encoded twice, as everywhere but in S3."""
    path, _, query = target.partition("?")
    lines = []
    for name in signed_headers:
        values = [" ".join(value.split()) for key, value in headers if key == name]
        if not values:
            raise ServiceError("invalid_signature", _MISMATCH)
        lines.append(f"{name}:{','.join(values)}\n")
    return "\n".join(
        (
            method,
            quote(_without_dot_segments(path), safe="/-_.~"),
            _canonical_query(query),
            "".join(lines),
            ";".join(signed_headers),
            payload_hash,
        )
    )


def signature(canonical: str, stamp: str, scope: str, secret: str) -> str:
    """The signature in hexadecimal digits. `stamp` is YYYYMMDDTHHMMSSZ, `scope` day/region/service/aws4_request."""
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = "\n".join((ALGORITHM, stamp, scope, hashed))
    return hmac.new(_signing_key(secret, scope), to_sign.encode(), hashlib.sha256).hexdigest()


@lru_cache(maxsize=8)
def _signing_key(secret: str, scope: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def _without_dot_segments(path: str) -> str:
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            if kept:
                kept.pop()
        elif segment not in ("", "."):
            kept.append(segment)
    trailing = "/" if kept and path.endswith("/") else ""
    return "/" + "/".join(kept) + trailing


def _canonical_query(query: str) -> str:
    if not query:
        return ""
    pairs = []
    for parameter in query.split("&"):
        name, _, value = parameter.partition("=")
        pairs.append((quote(unquote(name), safe="-_.~"), quote(unquote(value), safe="-_.~")))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def _only(headers: Headers, name: str) -> str | None:
    values = [value for key, value in headers if key == name]
    if len(values) > 1:
        raise ServiceError("incomplete_signature", f"The header '{name}' may stand in a request only once.")
    return values[0].strip() if values else None
