"""Whatever befalls a job or its ledger: nothing that was paid for is lost, and nothing is bought twice but what was in flight.

The simulator's own journal is the witness: what it answered is what is paid for.
"""

import json
import os
import random
import signal
import subprocess
from collections import Counter
from pathlib import Path

import psutil
import pytest
from jobs import Place, environment

SLOW = {"latency": {"base_ms": 60, "tokens_per_s": 1000}}
IN_FLIGHT = 4
REQUESTS = 40


def answered(place: Place) -> set[str]:
    """Ids of the requests that the service has answered, by its own account."""
    journal = [json.loads(line) for line in (place.folder / "journal.jsonl").read_text().splitlines()]
    return {line["id"] for line in journal if line["event"] == "ended" and line["error"] is None}


def kept(place: Place) -> set[str]:
    return {line["request_id"] for line in place.lines("outcome") if "error" not in line}


def in_flight(place: Place) -> list[str]:
    """Keys of the measured requests that have been dispatched and have no outcome."""
    settled = {line["key"] for line in place.lines("outcome")}
    measured = [line for line in place.lines("dispatched") if line["tags"]["role"] == "measured"]
    return [line["key"] for line in measured if line["key"] not in settled]


def bought(place: Place) -> Counter[str]:
    """How often each measured request was dispatched."""
    return Counter(line["key"] for line in place.lines("dispatched") if line["tags"]["role"] == "measured")


def finish(place: Place) -> None:
    done = place.invoke(concurrency=IN_FLIGHT, requests=REQUESTS)
    assert done.returncode == 0, done.stderr
    rows = [row for row in place.records if row["role"] == "measured"]
    assert len(rows) == REQUESTS and all(row["ok"] for row in rows)


def started(place: Place) -> "subprocess.Popen[bytes]":
    command = place.command(concurrency=IN_FLIGHT, requests=REQUESTS)
    return subprocess.Popen(command, stderr=subprocess.PIPE, env=environment())


def wait_for_outcomes(place: Place, job: "subprocess.Popen[bytes]", count: int) -> None:
    while len(place.lines("outcome")) < count:
        assert job.poll() is None


def test_a_killed_worker_ends_its_job_with_a_clear_error_and_costs_what_was_in_flight(tmp_path: Path) -> None:
    place = Place(tmp_path, prompts={"small": 10}, behaviour=SLOW, workers=2)
    job = started(place)
    wait_for_outcomes(place, job, 15)
    workers = [
        child
        for child in psutil.Process(job.pid).children()
        if any("spawn_main" in part for part in child.cmdline())
    ]
    assert len(workers) == 2
    os.kill(workers[0].pid, signal.SIGKILL)
    said = job.communicate(timeout=60)[1].decode()
    assert job.returncode == 1
    assert "a worker process was killed" in said and "Traceback" not in said
    _, alive = psutil.wait_procs(workers, timeout=20)
    assert not alive
    cut_off = in_flight(place)
    assert len(cut_off) <= IN_FLIGHT
    assert len(answered(place) - kept(place)) <= IN_FLIGHT

    finish(place)
    assert bought(place) == Counter(set(bought(place))) + Counter(cut_off)
    assert len(bought(place)) == REQUESTS


def test_what_another_worker_bought_again_is_the_record_whatever_its_file_is_called(tmp_path: Path) -> None:
    place = Place(tmp_path, prompts={"small": 10}, behaviour=SLOW, workers=2)
    finish(place)
    (first, second) = sorted((tmp_path / "ledger").glob("*.w*.jsonl"))
    lines = second.read_bytes().splitlines(keepends=True)
    # The second worker is killed with its last answer on its way, and one process alone ends what is missing.
    cut = max(n for n, line in enumerate(lines) if b'"role":"measured"' in line)
    key = json.loads(lines[cut])["key"]
    second.write_bytes(b"".join(line for line in lines if b"outcome" not in line or key.encode() not in line))
    place.workers = None
    finish(place)
    rows = [row for row in place.records if row["attempt_key"] == key]
    assert {(row["role"], row["error"]) for row in rows} == {
        ("superseded", "interrupted"),
        ("measured", None),
    }
    assert first.exists()


def test_two_jobs_on_one_file_buy_everything_once(tmp_path: Path) -> None:
    place = Place(tmp_path, prompts={"small": 10})
    jobs = [started(place) for _ in range(2)]
    said = [job.communicate(timeout=120)[1].decode() for job in jobs]
    assert [job.returncode for job in jobs] == [0, 0], said
    assert any("another job is at work on it" in each for each in said)
    assert set(bought(place).values()) == {1} and len(bought(place)) == REQUESTS
    assert place.served() == sum(place.dispatched().values()) == len(kept(place))
    assert kept(place) == answered(place)
    assert len(place.lines("sitting")) == 1, "the second found everything in the ledger"


@pytest.mark.parametrize("seed", range(3))
def test_a_half_written_line_costs_one_request_at_most(tmp_path: Path, seed: int) -> None:
    place = Place(tmp_path, prompts={"small": 10})
    finish(place)
    (path,) = (tmp_path / "ledger").glob("*.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    chance = random.Random(seed)
    number = chance.choice([n for n, line in enumerate(lines) if b'"role":"measured"' in line][10:])
    cut = chance.randrange(1, len(lines[number + 1]))
    path.write_bytes(b"".join(lines[: number + 1]) + lines[number + 1][:cut])
    before = bought(place)

    finish(place)
    again = bought(place) - Counter(set(bought(place)))
    # What stands after the cut was never written; what was in flight then is bought again.
    assert set(again) <= set(before) and sum(again.values()) <= IN_FLIGHT
    assert place.status["dropped_lines"] <= 1


def test_flipped_bits_cost_nothing(tmp_path: Path) -> None:
    place = Place(tmp_path, prompts={"small": 10})
    finish(place)
    served, records = place.served(), place.records
    (path,) = (tmp_path / "ledger").glob("*.jsonl")
    data = bytearray(path.read_bytes())
    chance = random.Random(1)
    starts = [0, *(at + 1 for at, byte in enumerate(data[:-1]) if byte == 0x0A)]
    for start, following in zip(starts[::3], starts[1::3], strict=False):
        data[chance.randrange(start, following)] ^= 1 << chance.randrange(8)
    path.write_bytes(data)

    done = place.invoke(concurrency=IN_FLIGHT, requests=REQUESTS)
    assert done.returncode == 0 and "nothing is sent" in done.stderr
    assert "it is used as it was before" in done.stderr
    assert place.served() == served
    assert place.records == records
    assert path.read_bytes() == data


def test_a_line_that_is_beyond_repair_costs_its_own_request_only(tmp_path: Path) -> None:
    place = Place(tmp_path, prompts={"small": 10})
    finish(place)
    (path,) = (tmp_path / "ledger").glob("*.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    measured = next(json.loads(line)["key"] for line in lines if b'"role":"measured"' in line)
    number = next(
        n for n, line in enumerate(lines) if b'"line":"outcome"' in line and measured.encode() in line
    )
    lines[number] = lines[number][:40] + b"damage" + lines[number][46:]
    path.write_bytes(b"".join(lines))
    before = bought(place)

    finish(place)
    assert bought(place) - before == {measured: 1}
    assert place.status["dropped_lines"] == 1
