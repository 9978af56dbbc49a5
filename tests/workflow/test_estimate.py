"""What a run costs is said before anything is sent, held against the budget, and true."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from runs import Workflow, model

from assay.ledger.files import file_name
from assay.ledger.ledger import opened
from assay.spending.ends import WIDEST

IDS = ("sim.swift-v1:0", "sim.steady-v1:0", "sim.judge-a-v1:0", "sim.judge-c-v1:0")


@pytest.fixture
def priced(project: Workflow) -> Workflow:
    """The tiny benchmark with every price known, and two blocks."""
    benchmark = project.changed()
    benchmark["prices"] = {
        name: {"input_usd_per_million": 1.0 + place, "output_usd_per_million": 5.0 + place}
        for place, name in enumerate(IDS)
    }
    benchmark["judges"]["panel"].append(model("judge-c"))
    benchmark["load"] |= {"requests": 8, "blocks": 2}
    return project


def estimated(project: Workflow) -> dict[str, Any]:
    """The estimate as it stands in the run's results."""
    found: dict[str, Any] = json.loads((project.results / "estimate.json").read_text("utf-8"))
    return found


def real(project: Workflow) -> dict[str, float]:
    """What each model and judge cost, by the report's own tables."""
    costs = {}
    for table, key in (("models", "model"), ("judges", "judge")):
        for row in csv.DictReader((project.results / "tables" / f"{table}.csv").open(encoding="utf-8")):
            if row[key] != "panel":
                costs[row[key]] = float(row["cost_usd"])
    return costs


def width(total: dict[str, float]) -> float:
    return total["high_usd"] / total["low_usd"]


def test_the_run_costs_what_was_estimated_and_a_block_makes_the_estimate_narrower(priced: Workflow) -> None:
    priced.run("check_budget")
    before = estimated(priced)
    assert not (priced.results / "ledger").exists()
    for row in before["rows"]:
        assert row["usd"]["high"] <= row["usd"]["low"] * WIDEST

    first = [
        f"results/tiny/records/{name}/c{level}/b0.parquet" for name in ("swift", "steady") for level in (1, 2)
    ]
    priced.run(*first)
    priced.run("--force", "check_budget")
    between = estimated(priced)
    assert between["total"]["held_requests"] == 2 * 2 * 2 * 4
    assert between["total"]["spent_usd"] > 0
    assert width(between["total"]) < width(before["total"])
    for earlier, later in zip(before["rows"], between["rows"], strict=True):
        assert earlier["plan_usd"] == later["plan_usd"]
        if earlier["kind"] == "model":
            assert width_of(later) < width_of(earlier)

    priced.run()
    costs = real(priced)
    for found in (before, between):
        rows = {row["label"]: row["usd"] for row in found["rows"] if row["label"] in costs}
        assert rows.keys() == costs.keys()
        for label, cost in costs.items():
            assert rows[label]["low"] <= cost <= rows[label]["high"], label
        spent = sum(costs.values())
        assert found["total"]["low_usd"] <= spent <= found["total"]["high_usd"]
        assert spent <= found["total"]["at_most_usd"]

    report = (priced.results / "report" / "report.md").read_text("utf-8")
    assert "the estimate held" in report
    assert "it cost more" not in report and "it cost less" not in report

    priced.run("--force", "check_budget")
    after = estimated(priced)["total"]
    assert after["left_high_usd"] < 0.001 * after["spent_usd"] or after["left_high_usd"] == 0
    assert after["spent_usd"] == pytest.approx(spent, rel=0.02)


def width_of(row: dict[str, Any]) -> float:
    return float(row["usd"]["high"] / row["usd"]["low"])


def test_estimate_prints_what_it_will_cost_and_sends_nothing(priced: Workflow) -> None:
    printed = priced.snakemake("--", "estimate")
    for words in ("model swift", "judge judge-a", "total", "No cap", "percentage points", "twice the money"):
        assert words in printed
    assert not (priced.results / "ledger").exists()
    assert not (priced.results / "estimate.json").exists()


def test_a_run_above_its_budget_does_not_begin_and_says_what_to_change(priced: Workflow) -> None:
    priced.changed()["budget"] = {"max_usd": 0.02}
    printed = priced.snakemake("--cores", "4", succeeds=False)
    assert "budget.max_usd is 0.02" in printed
    for lever in (
        "load.requests: ",
        "load.concurrency: ",
        "without model ",
        "without judge",
        "budget.max_usd: ",
    ):
        assert lever in printed
    assert sum(line.startswith("error:") for line in printed.splitlines()) == 1
    assert not priced.sent()
    assert not (priced.results / "estimate.json").exists()

    advised = float(printed.split("  budget.max_usd: ")[1].split()[0])
    priced.changed()["budget"] = {"max_usd": advised}
    priced.run("check_budget")
    assert estimated(priced)["total"]["high_usd"] <= advised


def test_with_a_cap_a_missing_price_ends_the_run_before_anything_is_sent(priced: Workflow) -> None:
    priced.changed()["budget"] = {"max_usd": 100}
    del priced.changed()["prices"]["sim.steady-v1:0"]
    printed = priced.snakemake("--cores", "4", succeeds=False)
    assert '"sim.steady-v1:0": {input_usd_per_million: ...' in printed
    assert not priced.sent()


def test_a_run_that_goes_on_says_what_is_left_and_stops_above_its_budget(priced: Workflow) -> None:
    cell = "results/tiny/records/swift/c1/b0.parquet"
    priced.changed()["budget"] = {"max_usd": 1.0}
    priced.run("check_budget")
    assert "What run tiny is still to buy" not in priced.snakemake("-n", cell)

    bought(priced.results / "ledger", tokens=500_000)
    printed = priced.run(cell)
    assert printed.count("What run tiny is still to buy") == 1
    assert "Spent so far: 0.5" in printed
    assert (priced.folder / cell).exists()
    # Nothing is left to be done for it: nothing is said, and nothing costs a moment.
    assert "What run tiny" not in priced.run(cell)

    bought(priced.results / "ledger", tokens=450_000)
    printed = priced.snakemake("--cores", "4", "results/tiny/records/swift/c2/b0.parquet", succeeds=False)
    assert "budget.max_usd is 1" in printed and "doesn't go on" in printed
    assert not (priced.results / "records" / "swift" / "c2").exists()


def bought(ledger: Path, tokens: int) -> None:
    """A request of this run, of another edition, with so many input tokens: a millionth of a dollar each."""
    about = {"run": "tiny", "stage": "invoke", "label": "swift", "model": "sim.swift-v1:0"}
    with opened(ledger / file_name("invoke", "sim.swift-v1:0", {"tokens": tokens}), about) as file:
        tags = {"role": "measured", "model": "sim.swift-v1:0", "edition": 9}
        file.write_dispatched("key", {"try": 1, "tags": tags, "most": [tokens, 0]})
        file.write_outcome("key", {"try": 1, "last": True, "input_tokens": tokens, "output_tokens": 0})
