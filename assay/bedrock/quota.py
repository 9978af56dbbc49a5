"""Who shares a quota: requests with the same key draw on the same limits of the service."""

import hashlib

from assay.bedrock.settings import BedrockEndpoint, SimulatorEndpoint
from assay.canonical import canonical_json


def quota_key(endpoint: SimulatorEndpoint | BedrockEndpoint, model_id: str) -> str:
    """A short name (12 hex digits) for the quota that `model_id` draws on at an endpoint.

    Bedrock counts by account, region and model. The account is not known before credentials are; the profile
    stands for it. Labels don't matter: a model and a judge with the same id share their quota.
    """
    if isinstance(endpoint, SimulatorEndpoint):
        place = {"kind": "simulator"}
    else:
        place = {"region": endpoint.region, "profile": endpoint.profile or "", "url": endpoint.url or ""}
    return hashlib.sha256(canonical_json([place, model_id]).encode()).hexdigest()[:12]
