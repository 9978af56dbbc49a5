"""The services that know about an account's models and quotas: whether to ask them, and a client that doesn't wait long.

boto3 takes half a second to import, so it is imported only where one of them is asked.
"""

import os
from typing import Any, Literal
from urllib.parse import urlsplit

from assay.bedrock.settings import Endpoint, SimulatorEndpoint

Service = Literal["bedrock", "service-quotas"]

NAMES: dict[Service, str] = {"bedrock": "Bedrock's control plane", "service-quotas": "Service Quotas"}

_OF_AWS = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws")

CONNECT_S = 3.0
READ_S = 10.0


def why_not(endpoint: Endpoint, service: Service) -> str | None:
    """Why a service isn't asked; null where it is.

    A simulator, or whatever else stands at `endpoint.url`, says nothing about an account. The environment can name a
    place to ask all the same, with the AWS SDKs' own variables.
    """
    if isinstance(endpoint, SimulatorEndpoint):
        return "the requests go to the simulator, so nothing is known of an account's models and quotas"
    variables = (f"AWS_ENDPOINT_URL_{service.replace('-', '_').upper()}", "AWS_ENDPOINT_URL")
    if endpoint.url is None or any(os.environ.get(name) for name in variables):
        return None
    if (urlsplit(endpoint.url).hostname or "").endswith(_OF_AWS):
        return None
    return (
        f"{NAMES[service]} was not asked: endpoint.url is not AWS's ({variables[0]} would say where to ask)"
    )


def client(endpoint: Endpoint, service: Service) -> Any:
    """boto3's client for a service, with the endpoint's profile and region."""
    import boto3  # half a second
    from botocore.config import Config

    assert not isinstance(endpoint, SimulatorEndpoint)
    return boto3.Session(profile_name=endpoint.profile, region_name=endpoint.region).client(
        service,
        config=Config(
            connect_timeout=CONNECT_S,
            read_timeout=READ_S,
            retries={"total_max_attempts": 3, "mode": "standard"},
        ),
    )


def refused(service: Service, error: Exception) -> str:
    """What is said where a service can't be asked. Only the kind of an error, since its text may hold an account or more."""
    kind = getattr(error, "response", {}).get("Error", {}).get("Code") or type(error).__name__
    return f"{NAMES[service]} could not be asked ({kind}); going on without it"
