"""The instrument notices its own faults, and takes no slowness of the service for one."""

import asyncio
import gc
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter, perf_counter_ns
from typing import Any

from jobs import Place

from assay.bedrock.address import Address
from assay.bedrock.request import Line
from assay.bedrock.settings import SimulatorEndpoint
from assay.bedrock.signing import Signer
from assay.ledger.ledger import opened
from assay.measurement.job import Job, measure, self_checks
from assay.measurement.plan import Asked
from assay.measurement.records import records
from assay.measurement.settings import Invoke
from assay.measurement.validity import verdicts
from assay.prompts.prompt import Prompt, read_prompts
from assay.sender import canary
from assay.sender.identity import identity
from assay.sender.selfcheck import SelfCheck
from assay.sender.settings import SelfCheckLimits
from assay.sender.target import reached
from assay.sender.timeline import Timeline

BURN_MS = 500.0
LIMITS = SelfCheckLimits(canary_error_ms_p99=300.0, canary_n=1, event_loop_blocked_ms=300.0)


def burn(ms: float) -> None:
    """Hold the event loop, as a client does that computes while it should read."""
    ends = perf_counter() + ms / 1e3
    while perf_counter() < ends:
        pass


class BurningSigner:
    """A signer that takes its time now and then, with the event loop at a standstill."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer
        self._asked = 0

    def headers(self, host: str, path: str, body: bytes) -> dict[str, str]:
        self._asked += 1
        if self._asked % 4 == 0:
            burn(BURN_MS)
        return self._signer.headers(host, path, body)


def job_of(place: Place, **changed: Any) -> tuple[Job, Any]:
    """The job of a place's command line, and how to reach its simulator."""
    command = place.command(**changed)
    settings = Invoke.model_validate(json.loads(command[command.index("--settings") + 1]))
    endpoint = settings.endpoint
    assert isinstance(endpoint, SimulatorEndpoint)
    name, region = identity(endpoint, settings.model.id)
    asked = Asked(name, region, Line(settings.model, settings.inference), None, settings.run.edition)
    prompts: dict[str, list[Prompt]] = {}
    for prompt in read_prompts(place.folder / "prompts.parquet"):
        prompts.setdefault(prompt.bucket, []).append(prompt)
    load = settings.load
    job = Job("a", asked, load, load.timeouts, load.retry, settings.run.seed, prompts)
    return job, lambda: reached(endpoint, place.folder / "key.jsonl")


def cells(place: Place, burning: bool, **changed: Any) -> dict[str, dict[str, Any]]:
    """The job's cells as its status has them."""
    job, reach = job_of(place, **changed)

    @contextmanager
    def burnt() -> Iterator[tuple[Address, Signer]]:
        with reach() as (address, signer):
            yield address, BurningSigner(signer) if burning else signer

    with opened(place.folder / "ledger" / "job.jsonl") as ledger:
        measure(job, ledger, burnt)
        return verdicts(self_checks(job, ledger), records(job, ledger), LIMITS)


def test_a_cell_whose_event_loop_was_blocked_is_invalid(tmp_path: Path) -> None:
    place = Place(tmp_path, prompts={"small": 4}, behaviour={"latency": {"base_ms": 50}})
    cell = cells(place, burning=True)["small"]
    assert not cell["valid"]
    assert "stood still" in cell["reason"] and "canary" in cell["reason"]
    assert cell["client_lag_ms_max"] > 300 and cell["canary_error_ms_p99"] > 300
    assert cell["cpu_share"] > 0


def test_a_slow_and_throttling_service_leaves_the_cell_valid(tmp_path: Path) -> None:
    slow = {
        "latency": {"base_ms": 400, "tokens_per_s": 20},
        "quotas": {"requests_per_minute": 240, "burst_s": 0.5},
        "errors": {"internal_server": 0.2},
    }
    place = Place(tmp_path, prompts={"small": 4}, behaviour=slow)
    cell = cells(place, burning=False, concurrency=4, requests=12)["small"]
    assert cell["valid"] and cell["reason"] is None
    assert cell["canary_n"] > 0 and cell["canary_error_ms_p50"] is not None
    assert cell["schedule_error_ms_p99"] is None, "a closed loop has no schedule"


def test_the_canary_sees_a_delay_that_is_injected_and_its_size() -> None:
    async def watched(canary_of: canary.Canary) -> list[tuple[int, float]]:
        canary_of.start()
        burn_next = perf_counter()
        while len(canary_of._heard) < 4:
            await asyncio.sleep(0)
            if perf_counter() >= burn_next:
                burn(120.0)
                burn_next = perf_counter() + 0.1
        await canary_of.stop()
        return canary_of.errors

    with canary.started() as bird:
        errors = [error for _, error in asyncio.run(watched(bird))]
    assert len(errors) > 10
    assert max(errors) > 20.0, "an event that was written while the loop stood still"
    assert sum(error > 20.0 for error in errors) < len(errors), "those between are not late"


def test_each_start_of_the_canary_counts_anew(tmp_path: Path) -> None:
    async def twice(bird: canary.Canary) -> tuple[list[int], list[int]]:
        times = []
        for _ in range(2):
            bird.start()
            await asyncio.sleep(0)
            await bird.stop()
            times.append([at for at, _ in bird.errors])
        return times[0], times[1]

    with canary.started() as bird:
        first, second = asyncio.run(twice(bird))
    assert first and second and max(first) < min(second)


def test_a_canary_whose_simulator_is_gone_ends_nothing_but_itself(tmp_path: Path) -> None:
    async def orphaned(bird: canary.Canary) -> dict[str, Any]:
        async with SelfCheck(bird) as check:
            check.sent(Timeline(dispatched_ns=perf_counter_ns(), ended_ns=perf_counter_ns()))
        return check.note()

    with socket.socket() as never_listening:
        never_listening.bind(("127.0.0.1", 0))
        port = never_listening.getsockname()[1]
        (tmp_path / "journal.jsonl").touch()
        gone = canary.Canary(
            Address("http", "127.0.0.1", port, "us-east-1", "gone"), tmp_path / "journal.jsonl"
        )
        note = asyncio.run(orphaned(gone))
    assert note["canary_n"] == 0 and note["canary_error_ms_p99"] is None


def test_pauses_for_garbage_collection_are_seen_and_only_while_requests_are_on_their_way() -> None:
    async def collected() -> dict[str, Any]:
        async with SelfCheck() as check:
            gc.collect()
            began = perf_counter_ns()
            gc.collect()
            gc.collect()
            check.sent(Timeline(dispatched_ns=began, ended_ns=perf_counter_ns()))
        return check.note()

    note = asyncio.run(collected())
    assert note["gc_pauses"] == 2 and note["gc_pause_ms_max"] > 0
    assert not any(callback.__qualname__.startswith("SelfCheck") for callback in gc.callbacks)


def test_the_self_check_stands_in_the_status_and_of_two_sittings_the_worst(tmp_path: Path) -> None:
    place = Place(tmp_path, prompts={"small": 4})
    assert place.invoke(requests=4).returncode == 0
    first = place.status["cells"]["small"]
    assert {"valid", "reason", "canary_error_ms_p99", "cpu_share", "gc_pauses", "began_utc"} <= first.keys()
    assert place.invoke(requests=12).returncode == 0
    both = place.status["cells"]["small"]
    assert both["client_lag_ms_max"] >= first["client_lag_ms_max"]
    assert both["began_utc"] == first["began_utc"] and both["ended_utc"] > first["ended_utc"]
    assert place.invoke(requests=12, edition=2).returncode == 0
    assert place.status["cells"]["small"]["began_utc"] > both["ended_utc"], "a new edition has a new record"
