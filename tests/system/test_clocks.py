"""Clocks may be set, and a reboot restarts the monotonic one: no latency, rate or number in flight is made of two clocks."""

import json
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from jobs import Place

from assay.ledger.ledger import opened
from assay.ledger.lines import line
from assay.records.in_flight import held
from assay.records.measured import Measured
from assay.records.reading import read_records
from assay.schedule.level import Level

HOUR_NS = 3600 * 10**9
DAY_NS = 24 * HOUR_NS
PLACED_IN_TIME = {"dispatched_utc"}


def two_sittings(folder: Path) -> Place:
    place = Place(folder, prompts={"small": 4})
    for requests in (12, 24):
        done = place.invoke(concurrency=3, requests=requests)
        assert done.returncode == 0, done.stderr
    assert len(place.lines("sitting")) == 2
    return place


def rewritten(place: Place, sitting: int, change: Callable[[dict[str, Any]], None]) -> None:
    """The ledger as it would be had a sitting begun with other clocks."""
    (path,) = (place.folder / "ledger").glob("*.jsonl")
    name = place.lines("sitting")[sitting]["sitting"]
    made = []
    for text in path.read_text().splitlines():
        entry = json.loads(text)
        del entry["crc"]
        if entry["sitting"] == name:
            change(entry)
        made.append(line(entry))
    path.write_bytes(b"".join(made))
    done = place.invoke(concurrency=3, requests=24)
    assert done.returncode == 0 and "nothing is sent" in done.stderr, done.stderr


def shifted(stamps: int = 0, wall: int = 0) -> Callable[[dict[str, Any]], None]:
    """Monotonic stamps and the wall clock of a sitting, later by so many nanoseconds."""

    def change(entry: dict[str, Any]) -> None:
        for name in entry:
            if name == "wall_ns":
                entry[name] += wall
            elif name.endswith("_ns"):
                entry[name] += stamps

    return change


def figures(place: Place) -> dict[str, Any]:
    """All that the tables make of stamps, but for places in time; and each record without its stamps."""
    records = read_records([place.folder / "records.parquet"])
    in_flight = held(records)
    sample = Measured(records, {}, {}, {}).sample("a", Level(3, None), ["small"], 0.95)
    requests, attempts = sample.requests, sample.attempts
    return {
        "held": {cell: dict(blocks) for cell, blocks in in_flight.items()},
        "in_flight": sample.in_flight_mean,
        "ttft": list(requests.ttft_ms),
        "e2e": list(requests.e2e_ms),
        "wait": list(requests.user_wait_ms),
        "slots": list(attempts.slot_ms),
        "rows": pd.DataFrame(
            [
                {name: value for name, value in row.items() if not name.endswith("_ns")}
                for row in place.records
            ]
        ).drop(columns=[*PLACED_IN_TIME]),
    }


def assert_same(one: dict[str, Any], other: dict[str, Any]) -> None:
    pd.testing.assert_frame_equal(one.pop("rows"), other.pop("rows"))
    assert one == other


@pytest.mark.parametrize("sitting", [0, 1])
@pytest.mark.parametrize("stamps", [-40 * DAY_NS, HOUR_NS])
def test_another_boot_between_two_sittings_changes_no_figure(
    tmp_path: Path, sitting: int, stamps: int
) -> None:
    place = two_sittings(tmp_path)
    before, utc = figures(place), [row["dispatched_utc"] for row in place.records]
    rewritten(place, sitting, shifted(stamps=stamps))
    assert_same(figures(place), before)
    assert [row["dispatched_utc"] for row in place.records] == utc, (
        "the day is that of the sitting's own anchor"
    )


@pytest.mark.parametrize("wall", [-DAY_NS, DAY_NS])
def test_a_wall_clock_that_is_set_between_two_sittings_moves_times_of_day_only(
    tmp_path: Path, wall: int
) -> None:
    place = two_sittings(tmp_path)
    before, utc = figures(place), {row["dispatched_utc"] for row in place.records}
    rewritten(place, 1, shifted(wall=wall))
    assert_same(figures(place), before)
    assert {row["dispatched_utc"] for row in place.records} != utc
    assert place.status["started_utc"] < place.status["ended_utc"]


def test_a_wall_clock_that_is_set_within_a_sitting_moves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.jsonl"
    with opened(path) as ledger:
        ledger.write_dispatched("k", {"try": 1, "tags": {}})
        wall_ns = ledger.sittings[ledger.sitting]["wall_ns"]
        real = time.time_ns
        monkeypatch.setattr(time, "time_ns", lambda: real() - DAY_NS)
        ledger.write_outcome("k", {"try": 1, "last": True})
        ledger.write_dispatched("l", {"try": 1, "tags": {}})
    with opened(path) as ledger:
        assert [each["wall_ns"] for each in ledger.sittings.values()] == [wall_ns]


def test_a_clock_that_was_set_back_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "a.jsonl"
    with opened(path) as ledger:
        ledger.write_note({"seen": 1})
    real = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() - HOUR_NS)
    with caplog.at_level(logging.WARNING), opened(path) as ledger:
        ledger.write_note({"seen": 2})
    assert "the clock was set back by 36" in caplog.text or "set back by 3600 s" in caplog.text
