"""Differences between two models that were asked the same prompts, and between two medians of latency."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from assay.stats.distributions import binomial_cdf, normal_quantile, normal_two_sided, t_quantile
from assay.stats.effect import Centred
from assay.stats.interval import Interval, tail
from assay.stats.quantiles import Sorted, ranks
from assay.stats.ratios import Difference, p_value
from assay.stats.sign_flip import sign_flip

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


def share_difference(
    a: Floats, b: Floats, clusters: Codes, confidence: float, weights: Floats | None = None
) -> Difference | None:
    """Mean of a - b, prompt by prompt, for values from 0 to 1 that come in clusters.

    Bonett and Price's adjusted Wald interval for paired proportions (2012): two prompts are added, one that a wins
    and one that b wins, so that two models without an error on 20 prompts aren't taken for proven equal. Its
    variance is that of the clusters, with the t quantile of G - 1 degrees of freedom. The value is the plain mean.

    None for fewer than 2 clusters.
    """
    groups = len(np.unique(clusters))
    if groups < 2:
        return None
    heavy = np.full(len(a), 1.0 / len(a)) if weights is None else weights / float(weights.sum())
    differences = a - b
    plain = float((heavy * differences).sum())
    alike = 1.0 / float(np.square(heavy).sum())
    shrunk = alike / (alike + 2.0)
    centre = shrunk * plain
    residuals = shrunk * heavy * (differences - centre)
    sums = np.bincount(clusters, weights=residuals)
    added = (np.array([1.0, -1.0]) - centre) / (alike + 2.0)
    between = float(np.square(sums).sum()) * groups / (groups - 1)
    error = math.sqrt(between + float(np.square(added).sum()))
    half = t_quantile(1.0 - tail(confidence), groups - 1) * error
    low, high = max(-1.0, centre - half), min(1.0, centre + half)
    return Difference(
        plain,
        error,
        Interval(min(low, plain), max(high, plain)),
        p_value(centre, error, groups - 1),
        effect=Shares(
            Centred(tuple({centre, plain}), error, groups - 1),
            alike,
            _together(residuals, between, alike, groups),
        ),
    )


@dataclass(frozen=True, slots=True)
class Shares:
    """A difference of shares on the same prompts, as `assay.stats.effect.Effect`.

    Where few prompts are discordant, what was seen says too little of how far the difference may vary. If it were `shift`, at
    least so large a share of prompts would have to be discordant, so the variance of a prompt's difference would be at least
    |shift| - shift^2: the restricted variance of score tests of paired proportions (Nam 1997; Tango 1998), without the
    discordant prompts that it doesn't take. The test takes the larger error of the two.
    """

    seen: Centred
    n: float
    """Prompts, or as many of equal weight as say as much."""
    together: float
    """How many times as large a variance is since prompts share documents; at least 1."""

    def above(self, shift: float) -> float:
        """One-sided p value of being at most `shift`."""
        return self._at(shift).above(shift)

    def below(self, shift: float) -> float:
        """One-sided p value of being at least `shift`."""
        return self._at(shift).below(shift)

    def interval(self, confidence: float) -> Interval:
        """The shifts that aren't rejected, from -1 to 1."""
        outside, found = tail(confidence), self.seen.interval(confidence)
        low = _last(lambda shift: self.above(shift) > outside, max(-1.0, found.low), -1.0)
        high = _last(lambda shift: self.below(shift) > outside, min(1.0, found.high), 1.0)
        return Interval(low, high)

    def _at(self, shift: float) -> Centred:
        size = min(abs(shift), 1.0)
        least = math.sqrt(self.together * (size - size * size) / self.n)
        return Centred(self.seen.centres, max(self.seen.error, least), self.seen.df)


def _last(held: Callable[[float], bool], begin: float, end: float) -> float:
    """The last place from `begin` on the way to `end` that is still held."""
    if not held(begin):
        return begin
    if held(end):
        return end
    for _ in range(40):
        middle = (begin + end) / 2.0
        begin, end = (middle, end) if held(middle) else (begin, middle)
    return begin


def _together(residuals: Floats, between: float, alike: float, groups: int) -> float:
    """The design effect of documents; where nothing was discordant, that of prompts which are all alike within theirs."""
    apart = float(np.square(residuals).sum())
    if apart <= 1e-18:
        return max(1.0, alike / groups)
    return max(1.0, between / apart)


@dataclass(frozen=True, slots=True)
class Compared:
    """Two models on the same prompts. `p` of the difference is that of a permutation test (`test` says which)."""

    n: int
    clusters: int
    a_better: int
    """Discordant prompts, of which a's answers are the better ones."""
    b_better: int
    difference: Difference
    test: Literal["mcnemar", "sign_flip_exact", "sign_flip_drawn"]


def compared(
    a: Floats, b: Floats, clusters: Codes, confidence: float, weights: Floats | None = None
) -> Compared | None:
    """Mean of a - b with the interval of `share_difference`, tested by the signs of the clusters' differences.

    With independent prompts and answers that are right or wrong the test is McNemar's exact one. The mid-p version has
    more power and kept its level wherever it was tried (Fagerland, Lydersen and Laake, BMC Medical Research Methodology
    13:91, 2013), but that isn't promised, least of all at the small levels at which many pairs of models are tested; the
    exact one promises it at every level. Elsewhere the p value is never below that of an interval which holds 0: few large
    differences among many small ones are rare by signs, and yet leave open on which side the mean lies. None for fewer than
    2 clusters.
    """
    found = share_difference(a, b, clusters, confidence, weights)
    if found is None:
        return None
    apart = a - b
    alike = weights is None or float(np.ptp(weights)) <= 1e-9 * float(weights.max())
    counted = apart if alike or weights is None else apart * weights
    flipped = sign_flip(np.bincount(clusters, weights=counted).astype(np.float64))
    groups = len(np.unique(clusters))
    single = alike and groups == len(a) and bool(np.isin(apart, (-1.0, 0.0, 1.0)).all())
    held = found.interval.low <= 0.0 <= found.interval.high
    return Compared(
        len(a),
        groups,
        int((apart > _ALIKE).sum()),
        int((apart < -_ALIKE).sum()),
        Difference(
            found.value,
            found.standard_error,
            found.interval,
            flipped.p if single or not held else max(flipped.p, found.p),
            groups,
            found.effect,
        ),
        "mcnemar" if single else "sign_flip_exact" if flipped.how == "exact" else "sign_flip_drawn",
    )


def prompts_needed(
    n: int,
    difference: float,
    standard_error: float,
    confidence: float,
    tests: int,
    power: float = 0.8,
    documents: int | None = None,
) -> int | None:
    """About the number of prompts at which a difference of this size is found with this power.

    Tested at the level of `tests` comparisons (Bonferroni's, where Holm's begins). Connor's formula for McNemar's test
    (Biometrics 43, 1987) with the variance of a prompt's difference as it was seen, prompts of a document together:
    v = n x standard_error^2, and v + difference^2 if the models were equal; and 2 / |difference| more for the steps of
    an exact test. `documents` is how many the n prompts are of: with G of them the p value of flipped signs is at least
    2 / 2^G, so there have to be enough for that level, whatever the prompts of each. None where the difference is 0 or the
    error unknown.
    """
    if difference == 0 or not (math.isfinite(difference) and math.isfinite(standard_error)):
        return None
    variance = n * standard_error**2
    level = normal_quantile(1.0 - tail(confidence) / max(tests, 1))
    reach = level * math.sqrt(variance + difference**2) + normal_quantile(power) * math.sqrt(variance)
    size = (reach / difference) ** 2 + 2.0 / abs(difference)
    if documents is not None:
        least = math.ceil(1.0 + math.log2(max(tests, 1) / (1.0 - confidence)))
        size = max(size, least * n / documents)
    return math.ceil(size) if math.isfinite(size) else None


_ALIKE = 1e-9


def quantile_ratio(a: Sorted, b: Sorted, p: float, confidence: float) -> Difference | None:
    """a's p-quantile over b's, less 1, of two samples of positive values from one sitting each.

    Price and Bonett's method (2002) on the logarithmic scale: the standard error of a quantile is read from the
    order statistics that bound it and from their exact binomial probability. It takes the samples as independent;
    the prompts that they share make it cautious. Quantiles that are infinite have no ratio: None, as for samples
    too small for order statistics at this confidence. Where only an order statistic is infinite, so is the error.
    """
    x, y = a.quantile(p), b.quantile(p)
    first, second = log_error(a, p, confidence), log_error(b, p, confidence)
    if x is None or y is None or first is None or second is None:
        return None
    if not (math.isfinite(x) and math.isfinite(y) and x > 0 and y > 0):
        return None
    log = math.log(x / y)
    error = math.hypot(first, second)
    if math.isinf(error):
        return Difference(math.expm1(log), error, Interval(-1.0, math.inf), 1.0)
    half = normal_quantile(1.0 - tail(confidence)) * error
    # Without any spread the two are constants; a sample of a continuous quantity never is.
    p_two = normal_two_sided(log / error) if error > 0 else float(log == 0)
    return Difference(
        math.expm1(log),
        error,
        Interval(math.expm1(log - half), math.expm1(log + half)),
        p_two,
        effect=Centred((log,), error),
    )


def blocked_quantile_ratio(
    a: float, b: float, blocks_a: Floats, blocks_b: Floats, confidence: float
) -> Difference | None:
    """The same ratio from blocks that both models were measured in: sectioning of log(a / b).

    `blocks_a[k]` and `blocks_b[k]` are the quantiles of the k-th shared block; a and b are the pooled ones. None for
    fewer than 2 blocks or where a pooled quantile is infinite. As in `quantiles.sectioned`, the interval reaches out
    from the pooled ratio and from the blocks' mean, and the test takes the weaker of the two.
    """
    count = len(blocks_a)
    if count < 2 or not (math.isfinite(a) and math.isfinite(b) and a > 0 and b > 0):
        return None
    log = math.log(a / b)
    if not (np.isfinite(blocks_a).all() and np.isfinite(blocks_b).all()):
        return Difference(math.expm1(log), math.inf, Interval(-1.0, math.inf), 1.0)
    logs = np.log(blocks_a / blocks_b)
    mean = float(logs.mean())
    error = math.sqrt(float(np.square(logs - log).sum()) / (count - 1) / count)
    half = t_quantile(1.0 - tail(confidence), count - 1) * error
    return Difference(
        math.expm1(log),
        error,
        Interval(math.expm1(min(log, mean) - half), math.expm1(max(log, mean) + half)),
        max(p_value(log, error, count - 1), p_value(mean, error, count - 1))
        if log * mean > 0 or log == mean
        else 1.0,
        effect=Centred((log, mean), error, count - 1),
    )


def log_error(sample: Sorted, p: float, confidence: float) -> float | None:
    """Standard error of the logarithm of a quantile, from the order statistics around it."""
    low, high = ranks(sample.n, p, confidence)
    if low is None or high is None:
        return None
    bottom, top = sample.quantile(low / sample.n), sample.quantile(high / sample.n)
    if bottom is None or top is None or bottom <= 0 or math.isinf(bottom):
        return math.inf
    if math.isinf(top):
        return math.inf
    covered = coverage(sample.n, low, high, p)
    return math.log(top / bottom) / (2.0 * normal_quantile(0.5 + covered / 2.0))


def coverage(n: int, low: int, high: int, p: float) -> float:
    """Exact probability that the order statistics of ranks `low` and `high` hold the p-quantile between them."""
    return binomial_cdf(high - 1, n, p) - binomial_cdf(low - 1, n, p)
