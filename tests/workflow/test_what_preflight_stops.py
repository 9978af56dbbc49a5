"""Preflight comes before everything that is bought: what it finds ends the run while that costs nothing."""

import json
from collections import Counter
from typing import Any

import yaml
from runs import Workflow, model

SWIFT, STEADY, JUDGE = (f"sim.{name}-v1:0" for name in ("swift", "steady", "judge-a"))


def refusing(workflow: Workflow, **settings: Any) -> None:
    """Let the simulated swift refuse, and the simulator keep its own account."""
    endpoint = workflow.changed()["endpoint"]
    endpoint["journal"] = str(workflow.folder / "journal.jsonl")
    path = workflow.folder / endpoint["behaviour"]
    behaviour = yaml.safe_load(path.read_text("utf-8"))
    for name in ("access", "refuses"):
        behaviour["models"][SWIFT].pop(name, None)
    behaviour["models"][SWIFT] |= settings
    path.write_text(yaml.safe_dump(behaviour), "utf-8")


def received(workflow: Workflow) -> Counter[str]:
    """Requests that reached the simulators, by model."""
    lines = map(json.loads, (workflow.folder / "journal.jsonl").read_text("utf-8").splitlines())
    return Counter(line["model"] for line in lines if line["event"] == "received")


def test_what_preflight_finds_ends_the_run_before_anything_else_is_bought(project: Workflow) -> None:
    refusing(project, access="denied")
    project.changed()["inference"]["max_tokens"] = 5000
    printed = project.snakemake("--cores", "4", succeeds=False)
    assert received(project) == {SWIFT: 1, STEADY: 1, JUDGE: 1}
    assert not (project.results / "records").exists()
    for words in (
        "models[0].id (swift)",
        "enable it in the Bedrock console",
        "inference.max_tokens (steady)",
    ):
        assert words in printed
    assert printed.count("\nerror: ") == 1
    assert json.loads((project.results / "logs" / "ended.json").read_text("utf-8"))["how"] == "failed"

    refusing(project)
    project.changed()["inference"]["max_tokens"] = 32
    project.run("preflight")
    assert received(project) == {SWIFT: 2, STEADY: 2, JUDGE: 1}
    assert project.plan("preflight") == {}


def test_a_run_that_keeps_going_measures_the_others_all_the_same(project: Workflow) -> None:
    refusing(project, access="denied")
    printed = project.snakemake("--cores", "4", "--keep-going", succeeds=False)
    assert "models[0].id (swift)" in printed
    assert (project.results / "answers" / "steady.parquet").exists()
    assert not (project.results / "answers" / "swift.parquet").exists()


def test_where_it_is_switched_off_there_is_none(project: Workflow) -> None:
    assert project.plan()["preflight"] == 1
    project.changed()["preflight"] = {"enabled": False}
    assert "preflight" not in project.plan()


def test_a_model_more_is_tried_and_nobody_else_again(finished: Workflow) -> None:
    def tried() -> Counter[str]:
        return finished.sent("preflight")

    assert tried() == {SWIFT: 1, STEADY: 1, JUDGE: 1}
    finished.changed()["models"].append(model("scholar"))
    finished.run("preflight")
    assert tried() == {SWIFT: 1, STEADY: 1, JUDGE: 1, "sim.scholar-v1:0": 1}
