"""Quantiles and what can be said of their error, for values that may be infinite.

**Definition.** Everywhere in Assay a quantile is the inverse of the empirical distribution function (type 1 of
Hyndman and Fan 1996): the smallest observed value that at least a share p of the weight lies at or below. It is
always a value that was observed, so a failed request can stand in the sample as infinitely late, which no
interpolating definition survives.

**One sitting.** The interval runs between two order statistics, with exact binomial ranks (David and Nagaraja,
Order Statistics, 2003, section 7.1). It assumes independent requests and nothing of their distribution. Where n is
so small that no order statistic is far enough out, that end is refused (None).

**Blocks.** `sectioned` takes the spread between blocks (Asmussen and Glynn, Stochastic Simulation, 2007, III.5b):
requests of a block may depend on each other, blocks may not. Few blocks can agree by chance, so whoever uses it
should never let it be narrower than the order statistics would have it. Its conditions and what it adds to the
textbook's method stand there.

Leaves to others: which requests belong to a sample.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from assay.stats.distributions import (
    binomial_quantile,
    chi_squared_quantile,
    normal_quantile,
    t_quantile,
)
from assay.stats.interval import Interval, tail

Floats = NDArray[np.float64]

_ROUNDING = 1e-9
"""Shares are sums of floats: a rank is not moved up by what is only their rounding."""

_LARGEST_LOG = 700.0


@dataclass(frozen=True, slots=True)
class Ends:
    """Both ends of an interval, each None where n is too small to give it."""

    low: float | None
    high: float | None

    def interval(self) -> Interval | None:
        """The interval, if both ends stand."""
        return None if self.low is None or self.high is None else Interval(self.low, self.high)


@dataclass(frozen=True, slots=True)
class Sorted:
    """A sample in ascending order. Infinite values are allowed, NaN is not.

    `cumulative` is the share of the weight up to and including each value; `n` is the number of requests, or where
    weights differ the number of equally weighted ones that would say as much (Kish 1965).
    """

    values: Floats
    cumulative: Floats
    n: int

    @classmethod
    def of(cls, values: Floats, weights: Floats | None = None) -> "Sorted":
        """Sort `values`, each with a positive weight (by default all the same)."""
        count = len(values)
        if weights is None or count == 0 or bool(np.all(weights == weights[0])):
            return cls(np.sort(values), np.arange(1, count + 1, dtype=np.float64) / max(count, 1), count)
        order = np.argsort(values, kind="stable")
        heavy = weights[order]
        total = float(heavy.sum())
        alike = math.floor(total * total / float(np.square(heavy).sum()) + _ROUNDING)
        return cls(values[order], np.cumsum(heavy) / total, alike)

    def quantile(self, p: float) -> float | None:
        """The p-quantile; None for an empty sample."""
        if len(self.values) == 0:
            return None
        place = int(np.searchsorted(self.cumulative, p - _ROUNDING, side="left"))
        return float(self.values[min(place, len(self.values) - 1)])

    def share_above(self, limit: float) -> float:
        """Share of the weight that lies above `limit`."""
        place = int(np.searchsorted(self.values, limit, side="right"))
        return 1.0 if place == 0 else float(1.0 - self.cumulative[place - 1])


@lru_cache(maxsize=4096)
def ranks(n: int, p: float, confidence: float) -> tuple[int | None, int | None]:
    """Ranks (from 1) of the order statistics that bound the p-quantile of n independent values.

    Each misses its side with a probability of at most (1 - confidence) / 2. None where there is no such rank.
    """
    alpha = tail(confidence)
    low = binomial_quantile(alpha, n, p) if n else 0
    high = binomial_quantile(1.0 - alpha, n, p) + 1
    return (low if low >= 1 else None), (high if high <= n else None)


def least_n(p: float, confidence: float) -> int:
    """The smallest n at which both ends stand: 6, 72 and 368 for p = .5, .95 and .99 at a confidence of .95."""
    return math.ceil(math.log(tail(confidence)) / math.log(max(p, 1.0 - p)) - _ROUNDING)


def ends(sample: Sorted, p: float, confidence: float) -> Ends:
    """Both ends of the order-statistics interval, each on its own.

    With weights (a mix of buckets) it is Woodruff's interval (1952): the ranks are those of the equivalent n, as
    shares of the weight.
    """
    low, high = ranks(sample.n, p, confidence)
    return Ends(
        None if low is None else sample.quantile(low / sample.n),
        None if high is None else sample.quantile(high / sample.n),
    )


def sectioned(pooled: Sorted, blocks: Sequence[Sorted], p: float, confidence: float) -> Interval | None:
    """Interval of the p-quantile, 0.5 <= p < 1, from the spread between blocks: t with B - 1 degrees of freedom.

    It is about all hours like those measured, not only about these blocks. Centred on the pooled quantile and
    computed for logarithms, since blocks differ by factors. Two things are added to sectioning as the books have
    it, which in simulations of lognormal latencies covered as little as .74 of the claimed .95:

    - The pooled median of blocks that differ much is less exact than the mean of their medians, which the spread
      between blocks speaks of: the interval of a median reaches out from both.
    - The slowest hours make the tail, and few blocks hold few of them. The upper end of a tail moves out by what the
      p-quantile would grow if the variance between blocks were at the upper end of its own interval (one-sided,
      chi-squared with B - 1 degrees of freedom): with tail = log(p-quantile / median), by
      sqrt(tail^2 + z_p^2 (bound - variance)) - tail.

    So it covers its claim for blocks that differ lognormally, by standard deviations up to ten times that of their
    requests, for 2 blocks and up (tests/unit/test_stats_coverage.py). Rare bad hours of which no block was one, it
    can't know of.

    Where a block's quantile is infinite, or 0, there is no logarithm: then it is Woodruff's interval (1952), the
    share of each block at or below the pooled quantile taking the place of the quantile, and the upper end infinite
    if any block's is.

    None for fewer than 2 blocks, or where one is empty.
    """
    count = len(blocks)
    middle, whole = pooled.quantile(0.5), pooled.quantile(p)
    found = [block.quantile(p) for block in blocks]
    medians = [block.quantile(0.5) for block in blocks]
    if count < 2 or middle is None or whole is None or None in found or None in medians:
        return None
    each = np.array(found, dtype=np.float64)
    everything = np.append(each, [whole, middle])
    if not (np.isfinite(everything).all() and (everything > 0).all()):
        return _by_shares(pooled, blocks, whole, p, confidence)
    log, logs, centres = math.log(whole), np.log(each), np.log(np.array(medians, dtype=np.float64))
    half = _half(logs, log, confidence)
    mean = float(logs.mean()) if p <= 0.5 else log
    beyond = 0.0
    if p > 0.5:
        variance = float(centres.var(ddof=1))
        bound = variance * (count - 1) / chi_squared_quantile(1.0 - confidence, count - 1)
        tail_length, z = log - math.log(middle), normal_quantile(p)
        beyond = math.sqrt(tail_length**2 + z * z * max(bound - variance, 0.0)) - tail_length
    return Interval(_exp(min(log, mean) - half), _exp(max(log, mean) + half + beyond))


def _by_shares(
    pooled: Sorted, blocks: Sequence[Sorted], whole: float, p: float, confidence: float
) -> Interval:
    last = whole if math.isfinite(whole) else np.nextafter(math.inf, 0.0)
    shares = np.array([1.0 - block.share_above(last) for block in blocks])
    half = _half(shares, float(shares.mean()), confidence)
    low = pooled.quantile(p - half) if p > half else 0.0
    unbounded = p + half > 1.0 or any(block.quantile(p) == math.inf for block in blocks)
    high = math.inf if unbounded else pooled.quantile(p + half)
    return Interval(0.0 if low is None else low, math.inf if high is None else high)


def _half(values: Floats, around: float, confidence: float) -> float:
    count = len(values)
    spread = math.sqrt(float(np.square(values - around).sum()) / (count - 1))
    return t_quantile(1.0 - tail(confidence), count - 1) * spread / math.sqrt(count)


def _exp(log: float) -> float:
    """No overflow: 2 blocks that differ by much may bound nothing."""
    return math.exp(log) if log < _LARGEST_LOG else math.inf
