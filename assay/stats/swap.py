"""Do two models cost the same? A test that keeps its level also with few documents of very different sizes.

If two models are alike, it is by chance which of them gave which answers to the prompts of a document: what the two spent on
it might as well be swapped. So the ratio of their means is set against those that all other swaps would have given (Fisher
1935; Good, Permutation, Parametric and Bootstrap Tests of Hypotheses, 2005): exact where the two are exchangeable, however the
prompts of a document hang together and whatever its size. A jackknife with t isn't: with 12 documents of 1 to 40 prompts it
tells equal models apart in 7 of 100 cases, and where few documents have most of the prompts in 11, for 5. Whether one costs more than 1.1 times the other is asked in the same
way, with the one's costs divided by 1.1.

- **all swaps** with up to 14 documents; with more, 9,999 drawn ones (1,999 above 1,000 documents) from a fixed seed, p = (1 +
  those as extreme) / (1 + draws) (Phipson and Smyth 2010). Where none is, Hoeffding's bound (1963) of a sum with random signs
  says how much less than that it is.
- **Fewer than 12 documents** have so few swaps that no p value could be small, even of models of which one costs 50 times the
  other. There it is a t test of the documents' log ratios, one number each, which errs on the safe side where they vary
  differently (Benjamini 1983).

Neither is asked alone: see `Swapped`.
"""

import math
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from assay.stats.effect import Centred
from assay.stats.interval import Interval, tail

Floats = NDArray[np.float64]

FEWEST = 12
"""Documents from which on swaps are enough for a small p value: 2 / 2^12 is below .05 over a hundred pairs of models."""

_LISTED = 14
_DRAWS = 9_999
_DRAWS_OF_MANY = 1_999
_MANY = 1_000
_KEPT = 128
_SEED = 20_261
_ROUNDING = 1e-9
_HALVINGS = 12


@dataclass(frozen=True, eq=False)
class Spent:
    """What two models spent on the same documents, for what they got: arrays of documents x strata.

    The figure of a model is sum over strata of share x (sum of `above` / sum of `below`): dollars per answer, say, in a mix
    of buckets.
    """

    above_a: Floats
    below_a: Floats
    above_b: Floats
    below_b: Floats
    shares: Floats
    """Of the strata."""

    @property
    def documents(self) -> int:
        """How many."""
        return len(self.above_a)

    def above(self, shift: float) -> float:
        """One-sided p value of log(a / b) being at most `shift`."""
        return self._p(shift, 1.0)

    def below(self, shift: float) -> float:
        """One-sided p value of log(a / b) being at least `shift`."""
        return self._p(shift, -1.0)

    def two_sided(self) -> float:
        """Of a and b being alike: by how far the ratio is from 1, on either side."""
        seen, swapped = self._logs(0.0)
        return self._share(np.abs(swapped) >= abs(seen) - _ROUNDING, 0.0, 2.0)

    def _p(self, shift: float, side: float) -> float:
        seen, swapped = self._logs(shift)
        if side * seen <= 0.0:
            return 1.0
        return self._share(side * swapped >= side * seen - _ROUNDING, shift, 1.0)

    def _share(self, extreme: NDArray[np.bool_], shift: float, sides: float) -> float:
        """The p value from which swaps are as extreme as what was seen."""
        if self.documents <= _LISTED:
            return float(extreme.mean())
        count = int(extreme.sum())
        if count:
            return (1 + count) / (1 + len(extreme))
        return min(1.0 / (1 + len(extreme)), sides * self._hoeffding(shift))

    def _logs(self, shift: float) -> tuple[float, Floats]:
        """log(a / b), with a's costs over exp(shift): as it was seen, and after each swap."""
        scale = math.exp(-shift)
        kept_a, kept_b, gone_a, gone_b, paid_a, paid_b = self._sides
        with np.errstate(divide="ignore", invalid="ignore"):
            first = ((scale * kept_a + gone_b) / paid_a) @ self.shares
            second = ((scale * gone_a + kept_b) / paid_b) @ self.shares
            logs = np.log(first / second)
        # A swap that leaves a stratum empty says nothing for anybody: it counts as extreme, on either side.
        logs = np.where(np.isfinite(logs), logs, np.nan)
        seen = float(logs[0])
        others = logs if self.documents <= _LISTED else logs[1:]
        return seen, np.where(np.isnan(others), seen, others)

    @cached_property
    def _sides(self) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats]:
        """For what was seen and for each swap, by stratum: above of a that stays and goes, of b that stays and goes; below."""
        parts = np.hstack([self.above_a, self.above_b, self.below_a, self.below_b])
        totals = parts.sum(axis=0)
        gone = np.vstack(
            [np.zeros((1, parts.shape[1])), *(chosen @ parts for chosen in _choices(self.documents))]
        )
        strata = len(self.shares)
        away = [gone[:, place * strata : (place + 1) * strata] for place in range(4)]
        whole = [totals[place * strata : (place + 1) * strata] for place in range(4)]
        gone_a, gone_b = away[0], away[1]
        paid_a = whole[2] - away[2] + away[3]
        paid_b = whole[3] - away[3] + away[2]
        return whole[0] - gone_a, whole[1] - gone_b, gone_a, gone_b, paid_a, paid_b

    def _hoeffding(self, shift: float) -> float:
        """Bound of the chance that random signs give a sum as large as that of the documents' differences."""
        scale = math.exp(-shift)
        above_a = scale * self.above_a
        paid = (self.below_a.sum(axis=0) + self.below_b.sum(axis=0)) / 2.0
        middle = (above_a.sum(axis=0) + self.above_b.sum(axis=0)) / (2.0 * paid)
        each = (above_a - middle * self.below_a) - (self.above_b - middle * self.below_b)
        moved = (each / paid) @ self.shares
        squares = float(np.square(moved).sum())
        return math.exp(-(float(moved.sum()) ** 2) / (2.0 * squares)) if squares > 0 else 1.0

    def by_document(self) -> Centred | None:
        """The documents' log ratios as a sample: their mean with its error; None where fewer than 2 have one."""
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.log(self._of_documents(self.above_a, self.below_a)) - np.log(
                self._of_documents(self.above_b, self.below_b)
            )
        logs = logs[~np.isnan(logs)]
        if len(logs) < 2 or not np.isfinite(logs).all():
            return None
        error = float(logs.std(ddof=1)) / math.sqrt(len(logs))
        mean = float(logs.mean())
        return Centred((mean,), 0.0 if error <= _ROUNDING else error, len(logs) - 1)

    def _of_documents(self, above: Floats, below: Floats) -> Floats:
        weights = self.shares / below.sum(axis=0)
        found: Floats = (above @ weights) / (below @ weights)
        return found


@dataclass(frozen=True, eq=False)
class Swapped:
    """A log ratio by the jackknife, and held to what swaps, or few documents' own ratios, would allow: the weaker of both.

    As `assay.stats.effect.Effect`.
    """

    jackknifed: Centred
    spent: Spent
    _intervals: dict[float, Interval] = field(default_factory=dict, repr=False)

    def above(self, shift: float) -> float:
        """One-sided p value of being at most `shift`."""
        floor = self._by_document.above(shift) if self._by_document else self.spent.above(shift)
        return max(self.jackknifed.above(shift), floor)

    def below(self, shift: float) -> float:
        """One-sided p value of being at least `shift`."""
        floor = self._by_document.below(shift) if self._by_document else self.spent.below(shift)
        return max(self.jackknifed.below(shift), floor)

    def equal(self) -> float:
        """Two-sided p value of being 0."""
        found = self.jackknifed
        both = min(1.0, 2.0 * min(found.above(0.0), found.below(0.0)))
        if self._by_document:
            own = self._by_document
            return max(both, min(1.0, 2.0 * min(own.above(0.0), own.below(0.0))))
        return max(both, self.spent.two_sided())

    def interval(self, confidence: float) -> Interval:
        """The shifts that no test rejects; at least the jackknife's."""
        if confidence not in self._intervals:
            self._intervals[confidence] = self._interval(confidence)
        return self._intervals[confidence]

    def _interval(self, confidence: float) -> Interval:
        found = self.jackknifed.interval(confidence)
        if self._by_document:
            own = self._by_document.interval(confidence)
            return Interval(min(found.low, own.low), max(found.high, own.high))
        if not (math.isfinite(found.low) and math.isfinite(found.high)):
            return found
        level = tail(confidence)
        return Interval(
            found.low - self._beyond(found.low, -1.0, level),
            found.high + self._beyond(found.high, 1.0, level),
        )

    @cached_property
    def _by_document(self) -> Centred | None:
        return self.spent.by_document() if self.spent.documents < FEWEST else None

    def _beyond(self, end: float, side: float, level: float) -> float:
        """How far beyond an end of the jackknife's interval swaps still can't tell a shift from the truth."""
        p_value = self.spent.below if side > 0 else self.spent.above

        def held(distance: float) -> bool:
            return p_value(end + side * distance) > level

        if not held(1e-9):
            return 0.0
        reach = max(self.jackknifed.error, 1e-6)
        while held(reach):
            reach *= 2.0
            if reach > 50.0:
                return math.inf
        low, high = 0.0, reach
        for _ in range(_HALVINGS):
            middle = (low + high) / 2.0
            low, high = (middle, high) if held(middle) else (low, middle)
        return high


def _choices(documents: int) -> list[Floats]:
    """Which documents are swapped: rows of 0 and 1. All of them (the first is none, which is left out), or drawn ones."""
    if documents <= _LISTED:
        return [_listed(documents)]
    if documents <= _KEPT:
        return [_drawn(documents)]
    rows = _DRAWS if documents <= _MANY else _DRAWS_OF_MANY
    draw = np.random.default_rng(_SEED)
    return [
        draw.integers(0, 2, (min(500, rows - begin), documents)).astype(np.float64)
        for begin in range(0, rows, 500)
    ]


@lru_cache(maxsize=4)
def _listed(documents: int) -> Floats:
    numbers = np.arange(1, 2**documents)[:, None]
    found: Floats = ((numbers >> np.arange(documents)) & 1).astype(np.float64)
    return found


@lru_cache(maxsize=4)
def _drawn(documents: int) -> Floats:
    return np.random.default_rng(_SEED).integers(0, 2, (_DRAWS, documents)).astype(np.float64)
