"""Kills runs at random moments, and holds the service's own account against the ledger: what was paid for, and how often.

    python benchmarks/chaos.py [--kills 100] [--seed 1] [--out benchmarks/results/chaos.json]

A small benchmark is run once undisturbed, then again and again on fresh ledgers while one of its processes, or all of
them, get a SIGKILL: everything, Snakemake alone, one job, one worker. After each kill it is started again as a user would,
until it is done. Then has to hold, by the journal of a simulator that outlives all of it:

- every answer that was paid for is in the ledger, but for what was in flight at a kill;
- what was measured and judged was bought once, but for what was in flight at a kill;
- beside that, each new sitting has bought its own warm-up and filler only;
- the tables of accuracy are those of the undisturbed run.

Ends with 1 where one of these fails. Works on a copy of the project, so that it may be edited meanwhile.
"""

import argparse
import csv
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import yaml

from assay.ledger.stored import groups
from assay.simulator.credentials import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY
from assay.simulator.process import SimulatorProcess

PROJECT = Path(__file__).resolve().parents[1]
PARTS = ("Snakefile", "rules", "scripts", "assay", "config", "report", "envs", "profiles", "pyproject.toml")
VICTIMS = {"everything": 4, "snakemake": 2, "job": 3, "worker": 3}
"""How often each is chosen, of all."""

BUCKETS = 2
MODELS = ("swift", "steady")
LEVELS = (1, 4)
JUDGE_CONCURRENCY = 4
IN_FLIGHT = len(MODELS) * max(LEVELS) + JUDGE_CONCURRENCY
"""Most requests in flight at one moment."""
BESIDE = max(LEVELS) * 2
"""Most that a sitting sends in one cell before the first request is measured and while the last ones end, each."""

GIVE_UP_S = 300


def benchmark(url: str, requests: int, models: int) -> dict[str, Any]:
    """One or two models, one judge, two buckets, two levels; the higher level by two workers."""
    return {
        "run": {"name": "chaos"},
        "endpoint": {"kind": "bedrock", "region": REGION, "url": url},
        "dataset": {"kind": "synthetic", "tasks": ["find"]},
        "buckets": [
            {"name": "small", "min": 150, "max": 300, "n": 12},
            {"name": "large", "min": 300, "max": 600, "n": 12},
        ],
        "models": [{"label": name, "id": f"sim.{name}-v1:0"} for name in MODELS[:models]],
        "inference": {"max_tokens": 32, "temperature": 0.0},
        "load": {"concurrency": list(LEVELS), "requests": requests, "warmup": 1, "workers": 2},
        "judges": {
            "panel": [{"label": "judge-a", "id": "sim.judge-a-v1:0"}],
            "concurrency": JUDGE_CONCURRENCY,
        },
        "prices": {"sim.swift-v1:0": {"input_usd_per_million": 1.0, "output_usd_per_million": 2.0}},
        "preflight": {"enabled": False},
        "dataset_of_interest": "large",
        "limits": {"e2e_ms_p95": {"max": 2000}},
    }


@dataclass
class Run:
    """One folder with a benchmark that is run until it is done."""

    project: Path
    folder: Path
    journal: Path
    kills: list[str] = field(default_factory=list)
    starts: int = 0

    @property
    def results(self) -> Path:
        return self.folder / "results" / "chaos"

    def write(self, benchmark: dict[str, Any]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "bench.yaml").write_text(yaml.safe_dump(benchmark), "utf-8")

    def command(self, *arguments: str) -> list[str]:
        return [
            sys.executable, "-m", "snakemake", "-s", str(self.project / "Snakefile"), "--directory", str(self.folder),
            "--configfile", str(self.folder / "bench.yaml"), "--cores", "4", *arguments,
        ]  # fmt: skip

    def start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        self.starts += 1
        credentials = {"AWS_ACCESS_KEY_ID": ACCESS_KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY}
        with (self.folder / "log.txt").open("ab") as log:
            return subprocess.Popen(
                self.command(*arguments),
                cwd=self.folder,
                env={**os.environ, **credentials},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def to_its_end(self, *arguments: str) -> int:
        return self.start(*arguments).wait(timeout=GIVE_UP_S)

    def arrived(self) -> int:
        """Requests that have reached the service so far."""
        return self.journal.read_bytes().count(b'"event":"received"') if self.journal.exists() else 0

    def journal_lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.journal.read_text("utf-8").splitlines()]

    def accuracy(self) -> list[dict[str, str]]:
        with (self.results / "tables" / "accuracy.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))


def processes(root: psutil.Process, mark: str) -> list[psutil.Process]:
    """Processes under `root` on whose command line a word holds `mark`, but no shell."""
    found = []
    for child in root.children(recursive=True):
        try:
            words = child.cmdline()
        except psutil.Error:
            continue
        if words and "python" in Path(words[0]).name and any(mark in word for word in words[1:4]):
            found.append(child)
    return found


def kill(chance: random.Random, root: psutil.Process) -> str:
    """Kill something; says what. A worker or job that isn't there is passed over for the next larger thing."""
    victim = chance.choices(list(VICTIMS), list(VICTIMS.values()))[0]
    try:
        if victim == "worker" and (workers := processes(root, "spawn_main")):
            chance.choice(workers).kill()
            return "worker"
        jobs = [one for name in ("invoke", "judge") for one in processes(root, f"scripts/{name}.py")]
        if victim in ("worker", "job") and jobs:
            chance.choice(jobs).kill()
            return "job"
    except psutil.NoSuchProcess:
        pass
    if victim == "snakemake":
        root.kill()
        return "snakemake"
    os.killpg(root.pid, signal.SIGKILL)
    return "everything"


def disturbed(run: Run, chance: random.Random, kills: int) -> None:
    """Start the run, kill something at a random moment, until it has come to its end or there were `kills` kills."""
    while len(run.kills) < kills:
        before = run.arrived()
        process = run.start("aggregate")
        # Most kills wait for the first request: starting takes longer, and is less worth killing.
        if chance.random() < 0.9:
            wait_until(
                lambda before=before, process=process: run.arrived() > before or process.poll() is not None
            )
        moment = time.monotonic() + chance.uniform(0.0, 2.5)
        wait_until(
            lambda moment=moment, process=process: time.monotonic() >= moment or process.poll() is not None
        )
        if process.poll() is None:
            run.kills.append(kill(chance, psutil.Process(process.pid)))
            process.wait(timeout=GIVE_UP_S)
        if process.returncode == 0:
            return
        if process.returncode < 0:
            run.to_its_end("--unlock")
    if run.to_its_end("aggregate"):
        raise AssertionError(f"the run didn't come to its end: see {run.folder / 'log.txt'}")


def wait_until(so: Any) -> None:
    while not so():
        time.sleep(0.02)


def lines(folder: Path, kind: str) -> Iterator[dict[str, Any]]:
    for group in groups(folder):
        for _, line in group.lines():
            if line.entry is not None and line.entry["line"] == kind:
                yield line.entry


OF_JUDGES = ("judge", "judge_again")
BOUGHT_ONCE = ("measured", *OF_JUDGES)


def account(run: Run) -> dict[str, Any]:
    """What was sent, answered and lost: by the ledger, and by the journal."""
    ledger = run.results / "ledger"
    dispatched, outcomes = list(lines(ledger, "dispatched")), list(lines(ledger, "outcome"))
    settled = {(line["key"], line["sitting"], line["try"]) for line in outcomes}
    cut_off = [line for line in dispatched if (line["key"], line["sitting"], line["try"]) not in settled]
    roles = Counter(line["tags"]["role"] for line in dispatched)
    bought = Counter(line["key"] for line in dispatched if line["tags"]["role"] in BOUGHT_ONCE)
    again = sum(count - 1 for count in bought.values())
    cells = {
        (line["sitting"], line["tags"]["bucket"])
        for line in dispatched
        if line["tags"]["role"] not in OF_JUDGES
    }
    journal = run.journal_lines()
    answered = {line["id"] for line in journal if line["event"] == "ended" and line["error"] is None}
    kept = {line["request_id"] for line in outcomes if "error" not in line}
    return {
        "kills": dict(Counter(run.kills)),
        "starts": run.starts,
        "sittings": len({line["sitting"] for line in dispatched}),
        "cells_begun": len(cells),
        "dispatched": len(dispatched),
        "roles": dict(roles),
        "measured_and_judged": len(bought),
        "bought_again": again,
        "in_flight_at_kills": len(cut_off),
        "in_flight_at_kills_measured_or_judged": sum(line["tags"]["role"] in BOUGHT_ONCE for line in cut_off),
        "arrived": sum(line["event"] == "received" for line in journal),
        "answered": len(answered),
        "answered_and_not_in_the_ledger": len(answered - kept),
        "in_the_ledger_and_not_answered": len(kept - answered),
    }


def faults(found: dict[str, Any], undisturbed: dict[str, Any], same_accuracy: bool) -> list[str]:
    """What doesn't hold."""
    kills, cut_off = sum(found["kills"].values()), found["in_flight_at_kills"]
    beside = found["roles"].get("warmup", 0) + found["roles"].get("filler", 0)
    held = {
        "everything that is to be measured and judged was bought": found["measured_and_judged"]
        == undisturbed["measured_and_judged"],
        "what was bought again was in flight at a kill": found["bought_again"]
        <= found["in_flight_at_kills_measured_or_judged"],
        "what was in flight at kills is no more than can be": cut_off <= kills * IN_FLIGHT,
        "what was paid for and isn't in the ledger was in flight at a kill": found[
            "answered_and_not_in_the_ledger"
        ]
        <= cut_off,
        "the ledger makes up no answer": found["in_the_ledger_and_not_answered"] == 0,
        "what arrived was dispatched": found["dispatched"] - cut_off
        <= found["arrived"]
        <= found["dispatched"],
        "paid requests are those of an undisturbed run, those in flight at kills, and warm-up and filler": found[
            "arrived"
        ]
        <= undisturbed["measured_and_judged"] + found["in_flight_at_kills_measured_or_judged"] + beside,
        "a sitting buys its own warm-up and filler only": beside <= 2 * BESIDE * found["cells_begun"],
        "accuracy is that of an undisturbed run": same_accuracy,
    }
    return [what for what, holds in held.items() if not holds]


def chaos(folder: Path, kills: int, seed: int, requests: int, models: int) -> dict[str, Any]:
    """Kill until there were so many kills, over as many rounds as that takes."""
    chance = random.Random(seed)
    project = folder / "project"
    project.mkdir()
    for part in PARTS:
        copy = shutil.copytree if (PROJECT / part).is_dir() else shutil.copy2
        copy(PROJECT / part, project / part)
    behaviour = project / "config" / "simulator" / "default.yaml"
    began = time.monotonic()

    plain = Run(project, folder / "undisturbed", folder / "undisturbed.jsonl")
    plain.write(benchmark("http://127.0.0.1:9", requests, models))
    key = plain.results / "prompts" / "answer_key.jsonl"
    assert plain.to_its_end("bucket") == 0, (plain.folder / "log.txt").read_text()
    with SimulatorProcess.started(behaviour, key, plain.journal) as simulator:
        plain.write(benchmark(simulator.url, requests, models))
        assert plain.to_its_end("aggregate") == 0, (plain.folder / "log.txt").read_text()
    undisturbed, accuracy = account(plain), plain.accuracy()
    print(json.dumps({"undisturbed": undisturbed}), flush=True)

    rounds: list[dict[str, Any]] = []
    left = kills
    while left > 0:
        run = Run(project, folder / f"round{len(rounds)}", folder / f"round{len(rounds)}.jsonl")
        with SimulatorProcess.started(behaviour, key, run.journal) as simulator:
            run.write(benchmark(simulator.url, requests, models))
            disturbed(run, chance, left)
        found = account(run)
        found["faults"] = faults(found, undisturbed, run.accuracy() == accuracy)
        left -= len(run.kills)
        rounds.append(found)
        print(json.dumps(found), flush=True)
        if not found["faults"]:
            shutil.rmtree(run.folder)
    victims = sum((Counter(each["kills"]) for each in rounds), Counter())
    totals = {
        name: sum(each[name] for each in rounds)
        for name in (
            "starts", "sittings", "dispatched", "measured_and_judged", "bought_again", "in_flight_at_kills",
            "in_flight_at_kills_measured_or_judged", "arrived", "answered", "answered_and_not_in_the_ledger",
            "in_the_ledger_and_not_answered",
        )
    }  # fmt: skip
    return {
        "seed": seed,
        "kills": dict(victims),
        "undisturbed": undisturbed,
        "rounds": rounds,
        "total": totals,
        "faults": sum(len(each["faults"]) for each in rounds),
        "seconds": round(time.monotonic() - began),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--requests", type=int, default=120, help="measured requests of each cell")
    parser.add_argument("--models", type=int, choices=(1, 2), default=2)
    parser.add_argument("--folder", type=Path, help="where to work; a temporary folder by default")
    parser.add_argument("--out", type=Path, default=PROJECT / "benchmarks/results/chaos.json")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="assay-chaos-") as temporary:
        folder = given.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        found = chaos(folder, given.kills, given.seed, given.requests, given.models)
    given.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    sys.exit(1 if found["faults"] else 0)


if __name__ == "__main__":
    main()
