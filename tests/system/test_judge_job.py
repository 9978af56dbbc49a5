"""The judge's job from its command line: what it writes of a judge that works, of one that doesn't, and of one that works again."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from jobs import PROJECT, environment
from judge_server import body_of, judging, mode_of, prompt_of, refuses, says

from assay.judging.spoilt import times
from assay.prompts.prompt import Prompt, write_prompts

N = 30
CORRECT = '{"verdict": "correct", "explanation": "It is."}'


def write_answers(folder: Path) -> None:
    rows = [
        {
            "model": "a", "answer_id": f"a{n}", "prompt_id": f"p{n}", "bucket": "small", "source": f"s{n}",
            "question": f"What is {n}?", "answers": [f"right{n}"], "times": 1, "text": f"It is right{n}.",
        }
        for n in range(N)
    ]  # fmt: skip
    pq.write_table(pa.Table.from_pylist(rows), folder / "answers.parquet")
    prompts = [
        Prompt(
            f"p{n}", "small", n, f"e{n}", "set", "en", f"s{n}", "qa_f1", 10, f"Read: [doc {n}] What?", "What?", ("x",), None,
            context_at=6 if n else None, context_chars=len(f"[doc {n}]") if n else None,
        )
        for n in range(N)
    ]  # fmt: skip
    write_prompts(prompts, folder / "prompts.parquet")


def judged(folder: Path, url: str, prompt: str = "correctness.txt", **changed: Any) -> dict[str, Any]:
    """Run the job; the status that it wrote, and under `log` what it said."""
    settings = {
        "run": {"name": "x", "edition": 1, "seed": 1},
        "endpoint": {"kind": "bedrock", "region": "us-east-1", "url": url},
        "model": "a",
        "judge": {"label": "j", "id": "x.judge", "inference": {"max_tokens": 64, "temperature": 0.0}},
        "concurrency": 4,
        "timeouts": {},
        "retry": {"attempts": 2, "base_s": 0.01},
        "asked_twice": 5,
        **changed,
    }
    done = subprocess.run(
        [
            sys.executable, f"{PROJECT}/scripts/judge.py", "--settings", json.dumps(settings),
            "--answers", f"{folder}/answers.parquet", "--prompts", f"{folder}/prompts.parquet",
            "--prompt", str(PROJECT / "config" / "judging" / prompt), "--ledger", f"{folder}/ledger",
            "--spoilt", f"{folder}/ledger/spoilt/j.json",
            "--out-verdicts", f"{folder}/verdicts.parquet", "--out-status", f"{folder}/status.json",
        ],
        capture_output=True, text=True, timeout=120, check=False,
        env={**environment(), "AWS_BEARER_TOKEN_BEDROCK": "t"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    status: dict[str, Any] = json.loads((folder / "status.json").read_text())
    return {**status, "log": done.stderr}


def rows_of(folder: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(folder / "verdicts.parquet").to_pylist()
    return rows


def url_of(server: Any) -> str:
    return f"http://{server.address.host}:{server.address.port}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_answers(tmp_path)
    return tmp_path


def test_a_judge_that_works_says_so_with_how_it_was_asked_and_what_it_took(folder: Path) -> None:
    seen: list[str] = []

    def judge(body: dict[str, Any]) -> Any:
        prompt = prompt_of(body)
        seen.append(prompt)
        if mode_of(body) == "json_schema":
            return refuses("This model doesn't support outputConfig.")
        if "What is 3?" in prompt and "could not be read" not in prompt:
            return says("I am of two minds about that.")
        # A second opinion on all: what it says depends on how often it was asked.
        return says(json.dumps({"verdict": "correct" if seen.count(prompt) < 3 else "incorrect"}))

    with judging(judge) as server:
        status = judged(folder, url_of(server))
        rows = rows_of(folder)
        assert (status["working"], status["not_working"], status["status"]) == (True, None, "complete")
        assert status["output"] == {"tool": N} and status["repaired"] == 1
        prompt = (PROJECT / "config" / "judging" / "correctness.txt").read_bytes()
        assert status["prompt_sha256"] == hashlib.sha256(prompt).hexdigest()
        assert (status["correct"], status["failed"], status["asked_twice"]) == (N, 0, 5)
        twice = [row for row in rows if row["verdict_again"] is not None]
        assert len(twice) == 5 and {
            row["tries"] for row in twice if row["prompt_id"] not in ("p0", "p3")
        } == {2}
        sent = status["asked"]
        assert sent == len(server.requests) == sum(row["tries"] for row in rows)
        assert sum(row["input_tokens"] for row in rows) == 100 * (sent - 1), "the refused one cost nothing"
        (repaired,) = (row for row in rows if row["repaired"])
        assert (repaired["prompt_id"], repaired["raw_before_repair"]) == (
            "p3",
            "I am of two minds about that.",
        )
        assert times(folder / "ledger" / "spoilt" / "j.json") == 0

        again = judged(folder, url_of(server))
        assert (again["asked"], rows_of(folder)) == (0, rows)
        more = judged(folder, url_of(server), asked_twice=8)
        assert more["asked"] >= 3
        assert {row["answer_id"] for row in twice} < {
            row["answer_id"] for row in rows_of(folder) if row["verdict_again"] is not None
        }, "more of them are those, and others"


def test_a_judge_without_access_fails_loudly_ends_well_and_is_asked_again_when_it_has_it(
    folder: Path,
) -> None:
    counted = folder / "ledger" / "spoilt" / "j.json"
    denied = refuses("You don't have access to the model.", "AccessDeniedException", "403 Forbidden")
    answer: list[Callable[[], Any]] = [lambda: denied]
    with judging(lambda body: answer[0]()) as server:
        for n in (1, 2):
            status = judged(folder, url_of(server))
            assert (status["working"], status["failed"], status["correct"]) == (False, N, 0)
            assert "You don't have access to the model." in status["not_working"]
            assert "judge j is not working on a" in status["log"]
            assert {row["verdict"] for row in rows_of(folder)} == {"failed"}
            assert times(counted) == n, "the param of its rule changes each time, so the job runs again"
        answer[0] = lambda: says(CORRECT)
        status = judged(folder, url_of(server))
    assert (status["working"], status["failed"], status["correct"]) == (True, 0, N)
    assert times(counted) == 2, "and then stays as it is"


def test_judges_see_the_document_where_their_prompt_has_it(folder: Path) -> None:
    with judging(lambda body: says(CORRECT)) as server:
        judged(folder, url_of(server), prompt="correctness_with_context.txt", asked_twice=0)
    prompts = [prompt_of(body_of(request)) for request in server.requests]
    (of_seven,) = (prompt for prompt in prompts if "What is 7?" in prompt)
    assert "\n[doc 7]\n[end document " in of_seven and "Read:" not in of_seven
    (of_none,) = (prompt for prompt in prompts if "What is 0?" in prompt)
    assert "\nRead: [doc 0] What?\n[end document " in of_none, "where it isn't known, all that the model saw"


def test_ratings_and_abstentions_get_into_the_table(folder: Path) -> None:
    def judge(body: dict[str, Any]) -> Any:
        schema = json.loads(body["outputConfig"]["textFormat"]["structure"]["jsonSchema"]["schema"])
        assert "rating" in schema["properties"]
        unsure = "What is 3?" in prompt_of(body)
        return says(json.dumps({"rating": "unsure" if unsure else 4, "explanation": "Well."}))

    text = (PROJECT / "config" / "judging" / "scale.txt").read_text() + ' Or "unsure".'
    (folder / "scale.txt").write_text(text)
    with judging(judge) as server:
        status = judged(
            folder, url_of(server), prompt=str(folder / "scale.txt"), verdict="scale", abstention=True
        )
    assert (status["rated"], status["abstained"]) == (N - 1, 1)
    rows = rows_of(folder)
    assert {row["rating"] for row in rows} == {4.0, None}
    assert {row["rating_again"] for row in rows if row["verdict_again"] == "rated"} == {4.0}


def test_a_simulated_panel_member_that_takes_no_schema_and_garbles_is_asked_by_text_and_repaired(
    folder: Path,
) -> None:
    judge = {
        "kind": "judge", "latency": {"base_ms": 1, "tokens_per_s": 10_000}, "outputs": [], "malformed": 0.4,
        "sensitivity": 1.0, "specificity": 1.0,
    }  # fmt: skip
    behaviour = folder / "behaviour.yaml"
    behaviour.write_text(json.dumps({"seed": 1, "models": {"x.judge": judge}}))
    endpoint = {"kind": "simulator", "behaviour": str(behaviour)}
    status = judged(folder, "", endpoint=endpoint, asked_twice=0)
    assert status["output"] == {"text": N}
    assert N * 0.1 < status["repaired"] < N * 0.8
    assert status["unparseable"] < status["repaired"], "some are read the second time"
    assert status["correct"] + status["unparseable"] == N, "the simulator knows what is asked once more"
    garbled = judged(folder, "", endpoint=endpoint, asked_twice=0, repair=False)
    assert garbled["unparseable"] == status["repaired"] and garbled["asked"] == 0
