"""A straight trend within strata: how much accuracy changes with every doubling of the prompt, task by task.

One slope and an intercept for each stratum, by least squares (a fixed-effects regression): tasks of different sizes and
difficulty don't pass for an effect of size, since prompts are compared with others of their own task only.

The standard error is the jackknife over clusters (CV3: MacKinnon, Nielsen and Webb, Journal of Applied Econometrics 38,
2023), which needs neither equal variances nor independent prompts of a document. Its degrees of freedom are those of the
documents that carry the slope: (sum h)^2 / sum h^2 with h a document's share of the spread of x, which is Satterthwaite's
approximation (Bell and McCaffrey 2002; Imbens and Kolesar 2016) for equal variances, and at most documents less strata.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.stats.distributions import t_quantile, t_two_sided
from assay.stats.interval import Interval, tail

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Trend:
    """A slope in units of y per unit of x, with its standard error, interval and two-sided p value."""

    slope: float
    standard_error: float
    interval: Interval
    p: float


def within(x: Floats, y: Floats, strata: Codes, clusters: Codes, confidence: float) -> Trend | None:
    """The common slope of y over x within strata; clusters are numbered by `clusters`, and may span strata.

    None where x doesn't vary within any stratum, where leaving a cluster out would leave no slope, or where there are
    fewer than 3 clusters more than strata.
    """
    if not len(x):
        return None
    _, strata = np.unique(strata, return_inverse=True)
    _, clusters = np.unique(clusters, return_inverse=True)
    count, groups = int(strata.max()) + 1, int(clusters.max()) + 1
    freedom = groups - count
    if freedom < 2:
        return None
    # Centred first, so that sums of squares keep their digits.
    x = x - _means(x, strata)
    y = y - _means(y, strata)
    bottom, top = float((x * x).sum()), float((x * y).sum())
    if bottom <= 1e-9 * len(x):
        return None
    slope = top / bottom
    pairs, at = np.unique(clusters * count + strata, return_inverse=True)
    owner, stratum = pairs // count, pairs % count
    sums = [np.bincount(at, weights=values) for values in (np.ones(len(x)), x, y, x * x, x * y)]
    n, sx, sy, sxx, sxy = sums
    left = np.bincount(strata)[stratum] - n
    # Without these prompts the stratum's means move: the centred sums of the rest follow (its own sums of x and y are 0).
    shift = np.divide(1.0, left, out=np.zeros(len(left)), where=left > 0)
    bottoms = bottom + np.bincount(owner, weights=-sxx - sx * sx * shift, minlength=groups)
    tops = top + np.bincount(owner, weights=-sxy - sx * sy * shift, minlength=groups)
    if bool((bottoms <= 1e-9 * len(x)).any()):
        return None
    moved = tops / bottoms - slope
    error = math.sqrt(float(np.square(moved).sum()) * (groups - 1) / groups)
    if error <= 1e-12:
        return Trend(slope, 0.0, Interval(slope, slope), 1.0 if abs(slope) <= 1e-12 else 0.0)
    weight = np.bincount(owner, weights=sxx, minlength=groups)
    carried = max(1.0, min(float(freedom), float(weight.sum()) ** 2 / float(np.square(weight).sum())))
    half = t_quantile(1.0 - tail(confidence), carried) * error
    return Trend(slope, error, Interval(slope - half, slope + half), t_two_sided(slope / error, carried))


def _means(values: Floats, strata: Codes) -> Floats:
    means = np.bincount(strata, weights=values) / np.bincount(strata)
    return np.asarray(means[strata])
