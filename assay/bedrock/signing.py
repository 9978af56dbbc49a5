"""Signs requests: AWS Signature Version 4, or a Bedrock API key as bearer token.

Source: "Signature Version 4 signing process" in the AWS General Reference. Where credentials come from is left
to `assay.bedrock.credentials`.
"""

import hashlib
import hmac
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple, Protocol
from urllib.parse import quote

SERVICE = "bedrock"
_ALGORITHM = "AWS4-HMAC-SHA256"


class Credentials(NamedTuple):
    """An access key, its secret, and the session token of temporary credentials."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None = None

    def __repr__(self) -> str:
        return "Credentials(…)"


class Signer(Protocol):
    """Gives the headers that prove who asks."""

    def headers(self, host: str, path: str, body: bytes) -> dict[str, str]:
        """Headers for a POST of JSON `body` to `path` (already percent-encoded, without query) at `host`."""
        ...


class Bearer:
    """Signs with an Amazon Bedrock API key."""

    __slots__ = ("_token",)

    def __init__(self, token: str) -> None:
        self._token = token

    def headers(self, host: str, path: str, body: bytes) -> dict[str, str]:
        """See Signer."""
        return {"authorization": f"Bearer {self._token}"}


class SigV4:
    """Signs with Signature Version 4. `credentials` is asked before each request, since they may expire."""

    def __init__(
        self,
        credentials: Callable[[], Credentials],
        region: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._credentials = credentials
        self._region = region
        self._now = now
        self._key_of: tuple[str, str] = ("", "")
        self._key = b""

    def headers(self, host: str, path: str, body: bytes) -> dict[str, str]:
        """See Signer."""
        access_key_id, secret, token = self._credentials()
        stamp = self._now().strftime("%Y%m%dT%H%M%SZ")
        day = stamp[:8]
        signed = {"content-type": "application/json", "host": host, "x-amz-date": stamp}
        if token:
            signed["x-amz-security-token"] = token
        names = ";".join(signed)
        canonical = "\n".join(
            (
                "POST",
                _canonical_path(path),
                "",
                *(f"{name}:{value}" for name, value in signed.items()),
                "",
                names,
                hashlib.sha256(body).hexdigest(),
            )
        )
        scope = f"{day}/{self._region}/{SERVICE}/aws4_request"
        to_sign = f"{_ALGORITHM}\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        if self._key_of != (secret, day):
            self._key, self._key_of = _derived_key(secret, day, self._region), (secret, day)
        signature = hmac.digest(self._key, to_sign.encode(), "sha256").hex()
        del signed["host"], signed["content-type"]
        signed["authorization"] = (
            f"{_ALGORITHM} Credential={access_key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
        )
        return signed


@lru_cache(maxsize=64)
def _canonical_path(path: str) -> str:
    """Every service but S3 encodes the path once more than it is encoded on the wire."""
    return quote(path, safe="/~")


def _derived_key(secret: str, day: str, region: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (day, region, SERVICE, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
