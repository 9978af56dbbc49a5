"""Answers, verdicts and labels of a run that never was, for the page of mistakes: written as the score and judge stages do."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from assay.judging.verdicts import SCHEMA as VERDICT_SCHEMA
from assay.metrics.answer_id import answer_id
from assay.metrics.scoring import SCHEMA as ANSWER_SCHEMA


def answer(prompt: str, text: str = "It is Paris.", **given: Any) -> dict[str, Any]:
    """One answer; its verdicts stand under `said`, by judge: a verdict, or what else the row holds."""
    return {
        "model": "swift",
        "answer_id": answer_id(prompt, text),
        "prompt_id": prompt,
        "bucket": "short",
        "dataset": "made",
        "language": "en",
        "source": prompt,
        "question": f"What is asked by {prompt}?",
        "answers": ["Rome"],
        "text": text,
        "times": 1,
        "metric": "qa_f1",
        "score": 0.0,
        "stop_reason_max_tokens": 0.0,
        "reused": False,
        "said": {},
        **given,
    }


def write(
    folder: Path, answers: Iterable[Mapping[str, Any]], judges: Sequence[str] = ("ada", "bea", "cy")
) -> dict[str, list[Path]]:
    """Write a file of answers per model and of verdicts per model and judge below `folder`; their paths by kind."""
    paths: dict[str, list[Path]] = {"answers": [], "verdicts": []}
    rows = list(answers)
    for model in dict.fromkeys(row["model"] for row in rows):
        mine = [row for row in rows if row["model"] == model]
        path = folder / "answers" / f"{model}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        known = [{name: row.get(name) for name in ANSWER_SCHEMA.names} for row in mine]
        pq.write_table(pa.Table.from_pylist(known, schema=ANSWER_SCHEMA), path)
        paths["answers"].append(path)
        for judge in judges:
            path = folder / "verdicts" / model / f"{judge}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            said = [verdict(row, judge) for row in mine if judge in row["said"]]
            pq.write_table(pa.Table.from_pylist(said, schema=VERDICT_SCHEMA), path)
            paths["verdicts"].append(path)
    return paths


def verdict(row: Mapping[str, Any], judge: str) -> dict[str, Any]:
    """The row of a verdicts file."""
    said = row["said"][judge]
    given = {"verdict": said} if isinstance(said, str) else said
    return {
        "model": row["model"],
        "judge": judge,
        "judge_id": f"id-{judge}",
        "answer_id": row["answer_id"],
        "prompt_id": row["prompt_id"],
        "explanation": f"{judge} thinks so.",
        "raw": "{}",
        "input_tokens": 1,
        "output_tokens": 1,
        "tries": 1,
        "tries_cost_unknown": 0,
        "reused": False,
        **given,
    }


def all_say(verdict: str) -> dict[str, str]:
    """The three judges say the same."""
    return dict.fromkeys(("ada", "bea", "cy"), verdict)


def settings(**given: Any) -> dict[str, Any]:
    """Settings of the stage, as JSON."""
    return {
        "title": "An example",
        "simulated": False,
        "seed": 7,
        "models": ["swift"],
        "buckets": ["short", "long"],
        "judges": ["ada", "bea", "cy"],
        "examples": 3,
        **given,
    }
