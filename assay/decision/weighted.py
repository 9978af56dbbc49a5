"""Two models by the weighted score: the sum of the logarithms of their ratios, and how sure that is.

Each aspect keeps the error that it has as an objective of its own. How the aspects go together is read from what each source
document moved them by, for both models at once, since they were asked the same prompts:

| aspect | a document moves the log ratio by |
| --- | --- |
| cost | its residuals from each model's mean cost, over that mean (linearisation; Woodruff 1971) |
| latency | how many of its requests lie beyond each model's quantile, less their share, over the density there |
| accuracy | its answers' distance from each model's accuracy, over that accuracy |

Where that isn't known, as of a price by the hour, which goes by the throughput, and of accuracy as people's labels correct it, the
aspect is taken to go together with the others as badly as it can (`assay.stats.dependent`).

Leaves to others: the aspects' own differences (`compare`).
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from assay.decision.settings import Aspect
from assay.records.rated import weights_of
from assay.records.sample import Sample
from assay.stats import paired
from assay.stats.dependent import Moved, Part, dependent_sum
from assay.stats.distributions import t_quantile
from assay.stats.effect import Centred
from assay.stats.interval import Interval, tail
from assay.stats.prediction_powered import Estimate
from assay.stats.ratios import Difference
from assay.stats.swap import Swapped

Floats = NDArray[np.float64]


def together(
    weights: Mapping[Aspect, float],
    differences: Mapping[Aspect, Difference | None],
    accuracies: Sequence[float | None],
    moved: Mapping[Aspect, Moved | None],
    confidence: float,
) -> Difference | None:
    """The weighted sum of log ratios of cost and latency less that of accuracy; None where a part couldn't be tested.

    `accuracies` are those of both models, `moved` what documents did to the log ratio of each aspect.
    """
    parts = []
    for aspect, weight in weights.items():
        difference = differences[aspect]
        effect = None if difference is None else difference.effect
        if difference is None or effect is None:
            return None
        if aspect == "accuracy":
            ratio = _log_ratio(difference, accuracies)
            if ratio is None:
                return None
            parts.append(Part(-weight, ratio, moved.get(aspect)))
        else:
            known = _with_swaps(effect, confidence) if isinstance(effect, Swapped) else effect
            assert isinstance(known, Centred)
            parts.append(Part(weight, known, moved.get(aspect)))
    total = dependent_sum(parts)
    bounds = total.interval(confidence)
    middle = sum(total.centres) / len(total.centres)
    # Rounding of equal parts is no difference.
    middle = 0.0 if abs(middle) <= 1e-12 else middle
    p = min(1.0, 2.0 * min(total.above(0.0), total.below(0.0))) if middle else 1.0
    return Difference(
        math.expm1(middle),
        total.error,
        Interval(math.expm1(bounds.low), math.expm1(bounds.high) if bounds.high < 700.0 else math.inf),
        p,
        effect=total,
    )


def _with_swaps(effect: Swapped, confidence: float) -> Centred:
    """A log ratio of costs with an error that makes its interval as wide as swaps within documents make it.

    With few or uneven documents the jackknife's error alone claims too much.
    """
    found = effect.jackknifed
    bounds = effect.interval(confidence)
    reach = max(bounds.high - max(found.centres), min(found.centres) - bounds.low)
    error = found.error if found.df is None else reach / t_quantile(1.0 - tail(confidence), found.df)
    return Centred(found.centres, max(found.error, error), found.df)


def _log_ratio(difference: Difference, accuracies: Sequence[float | None]) -> Centred | None:
    """log(a / b) of two accuracies by the delta method, from their difference with its error; None where one is 0."""
    first, second = accuracies
    if not first or not second:
        return None
    df = difference.effect.seen.df if isinstance(difference.effect, paired.Shares) else None
    error = difference.standard_error / min(first, second)
    return Centred((math.log(first / second),), error, df)


def accuracies(
    a: str,
    b: str,
    rated: tuple[pd.DataFrame, pd.DataFrame],
    shares: Mapping[str, float],
    corrected: Mapping[str, Estimate] | None,
) -> tuple[float | None, float | None]:
    """Of both, on the prompts that both answered (`rated_by_both`), or as labels of people correct them."""
    if corrected:
        first, second = corrected.get(a), corrected.get(b)
        return None if first is None else first.value, None if second is None else second.value
    mine, theirs = rated
    return _share_right(mine, shares), _share_right(theirs, shares)


def rated_by_both(
    a: str, b: str, prompts: pd.DataFrame, shares: Mapping[str, float]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What `rated_prompts` has of each of two models, of prompts that have a verdict of both: prompt_id, bucket, source and
    accuracy."""
    columns = ["prompt_id", "bucket", "source", "accuracy"]
    mine, theirs = (prompts.loc[prompts["model"] == model, columns] for model in (a, b))
    mine, theirs = (
        rows.loc[rows["bucket"].isin(list(shares)) & rows["accuracy"].notna()] for rows in (mine, theirs)
    )
    return (
        mine.loc[mine["prompt_id"].isin(theirs["prompt_id"])],
        theirs.loc[theirs["prompt_id"].isin(mine["prompt_id"])],
    )


def _share_right(prompts: pd.DataFrame, shares: Mapping[str, float]) -> float | None:
    weights = weights_of(prompts, shares)
    return (
        None if weights is None else float((weights * prompts["accuracy"].to_numpy(dtype=np.float64)).sum())
    )


class Documents:
    """What each source document moved the log ratios of two models by. Documents are numbered alike for all aspects.

    `rated` are the rows of `rated_by_both`; documents of answers of other runs, which no sample has, come last.
    """

    def __init__(
        self,
        a: Sample,
        b: Sample,
        rated: tuple[pd.DataFrame, pd.DataFrame],
        shares: Mapping[str, float],
    ) -> None:
        self._a, self._b = a, b
        self._shares = shares
        self._rated = rated
        names, others = self._a.documents, self._b.documents
        self._known = names is not None and others is not None and np.array_equal(names, others)
        self._numbers: dict[object, int] = {}
        if names is not None and self._known:
            self._numbers = {name: number for number, name in enumerate(names)}
        self._in_samples = len(self._numbers)
        for rows in self._rated if self._known else ():
            for name in rows["source"]:
                self._numbers.setdefault(name, len(self._numbers))

    def cost(self) -> Moved | None:
        """What they moved the ratio of costs by; None for a price by the hour, or where there is no such ratio."""
        if not self._known or self._a.usd_per_hour is not None or self._b.usd_per_hour is not None:
            return None
        moved, present = self._nothing()
        for sign, sample in ((1.0, self._a), (-1.0, self._b)):
            paid = sample.answers_cost
            if paid is None or (paid.source < 0).any():
                return None
            found = paid.mean(paid.source, len(self._numbers))
            if found is None or not found.value > 0:
                return None
            moved += sign * found.moved / found.value
            present |= np.bincount(paid.source, minlength=len(self._numbers)) > 0
        return Moved(moved, present, True)

    def latency(self, column: str, p: float, blocks: Sequence[int] | None, confidence: float) -> Moved | None:
        """What they moved the ratio of p-quantiles of all requests by, of those of some blocks if told which.

        The density at the quantile is read, for the logarithm of it, from the order statistics around it, where there are
        enough of them for both; else it is taken to be the same for both models.
        """
        if not self._known:
            return None
        found = [sample.later(column, p, blocks) for sample in (self._a, self._b)]
        moved, present = self._nothing()
        scales = [self._scale(sample, column, p, blocks, confidence) for sample in (self._a, self._b)]
        alike = None in scales
        for sign, one, scale in zip((1.0, -1.0), found, scales, strict=True):
            if one is None:
                return None
            sums, there = one
            moved[: self._in_samples] += sign * sums * (1.0 if alike or scale is None else scale)
            present[: self._in_samples] |= there
        return Moved(moved, present, False)

    @staticmethod
    def _scale(
        sample: Sample, column: str, p: float, blocks: Sequence[int] | None, confidence: float
    ) -> float | None:
        """1 over the density at the quantile, by any factor that is the same for both models."""
        ordered = sample.values(column, True, blocks)
        error = None if ordered is None else paired.log_error(ordered, p, confidence)
        if ordered is None or not error or math.isinf(error):
            return None
        return error * math.sqrt(ordered.n)

    def accuracy(self) -> Moved | None:
        """What they moved the ratio of accuracies by; None where one is 0 or unknown."""
        if not self._known:
            return None
        moved, present = self._nothing()
        for sign, rows in zip((1.0, -1.0), self._rated, strict=True):
            weights = weights_of(rows, self._shares)
            if weights is None:
                return None
            right = rows["accuracy"].to_numpy(dtype=np.float64)
            value = float((weights * right).sum())
            if not value > 0:
                return None
            codes = np.array([self._numbers[name] for name in rows["source"]], dtype=np.int64)
            moved += sign * np.bincount(codes, weights * (right / value - 1.0), len(moved))
            present |= np.bincount(codes, minlength=len(moved)) > 0
        return Moved(moved, present, True)

    def _nothing(self) -> tuple[Floats, NDArray[np.bool_]]:
        return np.zeros(len(self._numbers)), np.zeros(len(self._numbers), dtype=np.bool_)
