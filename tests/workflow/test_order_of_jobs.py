"""Which jobs run beside which: the cells of a model in turn, models side by side, nothing else while measuring."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from runs import Workflow, model

Line = dict[str, Any]
STUB = Path(__file__).with_name("stub_stage.py")


def jobs_of(project: Workflow, models: int, arguments: tuple[str, ...] = ()) -> list[Line]:
    """Begins and ends of all jobs, in the order in which they happened, of a run with stand-ins for the stages."""
    for script in (project.folder / "scripts").glob("*.py"):
        if script.stem not in ("command", "reference"):
            shutil.copy(STUB, script)
    lines = project.folder / "jobs.jsonl"
    project.environment = {"ASSAY_TEST_JOBS": str(lines), "ASSAY_TEST_MODELS": str(models)}
    project.snakemake("--cores", "8", *arguments)
    return [json.loads(line) for line in lines.read_text("utf-8").splitlines()]


def running_at_each_begin(lines: list[Line]) -> list[tuple[Line, list[tuple[str, str]]]]:
    """Each job that begins, with the jobs that are under way at that moment."""
    under_way: list[tuple[str, str]] = []
    found = []
    for line in lines:
        job = (line["job"], line["model"])
        if line["event"] == "begin":
            found.append((line, list(under_way)))
            under_way.append(job)
        else:
            under_way.remove(job)
    assert under_way == []
    return found


def test_models_are_measured_side_by_side_and_their_cells_in_turn(project: Workflow) -> None:
    project.changed()["load"]["concurrency"] = [1, 2, 3]
    beside = [
        [model for job, model in others if job == "invoke"] + [line["model"]]
        for line, others in running_at_each_begin(jobs_of(project, models=2))
        if line["job"] == "invoke"
    ]
    assert len(beside) == 6
    assert all(len(models) == len(set(models)) for models in beside)
    assert any(len(models) == 2 for models in beside)


def test_two_labels_of_one_model_share_its_quota(project: Workflow) -> None:
    models = project.changed()["models"]
    models[:] = [model("swift"), {**model("swift"), "label": "swift-warm", "inference": {"temperature": 1.0}}]
    for line, others in running_at_each_begin(jobs_of(project, models=1)):
        if line["job"] == "invoke":
            assert not any(job == "invoke" for job, _ in others)


def test_nothing_else_runs_while_a_cell_is_measured(project: Workflow) -> None:
    project.changed()["judges"]["panel"] = [model("judge-a"), model("judge-b")]
    for line, others in running_at_each_begin(jobs_of(project, models=2)):
        kinds = {line["job"], *(job for job, _ in others)}
        assert "invoke" not in kinds or kinds == {"invoke"}


def test_a_new_model_is_measured_while_nothing_is_judged(finished: Workflow) -> None:
    finished.changed()["models"].append(model("scholar"))
    finished.changed()["judges"]["panel"].append(model("judge-b"))
    lines = jobs_of(finished, models=1, arguments=("--rerun-triggers", "mtime", "input"))
    assert {line["job"] for line in lines} >= {"invoke", "judge"}
    for line, others in running_at_each_begin(lines):
        kinds = {line["job"], *(job for job, _ in others)}
        assert "invoke" not in kinds or kinds == {"invoke"}


def test_a_block_of_every_cell_comes_before_the_next_block_of_any(project: Workflow) -> None:
    del project.changed()["models"][1]
    project.changed()["load"] |= {"blocks": 3, "requests": 6}
    lines = [
        line for line in jobs_of(project, models=1) if line["job"] == "invoke" and line["event"] == "begin"
    ]
    assert [line["block"] for line in lines] == [0, 0, 1, 1, 2, 2]


@pytest.mark.parametrize(("cores", "blocks"), [(1, 1), (8, 1), (8, 22)])
def test_prices_estimate_and_preflight_come_before_any_measurement_and_alone(
    project: Workflow, cores: int, blocks: int
) -> None:
    """Without an edge to any of them: an edge would measure again whatever a new cap or price touches."""
    benchmark = project.changed()
    del benchmark["models"][1]
    benchmark["load"] = {"concurrency": [1], "requests": 22, "blocks": blocks}
    begun = running_at_each_begin(jobs_of(project, models=1, arguments=("--cores", str(cores))))
    order = [line["job"] for line, _ in begun]
    first = order.index("invoke")
    before = [job for job in order[:first] if job in ("prices", "estimate", "preflight")]
    assert before == ["prices", "estimate", "preflight"]
    for line, others in begun:
        if line["job"] in ("estimate", "preflight"):
            assert others == []


def test_no_measurement_depends_on_the_estimate(finished: Workflow) -> None:
    plan = finished.plan("--forcerun", "prices", "check_budget", "--", "all")
    assert plan["check_budget"] == 1
    assert not any(name.startswith(("invoke_", "judge_", "score")) for name in plan)
