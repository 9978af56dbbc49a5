"""The report's tables of the decision say what decision.json says: places, margins, other limits, buckets, loads, frontiers."""

from dataclasses import replace
from typing import Any

import finished_run
import made_decision
import pandas as pd
import pytest

from assay.decision import words
from assay.decision.limits import Checked
from assay.decision.settings import Bounds
from assay.schedule.level import Level
from assay.tables import choice, metrics, models
from assay.tables.inputs import Inputs
from assay.tables.markdown import Markdown

DECISION = finished_run.decision() | made_decision.details()


def plain(text: str | None) -> str:
    assert text is not None
    return text.replace("\\", "")


def rows(table: Markdown | None) -> list[list[str]]:
    lines = plain(table).splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def header(table: Markdown | None) -> list[str]:
    return [cell.strip() for cell in plain(table).splitlines()[0].strip("|").split("|")]


def entry(model: str, qualifies: str = "yes", *limits: tuple[str, str]) -> dict[str, Any]:
    told = [{"metric": metric, "state": state, "bucket": None} for metric, state in limits]
    return {"model": model, "qualifies": qualifies, "limits": told}


@pytest.mark.parametrize(
    ("model", "decision", "said"),
    [
        (entry("swift"), {}, "**the choice**"),
        (entry("steady"), {"as_good": ["steady"]}, "as good as swift, within the margin"),
        (entry("steady", "no", ("accuracy", "missed")), {}, "out: misses accuracy"),
        (
            entry("steady", "no", ("accuracy", "missed"), ("e2e_ms_p90", "missed")),
            {},
            "out: misses accuracy and end-to-end latency p90",
        ),
        (entry("steady", "not_evaluated"), {}, "not evaluated"),
        (
            entry("steady"),
            {"answer": "undecided", "model": None, "candidates": ["swift", "steady"], "comparisons": []},
            "not told apart from swift",
        ),
        (
            entry("steady"),
            {"answer": "equivalent", "model": None, "candidates": ["swift", "steady"], "comparisons": []},
            "equally good as swift",
        ),
        (
            entry("steady", "undecided", ("ttft_ms_p95", "undecided")),
            {"answer": "undecided", "model": None, "candidates": ["swift", "steady"], "comparisons": []},
            "undecided on TTFT p95; not told apart from swift",
        ),
        (
            entry("steady", "undecided", ("accuracy", "undecided")),
            {"answer": "undecided", "model": None, "candidates": ["swift", "steady", "frugal"],
             "objective": "cheapest",
             "comparisons": [{"a": "swift", "b": "steady", "better": "steady"},
                             {"a": "steady", "b": "frugal", "better": None}]},
            "undecided on accuracy; not told apart from frugal; better than swift by cost",
        ),
        (
            entry("steady"),
            {"objective": "fastest", "comparisons": [{"a": "swift", "b": "steady", "better": "swift"}]},
            "worse than swift by latency",
        ),
        (
            entry("steady"),
            {"incumbent": {"model": "steady"}, "as_good": ["steady"]},
            "as good as swift, within the margin, in use now",
        ),
    ],
)  # fmt: skip
def test_the_headline_names_ties_and_failed_limits(
    model: dict[str, Any], decision: dict[str, Any], said: str
) -> None:
    made = {"answer": "winner", "model": "swift", "candidates": ["swift"], **decision}
    assert plain(choice.place(made, model)) == said


def test_each_bucket_has_its_choice_and_every_models_figure() -> None:
    table = choice.by_bucket(DECISION)
    assert header(table) == ["bucket", "the choice", "swift", "steady", "frugal"]
    assert rows(table)[0] == ["0-1000", "none qualifies", "✗ $4.20", "✗ $4.20", "✗"]
    assert rows(table)[1] == ["1000-2000", "**swift** (as good: steady)", "✓ $5.20", "✓ $5.20", "✓"]
    assert len(rows(table)) == 4


def test_only_limits_that_change_something_are_told_with_the_answer_as_it_is_marked() -> None:
    table = choice.what_would_change(DECISION)
    assert [row[:2] for row in rows(table)] == [["TTFT p95", "at most 2,500 ms"]] * 3
    assert [row[2:] for row in rows(table)] == [
        ["up to 1,200 ms", "none qualifies"],
        ["1,200 ms to 1,700 ms", "swift"],
        ["1,700 ms or more", "**undecided: swift and steady** (as it is)"],
    ]
    assert choice.changing(DECISION) == [DECISION["what_would_change"][0]["sentence"]]
    only = [one for one in DECISION["what_would_change"] if len(one["ranges"]) == 1]
    assert choice.what_would_change({"what_would_change": only}) is None


def test_every_load_says_whether_a_model_keeps_its_limits_there() -> None:
    table = choice.levels({"models": made_decision.with_levels(DECISION["models"])})
    assert header(table) == [
        "model", "1 in flight", "4 in flight", "16 in flight", "2.5 requests per second",
        "highest that keeps, in flight", "highest that keeps, requests per second",
    ]  # fmt: skip
    first, _, last = rows(table)
    assert first[0] == "swift" and "met" in first[1] and "missed" in first[4] and first[5:] == ["16", "2.5"]
    assert last[5:] == ["—", "—"]


def test_models_stand_against_the_one_in_use_aspect_by_aspect() -> None:
    table = choice.incumbent(DECISION)
    cost, accuracy, *_, unknown = rows(table)
    assert header(table)[4] == "difference from frugal"
    assert cost[0] == "swift" and "not worse" in cost[1] and cost[2] == "cost per 10,000 transactions"
    assert "better" in cost[3] and cost[4:] == ["-38 % [(-45 to -31 %)]{.interval}", "5 %"]
    assert accuracy[4] == "-38 points [(-45 to -31 points)]{.interval}"
    assert accuracy[5] == "2 points"
    assert unknown[0] == "zephyr" and "not evaluated" in unknown[1] and unknown[2:] == ["—"] * 4
    assert choice.incumbent({"incumbent": None}) is None


def test_equally_good_is_said_only_of_pairs_that_were_shown_to_be() -> None:
    shown, not_shown = rows(choice.equivalence(DECISION))
    assert shown[:4] == ["swift minus steady", "cost", "-3 to +2 %", "5 %"] and "equally good" in shown[5]
    assert "not shown" in not_shown[5] and "equally good" not in not_shown[5]


def test_a_model_is_surely_dominated_only_by_those_that_were_shown_to_be_better() -> None:
    panel = {
        "x": "latency",
        "y": "cost",
        "frontier": ["swift"],
        "dominated": [
            {"model": "steady", "by": ["swift"], "sure_by": []},
            {"model": "frugal", "by": ["swift", "steady"], "sure_by": ["swift"]},
        ],
    }
    found = {
        "points": [{"model": name} for name in finished_run.MODELS[:3]],
        "panels": [panel],
        "all_three": panel,
    }
    found["all_three"] = {**panel, "x": None, "y": None}
    table = choice.dominance({"pareto": found})
    assert header(table) == ["model", "latency and cost", "all three"]
    assert [row[1] for row in rows(table)] == [
        "[on the frontier]{.state-met}",
        "perhaps by swift",
        "surely by swift; by the figures also by steady",
    ]


def test_what_changed_of_the_rule_stands_beside_what_it_was() -> None:
    assert rows(choice.changes(DECISION["registered"])) == [["limits.accuracy.min", "0.75", "0.8"]]
    assert choice.changes(None) is None and choice.changes({"changes": []}) is None


def test_a_limit_names_its_bucket_and_how_far_it_is_missed() -> None:
    missed = {
        "metric": "e2e_ms_p95", "bound": "max", "limit": 600, "value": 750, "low": 700, "high": 800, "n": 40,
        "state": "missed", "bucket": "2000-4000", "miss": {"relative": 0.25, "low": 0.167, "high": 0.333},
    }  # fmt: skip
    (row,) = rows(models.limits({"models": [{"model": "swift", "limits": [missed]}]}))
    assert row[1] == "end-to-end latency p95 in bucket 2000-4000"
    assert row[6] == "25 % [(16.7 % to 33.3 %)]{.interval}"
    share = {
        "metric": "accuracy", "bound": "min", "limit": 0.875, "value": 0.625, "low": 0.52, "high": 0.72,
        "n": 40, "state": "missed", "bucket": None, "miss": {"relative": 0.286, "low": 0.177, "high": 0.406},
    }  # fmt: skip
    (row,) = rows(models.limits({"models": [{"model": "swift", "limits": [share]}]}))
    assert row[3:5] == ["at least 87.5 %", "62.5 % [(52 % to 72 %)]{.interval}"]
    assert row[6] == "25 points [(15.5 points to 35.5 points)]{.interval}"
    assert "misses by" not in header(models.limits(finished_run.decision()))


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (0.052, "relative", "+5.2 %"),
        (-0.38, "relative", "-38 %"),
        (-0.00031, "relative", "-0.031 %"),
        (0.0, "relative", "0 %"),
        (-0.0512, "absolute", "-5.1 points"),
        (0.1, "absolute", "+10 points"),
        (0.01, "absolute", "+1 point"),
        (None, "relative", "—"),
    ],
)
def test_a_difference_has_a_sign_and_the_unit_of_what_it_is_of(
    value: float | None, unit: str, said: str
) -> None:
    assert metrics.difference(value, unit) == said


def test_what_comes_from_outside_is_escaped_in_every_table() -> None:
    hostile = "<b>x|[y](z)"
    made = {
        "objective_metric": made_decision.COST,
        "by_bucket": [
            {"bucket": hostile, "answer": "winner", "model": hostile, "as_good": [hostile],
             "models": [{"model": hostile, "qualifies": "yes", "objective_value": 1.0}]}
        ],
        "incumbent": {"model": hostile, "against": [{"model": hostile, "verdict": "undecided", "aspects": []}]},
        "pareto": {
            "points": [{"model": hostile}],
            "panels": [{"x": "cost", "y": "accuracy", "frontier": [],
                        "dominated": [{"model": hostile, "by": [hostile], "sure_by": []}]}],
        },
    }  # fmt: skip
    for table in (choice.by_bucket(made), choice.incumbent(made), choice.dominance(made)):
        assert table is not None and "<b>" not in table and "](z)" not in table and "\\<b\\>" in table


@pytest.mark.parametrize("metric", [*Bounds.model_fields])
def test_prose_of_the_report_names_metrics_as_the_decision_does(metric: str) -> None:
    assert metrics.in_prose(metric) == words.metric_name(metric)


def test_a_latency_without_an_upper_end_may_be_infinitely_late() -> None:
    limit = {
        "metric": "e2e_ms_p95", "bound": "max", "limit": 600, "value": 362.0, "low": 328.0, "high": None, "n": 80,
        "state": "undecided",
    }  # fmt: skip
    (row,) = rows(models.limits({"models": [{"model": "swift", "limits": [limit]}]}))
    assert row[4] == "362 ms [(328 ms to infinitely late)]{.interval}"
    limit |= {"value": None, "value_in_words": "infinitely late"}
    (row,) = rows(models.limits({"models": [{"model": "swift", "limits": [limit]}]}))
    assert row[4] == "infinitely late [(328 ms to infinitely late)]{.interval}"


def test_a_figure_of_one_bucket_never_stands_for_the_dataset_of_interest() -> None:
    limit = {
        "metric": "ttft_ms_p50",
        "bucket": "b",
        "value": 140.0,
        "bound": "max",
        "limit": 200,
        "state": "met",
    }
    told = entry("swift") | {"limits": [limit]}
    here = pd.DataFrame([{"model": "swift", "bucket": "b", "concurrency": 4, "ttft_ms_p50": None}])
    inputs = Inputs(here, here, pd.DataFrame(), {"models": [told]})
    table = models.headline(inputs, ["swift"], ["a", "b"], Level(4, None))
    assert rows(table)[0][header(table).index("TTFT p50 (ms)")] == "—"


def test_the_headline_takes_failures_as_infinitely_late_and_rates_from_when_requests_were_due() -> None:
    here = {
        "model": "swift", "e2e_ms_p95": 100.0, "e2e_ms_p95_all": float("inf"), "e2e_from_intended_ms_p95_all": 250.0,
        "n": 40,
    }  # fmt: skip
    inputs = Inputs(pd.DataFrame([here]), pd.DataFrame([here]), pd.DataFrame(), {})
    inputs.cells[["bucket", "concurrency", "rate_rps"]] = ["b", 4, None]
    for level, said in ((Level(4, None), "∞"), (Level(None, 2.5), "250")):
        table = models.headline(inputs, ["swift"], ["b"], level)
        assert rows(table)[0][header(table).index("end to end p95 (ms)")] == said
    assert "keeps the limits" not in header(table), "there are none"
    limited = replace(inputs, decision={"models": [entry("swift", "no", ("accuracy", "missed"))]})
    assert "keeps the limits" in header(models.headline(limited, ["swift"], ["b"], Level(4, None)))


@pytest.mark.parametrize(
    ("metric", "column"),
    [
        ("cost_usd_per_10k_correct_answers", "USD per 10,000 correct answers"),
        ("weighted_score", "weighted score"),
    ],
)
def test_the_headline_has_what_the_choice_is_made_by(metric: str, column: str) -> None:
    told = {**entry("swift"), "objective_value": 4.5, "objective_low": 4.0, "objective_high": 5.0}
    decision = {"objective_metric": metric, "models": [told], "latency_metric": "ttft_ms_p90"}
    here = pd.DataFrame([{"model": "swift", "bucket": "b", "concurrency": 4, "ttft_ms_p90": 80.0}])
    table = models.headline(Inputs(here, here, pd.DataFrame(), decision), ["swift"], ["b"], Level(4, None))
    assert "4.5" in rows(table)[0][header(table).index(column)]
    assert rows(table)[0][header(table).index("TTFT p90 (ms)")] == "80.0", "and the latency that it is about"


@pytest.mark.parametrize("metric", [*Bounds.model_fields])
@pytest.mark.parametrize(
    "value", [0.0, 0.0412, 0.125, 0.62500001, 0.8749, 1.0, 12.345, 987.65, 1234.5, 12_345.6]
)
def test_figures_have_the_same_digits_in_the_decision_s_sentences_as_in_tables(
    metric: str, value: float
) -> None:
    assert words.amount(metric, value) == metrics.figure(metric, value)


@pytest.mark.parametrize(
    ("metric", "limit", "said"),
    [
        ("accuracy", 0.875, "at least 87.5 %"),
        ("accuracy", 0.9999, "at least 99.99 %"),
        ("error_rate", 0.0005, "at most 0.05 %"),
        ("e2e_ms_p95", 12_345, "at most 12,345 ms"),
        ("cost_usd_per_10k_transactions", 0.125, "at most $0.125"),
        ("cost_usd_per_10k_transactions", 4.5, "at most $4.50"),
        ("transactions_per_minute", 1234, "at least 1,234"),
    ],
)
def test_a_limit_is_said_as_it_was_asked_in_sentence_and_table(metric: str, limit: float, said: str) -> None:
    side, value = ("min", limit / 2) if said.startswith("at least") else ("max", limit * 2)
    missed = Checked(metric, side, limit, value, None, None, 40, "requests", "missed", None, None)
    assert f", where {said} is asked" in words.limit_words(missed)
    row = {"metric": metric, "bound": side, "limit": limit, "value": value, "state": "missed"}
    assert rows(models.limits({"models": [{"model": "swift", "limits": [row]}]}))[0][3] == said
    assert metrics.margin(0.0125, "relative") == "1.25 %" and metrics.margin(0.01, "absolute") == "1 point"
