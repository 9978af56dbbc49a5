"""Several worker processes measure as one would: every request once, one ledger, one account, nothing left behind."""

import os
import signal
import subprocess
from collections import Counter
from itertools import pairwise
from pathlib import Path

import psutil
import pytest
from jobs import Place, environment

from assay.measurement.plan import JobLoad
from assay.measurement.workers import workers_for
from assay.records.measured import Measured
from assay.records.reading import read_records
from assay.schedule.level import Level


def load(**changes: object) -> JobLoad:
    return JobLoad.model_validate({"requests": 5000, "block": 0, "blocks": 1, **changes})


def test_a_load_takes_as_many_workers_as_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(4)), raising=False)
    assert [workers_for(load(concurrency=c)) for c in (1, 128, 129, 384, 1000)] == [1, 1, 2, 3, 4]
    assert workers_for(load(rate_rps=900, arrivals="poisson")) == 3
    rising = {"from_rps": 1, "to_rps": 900, "duration_s": 60}
    assert workers_for(load(ramp=rising, arrivals="poisson", requests=None)) == 3
    assert workers_for(load(concurrency=8, workers=2)) == 2
    assert workers_for(load(concurrency=3, workers=9)) == 3, "a worker has at least one slot"
    assert workers_for(load(concurrency=1000, requests=None, duration_s=60)) == 1


def test_workers_share_the_requests_and_their_ledgers_are_read_as_one(tmp_path: Path) -> None:
    place = Place(tmp_path, prompts={"small": 10, "large": 3}, workers=3)
    done = place.invoke(concurrency=7, requests=40)
    assert done.returncode == 0, done.stderr
    rows = [row for row in place.records if row["role"] == "measured"]
    assert Counter(row["bucket"] for row in rows) == {"small": 40, "large": 40}
    assert len({row["attempt_key"] for row in rows}) == 80
    for row in rows:
        prompts = place.prompts[row["bucket"]]
        assert f"right{row['position'] % prompts}" in row["text"]
    assert place.status["workers"] == 3
    assert place.status["requests_sent"] == place.served() == sum(place.dispatched().values())
    assert len({row["sitting"] for row in rows}) == place.status["sittings"] == 1
    assert len(place.lines("sitting")) == 3
    about = {"run": "x", "stage": "invoke", "label": "a", "model": "sim.plain"}
    assert [sitting["about"] for sitting in place.lines("sitting")] == [about] * 3
    warmup = Counter((row["bucket"]) for row in place.records if row["role"] == "warmup")
    assert warmup == {"small": 7, "large": 7}, "one for each request in flight, however they are shared"
    assert all(f"worker {number}" in done.stderr for number in (1, 2, 3))

    again = place.invoke(concurrency=7, requests=40)
    assert again.returncode == 0 and "nothing is sent" in again.stderr
    place.workers = None
    fewer = place.invoke(concurrency=7, requests=40)
    assert fewer.returncode == 0 and "nothing is sent" in fewer.stderr


def test_an_open_loops_arrivals_are_shared_and_keep_their_times(tmp_path: Path) -> None:
    place = Place(tmp_path, prompts={"small": 10}, workers=2)
    done = place.invoke(load={"rate_rps": 100.0, "arrivals": "constant", "requests": 60})
    assert done.returncode == 0, done.stderr
    rows = [row for row in place.records if row["role"] == "measured"]
    assert len(rows) == 60
    due = sorted(row["intended_ns"] for row in rows)
    gaps_ms = sorted((later - earlier) / 1e6 for earlier, later in pairwise(due))
    # One worker may begin later than the other, and has an arrival every 20 ms all the same.
    assert due[-1] - due[0] > 0.3e9 and gaps_ms[len(gaps_ms) // 2] < 20.1, "60 arrivals at 100 a second"
    measured = Measured(read_records([tmp_path / "records.parquet"]), {}, {}, {})
    arriving = measured.sample("a", Level(None, 100.0), ["small"], 0.95).arriving
    left = [row["dispatched_ns"] for row in rows]
    assert arriving is not None
    assert arriving.achieved_rps == pytest.approx(59 / (max(left) - min(left)) * 1e9), "that of all workers"


def test_killed_with_its_workers_at_work_it_leaves_none_behind_and_pays_only_for_what_was_in_flight(
    tmp_path: Path,
) -> None:
    slow = {"latency": {"base_ms": 60, "tokens_per_s": 1000}}
    place = Place(tmp_path, prompts={"small": 10}, behaviour=slow, workers=2)
    command = place.command(concurrency=4, requests=60)
    job = subprocess.Popen(command, stderr=subprocess.DEVNULL, env=environment())
    while len(place.lines("outcome")) < 20:
        assert job.poll() is None
    children = psutil.Process(job.pid).children(recursive=True)
    os.kill(job.pid, signal.SIGKILL)
    job.wait()
    _, alive = psutil.wait_procs(children, timeout=20)
    assert not alive, "workers and simulators end with their job"

    settled = {line["key"] for line in place.lines("outcome")}
    in_flight = [line for line in place.lines("dispatched") if line["key"] not in settled]
    assert 0 < len(in_flight) <= 4
    done = place.invoke(concurrency=4, requests=60)
    assert done.returncode == 0, done.stderr
    again = sum(line["tags"]["role"] == "measured" for line in in_flight)
    assert place.dispatched()["measured"] == 60 + again
    assert sum(row["role"] == "measured" for row in place.records) == 60


def test_workers_share_a_ramp_and_each_record_tells_the_rate_of_its_moment(tmp_path: Path) -> None:
    place = Place(tmp_path, prompts={"small": 4}, workers=2)
    rising = {"from_rps": 20.0, "to_rps": 80.0, "duration_s": 0.8}
    done = place.invoke(load={"ramp": rising, "arrivals": "constant", "warmup_s": 0.1})
    assert done.returncode == 0, done.stderr
    assert place.status["workers"] == 2
    measured = [row for row in place.records if row["role"] == "measured"]
    assert sorted(row["position"] for row in measured) == list(range(40))
    rates = [row["rate_rps"] for row in sorted(measured, key=lambda row: row["position"])]
    assert rates == pytest.approx([(20**2 + 2 * 75 * number) ** 0.5 for number in range(40)])
