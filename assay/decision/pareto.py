"""Which models give up nothing: Pareto frontiers of cost, latency and accuracy, and who dominates whom, how surely.

A model is dominated by another one that is at least as good in every aspect and better in one (Pareto). By the figures alone
that is a matter of the sample: where two models are equal, one of them seems to be dominated every other time. So each
domination is also tested:

- One model surely dominates another where it is better in every aspect. That is an intersection-union test (Berger 1982): it
  claims that all parts hold, so each may be tested at the full level, and the pair's p value is the largest of theirs.
- All pairs of a panel are tested at once, so these p values are adjusted by Holm (1979): in at most 1 - confidence of cases is
  any model called surely dominated that isn't, however the aspects hang together.

A model that is equal in one aspect and worse in the others is on the frontier's edge: dominated, never surely.

Leaves to others: the comparisons of each aspect (`compare`), how it is drawn.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal, Protocol

from assay.stats.multiplicity import holm

Aspect = Literal["cost", "latency", "accuracy"]

ASPECTS: tuple[Aspect, ...] = ("cost", "latency", "accuracy")

PANELS: tuple[tuple[Aspect, Aspect], ...] = (
    ("latency", "cost"),
    ("cost", "accuracy"),
    ("latency", "accuracy"),
)
"""Two aspects each: what lies along, and what upwards."""


class Pair(Protocol):
    """A comparison of two models in one aspect, as `compare` makes it: what is needed of it here."""

    @property
    def a(self) -> str: ...
    @property
    def b(self) -> str: ...
    @property
    def difference(self) -> float | None:
        """Above 0 where a's figure is the higher one; None where nothing could be tested."""

    @property
    def p(self) -> float:
        """Two-sided, of this test by itself."""


@dataclass(frozen=True, slots=True)
class Point:
    """A model's figures. An infinite one is infinitely late, None unknown."""

    model: str
    qualifies: str
    figures: Mapping[Aspect, tuple[float | None, float | None, float | None]]
    """By aspect: value, and the ends of its interval."""

    def value(self, aspect: Aspect) -> float | None:
        """The figure itself."""
        return self.figures[aspect][0]

    def as_plain(self) -> dict[str, Any]:
        """For JSON: `cost`, `cost_low`, `cost_high`, and so on."""
        ends = [
            (f"{aspect}{end}", value)
            for aspect in ASPECTS
            for end, value in zip(("", "_low", "_high"), self.figures[aspect], strict=True)
        ]
        return {"model": self.model, "qualifies": self.qualifies, **dict(ends)}


def pareto(
    points: Sequence[Point],
    comparisons: Mapping[Aspect, Sequence[Pair]],
    metrics: Mapping[Aspect, str],
    confidence: float,
) -> dict[str, Any]:
    """Points, the frontier of each panel of two aspects and of all three, and who is dominated, as plain values for JSON.

    `points` are the models that were evaluated. In a panel count those that have both figures.
    """
    return {
        "metrics": dict(metrics),
        "confidence": confidence,
        "points": [point.as_plain() for point in points],
        "panels": [{"x": x, "y": y, **_frontier(points, comparisons, (x, y), confidence)} for x, y in PANELS],
        "all_three": _frontier(points, comparisons, ASPECTS, confidence),
    }


def _frontier(
    points: Sequence[Point],
    comparisons: Mapping[Aspect, Sequence[Pair]],
    aspects: Sequence[Aspect],
    confidence: float,
) -> dict[str, Any]:
    known = [point for point in points if all(point.value(aspect) is not None for aspect in aspects)]
    by = {
        point.model: [other.model for other in known if _dominates(other, point, aspects)] for point in known
    }
    along = sorted(known, key=lambda point: point.value(aspects[0]) or 0.0)
    sure = _surely([point.model for point in known], comparisons, aspects, confidence)
    return {
        "frontier": [point.model for point in along if not by[point.model]],
        "dominated": [
            {
                "model": model,
                "by": others,
                "sure_by": [other for other in others if (other, model) in sure],
            }
            for model, others in by.items()
            if others
        ],
    }


def _badness(point: Point, aspect: Aspect) -> float:
    value = point.value(aspect)
    assert value is not None
    return -value if aspect == "accuracy" else value


def _dominates(better: Point, worse: Point, aspects: Sequence[Aspect]) -> bool:
    """By the figures as they were seen."""
    ends = [(_badness(better, aspect), _badness(worse, aspect)) for aspect in aspects]
    return better is not worse and all(a <= b for a, b in ends) and any(a < b for a, b in ends)


def _surely(
    models: Sequence[str],
    comparisons: Mapping[Aspect, Sequence[Pair]],
    aspects: Sequence[Aspect],
    confidence: float,
) -> set[tuple[str, str]]:
    """Pairs (better, worse) of which the first is better in every aspect, at the level of all pairs together.

    The two directions of a pair share a two-sided p value: where models are ahead of each other in different aspects
    neither dominates, and the pair counts with p = 1.
    """
    found = {
        aspect: {frozenset((pair.a, pair.b)): pair for pair in comparisons.get(aspect, ())}
        for aspect in aspects
    }
    pairs, p_values = [], []
    for a, b in combinations(models, 2):
        tests = [_ahead(found[aspect].get(frozenset((a, b))), aspect) for aspect in aspects]
        leaders = {leader for leader, _ in tests}
        together = len(leaders) == 1 and None not in leaders
        leader = next(iter(leaders)) if together else None
        pairs.append((leader, b if leader == a else a))
        p_values.append(max(p for _, p in tests) if together else 1.0)
    return {
        (leader, worse)
        for (leader, worse), p in zip(pairs, holm(p_values), strict=True)
        if leader is not None and p <= 1.0 - confidence
    }


def _ahead(pair: Pair | None, aspect: Aspect) -> tuple[str | None, float]:
    """Who is ahead in an aspect, and the p value; nobody where it wasn't tested or the figures are the same."""
    if pair is None or pair.difference is None or pair.difference == 0 or math.isnan(pair.difference):
        return None, 1.0
    higher_is_better = aspect == "accuracy"
    return (pair.a if (pair.difference > 0) == higher_is_better else pair.b), pair.p
