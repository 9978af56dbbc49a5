"""`stop.accuracy` from the judge's job to what it says: whole batches, nothing asked twice, a narrower width buys the rest."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

PROJECT = Path(__file__).resolve().parents[2]
ANSWERS, LEAST = 120, 40


def judged(folder: Path, accuracy: str | None) -> dict[str, Any]:
    """The status of a judge's job on answers of which two in three are right."""
    rows = [
        {
            "model": "a", "answer_id": f"a{n}", "prompt_id": f"p{n}", "bucket": "small", "source": f"s{n}",
            "question": f"What is {n}?", "answers": [f"right{n}"], "times": 1,
            "text": f"It is {'right' if n % 3 else 'wrong'}{n}.",
        }
        for n in range(ANSWERS)
    ]  # fmt: skip
    pq.write_table(pa.Table.from_pylist(rows), folder / "answers.parquet")
    behaviour = folder / "behaviour.yaml"
    judge = {"kind": "judge", "latency": {"base_ms": 1, "tokens_per_s": 10_000}}
    behaviour.write_text(json.dumps({"seed": 1, "models": {"sim.judge": judge}}))
    stop = {"accuracy": accuracy, "min_prompts": LEAST, "confidence": 0.95}
    settings = {
        "run": {"name": "x", "edition": 1, "seed": 1},
        "endpoint": {"kind": "simulator", "behaviour": str(behaviour)},
        "model": "a",
        "judge": {"label": "j", "id": "sim.judge", "inference": {"max_tokens": 64, "temperature": 0.0}},
        "concurrency": 8,
        "timeouts": {},
        "retry": {"attempts": 3, "base_s": 0.01},
        **({} if accuracy is None else {"stop": stop}),
    }
    done = subprocess.run(
        [
            sys.executable, f"{PROJECT}/scripts/judge.py", "--settings", json.dumps(settings),
            "--answers", f"{folder}/answers.parquet", "--prompt", f"{PROJECT}/config/judging/correctness.txt",
            "--out-verdicts", f"{folder}/verdicts.parquet", "--out-status", f"{folder}/verdicts.json",
            "--ledger", f"{folder}/ledger",
        ],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    status: dict[str, Any] = json.loads((folder / "verdicts.json").read_text())
    return status


def test_a_judging_ends_where_enough_is_known_and_a_narrower_width_buys_the_rest(tmp_path: Path) -> None:
    status = judged(tmp_path, "16 points")
    assert (status["status"], status["asked"], status["not_asked"]) == ("complete", LEAST, ANSWERS - LEAST)
    assert "(16 points asked) from 40 prompts, 80 prompts were left out" in status["reason"]
    rows = pq.read_table(tmp_path / "verdicts.parquet").to_pylist()
    kinds = Counter(row["verdict"] for row in rows)
    assert kinds["not_asked"] == ANSWERS - LEAST and sum(kinds.values()) == ANSWERS
    assert kinds["correct"] > kinds["incorrect"] > 0

    again = judged(tmp_path, "16 points")
    assert (again["asked"], again["from_ledger"]) == (0, LEAST)
    assert pq.read_table(tmp_path / "verdicts.parquet").to_pylist() == rows

    narrower = judged(tmp_path, "12 points")
    assert LEAST < LEAST + narrower["asked"] < ANSWERS
    assert narrower["from_ledger"] == LEAST

    whole = judged(tmp_path, None)
    assert (whole["asked"] + whole["from_ledger"], whole["not_asked"], whole["reason"]) == (ANSWERS, 0, None)
    assert whole["from_ledger"] == LEAST + narrower["asked"]
