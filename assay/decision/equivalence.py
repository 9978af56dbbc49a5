"""Models that are equally good within a margin: two one-sided tests for each pair (TOST).

That a difference couldn't be shown doesn't show that there is none. Two models are called equivalent only where it is shown
that neither is worse than the other by the margin: two one-sided tests, each at the level 1 - confidence, one from below and
one from above (Schuirmann 1987). That is the same as the interval of confidence 1 - 2 x level lying within the margin. A margin
of costs or latencies is a ratio: with 0.05 the one is at most 1.05 times the other, whichever is the one.

- Several models are equivalent if every pair of them is: an intersection-union test (Berger 1982), in which each pair may be
  tested at the full level.
- Models that are as good as a winner are claimed one by one, so their p values are adjusted by Holm.

Leaves to others: the rule that asks (`recommend`), differences and their errors (`compare`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from assay.decision.compare import Found, Measure
from assay.stats.effect import Effect
from assay.stats.interval import Interval
from assay.stats.multiplicity import holm

OF_OBJECTIVE = {
    "cheapest": "cost",
    "cheapest_success": "cost",
    "fastest": "latency",
    "most_accurate": "accuracy",
    "weighted": "score",
}
"""Which of the margins an objective goes by."""


@dataclass(frozen=True, slots=True)
class Equivalence:
    """Whether two models differ by less than a margin. All of it in the unit of the margin."""

    a: str
    b: str
    aspect: str
    """`cost`, `latency`, `accuracy` or `score`: the margin that it goes by."""
    unit: Literal["relative", "absolute"]
    margin: float
    low: float | None
    high: float | None
    """Ends of the interval of `confidence`; None where nothing could be tested."""
    confidence: float
    equivalent: bool
    """By this pair alone."""
    p: float
    """The larger p value of the two tests."""


def test(a: str, b: str, found: Found, measure: Measure, margin: float, confidence: float) -> Equivalence:
    """One pair, at the level 1 - `confidence`."""
    effect = None if found.difference is None else found.difference.effect
    unit = measure.unit
    # The interval that belongs to two tests at this level. At a confidence of a half or less it would be empty.
    inner = max(2.0 * confidence - 1.0, 1e-9)
    aspect = OF_OBJECTIVE[measure.objective]
    if effect is None:
        return Equivalence(a, b, aspect, unit, margin, None, None, inner, False, 1.0)
    p = max(not_higher(effect, unit, margin), not_lower(effect, unit, margin))
    bounds = in_unit(effect.interval(inner), unit)
    return Equivalence(a, b, aspect, unit, margin, bounds.low, bounds.high, inner, p <= 1.0 - confidence, p)


def not_higher(effect: Effect, unit: Literal["relative", "absolute"], margin: float) -> float:
    """P value of a's figure being higher than b's by the margin or more: small where it surely isn't."""
    return effect.below(math.log1p(margin) if unit == "relative" else margin)


def not_lower(effect: Effect, unit: Literal["relative", "absolute"], margin: float) -> float:
    """P value of a's figure being lower than b's by the margin or more: small where it surely isn't."""
    return effect.above(-math.log1p(margin) if unit == "relative" else -margin)


def in_unit(bounds: Interval, unit: Literal["relative", "absolute"]) -> Interval:
    """An interval on the scale of a test, as a / b - 1 or a - b."""
    if unit == "absolute":
        return Interval(max(-1.0, bounds.low), min(1.0, bounds.high))
    low, high = (math.expm1(end) if end < 700 else math.inf for end in (bounds.low, bounds.high))
    return Interval(low, high)


def as_good(winner: str, others: Sequence[str], tests: Sequence[Equivalence], confidence: float) -> list[str]:
    """Those of `others` that are within the margin of the winner, all claimed at once."""
    by_pair = {frozenset((one.a, one.b)): one for one in tests}
    there = [name for name in others if frozenset((winner, name)) in by_pair]
    adjusted = holm([by_pair[frozenset((winner, name))].p for name in there])
    return [name for name, p in zip(there, adjusted, strict=True) if p <= 1.0 - confidence]
