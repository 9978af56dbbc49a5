"""Interval of a ratio from the intervals of its two parts (MOVER: method of variance estimates recovery).

A ratio of two means inherits the faults of a symmetric interval where the lower part is a share near 0 or 1: one of a
small sample in which every answer was right would have no width at all. Here each part keeps the interval that suits it,
a share Wilson's, and the ratio's is made of these (Zou and Donner 2008; Donner and Zou 2012; Newcombe 2016, "MOVER-R"):
for theta1 / theta2 the lower end L solves

    (theta1 - L theta2)^2 = (theta1 - l1)^2 + L^2 (u2 - theta2)^2 - 2 r L (theta1 - l1) (u2 - theta2)

and the upper end U the same with u1 in the place of l1 and l2 in that of u2; r is the correlation of the two estimates.
With symmetric intervals it is Fieller's (1954).
"""

import math

import numpy as np
from numpy.typing import NDArray

from assay.stats.interval import Interval

Floats = NDArray[np.float64]


def ratio_interval(
    above: float, of_above: Interval, below: float, of_below: Interval, correlation: float = 0.0
) -> Interval:
    """Interval of above / below, of which `of_above` and `of_below` are the intervals; below and above are positive.

    An end is infinite where the lower part may be 0.
    """
    value = above / below
    low = _low(above, above - max(0.0, of_above.low), below, of_below.high - below, correlation)
    high = _high(above, of_above.high - above, below, below - max(0.0, of_below.low), correlation)
    # Rounding must not push the ratio out of its own interval.
    return Interval(min(value, low), max(value, high))


def _low(above: float, a: float, below: float, b: float, r: float) -> float:
    product = above * below - r * a * b
    rest = (above**2 - a**2) * (below**2 - b**2)
    bottom = product + math.sqrt(max(0.0, product**2 - rest))
    return (above**2 - a**2) / bottom if bottom > 0 else 0.0


def _high(above: float, a: float, below: float, b: float, r: float) -> float:
    bottom = below**2 - b**2
    if bottom <= 0:
        return math.inf
    product = above * below - r * a * b
    rest = (above**2 - a**2) * bottom
    return (product + math.sqrt(max(0.0, product**2 - rest))) / bottom


def correlation(a: Floats, b: Floats) -> float:
    """Correlation of two estimates from their clusters' influences, which sum to 0; 0 where one shows no spread."""
    spread = math.sqrt(float(np.square(a).sum()) * float(np.square(b).sum()))
    return 0.0 if spread == 0 else max(-1.0, min(1.0, float((a * b).sum()) / spread))
