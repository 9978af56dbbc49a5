"""A project of its own for a test, a tiny benchmark in it, and Snakemake run on it as a user would."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parents[2]
PARTS = ("Snakefile", "rules", "scripts", "assay", "config", "report", "envs", "profiles", "pyproject.toml")

MODELS = ("swift", "steady")
LEVELS = (1, 2)
JUDGES = ("judge-a",)
FIGURES = (
    "figure_latency_against_throughput",
    "figure_pareto",
    "figure_latency_distribution",
    "figure_latency_by_bucket",
    "figure_latency_by_concurrency",
    "figure_throughput_by_concurrency",
    "figure_errors",
    "figure_throttles_over_time",
    "figure_accuracy_by_model",
    "figure_accuracy_by_prompt_size",
    "figure_accuracy_by_task",
    "figure_cost_breakdown",
)


def tiny() -> dict[str, Any]:
    """A benchmark of two models, one judge, two buckets and two levels: seconds, not minutes."""
    return {
        "run": {"name": "tiny"},
        "endpoint": {"kind": "simulator", "behaviour": "config/simulator/default.yaml"},
        "dataset": {"kind": "synthetic", "tasks": ["find"]},
        "buckets": [
            {"name": "small", "min": 150, "max": 300, "n": 4},
            {"name": "large", "min": 300, "max": 600, "n": 4},
        ],
        "models": [model("swift"), model("steady")],
        "inference": {"max_tokens": 32, "temperature": 0.0},
        "load": {"concurrency": list(LEVELS), "requests": 4, "warmup": 1},
        "judges": {"panel": [model("judge-a")]},
        "prices": {"sim.swift-v1:0": {"input_usd_per_million": 1.0, "output_usd_per_million": 2.0}},
        "dataset_of_interest": "large",
        "limits": {"e2e_ms_p95": {"max": 2000}},
    }


def model(name: str) -> dict[str, Any]:
    """A simulated model or judge under its own name."""
    return {"label": name, "id": f"sim.{name}-v1:0"}


def copied_project(target: Path) -> Path:
    """The project's files, without results, in a folder that a test may change."""
    target.mkdir(parents=True)
    for part in PARTS:
        source = PROJECT / part
        if source.is_dir():
            shutil.copytree(source, target / part)
        else:
            shutil.copy2(source, target / part)
    return target


@dataclass
class Workflow:
    """A copied project with a benchmark file."""

    folder: Path
    benchmark: dict[str, Any] = field(default_factory=tiny)
    environment: dict[str, str] = field(default_factory=dict)

    def changed(self) -> dict[str, Any]:
        """The benchmark to change in place; `write` or the next run puts it into the file."""
        self.benchmark = deepcopy(self.benchmark)
        return self.benchmark

    @property
    def results(self) -> Path:
        return self.folder / "results" / self.benchmark["run"]["name"]

    def write(self) -> None:
        (self.folder / "bench.yaml").write_text(yaml.safe_dump(self.benchmark, sort_keys=False), "utf-8")

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "snakemake", "--configfile", "bench.yaml", *arguments]

    def snakemake(self, *arguments: str, succeeds: bool = True) -> str:
        """Everything that Snakemake printed."""
        self.write()
        done = started(self.command(*arguments), self.folder, self.environment)
        assert (done.returncode == 0) is succeeds, done.stdout
        return done.stdout

    def run(self, *arguments: str) -> str:
        return self.snakemake("--cores", "4", *arguments)

    def plan(self, *arguments: str) -> dict[str, int]:
        """Jobs that would run, by rule; empty where nothing is stale."""
        return planned(self.snakemake("-n", *arguments))

    def jobs(self, *arguments: str) -> list[str]:
        """The messages of the jobs that would run."""
        return re.findall(r"^Job \d+: (.*)$", self.snakemake("-n", *arguments), re.MULTILINE)

    def sent(self, *roles: str) -> Counter[str]:
        """Requests that the ledger says were sent: by model or judge id, load and bucket. Of all roles if none is given."""
        lines = (
            json.loads(line)
            for path in sorted((self.results / "ledger").glob("*.jsonl"))
            for line in path.read_text("utf-8").splitlines()
        )
        tags = [line["tags"] for line in lines if line["line"] == "dispatched"]
        return Counter(
            " ".join(str(tag[key]) for key in ("model", "load", "bucket") if tag.get(key))
            for tag in tags
            if not roles or tag["role"] in roles
        )


def started(
    command: list[str], folder: Path, environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """A command run to its end, with what it printed on both streams."""
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=300,
    )


def planned(printed: str) -> dict[str, int]:
    """Snakemake's own table of jobs, without the target."""
    table = re.search(r"^job +count\n-+ +-+\n(.*?)^total ", printed, re.MULTILINE | re.DOTALL)
    if table is None:
        assert "Nothing to be done" in printed, printed
        return {}
    counts = dict(line.split() for line in table[1].splitlines())
    return {rule: int(count) for rule, count in counts.items() if rule != "all"}
