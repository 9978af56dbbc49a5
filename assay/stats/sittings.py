"""Two groups of sittings: is a figure of the second group another one than that of the first?

Requests of one sitting share its hour, so they can't witness for another one. What can be told apart is measured by how
much sittings of a group differ among themselves: each sitting gives one number, and the two groups are set against each
other by Welch's t test (Welch 1947; degrees of freedom by Satterthwaite 1946), for latencies and rates on the logarithmic
scale, where sittings differ by factors. It needs sittings that don't depend on each other, and numbers of them that are
about normal. Where the k-th sitting of one group asked the same as the k-th of the other, and no other did, what they asked
cancels in their ratio: `paired` then compares these. Leaves to others: what a sitting is, and how many tests are made at once.
"""

import math

import numpy as np
from numpy.typing import NDArray

from assay.stats.distributions import t_quantile
from assay.stats.interval import Interval, tail
from assay.stats.paired import blocked_quantile_ratio
from assay.stats.ratios import Apart, Difference, difference_apart, p_value

Floats = NDArray[np.float64]


def log_ratio(
    first: Floats,
    second: Floats,
    confidence: float,
    pooled: tuple[float, float] | None = None,
    *,
    paired: bool = False,
) -> Difference | None:
    """second / first - 1 of positive figures, one for each sitting of the two groups.

    `pooled` are the figures of all requests of each group. They, and not the sittings' mean, are then the value; as in
    `paired.blocked_quantile_ratio` the interval reaches out from both, and the test takes the weaker of the two.
    `paired` takes the k-th sittings of both groups for a pair. None for fewer than 2 sittings on either side, or where a
    figure isn't positive and finite.
    """
    everything = np.concatenate([first, second, np.array(pooled or ())])
    if min(len(first), len(second)) < 2 or not (np.isfinite(everything).all() and (everything > 0).all()):
        return None
    if paired:
        both = pooled or (math.exp(float(np.log(first).mean())), math.exp(float(np.log(second).mean())))
        return blocked_quantile_ratio(both[1], both[0], second, first, confidence)
    means = difference_apart(_apart(second), _apart(first), confidence)
    if pooled is None:
        return means
    log, mean = math.log(pooled[1] / pooled[0]), math.log1p(means.value)
    shift = log - mean
    low, high = _shifted(means.interval.low, shift), _shifted(means.interval.high, shift)
    freedom = _freedom(first, second)
    agree = log * mean > 0 or abs(shift) <= 1e-12
    return Difference(
        math.expm1(log),
        means.standard_error,
        Interval(min(low, means.interval.low), max(high, means.interval.high)),
        max(means.p, p_value(log, means.standard_error, freedom)) if agree else 1.0,
    )


def share_difference(
    failed_first: Floats, n_first: Floats, failed_second: Floats, n_second: Floats, confidence: float
) -> Difference | None:
    """Share of the second group less that of the first: `failed` of `n` in each sitting.

    The variance of each group is the larger of two: that between its sittings, and that of independent cases with one case
    more of each kind (Agresti and Caffo, The American Statistician 54, 2000), so that three sittings without a failure aren't
    taken for certain. Welch's t with the sittings' degrees of freedom. None for fewer than 2 sittings on either side.
    """
    if min(len(n_first), len(n_second)) < 2:
        return None
    shares, centres, variances, freedoms = [], [], [], []
    for failed, n in ((failed_first, n_first), (failed_second, n_second)):
        total, count = float(n.sum()), len(n)
        share = float(failed.sum()) / total
        shrunk = (float(failed.sum()) + 1.0) / (total + 2.0)
        between = float(np.square(failed - share * n).sum()) / total**2 * count / (count - 1)
        shares.append(share)
        centres.append(shrunk)
        variances.append(max(between, shrunk * (1.0 - shrunk) / (total + 2.0)))
        freedoms.append(count - 1)
    value, centre = shares[1] - shares[0], centres[1] - centres[0]
    error = math.sqrt(sum(variances))
    freedom = error**4 / sum(each**2 / df for each, df in zip(variances, freedoms, strict=True))
    half = t_quantile(1.0 - tail(confidence), freedom) * error
    low, high = max(-1.0, centre - half), min(1.0, centre + half)
    return Difference(
        value, error, Interval(min(low, value), max(high, value)), p_value(value, error, freedom)
    )


def _apart(figures: Floats) -> Apart:
    logs = np.log(figures)
    return Apart(math.exp(float(logs.mean())), float(logs.std(ddof=1)) / math.sqrt(len(logs)), len(logs) - 1)


def _freedom(first: Floats, second: Floats) -> float:
    parts = [_apart(figures) for figures in (first, second)]
    pieces = sum(part.log_error**4 / part.df for part in parts)
    error = math.hypot(*(part.log_error for part in parts))
    return error**4 / pieces if pieces > 0 else min(part.df for part in parts)


def _shifted(share: float, by: float) -> float:
    return math.expm1(math.log1p(share) + by) if share > -1.0 and math.isfinite(share) else share
