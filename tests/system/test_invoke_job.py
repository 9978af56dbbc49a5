"""An invoke job buys what is planned, once, and survives being killed at any moment."""

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import psutil
import pytest
from jobs import Place, environment

from assay.simulator.process import SimulatorProcess


def measured(place: Place) -> Counter[str]:
    return Counter(row["bucket"] for row in place.records if row["role"] == "measured")


def test_a_job_measures_every_bucket_with_warm_up_and_filler(tmp_path: Path) -> None:
    place = Place(tmp_path)
    done = place.invoke(concurrency=3, requests=8)
    assert done.returncode == 0, done.stderr
    assert measured(place) == {"small": 8, "large": 8}
    roles = Counter((row["role"], row["bucket"]) for row in place.records)
    assert roles["warmup", "small"] == roles["warmup", "large"] == 3
    assert 2 <= roles["filler", "small"] <= 8
    assert (
        place.served()
        == len(place.records)
        == place.status["requests_sent"]
        == sum(place.dispatched().values())
    )
    assert "a c3 block 0 small: 8/8" in done.stderr
    # Both cells of the job share their connections.
    assert place.status["connections"]["opened"] == 3
    assert {(row["region"], row["endpoint"][:10]) for row in place.records} == {("us-east-1", "simulator:")}


def test_answers_belong_to_their_own_prompts_under_load(tmp_path: Path) -> None:
    place = Place(tmp_path, prompts={"small": 40}, behaviour={"latency": {"base_ms": 5, "jitter": 1.0}})
    assert place.invoke(concurrency=16, requests=120).returncode == 0
    rows = [row for row in place.records if row["role"] == "measured"]
    assert len(rows) == 120
    for row in rows:
        assert f"right{row['position'] % 40}" in row["text"], row


def test_a_second_run_sends_nothing_and_gives_the_same_records(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.invoke()
    before, served, status = place.records, place.served(), place.status
    again = place.invoke()
    assert again.returncode == 0 and "nothing is sent" in again.stderr
    assert place.served() == served
    assert place.records == before
    assert place.status["requests_sent"] == 0 and place.status["from_ledger"] == 16
    for known_from_the_ledger in ("started_utc", "ended_utc", "sittings", "cells"):
        assert place.status[known_from_the_ledger] == status[known_from_the_ledger]
    assert set(status["cells"]) == {"small", "large"}


def test_a_new_bucket_sends_that_buckets_requests_only(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.invoke()
    before = place.dispatched()
    place.prompts = {"new": 3, **place.prompts}
    place.write()
    assert place.invoke().returncode == 0
    sent = list(place.lines("dispatched"))[sum(before.values()) :]
    assert {line["tags"]["bucket"] for line in sent} == {"new"}
    assert place.dispatched()["measured"] - before["measured"] == 8
    assert measured(place) == {"small": 8, "large": 8, "new": 8}


def test_more_requests_buy_only_the_difference_and_a_new_edition_buys_all(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.invoke(requests=8)
    place.invoke(requests=12)
    assert place.dispatched()["measured"] == 24
    place.invoke(requests=12, edition=2)
    assert place.dispatched()["measured"] == 48
    assert measured(place) == {"small": 12, "large": 12}


def test_a_renamed_label_or_bucket_buys_nothing(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.invoke()
    served = place.served()
    place.model = {**place.model, "label": "renamed"}
    done = place.invoke()
    assert done.returncode == 0
    assert place.served() == served
    assert {row["model"] for row in place.records} == {"renamed"}


@pytest.mark.parametrize("cells_before", [0, 1])
def test_killed_and_run_again_it_pays_only_for_what_was_in_flight_and_a_new_sitting(
    tmp_path: Path, cells_before: int
) -> None:
    slow = {"latency": {"base_ms": 60, "tokens_per_s": 1000}}
    place = Place(tmp_path, behaviour=slow)
    job = subprocess.Popen(place.command(), stderr=subprocess.PIPE, text=True, env=environment())
    assert job.stderr is not None
    for _ in range(cells_before):
        assert "8/8" in job.stderr.readline()
    outcomes_before = 0
    while outcomes_before < 4 + 13 * cells_before:  # in the middle of a cell
        assert job.poll() is None
        outcomes_before = len(place.lines("outcome"))
    simulators = psutil.Process(job.pid).children(recursive=True)
    os.kill(job.pid, signal.SIGKILL)
    job.wait()
    assert simulators
    _gone, alive = psutil.wait_procs(simulators, timeout=20)
    assert not alive, "a simulator ends with its job"

    settled = {line["key"] for line in place.lines("outcome")}
    in_flight = [line for line in place.lines("dispatched") if line["key"] not in settled]
    first = place.dispatched()
    assert 0 < len(in_flight) <= 2
    assert 0 < first["measured"] < 16, "killed in the middle"

    done = place.invoke()
    assert done.returncode == 0, done.stderr
    measured_in_flight = sum(line["tags"]["role"] == "measured" for line in in_flight)
    total = place.dispatched()
    assert total["measured"] == 16 + measured_in_flight
    assert measured(place) == {"small": 8, "large": 8}
    interrupted = [row for row in place.records if row["error"] == "interrupted"]
    assert len(interrupted) == len(in_flight)
    assert {row["role"] for row in interrupted} <= {"superseded", "warmup", "filler"}
    assert place.status["sittings"] == 2
    # The simulators' own count: all that the ledger says, but for what was killed on its way out.
    assert sum(total.values()) - len(in_flight) <= place.served() <= sum(total.values())

    place.invoke()
    assert place.dispatched() == total


def test_a_model_that_is_not_there_is_one_clear_error_and_nothing_is_settled(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.model = {"label": "a", "id": "sim.plain"}
    place.write()
    behaviour = place.folder / "behaviour.yaml"
    good = behaviour.read_text()
    wrong = Place(tmp_path / "other", model={"label": "a", "id": "sim.other"})
    wrong.model = {"label": "a", "id": "sim.plain"}
    command = wrong.command()
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment())
    assert done.returncode == 1
    assert "sim.plain" in done.stderr and "Traceback" not in done.stderr
    assert not (wrong.folder / "records.parquet").exists()
    (wrong.folder / "behaviour.yaml").write_text(good)
    assert wrong.invoke().returncode == 0
    assert measured(wrong) == {"small": 8, "large": 8}


def test_wrong_credentials_end_before_money_is_spent_and_cost_no_position(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(tmp_path)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "simulator")
    with SimulatorProcess.started(
        behaviour=tmp_path / "behaviour.yaml", answer_key=tmp_path / "key.jsonl"
    ) as simulator:
        endpoint = {"kind": "bedrock", "region": "us-east-1", "url": simulator.url}
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong-and-secret")
        done = place.invoke(**endpoint)
        assert done.returncode == 1
        assert "access_denied" in done.stderr and "model a (sim.plain)" in done.stderr
        assert len(place.lines("dispatched")) <= 5
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "simulator")
        done = place.invoke(**endpoint)
        assert done.returncode == 0, done.stderr
    assert measured(place) == {"small": 8, "large": 8}
    assert all(row["error"] is None for row in place.records)
    everything = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"wrong-and-secret" not in everything


def test_errors_are_records_and_throttling_slows_the_loop_down(tmp_path: Path) -> None:
    place = Place(tmp_path, behaviour={"quotas": {"requests_per_minute": 1200, "burst_s": 0.2}})
    done = place.invoke(concurrency=8, requests=24)
    assert done.returncode == 0, done.stderr
    rows = [row for row in place.records if row["role"] == "measured"]
    throttled = [row for row in rows if row["error"] == "throttling"]
    assert len(rows) == 48 and throttled
    assert all(row["slot_ms"] >= row["e2e_ms"] and row["http_status"] == 429 for row in throttled)
    assert "throttled" in done.stderr


def test_a_connection_lost_in_the_middle_is_not_the_models_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "simulator")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "simulator")
    place = Place(
        tmp_path, prompts={"small": 4}, behaviour={"latency": {"base_ms": 30, "tokens_per_s": 1000}}
    )
    files = {"behaviour": tmp_path / "behaviour.yaml", "answer_key": tmp_path / "key.jsonl"}
    with SimulatorProcess.started(**files) as simulator:
        endpoint = {"kind": "bedrock", "region": "us-east-1", "url": simulator.url}
        command = place.command(requests=60, **endpoint)
        job = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment())
        while len(place.lines("outcome")) < 12:
            assert job.poll() is None
        port = simulator.port
        os.kill(simulator.pid, signal.SIGKILL)
        said = job.communicate(timeout=60)[1]
    assert job.returncode == 1 and "connect_failed" in said and "Traceback" not in said
    lost = [line for line in place.lines("outcome") if line.get("error") == "connect_failed"]
    answered = {line["key"] for line in place.lines("outcome") if "error" not in line}
    assert lost and answered

    again = [sys.executable, "-m", "assay.simulator", "--port", str(port)]
    again += [part for name, path in files.items() for part in (f"--{name.replace('_', '-')}", str(path))]
    with subprocess.Popen(again, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment()) as revived:
        assert revived.stdout is not None and b"port" in revived.stdout.readline()
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=60, check=False, env=environment()
        )
        assert done.returncode == 0, done.stderr
        assert revived.stdin is not None
        revived.stdin.close()
    rows = [row for row in place.records if row["role"] == "measured"]
    assert len(rows) == 60
    assert {row["error"] for row in rows} <= {None, "disconnected", "stream_cut", "half_frame"}
    assert sum(row["error"] is not None for row in rows) <= 4, (
        "what was in flight, and what was written to a connection before its end was known"
    )
    assert answered <= {row["attempt_key"] for row in place.records}
