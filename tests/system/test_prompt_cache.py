"""Prompt caching: measured on purpose where a line says so, and never by accident."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from jobs import Place

from assay.bedrock.address import parsed
from assay.bedrock.request import Line
from assay.bedrock.settings import Inference, Model, Retry, Timeouts
from assay.bedrock.signing import Bearer
from assay.ledger.ledger import opened
from assay.measurement.validity import verdicts
from assay.records.attempts import row
from assay.sender import sender as sending
from assay.sender.settings import SelfCheckLimits
from assay.simulator.credentials import BEARER_TOKEN, REGION
from assay.simulator.process import SimulatorProcess

SLOW_READER = {"latency": {"base_ms": 2, "per_1k_input_tokens_ms": 10_000, "jitter": 0}}


def measured(place: Place) -> list[dict[str, Any]]:
    return [record for record in place.records if record["role"] == "measured"]


def test_a_warm_line_is_primed_and_then_answered_from_the_prompt_cache_and_sooner(tmp_path: Path) -> None:
    cold = Place(tmp_path / "cold", behaviour=SLOW_READER)
    warm = Place(tmp_path / "warm", behaviour=SLOW_READER)
    warm.model = {**warm.model, "cache": "warm"}
    for place in (cold, warm):
        done = place.invoke()
        assert done.returncode == 0, done.stderr
        assert Counter(record["bucket"] for record in measured(place)) == {"small": 8, "large": 8}
        assert {record["error"] for record in place.records} == {None}
        assert not any("cache" in (cell["reason"] or "") for cell in place.status["cells"].values())
    assert {record["cache"] for record in cold.records} == {"cold"}
    assert {record["cache"] for record in warm.records} == {"warm"}
    assert not any(record["cache_read_tokens"] or record["cache_write_tokens"] for record in cold.records)
    assert all(record["cache_read_tokens"] > 0 for record in measured(warm))
    assert not any(record["cache_write_tokens"] for record in measured(warm))
    primed = {record["prompt_id"] for record in warm.records if record["cache_write_tokens"]}
    assert primed == {record["prompt_id"] for record in measured(warm)}
    asks = [{record["ask_key"] for record in place.records} for place in (cold, warm)]
    assert asks[0].isdisjoint(asks[1])
    median_warm = sorted(record["ttft_ms"] for record in measured(warm))[8]
    assert median_warm < min(record["ttft_ms"] for record in measured(cold))


def test_nothing_is_primed_where_nothing_is_missing(tmp_path: Path) -> None:
    place = Place(tmp_path, model={"label": "a", "id": "sim.plain", "cache": "warm"}, prompts={"small": 3})
    place.invoke(requests=3)
    served = place.served()
    assert place.invoke(requests=3).returncode == 0
    assert place.served() == served
    place.invoke(requests=4)
    primers = [line for line in place.lines("dispatched") if line["tags"]["role"] == "warmup"]
    assert len(primers) == (3 + 2) + (1 + 2), "the one prompt that is missing, and the usual warm-up"


def test_the_nonce_defeats_a_service_that_caches_by_itself(tmp_path: Path) -> None:
    place = Place(tmp_path, behaviour={"implicit_cache": True}, prompts={"small": 3}, words=200)
    assert place.invoke(requests=9).returncode == 0
    assert len(measured(place)) == 9
    assert not any(record["cache_read_tokens"] for record in place.records)
    assert "cache" not in (place.status["cells"]["small"]["reason"] or "")


def test_a_cold_cell_that_got_cached_tokens_is_invalid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What would happen if the nonce failed: here it is empty, and the service caches by itself."""
    monkeypatch.setattr(sending, "nonce", lambda *_: "")
    place = Place(tmp_path, behaviour={"implicit_cache": True})
    line = Line(Model(label="a", id="sim.plain"), Inference(max_tokens=5))
    waiting = iter([sending.Planned(f"k{n}", "The same words again. " * 50, None, {}) for n in range(3)])
    records = []

    async def go(url: str) -> None:
        with opened(tmp_path / "ledger" / "x.jsonl") as ledger:
            common = (parsed(url, REGION, "s"), Bearer(BEARER_TOKEN), line, ledger, Timeouts(), Retry(), 1)
            async with sending.Sender(*common) as sender:
                await sender.run(1, lambda: next(waiting, None), lambda *_: None)
            known = {"role": "measured", "bucket": "b", "cache": "cold"}
            for key, (dispatched,) in ledger.dispatched.items():
                records.append(row(known, dispatched, ledger.outcomes[key][0], None))

    with SimulatorProcess.started(behaviour=place.folder / "behaviour.yaml") as simulator:
        asyncio.run(go(simulator.url))
    assert [bool(record["cache_read_tokens"]) for record in records] == [False, True, True]
    found = verdicts({}, records, SelfCheckLimits())["b"]
    assert not found["valid"] and "2 of 3 requests" in found["reason"]
