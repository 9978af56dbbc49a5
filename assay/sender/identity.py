"""The name of an endpoint in ask keys: what tells one service from another, whoever asks it and from where."""

from assay.bedrock.address import resolve
from assay.bedrock.settings import Endpoint, SimulatorEndpoint
from assay.simulator import credentials as simulated
from assay.simulator.behaviour import behaviour_hash


def identity(endpoint: Endpoint, model_id: str) -> tuple[str, str]:
    """Name and region of an endpoint as they stand in ask keys. A simulated one is known by what it does."""
    if isinstance(endpoint, SimulatorEndpoint):
        return f"simulator:{behaviour_hash(endpoint.behaviour, model_id)}", simulated.REGION
    address = resolve(endpoint)
    return address.identity, address.region
