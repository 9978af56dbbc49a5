"""Quantiles and tails of the normal, t, chi-squared and binomial distributions: the only place that calls scipy.

`scipy.special` is used, not `scipy.stats`, which takes a second longer to import.
"""

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import special


def normal_quantile(p: float) -> float:
    """The z with P(Z <= z) = p."""
    return float(special.ndtri(p))


def normal_cdf(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """P(Z <= z) of the standard normal distribution, for each z."""
    return np.asarray(special.ndtr(z), dtype=np.float64)


def normal_two_sided(z: float) -> float:
    """P(|Z| >= |z|) of the standard normal distribution."""
    return float(2.0 * special.ndtr(-abs(z)))


def normal_upper(z: float) -> float:
    """P(Z >= z) of the standard normal distribution."""
    return float(special.ndtr(-z))


@lru_cache(maxsize=4096)
def t_quantile(p: float, df: float) -> float:
    """The t with P(T <= t) = p, of Student's distribution with `df` >= 1 degrees of freedom."""
    if df < 1:
        raise ValueError(f"t needs at least 1 degree of freedom, not {df}")
    return float(special.stdtrit(df, p))


@lru_cache(maxsize=4096)
def chi_squared_quantile(p: float, df: int) -> float:
    """The x with P(X <= x) = p, of the chi-squared distribution with `df` >= 1 degrees of freedom."""
    if df < 1:
        raise ValueError(f"chi-squared needs at least 1 degree of freedom, not {df}")
    return float(special.chdtri(df, 1.0 - p))


def t_two_sided(t: float, df: float) -> float:
    """P(|T| >= |t|) of Student's distribution with `df` >= 1 degrees of freedom."""
    if df < 1:
        raise ValueError(f"t needs at least 1 degree of freedom, not {df}")
    return float(2.0 * special.stdtr(df, -abs(t)))


def t_upper(t: float, df: float) -> float:
    """P(T >= t) of Student's distribution with `df` >= 1 degrees of freedom."""
    if df < 1:
        raise ValueError(f"t needs at least 1 degree of freedom, not {df}")
    return float(special.stdtr(df, -t))


def beta_quantile(
    p: NDArray[np.float64] | float, a: NDArray[np.float64], b: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The x with P(X <= x) = p, of beta distributions with parameters a and b > 0."""
    return np.asarray(special.betaincinv(a, b, p), dtype=np.float64)


def binomial_cdf(k: int, n: int, p: float) -> float:
    """P(X <= k) of the binomial distribution; 0 below 0."""
    if k < 0:
        return 0.0
    return 1.0 if k >= n else float(special.bdtr(k, n, p))


def binomial_quantile(q: float, n: int, p: float) -> int:
    """The smallest k with P(X <= k) >= q."""
    low, high = -1, n
    while high - low > 1:
        middle = math.floor((low + high) / 2)
        if binomial_cdf(middle, n, p) >= q:
            high = middle
        else:
            low = middle
    return high
