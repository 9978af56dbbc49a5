"""Looks at data that are still coming in, at one error rate over all of them.

Whoever looks at a test again and again and ends it when it is significant errs far more often than each look claims.
An error-spending rule says beforehand how much of the error may be spent by when (Lan and DeMets, Biometrika 70, 1983).
Here it is the one of the O'Brien-Fleming type: each side of a two-sided test of level alpha may have spent

    2 - 2 Phi(z / sqrt(t)), where z is the upper alpha / 4 point of the normal distribution,

when a share t of the information is in. Early looks may spend next to nothing, so the last one is nearly as sharp as
the only look of a test without. Boundaries come from it by recursive numerical integration (Armitage, McPherson and
Rowe, J. R. Statist. Soc. A 132, 1969; Jennison and Turnbull, Group Sequential Methods, 2000, chapter 19).

Tests other than of a normal mean with known variance take part by their p values (the significance-level approach,
Jennison and Turnbull 2000, section 4.4). Where the looks know more of each other than their shares of the information
say, as where all prompts were asked by the first of them, the boundaries are cautious.

Leaves to others: when to look, and several tests at once (`multiplicity` on `sequential_p`).
"""

import itertools
import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from assay.stats.distributions import normal_cdf, normal_quantile, normal_two_sided

Floats = NDArray[np.float64]

LEAST = 1e-12
"""Sequential p values end here: below, only the arithmetic would differ."""

_WIDEST = 12.0
"""Standard deviations beyond which nothing is integrated: what lies there is less than 1e-32."""

_NODES = 96
_STEPS = 200


def spent(alpha: float, share: float) -> float:
    """How much of the two-sided error `alpha` may be spent when this share (0 to 1] of the information is in."""
    if not 0.0 < alpha < 1.0 or not 0.0 < share <= 1.0:
        raise ValueError(
            f"expected an error between 0 and 1 and a share above 0 and up to 1, not {alpha}, {share}"
        )
    each_side = normal_two_sided(normal_quantile(1.0 - alpha / 4.0) / math.sqrt(share))
    return 2.0 * each_side


@lru_cache(maxsize=4096)
def boundaries(alpha: float, shares: tuple[float, ...]) -> tuple[float, ...]:
    """How large |z| has to be at each look to reject at a two-sided error of `alpha` over all looks.

    `shares` are the shares of the information at the looks so far, rising, the last possible one being 1. Two-sided,
    symmetric, and without stopping for futility: who stops early for another reason errs less.
    """
    if any(later <= earlier for earlier, later in itertools.pairwise(shares)):
        raise ValueError(f"expected shares of the information that rise, not {shares}")
    found: list[float] = []
    nodes, heavy = _gauss()
    at, density = np.zeros(1), np.ones(1)  # of the sum at the last look, where no boundary was crossed
    before, used = 0.0, 0.0
    for share in shares:
        allowed = spent(alpha, share)
        step = math.sqrt(share - before)
        bound = _bound(max(allowed - used, 0.0) / 2.0, at, density, step, math.sqrt(share))
        found.append(bound)
        edge = min(bound, _WIDEST) * math.sqrt(share)
        following = edge * nodes
        kernel = np.exp(-0.5 * np.square((following[:, None] - at[None, :]) / step)) / (
            step * math.sqrt(2.0 * math.pi)
        )
        at, density = following, (kernel @ density) * heavy * edge
        before, used = share, allowed
    return tuple(found)


def levels(alpha: float, shares: tuple[float, ...]) -> tuple[float, ...]:
    """The two-sided level of each look by itself: p values up to it reject, intervals leave it out.

    Intervals of confidence 1 - level at every look are repeated confidence intervals: all of them hold the truth with
    a probability of at least 1 - alpha (Jennison and Turnbull, J. R. Statist. Soc. B 51, 1989).
    """
    return tuple(normal_two_sided(bound) for bound in boundaries(alpha, shares))


def sequential_p(p_values: Sequence[float], shares: tuple[float, ...]) -> float:
    """The smallest error at which a test is rejected at one of the looks so far (Liu and Anderson 2008).

    `p_values` are the two-sided ones of the looks by themselves. It never grows from one look to the next, and under
    the hypothesis it is at or below any alpha with a probability of at most alpha, whenever one stops: so it may be
    adjusted as any p value may, by Holm too (Ye, Li, Liu and Yao, Statistics in Medicine 32, 2013).
    """
    if len(p_values) != len(shares):
        raise ValueError(f"{len(p_values)} p values at {len(shares)} looks")
    return min((error_at_last(p, shares[: look + 1]) for look, p in enumerate(p_values)), default=1.0)


@lru_cache(maxsize=4096)
def error_at_last(p: float, shares: tuple[float, ...]) -> float:
    """The smallest error over all looks at which the last of these rejects a test of which it has the p value `p`."""

    def rejects(alpha: float) -> bool:
        return p <= levels(alpha, shares)[-1]

    if not rejects(1.0 - 1e-9):
        return 1.0
    if rejects(LEAST):
        return LEAST
    low, high = math.log(LEAST), math.log(1.0 - 1e-9)
    while high - low > 1e-7:
        middle = (low + high) / 2.0
        if rejects(math.exp(middle)):
            high = middle
        else:
            low = middle
    return math.exp(high)


def _bound(tail: float, at: Floats, density: Floats, step: float, scale: float) -> float:
    """The z above which the next sum, in units of `scale`, lies with a probability of `tail`."""
    if tail <= 0.0:
        return math.inf

    def above(z: float) -> float:
        return float((density * normal_cdf((at - z * scale) / step)).sum())

    low, high = 0.0, 40.0
    if above(low) <= tail:
        return 0.0
    for _ in range(_STEPS):
        middle = (low + high) / 2.0
        if middle in (low, high):
            break
        if above(middle) > tail:
            low = middle
        else:
            high = middle
    return high


@lru_cache(maxsize=1)
def _gauss() -> tuple[Floats, Floats]:
    nodes, heavy = np.polynomial.legendre.leggauss(_NODES)
    return np.asarray(nodes, dtype=np.float64), np.asarray(heavy, dtype=np.float64)
