"""A metric's settings reach the score stage and nothing before it: a new tolerance asks no model again."""

import json
from typing import Any

import pyarrow.parquet as parquet
from runs import Workflow, model


def on(workflow: Workflow, dataset: dict[str, Any]) -> Workflow:
    """The tiny benchmark on twelve rows of a dataset, with one model and no judge."""
    benchmark = workflow.changed()
    benchmark["dataset"] = dataset
    benchmark["buckets"] = [{"name": "all", "min": 1, "max": 900, "n": 12}]
    benchmark["models"] = [model("swift")]
    benchmark["load"] = {"concurrency": [4], "requests": 12, "warmup": 0}
    benchmark["dataset_of_interest"] = "all"
    benchmark["preflight"] = {"enabled": False}
    benchmark.pop("judges", None)
    return workflow


def prepared(workflow: Workflow, **metrics: Any) -> Workflow:
    rows = [
        {"input": f"How long is road {n}?", "context": f"Road {n} is {1000 + n} km long.", "answers": f"{1000 + n} km"}
        for n in range(12)
    ]  # fmt: skip
    path = workflow.folder / "roads.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return on(workflow, {"kind": "jsonl", "path": "roads.jsonl", **metrics})


def scores(workflow: Workflow) -> list[float]:
    table = parquet.read_table(workflow.results / "answers" / "swift.parquet")
    assert set(table["metric"].to_pylist()) == {"numeric"}
    return [float(score) for score in table["score"].to_pylist()]


def test_a_new_tolerance_scores_anew_and_measures_nothing(project: Workflow) -> None:
    prepared(project, metric="numeric").run("aggregate")
    strict = scores(project)
    assert 0 < sum(strict) < len(strict)  # the simulated model errs, by the length of another road

    prepared(project, metric={"kind": "numeric"})
    assert project.plan("aggregate") == {}

    prepared(project, metrics={"roads": {"kind": "numeric", "relative_tolerance": 0.05}})
    project.benchmark["dataset"]["metric"] = "numeric"
    assert project.plan("aggregate")["score"] == 1

    prepared(project, metric={"kind": "numeric", "relative_tolerance": 0.05})
    assert project.plan("aggregate") == {"score": 1, "aggregate": 1}
    project.run("aggregate")
    assert sum(scores(project)) > sum(strict)


def test_longbench_v2_is_asked_and_scored_in_its_own_form(project: Workflow) -> None:
    rows = [
        {
            "_id": f"a{n}",
            "domain": "d",
            "sub_domain": "s",
            "difficulty": ("easy", "hard")[n % 2],
            "length": "short",
        }
        | {"question": f"What of {n}?", "answer": "ABCD"[n % 4], "context": f"The law of {n}."}
        | {f"choice_{letter}": f"{letter} {n}" for letter in "ABCD"}
        for n in range(12)
    ]
    (project.folder / "data.json").write_text(json.dumps(rows), "utf-8")
    on(project, {"kind": "longbench-v2", "path": "data.json"})
    project.benchmark["prompt"] = {"template": "config/prompts/longbench_v2.txt"}
    project.run("aggregate")
    answers = parquet.read_table(project.results / "answers" / "swift.parquet").to_pylist()
    assert {row["dataset"] for row in answers} == {"longbench_v2_easy_short", "longbench_v2_hard_short"}
    # The simulated model errs now and then, and then names another letter in the same form.
    assert {row["score"] for row in answers} <= {0.0, 1.0}
    assert sum(row["score"] for row in answers) > len(answers) / 2
