"""Where the disk has no room for answers, none is bought; and none that was bought is lost, or bought again."""

import json
import os
import resource
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from jobs import Place, environment

from assay.simulator.process import SimulatorProcess

REQUESTS = 150


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int | None], list[str]]]:
    """The command line of a job that asks a simulator which no limit touches."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "simulator")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "simulator")
    place = Place(tmp_path, prompts={"small": 10})
    with SimulatorProcess.started(
        behaviour=tmp_path / "behaviour.yaml",
        answer_key=tmp_path / "key.jsonl",
        journal=tmp_path / "journal.jsonl",
    ) as simulator:
        endpoint = {"kind": "bedrock", "region": "us-east-1", "url": simulator.url}

        def command(workers: int | None) -> list[str]:
            place.workers = workers
            return place.command(concurrency=4, requests=REQUESTS, **endpoint)

        yield command


def run(command: list[str], preparing: Callable[[], None] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environment(),
        preexec_fn=preparing,
    )


def check(place: Place, full: subprocess.CompletedProcess[str], then: Callable[[], None]) -> None:
    """One clear error; all that was answered is in the ledger; and what is missing, nothing else, is bought after."""
    assert full.returncode == 1, full.stderr
    assert "the ledger can't be written" in full.stderr and "Free some space and run again" in full.stderr
    assert "Traceback" not in full.stderr
    assert not (place.folder / "records.parquet").exists()
    journal = [json.loads(line) for line in (place.folder / "journal.jsonl").read_text().splitlines()]
    answered = {line["id"] for line in journal if line["event"] == "ended" and line["status"] == 200}
    kept = {line["request_id"] for line in place.lines("outcome")}
    assert kept == answered
    # Of two workers on a disk that is nearly full, one may find no room at all while the other looks for it.
    assert (0 if place.workers else 10) <= len(answered) < REQUESTS
    assert sum(place.dispatched().values()) == place.served() == len(answered)

    then()
    assert sum(place.dispatched().values()) == place.served()
    keys = Counter(line["key"] for line in place.lines("dispatched") if line["tags"]["role"] == "measured")
    assert len(keys) == REQUESTS and set(keys.values()) == {1}, "every request once"
    assert sum(row["role"] == "measured" and row["ok"] for row in place.records) == REQUESTS


@pytest.mark.parametrize("workers", [None, 2])
def test_a_limit_on_the_size_of_files_ends_a_job_before_its_answers_are_lost(
    tmp_path: Path, place: Callable[[int | None], list[str]], workers: int | None
) -> None:
    command = place(workers)
    limit = 140_000 if workers is None else 120_000

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    def unlimited() -> None:
        done = run(command)
        assert done.returncode == 0, done.stderr

    check(Place(tmp_path, prompts={"small": 10}, workers=workers), run(command, limited), unlimited)


@pytest.mark.parametrize("workers", [None, 2])
def test_a_full_disk_ends_a_job_before_its_answers_are_lost(
    tmp_path: Path, place: Callable[[int | None], list[str]], workers: int | None
) -> None:
    ledger = tmp_path / "ledger"
    ledger.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={'160k' if workers is None else '250k'}", "none", ledger],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("mounting takes a privilege that isn't there")
    command = place(workers)

    def with_room() -> None:
        subprocess.run(["mount", "-o", "remount,size=20m", ledger], check=True)
        done = run(command)
        assert done.returncode == 0, done.stderr
        used = os.statvfs(ledger)
        written = sum(path.stat().st_size for path in ledger.iterdir())
        assert (used.f_blocks - used.f_bfree) * used.f_bsize < written + 100_000, "what wasn't needed is free"

    try:
        check(Place(tmp_path, prompts={"small": 10}, workers=workers), run(command), with_room)
    finally:
        subprocess.run(["umount", ledger], check=True)
