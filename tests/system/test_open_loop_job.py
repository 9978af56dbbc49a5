"""An invoke job whose requests leave at their own times, and one that runs for a time."""

import json
import os
import signal
import subprocess
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from jobs import Place, environment

QUICK: dict[str, Any] = {"rate_rps": 40.0, "arrivals": "constant", "requests": 12, "warmup_s": 0.1}


def rows_of(place: Place, bucket: str, role: str = "measured") -> list[dict[str, Any]]:
    found = [row for row in place.records if row["bucket"] == bucket and row["role"] == role]
    return sorted(found, key=lambda row: row["intended_ns"] or row["dispatched_ns"])


def test_requests_are_due_at_the_times_of_the_schedule_whatever_the_answers_take(tmp_path: Path) -> None:
    place = Place(tmp_path, behaviour={"latency": {"base_ms": 150, "tokens_per_s": 1000}})
    done = place.invoke(load=QUICK)
    assert done.returncode == 0, done.stderr
    assert "a r40 block 0 small: 12/12" in done.stderr
    for bucket in place.prompts:
        measured = rows_of(place, bucket)
        assert [row["position"] for row in measured] == list(range(12))
        assert all(
            b["intended_ns"] - a["intended_ns"] == pytest.approx(25e6, abs=10) for a, b in pairwise(measured)
        )
        assert len(rows_of(place, bucket, "warmup")) == 4
        assert 1 <= len(rows_of(place, bucket, "filler")) <= 12
        for row in measured:
            assert (row["load"], row["rate_rps"], row["concurrency"], row["arrivals"]) == (
                "r40",
                40.0,
                None,
                "constant",
            )
            assert row["ok"] and row["dispatch_error_ms"] >= 0
            assert row["e2e_from_intended_ms"] >= row["ttft_from_intended_ms"] > row["ttft_ms"] > 0
            assert row["user_wait_ms"] == pytest.approx(row["e2e_from_intended_ms"])
        # At 40/s and 150 ms at least, a closed loop would need 6 in flight: these overlap as they come.
        ends = [row["ended_ns"] for row in measured]
        assert measured[3]["intended_ns"] < min(ends)
    assert place.served() == len(place.records) == sum(place.dispatched().values())


RAMP: dict[str, Any] = {
    "ramp": {"from_rps": 10.0, "to_rps": 70.0, "duration_s": 0.8},
    "arrivals": "constant",
    "warmup_s": 0.2,
}


def test_a_ramp_sends_faster_and_faster_and_each_record_tells_the_rate_of_its_moment(tmp_path: Path) -> None:
    place = Place(
        tmp_path, prompts={"small": 4}, behaviour={"latency": {"base_ms": 30, "tokens_per_s": 1000}}
    )
    done = place.invoke(load=RAMP)
    assert done.returncode == 0, done.stderr
    assert "a ramp10-70 block 0 small: 32/32" in done.stderr
    measured = rows_of(place, "small")
    assert [row["position"] for row in measured] == list(range(32))
    began_ns = measured[0]["intended_ns"]
    for number, row in enumerate(measured):
        at_s = (row["intended_ns"] - began_ns) / 1e9
        assert 10 * at_s + 37.5 * at_s**2 == pytest.approx(number, abs=1e-5)
        assert row["rate_rps"] == pytest.approx(10 + 75 * at_s, abs=1e-5)
        assert (row["load"], row["concurrency"], row["arrivals"]) == ("ramp10-70", None, "constant")
    assert [row["rate_rps"] for row in rows_of(place, "small", "warmup")] == [10.0, 10.0]
    filler = rows_of(place, "small", "filler")
    assert filler and all(row["rate_rps"] > 69 for row in filler)
    served, before = place.served(), place.records
    assert place.invoke(load=RAMP).returncode == 0
    assert place.served() == served and place.records == before


def test_a_ramp_that_was_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    place = Place(tmp_path, prompts={"small": 4})
    job = subprocess.Popen(place.command(load=RAMP), stderr=subprocess.PIPE, text=True, env=environment())
    while len(place.lines("outcome")) < 12:
        assert job.poll() is None
    os.kill(job.pid, signal.SIGKILL)
    job.communicate()
    first = place.lines("dispatched")
    done = place.invoke(load=RAMP)
    assert done.returncode == 0, done.stderr
    again = place.lines("dispatched")[len(first) :]
    rates = [line["tags"]["rate_rps"] for line in again if line["tags"]["role"] == "measured"]
    settled = 32 - len(rates)
    begins_rps = (10**2 + 2 * 75 * settled) ** 0.5
    assert rates[0] == pytest.approx(begins_rps, abs=1e-3) and rates == sorted(rates)
    assert rates[-1] == pytest.approx((10**2 + 2 * 75 * 31) ** 0.5, abs=1e-3)
    warmup = [line["tags"]["rate_rps"] for line in again if line["tags"]["role"] == "warmup"]
    assert warmup and warmup == pytest.approx([begins_rps] * len(warmup), abs=1e-3)


def test_what_finds_no_place_waits_and_its_waiting_counts(tmp_path: Path) -> None:
    place = Place(
        tmp_path, prompts={"small": 4}, behaviour={"latency": {"base_ms": 60, "tokens_per_s": 1000}}
    )
    done = place.invoke(load={**QUICK, "rate_rps": 200.0, "warmup_s": 0.0, "max_in_flight": 2})
    assert done.returncode == 0, done.stderr
    measured = rows_of(place, "small")
    assert len(measured) == 12
    # 2 at a time: the last of 12 can't leave before five others have ended, one after the other.
    waited = [row["dispatch_error_ms"] for row in measured]
    assert waited[-1] > 5 * 60 - 11 * 5 - 1
    for row in measured:
        assert row["e2e_from_intended_ms"] == pytest.approx(
            row["e2e_ms"] + row["dispatch_error_ms"] + (row["sent_ns"] - row["dispatched_ns"]) / 1e6, abs=1e-3
        )
    events = [(row["dispatched_ns"], 1) for row in place.records] + [
        (row["ended_ns"], -1) for row in place.records
    ]
    under_way = most = 0
    for _, change in sorted(events):
        under_way += change
        most = max(most, under_way)
    assert most <= 2
    # The client wasn't late: the service was.
    assert place.status["cells"]["small"]["schedule_error_ms_p99"] < max(waited)


def test_a_second_run_of_an_open_loop_sends_nothing_and_more_buys_the_difference(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.invoke(load=QUICK)
    before, served = place.records, place.served()
    assert place.invoke(load=QUICK).returncode == 0
    assert place.served() == served and place.records == before
    place.invoke(load={**QUICK, "requests": 16})
    assert place.dispatched()["measured"] == 32
    place.invoke(load={**QUICK, "requests": 16, "arrivals": "poisson"})
    assert place.dispatched()["measured"] == 64


def test_an_open_loop_that_was_killed_pays_only_for_what_was_in_flight(tmp_path: Path) -> None:
    place = Place(tmp_path, behaviour={"latency": {"base_ms": 40, "tokens_per_s": 1000}})
    job = subprocess.Popen(place.command(load=QUICK), stderr=subprocess.PIPE, text=True, env=environment())
    while len(place.lines("outcome")) < 8:
        assert job.poll() is None
    os.kill(job.pid, signal.SIGKILL)
    job.communicate()
    settled = {line["key"] for line in place.lines("outcome")}
    cut_off = [
        line
        for line in place.lines("dispatched")
        if line["key"] not in settled and line["tags"]["role"] == "measured"
    ]
    done = place.invoke(load=QUICK)
    assert done.returncode == 0, done.stderr
    assert place.dispatched()["measured"] == 24 + len(cut_off)
    assert Counter(row["bucket"] for row in place.records if row["role"] == "measured") == {
        "small": 12,
        "large": 12,
    }


def test_retries_are_records_and_a_user_waits_for_all_of_them(tmp_path: Path) -> None:
    place = Place(
        tmp_path, prompts={"small": 4}, behaviour={"quotas": {"requests_per_minute": 600, "burst_s": 0.2}}
    )
    command = place.command(load={**QUICK, "retry": {"attempts": 8, "base_s": 0.05}})
    at = command.index("--settings") + 1
    settings = json.loads(command[at])
    settings["load"]["retry"] = {"attempts": 8, "base_s": 0.05}
    command[at] = json.dumps(settings)
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment())
    assert done.returncode == 0, done.stderr
    tries = [row for row in place.records if row["role"] in ("measured", "superseded")]
    by_key: dict[str, list[dict[str, Any]]] = {}
    for row in tries:
        by_key.setdefault(row["attempt_key"], []).append(row)
    retried = [rows for rows in by_key.values() if len(rows) > 1]
    assert retried
    for rows in retried:
        *earlier, last = sorted(rows, key=lambda row: row["try_number"])
        assert len({row["intended_ns"] for row in rows}) == 1
        assert all(row["user_wait_ms"] is None and row["error"] == "throttling" for row in earlier)
        assert last["user_wait_ms"] == pytest.approx((last["ended_ns"] - last["intended_ns"]) / 1e6)
        assert last["dispatch_error_ms"] is None


def test_a_cell_that_runs_for_a_time_ends_by_time_and_is_not_measured_twice(tmp_path: Path) -> None:
    place = Place(
        tmp_path, prompts={"small": 3}, behaviour={"latency": {"base_ms": 20, "tokens_per_s": 1000}}
    )
    load = {"concurrency": 2, "duration_s": 0.6, "warmup": 1}
    done = place.invoke(load=load)
    assert done.returncode == 0, done.stderr
    measured = rows_of(place, "small")
    assert [row["position"] for row in measured] == list(range(len(measured)))
    stamps = [row["dispatched_ns"] for row in measured]
    assert len(measured) > 2 and (max(stamps) - min(stamps)) / 1e9 < 0.6
    served, before = place.served(), place.records
    place.invoke(load=load)
    assert place.served() == served and place.records == before
    place.invoke(load={**load, "duration_s": 0.9})
    more = rows_of(place, "small")
    assert len(more) > len(measured)
    assert {row["attempt_key"] for row in measured} < {row["attempt_key"] for row in more}
