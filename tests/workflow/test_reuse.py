"""Answers that another run has paid for serve accuracy and judging when the benchmark says so, and nothing else."""

import json
from collections import Counter
from typing import Any

import pyarrow.parquet as parquet
from runs import Workflow
from service import Service

ALL, FEW = 6, 2
"""Prompts of each bucket, which the first run asks all, and measured requests of the second run."""


def first(workflow: Workflow) -> None:
    """A run that has every prompt of the sample answered, by one model and one judge."""
    benchmark = workflow.changed()
    benchmark["run"]["name"] = "first"
    for bucket in benchmark["buckets"]:
        bucket["n"] = ALL
    benchmark["models"] = benchmark["models"][:1]
    benchmark["load"] = {"concurrency": [1], "requests": ALL, "warmup": 1}
    benchmark["preflight"] = {"enabled": False}
    workflow.run("aggregate")


def second(workflow: Workflow, name: str = "second", **changes: Any) -> Workflow:
    """Another benchmark that measures only the first few prompts of the same sample."""
    other = Workflow(workflow.folder, workflow.changed(), workflow.environment)
    benchmark = other.changed()
    benchmark["run"]["name"] = name
    benchmark["load"]["requests"] = FEW
    benchmark.update(changes)
    return other


def rows(workflow: Workflow, table: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = parquet.read_table(
        workflow.results / "tables" / f"{table}.parquet"
    ).to_pylist()
    return found


def received(service: Service) -> list[tuple[str, str]]:
    """Model and prompt of every request that was answered, in order."""
    return [(line["model"], line["prompt_sha256"]) for line in service.ended()]


REUSE = ["results/first/ledger"]


def test_what_another_run_has_had_answered_counts_for_accuracy_and_is_not_bought_again(
    service: Service,
) -> None:
    first(service.workflow)
    before = received(service)
    judged = {prompt for model, prompt in before if model == "sim.judge-a-v1:0"}

    reusing = second(service.workflow, reuse=REUSE)
    reusing.run("accuracy")
    bought = received(service)[len(before) :]
    asked = Counter(model for model, _ in bought)
    # Of each bucket the plan itself: the measured requests and one of warm-up.
    assert asked["sim.swift-v1:0"] == 2 * (FEW + 1)
    assert not judged & {prompt for model, prompt in bought if model == "sim.judge-a-v1:0"}

    theirs = {row["bucket"]: row for row in rows(service.workflow, "accuracy")}
    for row in rows(reusing, "accuracy"):
        assert row["accuracy_n"] == theirs[row["bucket"]]["accuracy_n"] == ALL
        assert row["accuracy_n_reused"] == ALL - FEW
        assert (row["asked"], row["answered"], row["accuracy_of_asked_n"]) == (FEW, FEW, FEW)
    # Latency, throughput and cost are those of the requests that this run sent.
    assert {row["n"] for row in rows(reusing, "cells")} == {FEW}
    (model,) = rows(reusing, "models")
    assert (model["n"], model["requests_sent"]) == (FEW, 2 * (FEW + 1))
    assert model["judge_requests_cost_unknown"] == 0

    answers = parquet.read_table(reusing.results / "answers" / "swift.parquet").to_pylist()
    assert Counter(row["reused"] for row in answers) == {True: 2 * (ALL - FEW), False: 2 * FEW}
    assert {row["reused_from"] for row in answers if row["reused"]} == {"first"}
    status = json.loads((reusing.results / "verdicts" / "swift" / "judge-a.json").read_text())
    assert status["reused"] >= 2 * (ALL - FEW)
    judge = next(row for row in rows(reusing, "judges") if row["judge"] == "judge-a")
    assert judge["n_reused"] == status["reused"]

    # The verdicts are copied: they no longer need the other folder.
    sent = len(received(service))
    (service.workflow.folder / "results" / "first").rename(service.workflow.folder / "results" / "away")
    del reusing.changed()["reuse"]
    reusing.run("aggregate")
    assert len(received(service)) == sent
    assert all(row["accuracy_n"] == FEW for row in rows(reusing, "accuracy"))


def test_without_reuse_all_is_bought_and_another_parameter_finds_nothing(service: Service) -> None:
    first(service.workflow)
    theirs = set(received(service))

    for name, changes in (
        ("alone", {}),
        ("warmer", {"reuse": REUSE, "inference": {"max_tokens": 32, "temperature": 0.5}}),
    ):
        before = len(received(service))
        other = second(service.workflow, name, **changes)
        other.run(f"results/{name}/answers/swift.parquet")
        assert set(received(service)[before:]) <= theirs
        answers = parquet.read_table(other.results / "answers" / "swift.parquet").to_pylist()
        assert len({row["prompt_id"] for row in answers}) == 2 * FEW
        assert not any(row["reused"] for row in answers)

    before = len(received(service))
    second(service.workflow, "alone").run("aggregate")
    asked_again = [one for one in received(service)[before:] if one[0] == "sim.judge-a-v1:0"]
    assert asked_again, "the judge is asked by a run that reuses nothing"


def test_a_ledger_that_grew_scores_and_judges_again_and_measures_nothing(finished: Workflow) -> None:
    other = Workflow(finished.folder, finished.changed())
    other.changed()["run"]["name"] = "second"
    other.changed()["reuse"] = ["results/tiny/ledger"]
    other.changed()["load"]["requests"] = FEW
    other.run("aggregate")
    assert {row["accuracy_n_reused"] for row in rows(other, "accuracy")} == {4 - FEW}, (
        "by what the simulator does"
    )
    assert other.plan("aggregate") == {}

    ledger = sorted((finished.results / "ledger").glob("invoke.*.jsonl"))[0]
    with ledger.open("a", encoding="utf-8") as file:
        file.write("half a li")
    plan = other.plan("aggregate")
    assert plan.keys() == {"score", "judge_judge-a", "aggregate"}
    assert plan["score"] == plan["judge_judge-a"] == 2


def test_a_folder_that_is_no_other_runs_ledger_ends_the_plan(finished: Workflow) -> None:
    other = Workflow(finished.folder, finished.changed())
    other.changed()["run"]["name"] = "second"
    other.changed()["reuse"] = ["results/tiny"]
    said = other.snakemake("-n", succeeds=False)
    assert "reuse" in said and "results/tiny/ledger is one" in said
    assert not other.results.exists()
