"""Two models on the same prompts, by the objective: how far apart they are, and how sure that is.

| objective | figure | compared by |
| --- | --- | --- |
| cheapest | `cost_usd_per_10k_transactions` | ratio of costs, prompts paired, clustered by source document; where one is paid by the hour, from both intervals, as of samples that share nothing |
| fastest | the latency that is asked for over all requests, by default `e2e_ms_p50_all`; in an open loop from when a request was due | ratio of quantiles; by shared blocks where there are several |
| most_accurate | `accuracy` | difference on the prompts that both answered, tested by the signs of source documents: McNemar's exact test where each has one prompt; where people's labels correct it for all models, the difference of corrected accuracies |
| cheapest_success | `cost_usd_per_10k_correct_answers` | as `cheapest`, of dollars of all requests per correct answer |
| weighted | `weighted_score` | the weighted sum of the logarithms of the first three ratios (`weighted`) |

Leaves to others: what follows from it (`recommend`).
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Literal

import numpy as np
import pandas as pd

from assay.decision import weighted
from assay.decision.limits import MOST, column_of, needed_for_power
from assay.decision.settings import Aspect, Decision, LatencyMetric, Objective
from assay.records import sampled, success
from assay.records.pairs import compared
from assay.records.sample import Sample
from assay.stats import paired, prediction_powered, ratios
from assay.stats.dependent import Moved
from assay.stats.effect import Centred
from assay.stats.interval import Interval
from assay.stats.multiplicity import holm
from assay.stats.prediction_powered import Estimate
from assay.stats.ratios import Difference
from assay.stats.swap import Spent, Swapped

ASPECTS: Mapping[Aspect, Objective] = {
    "cost": "cheapest",
    "latency": "fastest",
    "accuracy": "most_accurate",
}
"""The objective by which models are compared in one aspect."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What models are compared by."""

    objective: Objective = "cheapest"
    latency: LatencyMetric = "e2e_ms_p50"
    """What `fastest` is about, and the latency among the weights."""
    weights: Mapping[Aspect, float] = field(default_factory=dict)
    """Shares that sum to 1, for `weighted`."""

    @classmethod
    def of(cls, decision: Decision) -> "Measure":
        """That of the settings."""
        weights = {} if decision.weights is None else decision.weights.shares
        return cls(decision.objective, decision.latency, weights)

    def aspect(self, aspect: Aspect) -> "Measure":
        """That of one aspect."""
        return Measure(ASPECTS[aspect], self.latency)

    @property
    def higher(self) -> bool:
        """Whether more is better."""
        return self.objective == "most_accurate"

    @property
    def unit(self) -> Literal["relative", "absolute"]:
        """What a difference is in: a / b - 1, or a - b."""
        return "absolute" if self.higher else "relative"

    def figure(self, open_loop: bool) -> str:
        """The column that it is about; `weighted_score` isn't one of the tables."""
        if self.objective == "fastest":
            return column_of(self.latency, open_loop)
        return _FIGURE[self.objective]

    @property
    def key(self) -> tuple[object, ...]:
        """What tells it from others."""
        return self.objective, self.latency, tuple(self.weights.items())


_FIGURE: Mapping[Objective, str] = {
    "cheapest": "cost_usd_per_10k_transactions",
    "most_accurate": "accuracy",
    "cheapest_success": "cost_usd_per_10k_correct_answers",
    "weighted": "weighted_score",
}


@dataclass(frozen=True, slots=True)
class Found:
    """What was found of a pair, before anything is adjusted."""

    difference: Difference | None
    """None where nothing could be tested."""
    n: int | None
    """Prompts, requests or labels that it rests on, where more of them would narrow it."""
    by_labels: bool = False
    """Whether it is a difference of corrected accuracies."""
    most: int | None = None
    """How many labels there could be, where it rests on labels."""


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
    measure: Measure,
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
    `corrected` are the models' accuracies as people's labels correct them, of all models or None: accuracy then goes by
    them.
    """
    pairs = list(combinations(models, 2))
    wide = confidence if interval_confidence is None else interval_confidence
    found = [find(measure, a, b, samples, prompts, shares, wide, least_blocks, corrected) for a, b in pairs]
    return judged(measure, pairs, found, confidence, adjust)


def judged(
    measure: Measure,
    pairs: Sequence[tuple[str, str]],
    found: Sequence[Found],
    confidence: float,
    adjust: Callable[[Sequence[Tested]], Sequence[Adjusted]] = at_once,
) -> list[Comparison]:
    """Comparisons from what was found of each pair: all of them are tested at once."""
    tested = [_tested(a, b, one.difference, measure.higher) for (a, b), one in zip(pairs, found, strict=True)]
    made = []
    for (a, b), one, adjusted in zip(pairs, found, adjust(tested), strict=True):
        difference = one.difference
        better = adjusted.ahead if difference is not None and adjusted.p <= 1.0 - confidence else None
        made.append(
            Comparison(
                a,
                b,
                measure.unit,
                None if difference is None else difference.value,
                None if difference is None else difference.interval.low,
                None if difference is None else difference.interval.high,
                1.0 if difference is None else difference.p,
                adjusted.p,
                better,
                None
                if difference is None or better is not None or one.n is None
                else _more(difference, one.n, measure.higher, confidence, len(pairs), one.most),
                one.by_labels,
            )
        )
    return made


def find(
    measure: Measure,
    a: str,
    b: str,
    samples: Mapping[str, Sample],
    prompts: pd.DataFrame,
    shares: Mapping[str, float],
    confidence: float,
    least_blocks: int = 1,
    corrected: Mapping[str, Estimate] | None = None,
) -> Found:
    """One pair by itself; for the arguments see `compare`."""
    if measure.objective == "weighted":
        parts = {
            aspect: find(
                measure.aspect(aspect), a, b, samples, prompts, shares, confidence, least_blocks, corrected
            )
            for aspect in measure.weights
        }
        counts = [part.n for part in parts.values() if part.n is not None]
        # What narrows one part by some factor has to narrow the others too: it is told of the one that has fewest.
        fewest = min(counts) if len(counts) == len(parts) else None
        cost = parts["cost"].difference if "cost" in parts else None
        if cost is not None and (cost.value == -1.0 or math.isinf(cost.value)):
            # A score of 0 is below any other one, whatever the rest is.
            return Found(None if any(part.difference is None for part in parts.values()) else cost, fewest)
        differences = {aspect: part.difference for aspect, part in parts.items()}
        if None in differences.values():
            return Found(None, fewest)
        rated = weighted.rated_by_both(a, b, prompts, shares)
        rates = weighted.accuracies(a, b, rated, shares, corrected)
        documents = weighted.Documents(samples[a], samples[b], rated, shares)
        moved = _moved(measure, samples[a], samples[b], documents, confidence, bool(corrected))
        return Found(weighted.together(measure.weights, differences, rates, moved, confidence), fewest)
    if measure.objective == "most_accurate":
        if corrected:
            if a not in corrected or b not in corrected:
                return Found(None, None, True)
            difference = prediction_powered.difference(corrected[a], corrected[b], confidence)
            most = min(corrected[a].prompts, corrected[b].prompts)
            return Found(difference, min(corrected[a].n, corrected[b].n), True, most)
        return Found(*_accuracy(a, b, prompts, shares, confidence))
    if measure.objective == "fastest":
        smaller = min(samples[a].n, samples[b].n)
        return Found(_latency(samples[a], samples[b], measure.latency, confidence, least_blocks), smaller)
    if measure.objective == "cheapest_success":
        return Found(*_cost_of_success(samples[a], samples[b], confidence))
    return Found(*_cost(samples[a], samples[b], confidence))


def _moved(
    measure: Measure, a: Sample, b: Sample, documents: weighted.Documents, confidence: float, by_labels: bool
) -> dict[Aspect, Moved | None]:
    """What source documents moved each aspect's log ratio by; None where nobody knows."""
    found: dict[Aspect, Moved | None] = {}
    for aspect in measure.weights:
        if aspect == "cost":
            found[aspect] = documents.cost()
        elif aspect == "latency":
            column, p = _quantile_of(a, measure.latency)
            shared = sorted(_by_block(a, column, p).keys() & _by_block(b, column, p).keys())
            found[aspect] = documents.latency(column, p, shared if len(shared) > 1 else None, confidence)
        else:
            # How labels of people hang together with anything else isn't known.
            found[aspect] = None if by_labels else documents.accuracy()
    return found


def _expm1(value: float) -> float:
    return math.expm1(value) if value < 700.0 else math.inf


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
    if first.value == 0 or second.value == 0:
        return _free(first.value, second.value), len(sources)
    spent = Spent(*mine.by_document(sources), *theirs.by_document(sources), mine.shares)
    return held_to_swaps(ratios.relative_difference(first, second, confidence), spent, confidence), len(
        sources
    )


def _free(first: float, second: float) -> Difference:
    """Of two costs of which at least one is 0: what is free costs nothing whatever is asked, so there is no doubt."""
    log = 0.0 if first == second else -math.inf if first == 0 else math.inf
    ratio = _expm1(log)
    return Difference(ratio, 0.0, Interval(ratio, ratio), float(first == second), effect=Centred((log,), 0.0))


def held_to_swaps(found: Difference | None, spent: Spent, confidence: float) -> Difference | None:
    """A ratio of costs by the jackknife, made as weak as what the two models spent by document allows: see `assay.stats.swap`."""
    if found is None or not isinstance(found.effect, Centred) or math.isinf(found.standard_error):
        return found
    if found.value == 0 and found.standard_error == 0:
        return found  # the same in every document: there is nothing that a swap would change
    effect = Swapped(found.effect, spent)
    bounds, p = effect.interval(confidence), max(found.p, effect.equal())
    low, high = math.expm1(bounds.low), _expm1(bounds.high)
    if p <= 1.0 - confidence:
        # Ends are searched for and rounded outwards: that mustn't bring back a 0 that the test leaves out.
        low, high = (max(low, 0.0), high) if found.value > 0 else (low, min(high, 0.0))
    return replace(found, interval=Interval(low, high), p=p, effect=effect)


def _apart(sample: Sample) -> ratios.Apart | None:
    """What a transaction costs, with its doubt: by the hour that of the throughput, which has nothing to do with prompts."""
    if sample.usd_per_hour is None:
        found = sample.cost_per_transaction
        return None if found is None else ratios.apart_of(found)
    each, bounds = sampled.usd_per_transaction(sample), sampled.cost_per_10k_interval(sample)
    if each is None or bounds is None:
        return None
    freedom = (len(sample.blocks) if len(sample.blocks) > 1 else sample.n) - 1
    scaled = Interval(bounds.low / 10_000, bounds.high / 10_000)
    return ratios.apart(each, scaled, freedom, sample.confidence) if freedom >= 1 else None


def _cost_of_success(a: Sample, b: Sample, confidence: float) -> tuple[Difference | None, int | None]:
    """Dollars per correct answer, clusters being the source documents of both."""
    if a.usd_per_hour is not None or b.usd_per_hour is not None:
        first_of, second_of = _success_apart(a), _success_apart(b)
        if first_of is None or second_of is None:
            return None, None
        return ratios.difference_apart(first_of, second_of, confidence), None
    sources = np.union1d(a.attempts.source, b.attempts.source)
    first, second = success.cost_ratio(a, sources), success.cost_ratio(b, sources)
    if first is None or second is None:
        return None, len(sources)
    if first.value == 0 or second.value == 0:
        return _free(first.value, second.value), len(sources)
    spent = Spent(*success.by_document(a, sources), *success.by_document(b, sources), np.ones(1))
    return held_to_swaps(ratios.relative_difference(first, second, confidence), spent, confidence), len(
        sources
    )


def _success_apart(sample: Sample) -> ratios.Apart | None:
    each, bounds = sampled.cost_per_10k_correct(sample), sampled.cost_per_10k_correct_interval(sample)
    if each is None or bounds is None:
        return None
    documents = len(np.unique(sample.attempts.source))
    freedom = min(documents, len(sample.blocks) if len(sample.blocks) > 1 else sample.n) - 1
    return ratios.apart(each, bounds, freedom, sample.confidence) if freedom >= 1 else None


def _latency(
    a: Sample, b: Sample, metric: LatencyMetric, confidence: float, least_blocks: int
) -> Difference | None:
    column, p = _quantile_of(a, metric)
    first, second = a.values(column, True), b.values(column, True)
    if first is None or second is None:
        return None
    mine, theirs = _by_block(a, column, p), _by_block(b, column, p)
    shared = sorted(mine.keys() & theirs.keys())
    if len(shared) < least_blocks:
        return None
    if len(shared) < 2:
        return paired.quantile_ratio(first, second, p, confidence)
    # One that went on alone was measured in hours of which the other one has nothing.
    first, second = a.values(column, True, shared), b.values(column, True, shared)
    x, y = (None if each is None else each.quantile(p) for each in (first, second))
    if x is None or y is None:
        return None
    blocks = np.array([[mine[block], theirs[block]] for block in shared])
    return paired.blocked_quantile_ratio(x, y, blocks[:, 0], blocks[:, 1], confidence)


def _quantile_of(sample: Sample, metric: LatencyMetric) -> tuple[str, float]:
    """Which latency, as a column of requests, and which quantile of it."""
    open_loop = sample.concurrency is None and sample.arriving is not None
    column, percent = column_of(metric, open_loop).removesuffix("_all").rsplit("_p", 1)
    return column, int(percent) / 100


def _by_block(sample: Sample, column: str, p: float) -> dict[int, float]:
    return sample.block_quantiles(column, p, True)


def _accuracy(
    a: str, b: str, prompts: pd.DataFrame, shares: Mapping[str, float], confidence: float
) -> tuple[Difference | None, int]:
    mine, theirs = (prompts.loc[prompts["model"] == model] for model in (a, b))
    found, n = compared(mine, theirs, "accuracy", shares, confidence)
    return None if found is None else found.difference, n
