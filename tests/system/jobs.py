"""Runs invoke and judge jobs as Snakemake would: the scripts' own command lines, on the simulator."""

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from assay.prompts.prompt import Prompt, write_prompts

PROJECT = Path(__file__).resolve().parents[2]


def environment() -> dict[str, str]:
    """The environment that Snakemake gives its jobs."""
    return {**os.environ, "PYTHONPATH": str(PROJECT)}


@dataclass
class Place:
    """A folder with everything that an invoke job needs, and the account of what was sent."""

    folder: Path
    prompts: dict[str, int] = field(default_factory=lambda: {"small": 4, "large": 5})
    model: dict[str, Any] = field(default_factory=lambda: {"label": "a", "id": "sim.plain"})
    behaviour: dict[str, Any] = field(default_factory=dict)
    workers: int | None = None
    words: int = 0
    """How long a document each prompt begins with."""

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.write()

    def write(self) -> None:
        """Write behaviour, prompts and answer key."""
        model = {
            "kind": "model",
            "latency": {"base_ms": 5, "tokens_per_s": 1000},
            "accuracy": 1.0,
            **self.behaviour,
        }
        judge = {"kind": "judge", "latency": {"base_ms": 5, "tokens_per_s": 1000}}
        models = {self.model["id"]: model, "sim.judge": judge}
        (self.folder / "behaviour.yaml").write_text(json.dumps({"seed": 1, "models": models}))
        rows = [
            Prompt(
                hashlib.sha256(f"{bucket} {n}".encode()).hexdigest()[:16],
                bucket, n, f"e{n}", "set", "en", f"s{n}", "qa_f1", 10, f"{'word ' * self.words}Question {bucket} {n}?", "q", (f"right{n}",), None,
            )
            for bucket, count in self.prompts.items()
            for n in range(count)
        ]  # fmt: skip
        write_prompts(rows, self.folder / "prompts.parquet")
        key = [
            {
                "sha256": hashlib.sha256(row.text.encode()).hexdigest(),
                "tokens": 10,
                "right": list(row.answers),
                "wrong": ["no"],
            }
            for row in rows
        ]
        (self.folder / "key.jsonl").write_text("".join(json.dumps(line) + "\n" for line in key))

    def command(
        self,
        concurrency: int = 2,
        requests: int = 8,
        edition: int = 1,
        load: dict[str, Any] | None = None,
        **endpoint: Any,
    ) -> list[str]:
        """The command line of an invoke job; `load` takes the place of a closed loop of so many requests."""
        folder = self.folder
        level = load or {"concurrency": concurrency, "requests": requests, "warmup": 1}
        settings = {
            "run": {"name": "x", "edition": edition, "seed": 1},
            "endpoint": endpoint
            or {
                "kind": "simulator",
                "behaviour": f"{folder}/behaviour.yaml",
                "journal": f"{folder}/journal.jsonl",
            },
            "model": self.model,
            "inference": {"max_tokens": 32, "temperature": 0.0},
            "load": {
                **level,
                "workers": self.workers,
                "block": 0,
                "blocks": 1,
                "timeouts": {},
                "retry": {"base_s": 0.01},
            },
        }
        return [
            sys.executable, f"{PROJECT}/scripts/invoke.py", "--settings", json.dumps(settings),
            "--prompts", f"{folder}/prompts.parquet", "--answer-key", f"{folder}/key.jsonl",
            "--ledger", f"{folder}/ledger", "--log", f"{folder}/log.txt",
            "--out-records", f"{folder}/records.parquet", "--out-status", f"{folder}/status.json",
        ]  # fmt: skip

    def invoke(self, **changed: Any) -> subprocess.CompletedProcess[str]:
        """Run an invoke job to its end."""
        return subprocess.run(
            self.command(**changed),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env=environment(),
        )

    @property
    def records(self) -> list[dict[str, Any]]:
        """The records that the last job wrote."""
        rows: list[dict[str, Any]] = pq.read_table(self.folder / "records.parquet").to_pylist()
        return rows

    @property
    def status(self) -> dict[str, Any]:
        """The status that the last job wrote."""
        found: dict[str, Any] = json.loads((self.folder / "status.json").read_text())
        return found

    def served(self) -> int:
        """How many requests have reached simulators so far, by their own count."""
        lines = (self.folder / "journal.jsonl").read_text().splitlines()
        return sum(json.loads(line)["event"] == "received" for line in lines)

    def dispatched(self) -> "Counter[str]":
        """How many requests of each role have been dispatched so far, by the ledger."""
        return Counter(line["tags"]["role"] for line in self.lines("dispatched"))

    def lines(self, kind: str) -> list[dict[str, Any]]:
        """The ledger's lines of one kind, of all files, leaving half-written ones out."""
        found = []
        for path in sorted((self.folder / "ledger").glob("*.jsonl")):
            for raw in path.read_text().splitlines():
                if raw.endswith('"}') and raw.startswith(f'{{"line":"{kind}"'):
                    found.append(json.loads(raw))
        return found
