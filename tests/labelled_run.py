"""A sample of answers to label, as the stages before would write it, and the labelling page's server on it."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from assay.labels.draw import draw
from assay.labels.settings import Drawing
from assay.metrics.answer_id import answer_id
from assay.metrics.scoring import write_answers
from assay.prompts.prompt import Prompt, text_sha256, write_prompts

PROJECT = Path(__file__).resolve().parents[1]
MODELS = ("swift", "steady")


def question(number: int) -> dict[str, Any]:
    """A question about bridges with its document and two right answers."""
    return {
        "question": f"When was bridge {number} built?",
        "document": f"Bridge {number} crosses the river Linde. It was built in {1800 + number}.",
        "references": (str(1800 + number), f"in the year {1800 + number}"),
        "answers": {
            "swift": f"Bridge {number} was built in {1800 + number}.",
            "steady": f"Bridge {number} was built in {1700 + number}.",
        },
    }


@dataclass
class Sample:
    """The files of a run that labelling needs."""

    folder: Path
    questions: Sequence[Mapping[str, Any]] = field(default_factory=lambda: [question(n) for n in range(6)])
    n: int = 12
    verdict: str = "correctness"

    @property
    def labels(self) -> Path:
        return self.folder / "labels" / "labels.csv"

    @property
    def settings(self) -> dict[str, Any]:
        """Of scripts/label.py."""
        of_run = {"dataset_of_interest": "all", "seed": 1, "n": self.n}
        return {**of_run, "judges": ["judge"], "verdict": self.verdict, "half_width": "20 points"}

    @property
    def arguments(self) -> list[str]:
        """Of scripts/label.py."""
        answers, verdicts = (
            [str(self.folder / f"{part}_{model}.parquet") for model in MODELS]
            for part in ("answers", "verdicts")
        )
        return [
            "--settings", json.dumps(self.settings), "--sample", str(self.folder / "labels" / "sample.parquet"),
            "--prompts", str(self.folder / "prompts.parquet"), "--answers", *answers, "--verdicts", *verdicts,
            "--labels", str(self.labels),
        ]  # fmt: skip

    def write(self) -> Self:
        """Write prompts, answers and the sample of the first `n` answers."""
        (self.folder / "labels").mkdir(parents=True, exist_ok=True)
        prompts, rows = [], []
        for position, asked in enumerate(self.questions):
            before = "Read this.\n\n"
            text = f"{before}{asked['document']}\n\n{asked['question']}"
            prompt_id = text_sha256(text).hex()[:16]
            known = bool(asked["document"])
            prompts.append(
                Prompt(
                    prompt_id, "all", position, f"e{position}", "bridges", asked.get("language", "en"), f"s{position}",
                    "qa_f1", 20, text, asked["question"], tuple(asked["references"]), None,
                    context_at=len(before) if known else None, context_chars=len(asked["document"]) if known else None,
                )
            )  # fmt: skip
            rows += [
                {
                    "model": model, "answer_id": answer_id(prompt_id, text), "prompt_id": prompt_id, "bucket": "all",
                    "dataset": "bridges", "language": asked.get("language", "en"), "source": f"s{position}",
                    "question": asked["question"], "answers": list(asked["references"]), "text": text, "times": 1,
                    "metric": "qa_f1", "score": 0.5, "stop_reason_max_tokens": 0.0, "reused": False,
                }
                for model, text in asked["answers"].items()
            ]  # fmt: skip
        write_prompts(prompts, self.folder / "prompts.parquet")
        for model in MODELS:
            mine = [row for row in rows if row["model"] == model]
            write_answers(self.folder / f"answers_{model}.parquet", mine)
            said = "correct" if model == "swift" else "incorrect"
            of_judge = {"judge": "judge", "verdict": said}
            verdicts = [
                {name: row[name] for name in ("model", "answer_id", "prompt_id")} | of_judge for row in mine
            ]
            pq.write_table(pa.Table.from_pylist(verdicts), self.folder / f"verdicts_{model}.parquet")
        draw(
            Drawing(dataset_of_interest="all", seed=1, n=self.n),
            self.folder / "prompts.parquet",
            [self.folder / f"answers_{model}.parquet" for model in MODELS],
            self.folder / "labels" / "sample.parquet",
            self.folder / "labels" / "sample.csv",
        )
        return self

    def items(self) -> list[str]:
        """The names of all items, in their order."""
        table = pq.read_table(self.folder / "labels" / "sample.parquet", columns=["item"])
        names: list[str] = table["item"].to_pylist()
        return names

    def given(self) -> list[dict[str, str]]:
        """The rows of the file of labels, as anybody would read it."""
        return list(csv.DictReader(io.StringIO(self.labels.read_text("utf-8-sig"))))


@dataclass
class LabelServer:
    """scripts/label.py in a process of its own. Ends it on leaving."""

    sample: Sample
    more: Sequence[str] = ()
    process: subprocess.Popen[str] = field(init=False)
    url: str = field(init=False)

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            [sys.executable, "scripts/label.py", *self.sample.arguments, *self.more],
            cwd=PROJECT,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        if not said.startswith("Label at "):
            raise AssertionError(self.process.communicate(timeout=30)[1])
        self.url = said.removeprefix("Label at ").strip()
        return self

    def ended(self) -> tuple[int, str]:
        """Waits for the end: the exit status, and what was logged."""
        logged = self.process.communicate(timeout=30)[1]
        return self.process.returncode, logged

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=30)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
