"""Where a job's requests go: Bedrock, or a simulator that is started for the job and ends with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assay.bedrock.address import Address, parsed, resolve
from assay.bedrock.credentials import signer
from assay.bedrock.settings import Endpoint, SimulatorEndpoint
from assay.bedrock.signing import Credentials, Signer, SigV4
from assay.simulator import credentials as simulated


def signer_for(endpoint: Endpoint) -> Signer:
    """The signer that an endpoint asks for. Each process of a job has one of its own."""
    if not isinstance(endpoint, SimulatorEndpoint):
        return signer(endpoint)
    keys = Credentials(simulated.ACCESS_KEY_ID, simulated.SECRET_ACCESS_KEY)
    return SigV4(lambda: keys, simulated.REGION)


@contextmanager
def reached(endpoint: Endpoint, answer_key: Path | None) -> Iterator[tuple[Address, Signer]]:
    """Address and signer of the endpoint. A simulator listens on loopback, and ends when the block is left.

    `answer_key` is what the simulator knows of the prompts.
    """
    if not isinstance(endpoint, SimulatorEndpoint):
        yield resolve(endpoint), signer_for(endpoint)
        return
    from assay.simulator.process import SimulatorProcess

    with SimulatorProcess.started(
        behaviour=endpoint.behaviour, answer_key=answer_key, journal=endpoint.journal
    ) as process:
        yield parsed(process.url, simulated.REGION, "simulator"), signer_for(endpoint)
