"""Two models on the same prompts, by the objective: how far apart they are, and how sure that is.

| objective | figure | compared by |
| --- | --- | --- |
| cheapest | `cost_usd_per_10k_transactions` | ratio of costs, prompts paired, clustered by source document; where one is paid by the hour, from both intervals, as of samples that share nothing |
| fastest | `e2e_ms_p50_all` | ratio of medians over all requests; by shared blocks where there are several |
| most_accurate | `accuracy` | difference on the prompts that both answered, tested by the signs of source documents: McNemar's exact test where each has one prompt; where people's labels correct it for all models, the difference of corrected accuracies |

Leaves to others: what follows from it (`recommend`).
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
import pandas as pd

from assay.decision.limits import MOST, needed_for_power
from assay.decision.settings import Objective
from assay.records import metrics
from assay.records.pairs import compared
from assay.records.sample import Sample
from assay.stats import paired, prediction_powered, ratios
from assay.stats.interval import Interval
from assay.stats.multiplicity import holm
from assay.stats.prediction_powered import Estimate
from assay.stats.ratios import Difference

FIGURE: Mapping[Objective, str] = {
    "cheapest": "cost_usd_per_10k_transactions",
    "fastest": "e2e_ms_p50_all",
    "most_accurate": "accuracy",
}
"""The column that each objective is about."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Model a against model b. `difference` is a / b - 1 for `relative`, a - b for `absolute`; None if untested."""

    a: str
    b: str
    unit: Literal["relative", "absolute"]
    difference: float | None
    low: float | None
    high: float | None
    p: float
    p_adjusted: float
    better: str | None
    """The model that is better at the confidence asked for, adjusted for all comparisons."""
    more: int | None
    """About how many more prompts (requests, for `fastest`; labels of each, where people's labels correct accuracy) would
    tell them apart; None where no number is known, as of a model that is paid by the hour, whose cost goes by the throughput
    of blocks."""
    by_labels: bool = False
    """Whether it is a difference of corrected accuracies."""

    @property
    def identical(self) -> bool:
        """Without any difference or doubt: the same cost on every prompt."""
        return self.difference == 0 and self.low == 0 and self.high == 0


@dataclass(frozen=True, slots=True)
class Tested:
    """A pair, its p value by itself, and the model that was ahead; None where neither was, or nothing could be tested."""

    a: str
    b: str
    p: float
    ahead: str | None


@dataclass(frozen=True, slots=True)
class Adjusted:
    """A p value adjusted for all tests, and the model that was ahead when it was reached."""

    p: float
    ahead: str | None


def at_once(tested: Sequence[Tested]) -> list[Adjusted]:
    """Holm's adjustment, of tests that are made once."""
    adjusted = holm([test.p for test in tested])
    return [Adjusted(p, test.ahead) for p, test in zip(adjusted, tested, strict=True)]


def compare(
    objective: Objective,
    models: Sequence[str],
    samples: Mapping[str, Sample],
    prompts: pd.DataFrame,
    shares: Mapping[str, float],
    confidence: float,
    adjust: Callable[[Sequence[Tested]], Sequence[Adjusted]] = at_once,
    interval_confidence: float | None = None,
    least_blocks: int = 1,
    corrected: Mapping[str, Estimate] | None = None,
) -> list[Comparison]:
    """Every pair of `models`, with p values adjusted by Holm, or as `adjust` has it.

    `samples` are the models' measured requests on the dataset of interest; `prompts` the rows of `rated_prompts`.
    A pair that can't be tested (too few requests or documents) counts with p = 1; so does one of latencies from fewer
    than `least_blocks` blocks that both share. `interval_confidence` is that of the intervals where it isn't `confidence`.
    `corrected` are the models' accuracies as people's labels correct them, of all models or None: `most_accurate` then goes by
    them.
    """
    pairs = list(combinations(models, 2))
    higher = objective == "most_accurate"
    wide = confidence if interval_confidence is None else interval_confidence
    by_labels = {} if corrected is None or not higher else corrected
    most = {(a, b): min(by_labels[a].prompts, by_labels[b].prompts) for a, b in pairs if by_labels}
    found = [
        _by_labels(by_labels[a], by_labels[b], wide)
        if by_labels
        else _pair(objective, a, b, samples, prompts, shares, wide, least_blocks)
        for a, b in pairs
    ]
    tested = [_tested(a, b, difference, higher) for (a, b), (difference, _) in zip(pairs, found, strict=True)]
    made = []
    for (a, b), (difference, n), adjusted in zip(pairs, found, adjust(tested), strict=True):
        p_adjusted = adjusted.p
        better = adjusted.ahead if difference is not None and p_adjusted <= 1.0 - confidence else None
        made.append(
            Comparison(
                a,
                b,
                "absolute" if higher else "relative",
                None if difference is None else difference.value,
                None if difference is None else difference.interval.low,
                None if difference is None else difference.interval.high,
                1.0 if difference is None else difference.p,
                p_adjusted,
                better,
                None
                if difference is None or better is not None or n is None
                else _more(difference, n, higher, confidence, len(pairs), most.get((a, b))),
                bool(by_labels),
            )
        )
    return made


def _tested(a: str, b: str, difference: Difference | None, higher: bool) -> Tested:
    if difference is None:
        return Tested(a, b, 1.0, None)
    ahead = None if difference.value == 0 else a if (difference.value > 0) == higher else b
    return Tested(a, b, difference.p, ahead)


def _more(
    difference: Difference, n: int, higher: bool, confidence: float, tests: int, by_labels: int | None
) -> int | None:
    """`by_labels` is how many labels there could be, of a difference of corrected accuracies: more are no plan."""
    if by_labels is not None:
        wanted = needed_for_power(n, difference.value, difference.standard_error, confidence, tests)
        return None if wanted is None or wanted > by_labels else wanted - n
    if higher:
        wanted = paired.prompts_needed(
            n,
            difference.value,
            difference.standard_error,
            confidence,
            tests,
            documents=difference.documents,
        )
        return None if wanted is None or wanted > MOST else max(wanted - n, 1)
    wanted = needed_for_power(n, math.log1p(difference.value), difference.standard_error, confidence, tests)
    return None if wanted is None else wanted - n


def _pair(
    objective: Objective,
    a: str,
    b: str,
    samples: Mapping[str, Sample],
    prompts: pd.DataFrame,
    shares: Mapping[str, float],
    confidence: float,
    least_blocks: int,
) -> tuple[Difference | None, int | None]:
    """The difference, and the number of prompts or requests that it rests on, where more of them would narrow it."""
    if objective == "most_accurate":
        return _accuracy(a, b, prompts, shares, confidence)
    if objective == "fastest":
        return _latency(samples[a], samples[b], confidence, least_blocks), min(samples[a].n, samples[b].n)
    return _cost(samples[a], samples[b], confidence)


def _by_labels(a: Estimate, b: Estimate, confidence: float) -> tuple[Difference | None, int]:
    return prediction_powered.difference(a, b, confidence), min(a.n, b.n)


def _cost(a: Sample, b: Sample, confidence: float) -> tuple[Difference | None, int | None]:
    if a.usd_per_hour is not None or b.usd_per_hour is not None:
        first_of, second_of = _apart(a), _apart(b)
        if first_of is None or second_of is None:
            return None, None
        return ratios.difference_apart(first_of, second_of, confidence), None
    mine, theirs = a.answers_cost, b.answers_cost
    if mine is None or theirs is None:
        return None, 0
    sources, codes = np.unique(np.concatenate([mine.source, theirs.source]), return_inverse=True)
    split = len(mine.source)
    first, second = mine.mean(codes[:split], len(sources)), theirs.mean(codes[split:], len(sources))
    if first is None or second is None:
        return None, len(sources)
    if first.value == 0 and second.value == 0:
        return Difference(0.0, 0.0, Interval(0.0, 0.0), 1.0), len(sources)
    return ratios.relative_difference(first, second, confidence), len(sources)


def _apart(sample: Sample) -> ratios.Apart | None:
    """What a transaction costs, with its doubt: by the hour that of the throughput, which has nothing to do with prompts."""
    if sample.usd_per_hour is None:
        found = sample.cost_per_transaction
        return None if found is None else ratios.apart_of(found)
    each, bounds = metrics.usd_per_transaction(sample), metrics.cost_per_10k_interval(sample)
    if each is None or bounds is None:
        return None
    freedom = (len(sample.blocks) if len(sample.blocks) > 1 else sample.n) - 1
    scaled = Interval(bounds.low / 10_000, bounds.high / 10_000)
    return ratios.apart(each, scaled, freedom, sample.confidence) if freedom >= 1 else None


def _latency(a: Sample, b: Sample, confidence: float, least_blocks: int) -> Difference | None:
    first, second = a.values("e2e_ms", True), b.values("e2e_ms", True)
    if first is None or second is None:
        return None
    mine, theirs = a.block_quantiles("e2e_ms", 0.5, True), b.block_quantiles("e2e_ms", 0.5, True)
    shared = sorted(mine.keys() & theirs.keys())
    if len(shared) < least_blocks:
        return None
    if len(shared) < 2:
        return paired.quantile_ratio(first, second, 0.5, confidence)
    # One that went on alone was measured in hours of which the other one has nothing.
    first, second = a.values("e2e_ms", True, shared), b.values("e2e_ms", True, shared)
    x, y = (None if each is None else each.quantile(0.5) for each in (first, second))
    if x is None or y is None:
        return None
    blocks = np.array([[mine[block], theirs[block]] for block in shared])
    return paired.blocked_quantile_ratio(x, y, blocks[:, 0], blocks[:, 1], confidence)


def _accuracy(
    a: str, b: str, prompts: pd.DataFrame, shares: Mapping[str, float], confidence: float
) -> tuple[Difference | None, int]:
    mine, theirs = (prompts.loc[prompts["model"] == model] for model in (a, b))
    found, n = compared(mine, theirs, "accuracy", shares, confidence)
    return None if found is None else found.difference, n
