"""A run that came to its cap: nothing reruns under the same one, a higher one reruns what was capped and buys the rest."""

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

from runs import Workflow, model, planned
from service import Service

IDS = ("sim.swift-v1:0", "sim.steady-v1:0", "sim.judge-a-v1:0")
INPUT, OUTPUT = 100.0, 300.0


def one_level(workflow: Workflow) -> None:
    """Enough requests to come to a cap, in as few jobs as show it."""
    workflow.changed()["load"] |= {"requests": 12, "concurrency": [2]}


def with_cap(workflow: Workflow, max_usd: float) -> None:
    benchmark = workflow.changed()
    price = {"input_usd_per_million": INPUT, "output_usd_per_million": OUTPUT}
    benchmark["prices"] = {each: dict(price) for each in IDS}
    benchmark["budget"] = {"max_usd": max_usd}


def consumed_usd(service: Service) -> float:
    """What the simulator says that it was asked for and gave, at the prices."""
    lines = [line for line in service.ended() if line["input_tokens"] is not None]
    return sum(line["input_tokens"] * INPUT + line["output_tokens"] * OUTPUT for line in lines) / 1e6


def statuses(workflow: Workflow) -> dict[str, dict[str, Any]]:
    """Of all jobs that send, by rule and path."""
    found = {}
    for kind, rule in (("records", "invoke"), ("verdicts", "judge")):
        for path in sorted((workflow.results / kind).rglob("*.json")):
            parts = path.relative_to(workflow.results / kind).parts
            name = parts[0] if rule == "invoke" else Path(parts[-1]).stem
            found[f"{rule}_{name}:{'/'.join(parts)}"] = json.loads(path.read_text("utf-8"))
    return found


def capped(workflow: Workflow) -> Counter[str]:
    """How many jobs of each rule are capped."""
    return Counter(
        place.split(":")[0] for place, status in statuses(workflow).items() if status["status"] == "capped"
    )


def test_a_higher_cap_reruns_the_capped_jobs_only_and_buys_only_the_difference(service: Service) -> None:
    run = service.workflow
    one_level(run)
    with_cap(run, 1.0)
    printed = run.run("aggregate")
    first = capped(run)
    assert first, statuses(run)
    assert 0 < consumed_usd(service) <= 1.0
    assert "budget.max_usd 1: " in printed
    assert run.plan("aggregate") == {}, "under the same cap there is nothing to do"

    sent, bought = run.sent(), consumed_usd(service)
    run.changed()["budget"] = {"max_usd": 50.0}
    invokes = {rule: count for rule, count in first.items() if rule.startswith("invoke_")}
    jobs = planned(run.run("aggregate"))
    assert {rule: count for rule, count in jobs.items() if rule.startswith("invoke_")} == invokes
    assert "prices" not in jobs and "bucket" not in jobs
    assert not capped(run)
    assert consumed_usd(service) > bought
    assert run.sent("measured") == Counter(
        {f"{each} c2 {bucket}": 12 for each in IDS[:2] for bucket in ("small", "large")}
    ), "every measured request was sent once"
    assert sent <= run.sent()
    assert run.plan("aggregate") == {}

    total = len(service.received())
    run.changed()["budget"] = {"max_usd": 0.5}
    assert run.plan("aggregate") == {}, "nor does a lower cap make anything stale"
    assert len(service.received()) == total


def test_a_capped_run_says_so_down_to_the_report(service: Service, finished_folder: Path) -> None:
    run = service.workflow
    one_level(run)
    run.changed()["decision"] = {"objective": "fastest"}
    with_cap(run, 0.4)  # below the estimate, so that it is surely met; only whole runs are held against that
    # No request to the judge fits below the cap, whatever the models have left of it.
    run.benchmark["prices"][IDS[2]] = {"input_usd_per_million": 1000.0, "output_usd_per_million": 3000.0}
    run.run("results/tiny/decision/decision.json")
    # An estimate and a preflight as they would be of a run that is held against them.
    for name in ("estimate.json", "preflight.json"):
        shutil.copyfile(finished_folder / "results" / "tiny" / name, run.results / name)
    run.run("results/tiny/report/report.md", "--rerun-triggers", "mtime")
    assert consumed_usd(service) <= 0.4
    found = capped(run)
    assert found["invoke_swift"] + found["invoke_steady"] >= 2
    assert found["judge_judge-a"] >= 1
    decision = json.loads((run.results / "decision" / "decision.json").read_text("utf-8"))
    states = {each["model"]: each["qualifies"] for each in decision["models"]}
    reasons = {each["model"]: each["reason"] or "" for each in decision["models"]}
    assert set(states.values()) == {"not_evaluated"}
    assert all("budget.max_usd 0.4" in reason for reason in reasons.values())
    report = (run.results / "report" / "report.md").read_text("utf-8")
    verdict = (run.results / "report" / "verdict.txt").read_text("utf-8")
    assert "Not every cell is complete" in report
    assert "budget.max_usd 0.4" in report
    assert "judge-a was asked about" in report
    assert verdict.startswith("No recommendation: no model could be evaluated (at 2 in flight it is capped")


def test_neither_a_price_nor_a_cap_makes_a_measurement_stale(finished: Workflow) -> None:
    buying = ("invoke_", "judge_", "score", "bucket")
    with_cap(finished, 50.0)
    assert not [rule for rule in finished.plan() if rule.startswith(buying)]


def test_an_unknown_price_under_a_cap_ends_the_run_before_anything_is_sent(service: Service) -> None:
    run = service.workflow
    with_cap(run, 50.0)
    run.changed()["models"].append(model("scholar"))
    printed = run.snakemake("--cores", "4", "aggregate", succeeds=False)
    assert "sim.scholar-v1:0" in printed and "prices" in printed
    assert "Traceback" not in printed
    asked = {line.get("model_id", line.get("model")) for line in service.received()}
    assert "sim.scholar-v1:0" not in asked


def test_one_file_as_the_target_needs_its_prices_first(service: Service) -> None:
    run = service.workflow
    with_cap(run, 50.0)
    printed = run.snakemake("--cores", "4", "results/tiny/records/swift/c1/b0.parquet", succeeds=False)
    assert "snakemake estimate" in printed
    assert not service.received()
    run.run("results/tiny/prices.json")
    run.run("results/tiny/records/swift/c1/b0.parquet")
    assert service.received()
