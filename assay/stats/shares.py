"""Intervals of a share: of requests that failed, of answers that are right.

`wilson` is for independent yes-or-no cases; `clustered` for prompts that share source documents, whose values may
lie anywhere from 0 to 1 (a prompt asked five times and answered right four times counts .8, once).
"""

import math

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


def _score(share: float, n: float, z: float) -> Interval:
    squared = z * z / n
    centre = (share + squared / 2.0) / (1.0 + squared)
    half = z / (1.0 + squared) * math.sqrt(share * (1.0 - share) / n + squared / (4.0 * n))
    # Rounding must not push the observed share out of its own interval.
    return Interval(max(0.0, min(share, centre - half)), min(1.0, max(share, centre + half)))
