"""A metric's settings reach the score stage and nothing before it: a new tolerance asks no model again."""

import json
from typing import Any

import pyarrow.parquet as parquet
from runs import Workflow, model


def prepared(workflow: Workflow, **metrics: Any) -> Workflow:
    rows = [
        {"input": f"How long is road {n}?", "context": f"Road {n} is {1000 + n} km long.", "answers": f"{1000 + n} km"}
        for n in range(12)
    ]  # fmt: skip
    path = workflow.folder / "roads.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    benchmark = workflow.changed()
    benchmark["dataset"] = {"kind": "jsonl", "path": "roads.jsonl", **metrics}
    benchmark["buckets"] = [{"name": "all", "min": 1, "max": 900, "n": 12}]
    benchmark["models"] = [model("swift")]
    benchmark["load"] = {"concurrency": [4], "requests": 12, "warmup": 0}
    benchmark["dataset_of_interest"] = "all"
    benchmark["preflight"] = {"enabled": False}
    benchmark.pop("judges", None)
    return workflow


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
