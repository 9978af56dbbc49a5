"""What a request costs goes by the line that asked it: its tier, its latency, or an hour of provisioned throughput."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_run import MadeModel, MadeRun, make_run

from assay.accuracy import judges
from assay.accuracy.inputs import read as read_accuracy
from assay.accuracy.settings import AccuracySettings
from assay.decision.decide import decide
from assay.decision.stage import Choice
from assay.prices.book import Price, Rates
from assay.records.aggregate import aggregate
from assay.records.metrics import TABLES
from assay.records.settings import Aggregation, Named, prices_of
from assay.records.writing import write_table
from assay.stats.interval import Interval
from assay.stats.ratios import Ratio, apart, apart_of, difference_apart


def tables(run: MadeRun) -> dict[str, list[dict[str, Any]]]:
    settings = {"dataset_of_interest": "short", "models": run.models, "judges": run.judges}
    return aggregate(Aggregation.model_validate(settings), **run.inputs())


def costs_of_judges(run: MadeRun, folder: Path) -> dict[str, Any]:
    ratings, inputs = folder / "ratings.parquet", run.inputs()
    write_table(ratings, TABLES["ratings"], tables(run)["ratings"])
    settings = {"dataset_of_interest": "short", "models": run.models, "judges": run.judges, "seed": 1}
    asked = AccuracySettings.model_validate(settings)
    read = read_accuracy(asked, ratings, inputs["answers"], inputs["verdicts"], inputs["prices"])
    return {str(row["judge"]): row["cost_usd"] for row in judges.rows(read)}


def decided(run: MadeRun, folder: Path, **choice: Any) -> dict[str, Any]:
    rows = tables(run)
    paths: dict[str, Any] = {name: folder / f"{name}.parquet" for name in ("cells", "models")}
    for name, path in paths.items():
        write_table(path, TABLES[name], rows[name])
    inputs = run.inputs()
    del inputs["statuses"]
    settings = {"models": run.models, "dataset_of_interest": "short", "concurrency": [1, 4]} | choice
    return decide(Choice.model_validate(settings), **paths, **inputs)


def test_two_lines_of_one_model_id_cost_what_their_tiers_cost() -> None:
    price = Price(1.0, 2.0, service_tiers={"priority": Rates(1.75, 3.5)}, latency_optimized=Rates(4.0, 8.0))
    lines = [
        Named(label="swift", id="vendor.swift-v1:0"),
        Named(label="swift-priority", id="vendor.swift-v1:0", service_tier="priority"),
        Named(label="swift-optimized", id="vendor.swift-v1:0", latency="optimized"),
        Named(label="swift-flex", id="vendor.swift-v1:0", service_tier="flex"),
    ]
    found = prices_of(lines, {"vendor.swift-v1:0": price})
    assert [found[line.label].input_usd_per_million for line in lines] == [1.0, 1.75, 4.0, None]
    assert found["swift-flex"].priced_by is None


def test_the_tables_cost_a_line_in_its_tier(tmp_path: Path) -> None:
    dearer = tables(make_run(tmp_path / "priority", {"swift": MadeModel(priority=1.75)}))
    plain = tables(make_run(tmp_path / "default", {"swift": MadeModel()}))
    for table in ("cells", "models"):
        for a, b in zip(dearer[table], plain[table], strict=True):
            for column in ("cost_usd", "cost_usd_per_10k_transactions"):
                assert a[column] == pytest.approx(1.75 * b[column])
            assert a["priced_by"] == b["priced_by"] == "tokens"


def test_by_the_hour_a_transaction_costs_what_the_measured_rate_makes_of_an_hour(tmp_path: Path) -> None:
    rows = tables(make_run(tmp_path, {"owned": MadeModel(usd_per_hour=36.0)}, blocks=3))
    for row in (*rows["cells"], *rows["models"]):
        per_hour = 60 * row["transactions_per_minute"]
        assert row["cost_usd_per_10k_transactions"] == pytest.approx(36.0 / per_hour * 10_000)
        for end, other in (("low", "high"), ("high", "low")):
            per_hour = 60 * row[f"transactions_per_minute_{other}"]
            expected = 36.0 / per_hour * 10_000
            assert row[f"cost_usd_per_10k_transactions_{end}"] == pytest.approx(expected)
        assert row["priced_by"] == "hour"
        assert row["cost_usd"] is None, "no request has a cost of its own, and it isn't 0"
    assert {row["requests_cost_unknown"] for row in rows["models"]} == {0}


def test_model_units_multiply_the_hour() -> None:
    assert Price(usd_per_hour=20.0, model_units=3).usd_per_hour_of_all_units == 60.0
    assert Price(1.0, 1.0).usd_per_hour_of_all_units is None


def test_a_model_by_the_hour_is_compared_with_one_by_tokens(tmp_path: Path) -> None:
    run = make_run(
        tmp_path, {"owned": MadeModel(usd_per_hour=3600.0), "asked": MadeModel(spread=0.1)}, blocks=5
    )
    found = decided(run, tmp_path)
    assert found["answer"] == "winner" and found["model"] == "asked"
    (pair,) = found["comparisons"]
    assert pair["p"] < 0.001 and pair["more"] is None
    values = {model["model"]: model["objective_value"] for model in found["models"]}
    assert pair["relative"] == pytest.approx(values["owned"] / values["asked"] - 1)


def test_two_models_by_the_hour_that_are_alike_are_not_told_apart(tmp_path: Path) -> None:
    same = {name: MadeModel(usd_per_hour=36.0, spread=0.4) for name in ("a", "b")}
    assert decided(make_run(tmp_path, same, blocks=5), tmp_path)["answer"] == "undecided"


def test_a_model_by_the_hour_that_answered_nothing_says_why_it_has_no_cost(tmp_path: Path) -> None:
    models = {"owned": MadeModel(usd_per_hour=36.0, error_rate=1.0), "asked": MadeModel()}
    found = decided(make_run(tmp_path, models), tmp_path)
    owned = found["models"][0]
    assert owned["objective_value"] is None and owned["qualifies"] == "not_evaluated"
    assert "nothing was answered" in owned["reason"]


def test_a_judge_in_a_tier_of_unknown_price_makes_judging_unknown(tmp_path: Path) -> None:
    run = make_run(tmp_path, {"swift": MadeModel()}, judges=("ada", "bea"))
    run.judges[0]["service_tier"] = "flex"
    rows = tables(run)
    costs = costs_of_judges(run, tmp_path)
    assert costs["ada"] is None and costs["panel"] is None and costs["bea"] > 0
    assert rows["models"][0]["judge_cost_usd"] is None


def test_a_difference_of_samples_that_share_nothing_has_both_errors() -> None:
    """Against the textbook: log(2/1), errors .03 and .04 with 4 and 9 degrees of freedom."""
    a = apart_of(Ratio(2.0, np.array([0.06, -0.06, 0.0, 0.0, 0.0])))
    assert a is not None and a.df == 4
    assert a.log_error == pytest.approx(np.sqrt((2 * 0.03**2) * 5 / 4))
    b = apart(1.0, Interval(np.exp(-2.262157 * 0.04), np.exp(2.262157 * 0.04)), 9, 0.95)
    assert b is not None and b.log_error == pytest.approx(0.04, rel=1e-5)
    found = difference_apart(a, b, 0.95)
    assert found.value == pytest.approx(1.0)
    assert found.standard_error == pytest.approx(np.hypot(a.log_error, b.log_error))
    assert found.interval.low < 1.0 < found.interval.high and found.p < 1e-3
    assert apart(1.0, Interval(0.0, 2.0), 9, 0.95) is None


def test_a_winner_between_hour_and_tokens_of_equal_cost_is_rare(tmp_path: Path) -> None:
    """The hour is priced so that both cost the same in the mean: of 30 made-up runs 5 % may name a winner."""
    alike = {"buckets": ("short",), "levels": (4,), "blocks": 4, "judges": ()}
    runs = [
        tables(make_run(tmp_path / f"t{seed}", {"t": MadeModel(spread=0.4)}, seed=1000 + seed, **alike))
        for seed in range(20)
    ]
    each, per_minute = (
        np.mean([run["models"][0][column] for run in runs])
        for column in ("cost_usd_per_10k_transactions", "transactions_per_minute")
    )
    models = {
        "owned": MadeModel(usd_per_hour=float(each * per_minute * 60 / 10_000), spread=0.4),
        "asked": MadeModel(spread=0.4),
    }
    named = 0
    for seed in range(30):
        folder = tmp_path / str(seed)
        found = decided(make_run(folder, models, seed=seed, **alike), folder, concurrency=[4])
        named += found["answer"] == "winner"
    assert named <= 5  # P(more than 5 of 30 at 5 %) is about 0.3 %
