"""How long connections took to open is told apart from what the requests took, and told once."""

import asyncio
from pathlib import Path

import pytest
from scripted import END, METADATA, STOP, STREAM_HEAD, Reply, chunk, delta, event, scripted
from simulator_client import behaviour

from assay.bedrock.address import Address, parsed
from assay.bedrock.request import Line
from assay.bedrock.settings import Inference, Model, Retry, Timeouts
from assay.bedrock.signing import Bearer
from assay.ledger.ledger import opened
from assay.sender.sender import Attempt, Planned, Sender
from assay.simulator.credentials import BEARER_TOKEN, REGION
from assay.simulator.process import SimulatorProcess

GOOD = [STREAM_HEAD, chunk(delta("one")), chunk(STOP + METADATA), END]


async def sent(
    folder: Path, address: Address, requests: int, in_flight: int = 1, timeouts: Timeouts | None = None
) -> list[Attempt]:
    """Send that many requests; the attempts in the order in which they ended."""
    attempts: list[Attempt] = []
    waiting = iter([Planned(f"k{n}", "why", None, {}) for n in range(requests)])
    line = Line(Model(label="a", id="m"), Inference(max_tokens=5))
    with opened(folder / "ledger" / "f.jsonl") as ledger:
        async with Sender(
            address, Bearer(BEARER_TOKEN), line, ledger, timeouts or Timeouts(), Retry(), seed=1
        ) as sender:
            await sender.run(in_flight, lambda: next(waiting, None), lambda _p, a, _l: attempts.append(a))
    return attempts


def test_connect_and_tls_times_stand_apart_at_the_first_request_of_each_connection(
    tmp_path: Path, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    cert, key = certificate
    monkeypatch.setenv("AWS_CA_BUNDLE", str(cert))
    path = behaviour(tmp_path, {"m": {"latency": {"base_ms": 20}}})
    with SimulatorProcess.started(path, tls_cert=cert, tls_key=key) as simulator:
        address = parsed(simulator.url, REGION, "simulator")
        attempts = asyncio.run(sent(tmp_path, address, requests=6, in_flight=2))
    assert all(attempt.answer.outcome.ok for attempt in attempts)
    told = [attempt.answer.outcome for attempt in attempts if attempt.answer.outcome.connect_ms is not None]
    assert len(told) == 2, "one for each connection"
    for outcome in told:
        assert outcome.connect_ms is not None and outcome.connect_ms > 0
        assert outcome.tls_ms is not None and outcome.tls_ms > 0
    rest = [attempt.answer.outcome for attempt in attempts if attempt.answer.outcome.connect_ms is None]
    assert len(rest) == 4 and all(outcome.tls_ms is None for outcome in rest)


def test_a_connection_without_tls_has_no_tls_time_and_a_new_one_is_told_again(tmp_path: Path) -> None:
    async def go() -> list[Attempt]:
        replies = [Reply(GOOD, "keep"), Reply(GOOD[:2]), Reply(GOOD, "keep"), Reply(GOOD, "keep")]
        async with scripted(lambda number: replies[number]) as server:
            return await sent(tmp_path, server.address, requests=4)

    attempts = asyncio.run(go())
    times = [attempt.answer.outcome.connect_ms for attempt in attempts]
    assert [time is not None for time in times] == [True, False, True, False]
    assert all(attempt.answer.outcome.tls_ms is None for attempt in attempts)


def test_an_untrusted_certificate_fails_to_connect_and_says_why(
    tmp_path: Path, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    cert, key = certificate
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
    path = behaviour(tmp_path, {"m": {}})
    with SimulatorProcess.started(path, tls_cert=cert, tls_key=key) as simulator:
        (attempt,) = asyncio.run(sent(tmp_path, parsed(simulator.url, REGION, "simulator"), requests=1))
    assert attempt.answer.outcome.error == "connect_failed"
    assert "CERTIFICATE_VERIFY_FAILED" in str(attempt.answer.outcome.error_message)


def test_the_limit_on_connecting_counts_the_tls_handshake(tmp_path: Path) -> None:
    async def go() -> list[Attempt]:
        async with scripted(lambda _: Reply([], "hold")) as server:  # which reads, and never shakes hands
            secure = Address("https", server.address.host, server.address.port, REGION, "scripted")
            return await sent(tmp_path, secure, requests=1, timeouts=Timeouts(connect_s=0.1))

    (attempt,) = asyncio.run(go())
    assert attempt.answer.outcome.error == "timeout_connect"
    assert "0.1 s" in str(attempt.answer.outcome.error_message)


def test_what_the_service_says_of_itself_is_kept(tmp_path: Path) -> None:
    metadata = event(
        "metadata",
        b'{"usage":{"inputTokens":7,"outputTokens":20,"totalTokens":27},"metrics":{"latencyMs":12},'
        b'"serviceTier":{"type":"flex"},"trace":{"promptRouter":{"invokedModelId":"arn:chosen"}}}',
    )

    async def go() -> list[Attempt]:
        pieces = [*GOOD[:2], chunk(STOP + metadata), END]
        async with scripted(lambda _: Reply(pieces, "keep")) as server:
            return await sent(tmp_path, server.address, requests=1)

    (attempt,) = asyncio.run(go())
    outcome = attempt.answer.outcome
    assert (outcome.service_tier, outcome.invoked_model_id, outcome.request_id) == (
        "flex",
        "arn:chosen",
        "r-1",
    )
