"""Where an endpoint is: scheme, host, port, and the name under which the ledger knows it."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from assay.bedrock.settings import BedrockEndpoint
from assay.errors import InputError


@dataclass(frozen=True, slots=True)
class Address:
    """A server that speaks bedrock-runtime. `identity` stands in ask keys: never a port that changes."""

    scheme: str
    host: str
    port: int
    region: str
    identity: str

    @property
    def host_header(self) -> str:
        """The Host header: the port is left out where it is the scheme's own."""
        shown = f"[{self.host}]" if ":" in self.host else self.host
        return shown if self.port == {"http": 80, "https": 443}[self.scheme] else f"{shown}:{self.port}"


def parsed(url: str, region: str, identity: str) -> Address:
    """The address that a URL of scheme, host and port names."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    return Address(parts.scheme, parts.hostname, port, region, identity)


def resolve(endpoint: BedrockEndpoint) -> Address:
    """The address of a Bedrock endpoint: the given URL, else what botocore resolves for region and profile.

    Raises InputError where the AWS configuration has no such profile, or can't be read.
    """
    if endpoint.url is not None:
        return parsed(endpoint.url, endpoint.region, endpoint.url.rstrip("/"))
    from botocore.exceptions import BotoCoreError
    from botocore.session import Session

    try:
        client = Session(profile=endpoint.profile).create_client(
            "bedrock-runtime",
            region_name=endpoint.region,
            aws_access_key_id="unused",
            aws_secret_access_key="unused",
        )
    except BotoCoreError as error:
        whose = f"profile {endpoint.profile!r}" if endpoint.profile else "AWS_PROFILE"
        raise InputError(
            f"endpoint.profile: the AWS configuration can't be used with {whose} ({type(error).__name__}). "
            "`aws configure list-profiles` names the profiles that there are."
        ) from None
    url = client.meta.endpoint_url
    return parsed(url, endpoint.region, url)
