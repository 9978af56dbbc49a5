"""Frontiers: who gives up nothing, who is dominated by whom, and which of that is sure."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assay.decision.pareto import ASPECTS, Aspect, Point, pareto
from assay.stats.distributions import normal_two_sided

METRICS: dict[Aspect, str] = {
    "cost": "cost_usd_per_10k_transactions",
    "latency": "e2e_ms_p50_all",
    "accuracy": "accuracy",
}


@dataclass(frozen=True)
class Apart:
    a: str
    b: str
    difference: float | None
    p: float


def point(model: str, *figures: float | None, qualifies: str = "yes") -> Point:
    values = zip(ASPECTS, figures, strict=True)
    return Point(
        model,
        qualifies,
        {
            name: (each, None, None) if each is None else (each, 0.9 * each, 1.1 * each)
            for name, each in values
        },
    )


def compared(points: list[Point], p: float | Mapping[Aspect, float]) -> dict[Aspect, list[Apart]]:
    """Every pair, by what the points say, with the same p value."""
    return {
        aspect: [
            Apart(
                a.model,
                b.model,
                None if None in (a.value(aspect), b.value(aspect)) else a.value(aspect) - b.value(aspect),  # type: ignore[operator]
                p if isinstance(p, float) else p[aspect],
            )
            for a, b in combinations(points, 2)
        ]
        for aspect in ASPECTS
    }


def found(points: list[Point], p: float | Mapping[Aspect, float] = 0.001) -> dict[str, Any]:
    return pareto(points, compared(points, p), METRICS, 0.95)


def panel(told: dict[str, Any], x: str, y: str) -> dict[str, Any]:
    return next(each for each in told["panels"] if (each["x"], each["y"]) == (x, y))


# cost, latency, accuracy
CHEAP, QUICK, RIGHT = (
    point("cheap", 1.0, 300.0, 0.7),
    point("quick", 2.0, 100.0, 0.8),
    point("right", 9.0, 400.0, 0.95),
)
POOR = point("poor", 3.0, 350.0, 0.6)


def test_who_is_best_in_anything_is_on_the_frontier_and_who_is_worse_in_all_is_not() -> None:
    told = found([POOR, RIGHT, QUICK, CHEAP])
    assert told["all_three"]["frontier"] == ["cheap", "quick", "right"]
    assert told["all_three"]["dominated"] == [
        {"model": "poor", "by": ["quick", "cheap"], "sure_by": ["quick", "cheap"]}
    ]


def test_each_panel_has_a_frontier_of_its_own_along_its_first_aspect() -> None:
    told = found([RIGHT, QUICK, CHEAP])
    assert panel(told, "latency", "cost")["frontier"] == ["quick", "cheap"]
    assert panel(told, "latency", "cost")["dominated"][0]["model"] == "right"
    assert panel(told, "cost", "accuracy")["frontier"] == ["cheap", "quick", "right"]
    assert panel(told, "latency", "accuracy")["frontier"] == ["quick", "right"]


def test_a_domination_is_sure_only_where_every_aspect_is() -> None:
    p: dict[Aspect, float] = {"cost": 0.001, "latency": 0.2, "accuracy": 0.001}
    told = found([POOR, QUICK], p)
    (out,) = told["all_three"]["dominated"]
    assert (out["by"], out["sure_by"]) == (["quick"], [])
    assert panel(told, "cost", "accuracy")["dominated"][0]["sure_by"] == ["quick"]
    assert panel(told, "latency", "cost")["dominated"][0]["sure_by"] == []


def test_the_pairs_of_a_panel_share_one_error_rate() -> None:
    """Three pairs: 0.02 is significant by itself, and not among three."""
    assert found([POOR, QUICK], 0.02)["all_three"]["dominated"][0]["sure_by"] == ["quick"]
    worse = point("worse", 4.0, 360.0, 0.5)
    told = found([POOR, QUICK, worse], 0.02)
    assert all(not each["sure_by"] for each in told["all_three"]["dominated"])


def test_equal_figures_dominate_neither_way() -> None:
    told = found([CHEAP, point("twin", 1.0, 300.0, 0.7)])
    assert told["all_three"] == {"frontier": ["cheap", "twin"], "dominated": []}


def test_equal_in_one_aspect_and_worse_in_the_others_is_dominated_but_not_surely() -> None:
    told = found([CHEAP, point("shade", 1.0, 310.0, 0.6)])
    assert told["all_three"]["dominated"] == [{"model": "shade", "by": ["cheap"], "sure_by": []}]


def test_a_model_counts_in_the_panels_of_the_figures_that_it_has() -> None:
    told = found([CHEAP, point("unpriced", None, 100.0, 0.9)])
    assert panel(told, "latency", "accuracy")["frontier"] == ["unpriced"]
    assert panel(told, "latency", "cost")["frontier"] == ["cheap"]
    assert told["all_three"]["frontier"] == ["cheap"]


def test_one_that_is_infinitely_late_is_behind_all_others() -> None:
    told = found([CHEAP, point("failing", 1.0, math.inf, 0.6)])
    assert panel(told, "latency", "accuracy")["dominated"] == [
        {"model": "failing", "by": ["cheap"], "sure_by": ["cheap"]}
    ]


def test_points_have_their_intervals_and_whether_they_qualify() -> None:
    told = pareto([point("a", 1.0, 300.0, 0.5, qualifies="no")], {}, METRICS, 0.95)
    assert told["points"] == [
        {"model": "a", "qualifies": "no", "cost": 1.0, "cost_low": 0.9, "cost_high": 1.1}
        | {"latency": 300.0, "latency_low": 270.0, "latency_high": pytest.approx(330.0)}
        | {"accuracy": 0.5, "accuracy_low": 0.45, "accuracy_high": pytest.approx(0.55)}
    ]
    assert told["metrics"] == METRICS and told["all_three"]["frontier"] == ["a"]


def test_models_without_a_difference_are_hardly_ever_called_surely_dominated() -> None:
    """2,000 worlds: four models, equal in cost, and far apart in the other two. Each claim would be an error."""
    draw = np.random.default_rng(7)
    names = ("a", "b", "c", "d")
    errors = 0
    for _ in range(2000):
        costs = draw.normal(10.0, 1.0, len(names))
        points = [
            point(name, float(cost), 100.0 * (1 + place), 0.9 - 0.1 * place)
            for place, (name, cost) in enumerate(zip(names, costs, strict=True))
        ]
        pairs = compared(points, 0.0)
        pairs["cost"] = [
            Apart(pair.a, pair.b, pair.difference, normal_two_sided((pair.difference or 0.0) / math.sqrt(2)))
            for pair in pairs["cost"]
        ]
        told = pareto(points, pairs, METRICS, 0.95)
        errors += any(each["sure_by"] for each in told["all_three"]["dominated"])
    assert errors / 2000 <= 0.05


def test_the_recorded_simulation_errs_no_more_than_is_claimed() -> None:
    """Of whole frontiers, found by the functions that are shipped (`benchmarks/dominated.py`)."""
    rows = json.loads((Path(__file__).parents[2] / "benchmarks/results/dominated.json").read_text("utf-8"))
    assert {(row["models"], row["blocks"], row["equal_in"]) for row in rows} == {
        (models, blocks, aspect) for models, blocks in ((2, 1), (2, 5), (4, 5)) for aspect in (*ASPECTS, None)
    }
    assert all(row["surely_dominated_wrongly"] <= 0.05 for row in rows)
    assert all(row["surely_dominated_rightly"] >= 0.8 for row in rows if row["equal_in"] is None)
