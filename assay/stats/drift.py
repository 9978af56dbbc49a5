"""Drift: by how much a latency grew or fell while it was measured, as a trend with its interval.

It warns; nothing is corrected for it and nothing deleted. Leaves to others: which requests, and in what words.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.stats.distributions import t_quantile
from assay.stats.interval import Interval, tail

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

BATCHES = 10
LEAST_IN_BATCH = 5
LEAST_BLOCKS = 3


@dataclass(frozen=True, slots=True)
class Drift:
    """Change of a latency from the first request to the last, as a share: .1 is 10 % slower at the end."""

    value: float
    interval: Interval


def drift(seconds: Floats, values: Floats, blocks: Codes, confidence: float) -> Drift | None:
    """The trend of positive finite `values`, by least squares through the logarithms of group medians.

    Groups are the blocks, or in one block ten batches of consecutive requests (batch means: Law, Simulation Modeling
    and Analysis, 2015, 9.5.3), so that requests which depend on their neighbours, or share a slow block, don't pass
    for many witnesses; medians, so that a few stragglers make no trend. t with G - 2 degrees of freedom.

    None for 2 blocks (a difference between two is no trend), for fewer than 50 requests in one, for values that
    aren't positive, and where all times are the same.
    """
    known = np.isfinite(seconds) & np.isfinite(values)
    when, latency, block = seconds[known], values[known], blocks[known]
    if not len(when) or not (latency > 0).all():
        return None
    numbers = np.unique(block)
    order = np.argsort(when, kind="stable")
    if len(numbers) >= LEAST_BLOCKS:
        groups = [np.flatnonzero(block == number) for number in numbers]
    elif len(numbers) == 1 and len(when) >= BATCHES * LEAST_IN_BATCH:
        groups = np.array_split(order, BATCHES)
    else:
        return None
    x = np.array([when[group].mean() for group in groups])
    y = np.array([np.median(np.log(latency[group])) for group in groups])
    span = float(when.max() - when.min())
    centred = x - x.mean()
    squares = float(np.square(centred).sum())
    if not squares > 0:
        return None
    slope = float((centred * y).sum()) / squares
    residuals = y - y.mean() - slope * centred
    df = len(groups) - 2
    error = math.sqrt(float(np.square(residuals).sum()) / df / squares)
    change, half = slope * span, t_quantile(1.0 - tail(confidence), df) * error * span
    return Drift(_share(change), Interval(_share(change - half), _share(change + half)))


def _share(log: float) -> float:
    return math.expm1(log) if log < 700.0 else math.inf
