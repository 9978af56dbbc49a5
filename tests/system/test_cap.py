"""The cap holds while jobs race for the last dollar, are killed and start again: by what the service itself counted."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from jobs import PROJECT, Place, environment

from assay.prices.book import Price
from assay.prices.snapshot import read as read_prices
from assay.simulator.credentials import ACCESS_KEY_ID, SECRET_ACCESS_KEY
from assay.simulator.process import SimulatorProcess
from assay.spending.committed import committed
from assay.spending.purse import PICODOLLARS

PRICE = Price(input_usd_per_million=10.0, output_usd_per_million=100.0)


@dataclass
class Run:
    """Several jobs with one ledger and one cap, and a service that outlives them and keeps its own account."""

    folder: Path
    max_usd: float
    process: SimulatorProcess | None = None
    places: list[Place] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ledger.mkdir(parents=True, exist_ok=True)
        prices = {model: PRICE.as_json() for model in ("sim.plain", "sim.judge")}
        self.prices.write_text(json.dumps({"prices": prices}))

    @property
    def ledger(self) -> Path:
        return self.folder / "ledger"

    @property
    def prices(self) -> Path:
        return self.folder / "prices.json"

    @property
    def journal(self) -> Path:
        return self.folder / "journal.jsonl"

    @property
    def endpoint(self) -> dict[str, Any]:
        assert self.process is not None
        return {"kind": "bedrock", "region": "us-east-1", "url": self.process.url}

    def capped(self, command: Sequence[str], job: str = "job") -> list[str]:
        """A job's command line with this ledger and this cap."""
        return [
            *command,
            *("--ledger", str(self.ledger), "--prices", str(self.prices), "--max-usd", str(self.max_usd)),
            *("--capped", str(self.ledger / "capped" / "x" / f"{job}.json")),
        ]

    def place(self, name: str, **made: Any) -> Place:
        """A job's folder. Its prompts are its own, so that no job has what another one bought."""
        place = Place(self.folder / name, prompts={f"{name} small": 20, f"{name} large": 20}, **made)
        self.places.append(place)
        return place

    def consumed_usd(self) -> float:
        """What the service has counted, at the price: of everything that it took on."""
        lines = [json.loads(line) for line in self.journal.read_text().splitlines()]
        return sum(
            (line["input_tokens"] * 10.0 + line["output_tokens"] * 100.0) / 1e6
            for line in lines
            if line["event"] == "ended" and line["input_tokens"] is not None
        )

    def committed_usd(self) -> float:
        """What the ledger says, reservations of requests without an outcome included."""
        return committed(self.ledger, "x", read_prices(self.prices)) / PICODOLLARS

    def received(self) -> int:
        lines = [json.loads(line) for line in self.journal.read_text().splitlines()]
        return sum(line["event"] == "received" for line in lines)


@contextmanager
def serving(run: Run, behaviour: Place) -> Iterator[Run]:
    with SimulatorProcess.started(
        behaviour=behaviour.folder / "behaviour.yaml",
        answer_key=behaviour.folder / "key.jsonl",
        journal=run.journal,
    ) as process:
        run.process = process
        yield run


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY)


def run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False, env=environment()
    )


def started(stack: ExitStack, commands: Sequence[Sequence[str]]) -> list["subprocess.Popen[str]"]:
    return [
        stack.enter_context(subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment()))
        for command in commands
    ]


def judge_command(folder: Path, answers: int, endpoint: dict[str, Any], concurrency: int = 4) -> list[str]:
    """A judge job on so many answers."""
    folder.mkdir(exist_ok=True)
    rows = [
        {
            "model": "a", "answer_id": f"a{n}", "prompt_id": f"p{n}", "question": f"What is {n}?",
            "answers": [f"right{n}"], "text": f"It is right{n}.",
        }
        for n in range(answers)
    ]  # fmt: skip
    pq.write_table(pa.Table.from_pylist(rows), folder / "answers.parquet")
    settings = {
        "run": {"name": "x", "edition": 1, "seed": 1},
        "endpoint": endpoint,
        "model": "a",
        "judge": {
            "label": "j",
            "id": "sim.judge",
            "inference": {"max_tokens": 32, "temperature": 0.0},
        },
        "concurrency": concurrency,
        "timeouts": {},
        "retry": {"attempts": 3, "base_s": 0.01},
    }
    return [
        sys.executable, f"{PROJECT}/scripts/judge.py", "--settings", json.dumps(settings),
        "--answers", f"{folder}/answers.parquet", "--prompt", f"{PROJECT}/config/judging/correctness.txt",
        "--out-verdicts", f"{folder}/verdicts.parquet", "--out-status", f"{folder}/verdicts.json",
        "--ledger", f"{folder}/ledger",
    ]  # fmt: skip


def status_of(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def test_jobs_that_race_for_the_last_dollar_never_pass_the_cap_and_keep_what_they_have(
    tmp_path: Path,
) -> None:
    shared = Run(tmp_path, max_usd=0.2)
    loads = {"a": 2, "b": 3, "c": 4, "d": 5}
    places = {name: shared.place(name) for name in loads}
    with serving(shared, places["a"]), ExitStack() as stack:
        commands = [
            shared.capped(places[name].command(concurrency=c, requests=400, **shared.endpoint), name)
            for name, c in loads.items()
        ]
        commands.append(shared.capped(judge_command(tmp_path / "judge", 600, shared.endpoint), "judge"))
        jobs = started(stack, commands)
        said = [job.communicate(timeout=120)[1] for job in jobs]
    assert [job.returncode for job in jobs] == [0] * 5, said
    spent = shared.consumed_usd()
    assert 0.1 < spent <= 0.2, "used up, and never passed"
    assert shared.committed_usd() == pytest.approx(spent)
    for name, place in places.items():
        assert place.status["status"] == "capped"
        assert place.status["reason"].startswith("budget.max_usd 0.2: 0.")
        assert "the next request may cost 0.0" in place.status["reason"]
        assert place.status["incomplete"]
        assert place.status["requests_sent"] == len(place.records)
        assert all(row["ok"] for row in place.records), name
        assert json.loads((shared.ledger / "capped" / "x" / f"{name}.json").read_text()) == {
            "capped_at_usd": [0.2],
            "highest_usd": 0.2,
        }
    judged = status_of(tmp_path / "judge" / "verdicts.json")
    verdicts = pq.read_table(tmp_path / "judge" / "verdicts.parquet").to_pylist()
    assert judged["status"] == "capped" and judged["not_asked"] > 0 and judged["failed"] == 0
    assert judged["asked"] + judged["not_asked"] == len(verdicts) == 600
    assert {row["tries"] for row in verdicts if row["verdict"] == "not_asked"} == {0}
    assert shared.received() == judged["asked"] + sum(len(place.records) for place in places.values())


@pytest.mark.parametrize("workers", [None, 3])
def test_killed_in_the_middle_and_started_again_it_stays_below_the_cap(
    tmp_path: Path, workers: int | None
) -> None:
    shared = Run(tmp_path, max_usd=0.08)
    slow = {"latency": {"base_ms": 30, "tokens_per_s": 1000}}
    place = shared.place("a", behaviour=slow, workers=workers)
    with serving(shared, place):
        command = shared.capped(place.command(concurrency=6, requests=600, **shared.endpoint))
        for outcomes in (8, 20):
            job = subprocess.Popen(command, stderr=subprocess.DEVNULL, env=environment())
            while len(lines(shared, "outcome")) < outcomes:
                assert job.poll() is None
            children = psutil.Process(job.pid).children(recursive=True)
            os.kill(job.pid, signal.SIGKILL)
            job.wait()
            psutil.wait_procs(children, timeout=20)
        in_flight = len(lines(shared, "dispatched")) - len(lines(shared, "outcome"))
        assert in_flight > 0
        done = run(command)
        assert done.returncode == 0, done.stderr
    assert place.status["status"] == "capped"
    assert shared.consumed_usd() <= shared.committed_usd() <= 0.08
    assert sum(row["error"] == "interrupted" for row in place.records) == in_flight
    assert {tuple(line["most"][1:]) for line in lines(shared, "dispatched")} == {(32,)}


def lines(shared: Run, kind: str) -> list[dict[str, Any]]:
    found = []
    for path in sorted(shared.ledger.glob("*.jsonl")):
        for raw in path.read_text().splitlines():
            if raw.endswith('"}') and raw.startswith(f'{{"line":"{kind}"'):
                found.append(json.loads(raw))
    return found


@pytest.mark.parametrize(
    ("load", "workers"),
    [
        (None, None),
        (None, 3),
        ({"rate_rps": 300.0, "arrivals": "constant", "requests": 2000}, None),
        ({"rate_rps": 300.0, "arrivals": "poisson", "requests": 2000, "warmup_s": 0.1}, 2),
        ({"concurrency": 3, "duration_s": 60.0, "warmup": 1}, None),
    ],
)
def test_every_kind_of_load_ends_at_the_cap_and_a_higher_one_buys_only_the_difference(
    tmp_path: Path, load: dict[str, Any] | None, workers: int | None
) -> None:
    shared = Run(tmp_path, max_usd=0.05)
    place = shared.place("a", workers=workers)
    asked: dict[str, Any] = {"load": load} if load else {"concurrency": 6, "requests": 600}
    with serving(shared, place):
        done = run(shared.capped(place.command(**asked, **shared.endpoint)))
        assert done.returncode == 0, done.stderr
        first = place.status
        assert first["status"] == "capped" and first["workers"] == (workers or 1)
        assert 0 < shared.consumed_usd() <= 0.05
        assert first["requests_sent"] == len(place.records) == shared.received()
        bought = {line["key"] for line in lines(shared, "outcome")}

        again = run(shared.capped(place.command(**asked, **shared.endpoint)))
        assert again.returncode == 0, again.stderr
        assert place.status["status"] == "capped"
        before = shared.consumed_usd()
        assert before <= 0.05
        bought |= {line["key"] for line in lines(shared, "outcome")}

        shared.max_usd = 0.1
        more = run(shared.capped(place.command(**asked, **shared.endpoint)))
        assert more.returncode == 0, more.stderr
    assert before < shared.consumed_usd() <= 0.1
    times = [line["key"] for line in lines(shared, "dispatched")]
    assert len(times) == len(set(times)), "nothing is bought twice"
    assert bought <= {row["attempt_key"] for row in place.records}


def test_a_job_that_may_send_nothing_writes_its_outputs_all_the_same(tmp_path: Path) -> None:
    shared = Run(tmp_path, max_usd=1e-6)
    place = shared.place("a")
    done = run(shared.capped(place.command()))
    assert done.returncode == 0, done.stderr
    assert place.records == []
    status = place.status
    assert (status["status"], status["requests_sent"], status["started_utc"], status["ended_utc"]) == (
        "capped", 0, None, None,
    )  # fmt: skip
    assert sorted(status["incomplete"]) == ["a large", "a small"]
    assert not place.lines("dispatched")


def test_an_unknown_price_and_missing_prices_end_before_anything_is_sent(tmp_path: Path) -> None:
    shared = Run(tmp_path, max_usd=1.0)
    place = shared.place("a")
    shared.prices.write_text(json.dumps({"prices": {"sim.plain": Price().as_json()}}))
    unknown = run(shared.capped(place.command()))
    shared.prices.unlink()
    missing = run(shared.capped(place.command()))
    assert unknown.returncode == missing.returncode == 1
    assert "the price of sim.plain is unknown" in unknown.stderr and "Traceback" not in unknown.stderr
    assert "snakemake estimate" in missing.stderr and "Traceback" not in missing.stderr
    assert not (place.folder / "journal.jsonl").exists() or place.served() == 0


def test_without_a_cap_nothing_is_counted_but_every_line_tells_its_worst_case(tmp_path: Path) -> None:
    place = Place(tmp_path)
    assert place.invoke().returncode == 0
    assert not list((tmp_path / "ledger").glob("purse*"))
    assert all(line["most"][0] > 100 and line["most"][1] == 32 for line in place.lines("dispatched"))


def test_a_judge_waits_for_what_is_in_flight_before_it_gives_up(tmp_path: Path) -> None:
    """The cap holds what all answers cost, but not the worst case of all of them at once."""
    shared = Run(tmp_path, max_usd=1.0)
    place = shared.place("a")
    with serving(shared, place):
        command = judge_command(tmp_path / "judge", 12, shared.endpoint, concurrency=12)
        assert run(shared.capped(command)).returncode == 0
        worst = [line["most"][0] * 10 + line["most"][1] * 100 for line in lines(shared, "dispatched")]
        shutil.rmtree(shared.ledger)
        shared.max_usd = shared.consumed_usd() + 1.1 * max(worst) / 1e6
        assert shared.max_usd < sum(worst) / 1e6
        assert run(shared.capped(command)).returncode == 0
    status = status_of(tmp_path / "judge" / "verdicts.json")
    assert (status["status"], status["asked"], status["not_asked"]) == ("complete", 12, 0)


@pytest.mark.parametrize("workers", [None, 2])
@pytest.mark.parametrize("harm", ["damaged", "deleted"])
def test_a_purse_that_is_lost_in_the_middle_ends_the_job_and_no_answer(
    tmp_path: Path, harm: str, workers: int | None
) -> None:
    shared = Run(tmp_path, max_usd=5.0)
    slow = {"latency": {"base_ms": 30, "tokens_per_s": 1000}}
    place = shared.place("a", behaviour=slow, workers=workers)
    with serving(shared, place), ExitStack() as stack:
        command = shared.capped(place.command(concurrency=4, requests=400, **shared.endpoint))
        (job,) = started(stack, [command])
        while len(lines(shared, "outcome")) < 8:
            assert job.poll() is None
        purse = shared.ledger / "purse.x"
        if harm == "deleted":
            purse.unlink()
        else:
            purse.write_bytes(b"junk")
        said = job.communicate(timeout=60)[1]
        # A worker that comes when the purse has been deleted finds an empty one in its place.
        assert job.returncode == 1 and (harm in said or "damaged" in said) and "Traceback" not in said
        assert len(lines(shared, "outcome")) == len(lines(shared, "dispatched")) == shared.received() < 400
        bought = shared.received()
        again = run(shared.capped(place.command(concurrency=4, requests=bought + 40, **shared.endpoint)))
        assert again.returncode == 0, again.stderr
    keys = [line["key"] for line in lines(shared, "dispatched")]
    assert len(keys) == len(set(keys)), "nothing is bought twice"
    assert shared.committed_usd() == pytest.approx(shared.consumed_usd())
