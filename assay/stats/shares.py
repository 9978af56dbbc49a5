"""Intervals of a share: of requests that failed, of answers that are right.

`wilson` is for independent yes-or-no cases; `clustered` for prompts that share source documents, whose values may
lie anywhere from 0 to 1 (a prompt asked five times and answered right four times counts .8, once); `of_prompts` takes the
one that fits. `stratified` is for the plain mean of several sets' means.
"""

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from assay.stats.distributions import normal_quantile, t_quantile
from assay.stats.interval import Interval, tail

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


def wilson(share: float, n: float, confidence: float) -> Interval | None:
    """Wilson's score interval (1927) of a share seen in `n` independent cases. None for n < 1: nothing was seen."""
    return None if n < 1 else _score(share, n, normal_quantile(1.0 - tail(confidence)))


def clustered(
    values: Floats, clusters: Codes, confidence: float, weights: Floats | None = None
) -> Interval | None:
    """Interval of the (weighted) mean of values from 0 to 1 that come in clusters.

    Wilson's interval with the effective sample size p (1 - p) / variance and the t quantile with G - 1 degrees of
    freedom (Dean and Pagano 2015; Franco, Little, Louis and Slud 2019), the variance being that of the clusters'
    residual sums, and never less than that of independent values: clusters that happen to balance each other don't
    make a sample larger. At 0 and 1, where the sample shows no variance at all, each cluster counts as one case.

    `clusters` numbers the cluster of each value. None for fewer than 2 clusters: one document says nothing of the
    spread between documents.
    """
    groups = len(np.unique(clusters))
    if groups < 2:
        return None
    heavy = np.full(len(values), 1.0 / len(values)) if weights is None else weights / float(weights.sum())
    share = min(1.0, max(0.0, float((heavy * values).sum())))
    residuals = heavy * (values - share)
    sums = np.bincount(clusters, weights=residuals)
    between = float(np.square(sums).sum()) * groups / (groups - 1)
    apart = float(np.square(residuals).sum())
    variance = max(between, apart)
    cases = groups if variance <= 1e-18 else share * (1.0 - share) / variance
    return _score(share, cases, t_quantile(1.0 - tail(confidence), groups - 1))


Method = Literal["wilson", "clustered"]


def of_prompts(
    values: Floats, clusters: Codes, confidence: float, weights: Floats | None = None
) -> tuple[Interval | None, Method | None]:
    """Interval of the (weighted) mean over prompts, and by which method.

    Wilson's where every prompt has a document of its own, counts the same, and is right or wrong; else that of
    `clustered`. None for fewer than 2 documents.
    """
    groups = len(np.unique(clusters))
    if groups < 2:
        return None, None
    alike = weights is None or float(np.ptp(weights)) <= 1e-9 * float(weights.max())
    if alike and groups == len(values) and bool(np.isin(values, (0.0, 1.0)).all()):
        return wilson(float(values.mean()), len(values), confidence), "wilson"
    return clustered(values, clusters, confidence, weights), "clustered"


def stratified(
    values: Floats, clusters: Codes, strata: Codes, confidence: float, weights: Floats | None = None
) -> Interval | None:
    """Interval of the mean of the strata's means, each stratum counting the same however many values it has.

    Strata are numbered from 0, without a gap; `weights` are those of the strata where they don't count the same. The strata
    (sets of a benchmark) are taken as given, so only the spread within them counts: the variance is that of the clusters'
    sums of residuals from their stratum's mean, with G / (G - strata) for the means that were estimated, and at least that
    of independent values. From there on as in `clustered`, with G - strata degrees of freedom (Korn and Graubard, Survey
    Methodology 24, 1998). None where a stratum has fewer than 2 clusters.
    """
    if not len(values):
        return None
    _, clusters = np.unique(clusters, return_inverse=True)
    count, groups = int(strata.max()) + 1, int(clusters.max()) + 1
    sizes = np.bincount(strata, minlength=count)
    there = np.unique(clusters * count + strata) % count
    if int(np.bincount(there, minlength=count).min()) < 2 or groups - count < 1:
        return None
    heavy = np.full(count, 1.0 / count) if weights is None else weights / float(weights.sum())
    means = np.bincount(strata, weights=values) / sizes
    residuals = heavy[strata] * (values - means[strata]) / sizes[strata]
    sums = np.bincount(clusters, weights=residuals)
    between = float(np.square(sums).sum()) * groups / (groups - count)
    apart = float(np.square(residuals).sum()) * len(values) / (len(values) - count)
    variance = max(between, apart)
    share = min(1.0, max(0.0, float((heavy * means).sum())))
    cases = groups if variance <= 1e-18 else share * (1.0 - share) / variance
    return _score(share, cases, t_quantile(1.0 - tail(confidence), groups - count))


def _score(share: float, n: float, z: float) -> Interval:
    squared = z * z / n
    centre = (share + squared / 2.0) / (1.0 + squared)
    half = z / (1.0 + squared) * math.sqrt(share * (1.0 - share) / n + squared / (4.0 * n))
    # Rounding must not push the observed share out of its own interval.
    return Interval(max(0.0, min(share, centre - half)), min(1.0, max(share, centre + half)))
