"""Accuracy by people's labels of some answers and by what judges say of all (prediction-powered inference).

Judges rate every answer, and err; people rate a few hundred that were drawn at random. Here the answers fall into strata by
what is said of them: correct, incorrect, or no verdict. In each stratum the labels tell which share is right, and the shares
are weighed by how common each stratum is among *all* answers:

    accuracy = sum over strata s of W_s p_s

That is Tenenbein's double sampling (1970), or post-stratification by the verdict, and for a verdict of a few values it is the
power-tuned prediction-powered estimator (PPI++; Angelopoulos, Bates, Fannjiang, Jordan and Zrnic 2023; Angelopoulos, Duchi and
Zrnic 2023): unbiased whatever the judges' errors, and the tighter the better they are. Each model has its own, since judges'
errors differ by model.

The usual interval (the estimate and 1.96 standard errors) fails where errors are rare: with 30 labels, all right, it has no
width. Here each p_s has a Jeffreys interval (Brown, Cai and DasGupta 2001) at its effective number of labels, and these and
the uncertainty of W, that is of the mean m of p over all prompts, are put together by MOVER (method of variance estimates
recovery; Zou and Donner 2008):

    low = accuracy - sqrt(sum of W_s^2 (p_s - l_s)^2 + (m - l_m)^2)

and the upper end likewise. The effective number of labels is Kish's (1965), for labels of unequal weight, over the design
effect of prompts that share a document. So the interval holds what the prompts, and the labels, might have been.

Leaves to others: which answers are drawn (`assay.labels.sample`), tables (`assay.accuracy.corrected`).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from assay.stats import mover
from assay.stats.distributions import beta_quantile, normal_cdf, normal_quantile, t_quantile
from assay.stats.interval import Interval, tail
from assay.stats.ratios import Difference

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

LEAST_LABELS = 10
"""Fewer labels of a model than these are no sample."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One model's answers, what is predicted of each, and the labels of some: arrays of one element per answer."""

    weight: Floats
    """Its weight in the mean: the prompt's, shared among its answers by how often they were given. They sum to 1."""
    prompt: Codes
    cluster: Codes
    """Numbers of the prompt and of the source document; documents are numbered alike for all models that are compared."""
    stratum: Codes
    """What is said of it, numbered from 0."""
    label: Floats
    """From 0 to 1; NaN without one."""
    drawn: Floats
    """Weight of a labelled answer as one that was drawn from all: equal where all had the same chance. 0 without a label."""
    whole: bool
    """Whether there are labels of every part of the mix that the weights make."""
    predicted: Floats
    """By stratum: the share right that is taken for granted where the stratum has no label (its interval is then 0 to 1); of
    one of which nothing is said, .5: there the mean of all labels is taken."""
    unsure: int = 0
    """Drawn answers that people looked at and gave no label; they are taken to be like those of their stratum."""


@dataclass(frozen=True)
class Estimate:
    """Corrected accuracy of one model."""

    evidence: Evidence

    @cached_property
    def _labelled(self) -> NDArray[np.bool_]:
        return ~np.isnan(self.evidence.label)

    @property
    def n(self) -> int:
        """Labels."""
        return int(self._labelled.sum())

    @cached_property
    def documents(self) -> int:
        """Source documents of labelled answers."""
        return len(np.unique(self.evidence.cluster[self._labelled]))

    @cached_property
    def prompts(self) -> int:
        return len(np.unique(self.evidence.prompt))

    @property
    def enough(self) -> bool:
        """Whether there are labels enough for an interval."""
        return self.evidence.whole and self.n >= LEAST_LABELS and self.documents >= 2

    @cached_property
    def shares(self) -> Floats:
        """W: the weight of each stratum among all answers."""
        return self._by_stratum(self.evidence.weight)

    @cached_property
    def _drawn(self) -> Floats:
        """By stratum: the sum of the labels' weights."""
        return self._by_stratum(self.evidence.drawn)

    def _by_stratum(self, values: Floats) -> Floats:
        found = np.bincount(self.evidence.stratum, weights=values, minlength=len(self.evidence.predicted))
        return found.astype(np.float64)

    @cached_property
    def rates(self) -> Floats:
        """p: the share right of each stratum, by the labels."""
        known = np.where(self._labelled, self.evidence.label, 0.0) * self.evidence.drawn
        right = self._by_stratum(known)
        seen = self._drawn > 0
        mean = float(right.sum() / self._drawn.sum()) if seen.any() else 0.5
        unseen = np.where(self.evidence.predicted == 0.5, mean, self.evidence.predicted)
        return np.where(seen, right / np.where(seen, self._drawn, 1.0), unseen)

    @cached_property
    def value(self) -> float:
        """Corrected accuracy."""
        return min(1.0, max(0.0, float((self.shares * self.rates).sum())))

    @cached_property
    def labels(self) -> Floats:
        """By stratum: the effective number of labels, were prompts independent.

        Kish's; more where labels between 0 and 1 vary less than labels of 0 and 1 would (two such labels are added, so that a
        few that happen to be alike aren't taken for certain).
        """
        evidence = self.evidence
        squares = self._by_stratum(np.square(evidence.drawn))
        seen = squares > 0
        kish = np.where(seen, np.square(self._drawn) / np.where(seen, squares, 1.0), 0.0)
        apart = (
            np.square(np.where(self._labelled, evidence.label, 0.0) - self.rates[evidence.stratum])
            * evidence.drawn
        )
        spread = self._by_stratum(apart)
        spread = np.where(seen, spread / np.where(seen, self._drawn, 1.0), 0.0)
        most = self.rates * (1.0 - self.rates)
        mixed = (kish * spread + 2.0 * most) / (kish + 2.0)
        found: Floats = kish * np.where(mixed > 1e-12, most / np.maximum(mixed, 1e-12), 1.0)
        return found

    @cached_property
    def influence(self) -> Floats:
        """By answer: how far it moves the estimate, prompts and labels together. They sum to 0."""
        evidence = self.evidence
        known = np.where(self._labelled, evidence.label - self.rates[evidence.stratum], 0.0)
        scale = self.shares / np.where(self._drawn > 0, self._drawn, 1.0)
        moved: Floats = (
            evidence.weight * (self.rates[evidence.stratum] - self.value)
            + evidence.drawn * known * scale[evidence.stratum]
        )
        return moved

    @cached_property
    def design_effect(self) -> float:
        """How much more the estimate varies than with independent prompts, since prompts share documents; at least 1.

        From the influences, summed by document. Where no label shows an error they tell nothing, so it is at least what
        follows from how alike the answers of a document are by the judges.
        """
        evidence = self.evidence
        by_prompt = np.bincount(evidence.prompt, weights=self.influence)
        by_document = np.bincount(evidence.cluster, weights=self.influence)
        groups = len(np.unique(evidence.cluster))
        if groups == self.prompts or groups < 2:
            return 1.0
        alone, shared = float(np.square(by_prompt).sum()), float(np.square(by_document).sum())
        seen = shared / alone * groups / (groups - 1) if alone > 1e-18 else 1.0
        return max(1.0, seen, self._alike())

    def _alike(self) -> float:
        """The design effect of labels that are as alike within a document as what judges say of its answers is.

        1 + (m - 1) r, where m is the mean number of labels beside which a label stands in its document, itself included, and
        r the intraclass correlation of the predictions, by analysis of variance (Kish 1965; Donner 1986).
        """
        evidence = self.evidence
        said = evidence.predicted[evidence.stratum]
        sizes = np.bincount(evidence.cluster).astype(np.float64)
        present = sizes > 0
        sums = np.bincount(evidence.cluster, weights=said)
        n, groups = float(sizes.sum()), int(present.sum())
        if n <= groups:
            return 1.0
        means = np.where(present, sums / np.where(present, sizes, 1.0), 0.0)
        between = float((sizes * np.square(means - said.mean())).sum()) / (groups - 1)
        within = float(np.square(said - means[evidence.cluster]).sum()) / (n - groups)
        typical = (n - float(np.square(sizes).sum()) / n) / (groups - 1)
        total = between + (typical - 1.0) * within
        alike = 0.0 if total <= 0 else max(0.0, (between - within) / total)
        labels = np.bincount(evidence.cluster[self._labelled]).astype(np.float64)
        beside = float(np.square(labels).sum()) / max(1.0, float(labels.sum()))
        return 1.0 + max(0.0, beside - 1.0) * alike

    def interval(self, confidence: float) -> Interval | None:
        """The interval of `value`; None without labels enough."""
        if not self.enough:
            return None
        return self._interval(self.rates, self.labels, self.documents - 1, confidence)

    def _interval(self, rates: Floats, labels: Floats, freedom: int, confidence: float) -> Interval:
        z = t_quantile(1.0 - tail(confidence), freedom)
        low, high = jeffreys(rates, labels / self.design_effect, z)
        value = float((self.shares * rates).sum())
        below, above = self._of_prompts(rates, value, z)
        down = float(np.square(self.shares * (rates - low)).sum()) + below**2
        up = float(np.square(self.shares * (high - rates)).sum()) + above**2
        return Interval(max(0.0, value - math.sqrt(down)), min(1.0, value + math.sqrt(up)))

    def _of_prompts(self, rates: Floats, value: float, z: float) -> tuple[float, float]:
        """How far below and above itself the mean of p over all prompts may lie, the p being what they are.

        Jeffreys' interval again, of that mean as a share of the way from the lowest p to the highest.
        """
        evidence = self.evidence
        there = rates[self.shares > 0]
        lowest, width = float(there.min()), float(np.ptp(there))
        moved = np.bincount(evidence.prompt, weights=evidence.weight * (rates[evidence.stratum] - value))
        variance = float(np.square(moved).sum()) * self.design_effect
        if variance < 1e-18:
            return 0.0, 0.0
        share = (value - lowest) / width
        cases = share * (1.0 - share) * width**2 / variance
        low, high = jeffreys(np.array([share]), np.array([cases]), z)
        return width * (share - float(low[0])), width * (float(high[0]) - share)

    def half_width(self, labels: int, confidence: float) -> float:
        """About the half-width of the interval with so many labels, if the shares stay as they are."""
        each = float(self.labels.sum()) / self.n if self.n else 1.0
        counts = labels * self.shares * each
        # Until labels tell, judges are taken to be right about 85 % of the time; that counts as one label.
        guessed = 0.15 + 0.7 * self.evidence.predicted
        rates = (self.labels * self.rates + guessed) / (self.labels + 1.0)
        found = self._interval(rates, counts, max(1, labels - 1), confidence)
        return (found.high - found.low) / 2.0

    def needed(self, half_width: float, confidence: float) -> int | None:
        """About how many labels of this model, those that there are included, give an interval of this half-width.

        None where labels of all its prompts wouldn't: then it takes more prompts.
        """
        low, high = LEAST_LABELS, max(LEAST_LABELS, self.prompts)
        if self.half_width(high, confidence) > half_width:
            return None
        while low < high:
            middle = (low + high) // 2
            if self.half_width(middle, confidence) <= half_width:
                high = middle
            else:
                low = middle + 1
        return low


def difference(a: Estimate, b: Estimate, confidence: float) -> Difference | None:
    """Corrected accuracy of a less that of b, both asked the same prompts, of which the same were labelled.

    Newcombe's interval for paired proportions (1998), by MOVER from the two intervals and the correlation of the estimates,
    which comes from the influences of the documents that they share. The p value is that of the interval that just reaches 0.
    None without labels enough of either.
    """
    if not (a.enough and b.enough):
        return None
    r = _correlation(a, b)
    value = a.value - b.value
    found = _apart(a, b, r, confidence)
    error = (found.high - found.low) / 2.0 / normal_quantile(1.0 - tail(confidence))
    return Difference(value, error, found, _p_value(a, b, r), effect=_ByLabels(a, b, r))


@dataclass(frozen=True, slots=True)
class _ByLabels:
    """A difference whose p values are those of intervals that just reach a place: see `assay.stats.effect`."""

    a: Estimate
    b: Estimate
    correlation: float

    def above(self, shift: float) -> float:
        """One-sided p value of being at most `shift`."""
        return self._one_sided(lambda found: found.low > shift)

    def below(self, shift: float) -> float:
        """One-sided p value of being at least `shift`."""
        return self._one_sided(lambda found: found.high < shift)

    def interval(self, confidence: float) -> Interval:
        """Newcombe's."""
        return _apart(self.a, self.b, self.correlation, confidence)

    def _one_sided(self, clears: Callable[[Interval], bool]) -> float:
        low, high = 1e-9, 1.0
        if clears(self.interval(1.0 - low)):
            return low / 2.0
        if not clears(self.interval(1e-9)):
            return 1.0
        for _ in range(16):
            middle = math.sqrt(low * high)
            if clears(self.interval(1.0 - middle if middle < 1.0 else 1e-12)):
                high = middle
            else:
                low = middle
        return high / 2.0


def jeffreys(rates: Floats, n: Floats, z: float) -> tuple[Floats, Floats]:
    """Ends of Jeffreys' interval of each share, seen in `n` cases, not necessarily whole; 0 and 1 where there is none.

    The quantiles of the beta distribution with n p + 1/2 and n (1 - p) + 1/2, at the tail beyond `z` of the normal
    distribution; 0 is its end where nothing was seen right, and 1 where nothing was seen wrong (Brown, Cai and DasGupta 2001).
    """
    right, wrong = n * rates, n * (1.0 - rates)
    outside = normal_cdf(np.array(-z))
    low = np.where(right < 1e-9, 0.0, beta_quantile(outside, right + 0.5, wrong + 0.5))
    high = np.where(wrong < 1e-9, 1.0, beta_quantile(1.0 - outside, right + 0.5, wrong + 0.5))
    none = n < 1e-9
    low, high = np.where(none, 0.0, low), np.where(none, 1.0, high)
    # Of less than a case or two the interval need not hold the share that was seen.
    return np.minimum(low, rates), np.maximum(high, rates)


def _apart(a: Estimate, b: Estimate, r: float, confidence: float) -> Interval:
    first, second = a.interval(confidence), b.interval(confidence)
    if first is None or second is None:
        raise ValueError("two estimates with an interval are expected")
    below, above = a.value - first.low, first.high - a.value
    under, over = b.value - second.low, second.high - b.value
    value = a.value - b.value
    low = math.sqrt(max(0.0, below**2 + over**2 - 2.0 * r * below * over))
    high = math.sqrt(max(0.0, above**2 + under**2 - 2.0 * r * above * under))
    return Interval(max(-1.0, value - low), min(1.0, value + high))


def _correlation(a: Estimate, b: Estimate) -> float:
    documents = 1 + max(int(a.evidence.cluster.max()), int(b.evidence.cluster.max()))
    return mover.correlation(
        *(
            np.bincount(one.evidence.cluster, weights=one.influence, minlength=documents).astype(np.float64)
            for one in (a, b)
        )
    )


def _p_value(a: Estimate, b: Estimate, r: float) -> float:
    """1 less the highest confidence at which the interval of the difference leaves out 0."""
    low, high = 1e-9, 1.0
    if a.value == b.value or _holds_nothing(_apart(a, b, r, 1.0 - low)):
        return 1.0 if a.value == b.value else low
    for _ in range(16):  # to about a thousandth of itself
        middle = math.sqrt(low * high)
        if _holds_nothing(_apart(a, b, r, 1.0 - middle if middle < 1.0 else 1e-12)):
            high = middle
        else:
            low = middle
    return high


def _holds_nothing(found: Interval) -> bool:
    """Whether it leaves out 0."""
    return found.low > 0.0 or found.high < 0.0


def rogan_gladen(
    positive: float, n: int, sensitivity: tuple[int, int], specificity: tuple[int, int], confidence: float
) -> tuple[float, Interval] | None:
    """A share corrected by one sensitivity and one specificity, (right, of) each, taken for those of every model.

    (positive + specificity - 1) / (sensitivity + specificity - 1), with the interval of the delta method (Rogan and Gladen
    1978), cut off at 0 and 1. A diagnostic, and no more: where judges are kinder to one model than to another it is wrong for
    both, and its interval doesn't say so. None where the judges are no better than chance, or nothing was labelled.
    """
    if not (n and sensitivity[1] and specificity[1]):
        return None
    sens, spec = sensitivity[0] / sensitivity[1], specificity[0] / specificity[1]
    power = sens + spec - 1.0
    if power <= 0:
        return None
    value = (positive + spec - 1.0) / power
    variance = (
        positive * (1.0 - positive) / n
        + value**2 * sens * (1.0 - sens) / sensitivity[1]
        + (1.0 - value) ** 2 * spec * (1.0 - spec) / specificity[1]
    ) / power**2
    half = normal_quantile(1.0 - tail(confidence)) * math.sqrt(variance)
    return min(1.0, max(0.0, value)), Interval(
        min(1.0, max(0.0, value - half)), min(1.0, max(0.0, value + half))
    )
