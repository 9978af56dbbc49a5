"""Does a model keep its limits? Met, missed or undecided: by the interval, never by the value alone.

A limit is met when the whole interval keeps it, missed when none of it does, else undecided. Latencies are the
percentiles over all requests, in which one that failed is infinitely late. Leaves to others: the intervals
(`assay.records.sampled`), and what follows for the choice (`recommend`).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from assay.decision.settings import Bound, Bounds
from assay.records.attempts import MIN_CHUNKS_FOR_TPOT, MIN_TOKENS_FOR_TPOT
from assay.stats.distributions import normal_quantile
from assay.stats.interval import tail
from assay.stats.quantiles import least_n

State = Literal["met", "missed", "undecided", "not_evaluated"]
Qualifies = Literal["yes", "no", "undecided", "not_evaluated"]

MOST = 1_000_000
"""More requests or prompts than these are not a plan: then no number is given."""


@dataclass(frozen=True, slots=True)
class Miss:
    """How far a missed limit is missed, as a share of it: 0.2 is a fifth too much, or a fifth too little.

    Infinite where the value is, or where the limit is 0; an end is None where the interval has none.
    """

    relative: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Checked:
    """One limit, held against what was measured. Infinite values are infinitely late; None is unknown."""

    metric: str
    bound: Literal["max", "min"]
    limit: float
    value: float | None
    low: float | None
    high: float | None
    n: int
    unit: Literal["requests", "prompts", "labels"]
    """What n counts."""
    state: State
    more: int | None
    """About how many more of these would decide, if the value stays as it is; None where it isn't undecided, or
    where no number would."""
    why: str | None = None
    """Why its value is unknown, where it is."""
    bucket: str | None = None
    """The bucket that it is about; None for the dataset of interest."""
    miss: Miss | None = None
    """How far it is missed; None where it isn't."""


def check(
    limits: Bounds, figures: Mapping[Any, Any], confidence: float, bucket: str | None = None
) -> list[Checked]:
    """Each limit that is set, in the order of the settings.

    `figures` is a row of the table of models, or one with the same columns; of `bucket` by itself, if one is named.
    """
    return [_checked(name, bound, figures, confidence, bucket) for name, bound in limits.named.items()]


def qualifies(checked: Sequence[Checked]) -> Qualifies:
    """What the limits say together: one that is missed settles it, whatever the others say."""
    states = {limit.state for limit in checked}
    if "missed" in states:
        return "no"
    if "not_evaluated" in states:
        return "not_evaluated"
    return "undecided" if "undecided" in states else "yes"


def column_of(metric: str, open_loop: bool) -> str:
    """The column that a limit is about: latencies count failures, and in an open loop begin when a request was due."""
    if open_loop and metric.startswith(("ttft_ms", "e2e_ms")):
        metric = metric.replace("_ms", "_from_intended_ms")
    return f"{metric}_all" if "_ms_p" in metric else metric


def number(value: Any) -> float | None:
    """A table's value as float; null and NaN as None."""
    return None if value is None or value != value else float(value)


def _checked(
    name: str, bound: Bound, figures: Mapping[Any, Any], confidence: float, bucket: str | None
) -> Checked:
    column = column_of(name, number(figures.get("rate_rps")) is not None)
    value, low, high = (number(figures.get(f"{column}{end}")) for end in ("", "_low", "_high"))
    unit: Literal["requests", "prompts", "labels"] = "prompts" if name == "accuracy" else "requests"
    if unit == "prompts" and number(figures.get("accuracy_labels")):
        unit = "labels"
    counted = {"requests": "n", "prompts": "accuracy_n", "labels": "accuracy_labels"}[unit]
    n = int(number(figures.get(counted)) or 0)
    side: Literal["max", "min"]
    if bound.max is not None:
        side, limit = "max", bound.max
        met, missed = high is not None and high <= limit, low is not None and low > limit
    else:
        side, limit = "min", bound.min if bound.min is not None else -math.inf
        met, missed = low is not None and low >= limit, high is not None and high < limit
    state: State = "not_evaluated" if value is None else "met" if met else "missed" if missed else "undecided"
    more = None
    if state == "undecided" and value is not None:
        wanted = _needed(name, limit, value, low, high, n, confidence)
        most = MOST if unit != "labels" else int(number(figures.get("accuracy_labels_most")) or 0)
        more = None if wanted is None or wanted > most else max(1, wanted - n)
    why = why_unknown(name, figures) if value is None else None
    miss = _miss(side, limit, value, low, high) if state == "missed" and value is not None else None
    return Checked(name, side, limit, value, low, high, n, unit, state, more, why, bucket, miss)


def _miss(
    side: Literal["max", "min"], limit: float, value: float, low: float | None, high: float | None
) -> Miss:
    def beyond(found: float) -> float:
        if limit == 0:
            return math.inf
        return found / limit - 1.0 if side == "max" else 1.0 - found / limit

    ends = [None if end is None else beyond(end) for end in (low, high)]
    if side == "min":
        ends.reverse()
    return Miss(beyond(value), *ends)


def why_unknown(metric: str, figures: Mapping[Any, Any]) -> str | None:
    """Why a row of the table of models has no figure of this limit or objective; None where nobody knows.

    `metric` is a limit's name or that of a column.
    """
    if not number(figures.get("n_ok")):
        return "nothing was answered"
    if figures.get("status") in ("invalid", "spoilt") and "_ms" in metric:
        return "the client itself distorted its times"
    if metric.startswith("tpot_ms"):
        return f"no answer was long enough for it: it takes {MIN_TOKENS_FOR_TPOT} tokens in {MIN_CHUNKS_FOR_TPOT} chunks"
    if metric.startswith("ttft_ms"):
        return "no answer held any text, or none was streamed"
    if metric.startswith("cost_usd") and figures.get("priced_by") == "hour":
        return "it is paid by the hour, and how many transactions an hour takes is unknown"
    if metric.startswith("cost_usd") and number(figures.get("cost_usd")) is None:
        return f"a price of {figures.get('model_id')} that its requests need is unknown; give it in the benchmark file under `prices:`"
    if metric == "cost_usd_per_10k_correct_answers":
        return (
            "none of its answers is correct"
            if figures.get("correct_share") == 0
            else "nobody said what is correct"
        )
    if metric.startswith("cost_usd"):
        return "one of its buckets has no answer"
    if metric == "accuracy" and figures.get("accuracy_by") in ("panel", "ratings"):
        return "no verdict of the judges could be read, or they had no majority"
    return "no answer was scored" if metric == "accuracy" else None


def _needed(
    name: str, limit: float, value: float, low: float | None, high: float | None, n: int, confidence: float
) -> int | None:
    """About the n at which an interval that narrows with 1 / sqrt(n) would no longer hold the limit.

    With the power of even odds: half of such samples would decide. None where the value is the limit.
    """
    if "_ms_p" in name:
        floor = least_n(int(name.rsplit("_p", 1)[1]) / 100, confidence)
        if n < floor or low is None or high is None:
            return max(floor, n + 1)
    if low is None or high is None or value == limit:
        return None
    if math.isinf(value) or math.isinf(high):
        # Nothing to scale: the error rate is close to the share that the percentile leaves for failures.
        return 4 * n
    half = high - value if limit > value else value - low
    return max(n + 1, math.ceil(min(MOST + 1, n * (half / (limit - value)) ** 2)))


def needed_for_power(n: int, difference: float, error: float, confidence: float, tests: int) -> int | None:
    """About the n at which a difference of this size is found in 4 of 5 samples, Bonferroni over `tests`.

    None where the difference is 0 or the error unknown, or where it is more than `MOST`.
    """
    if difference == 0 or not math.isfinite(error) or not math.isfinite(difference):
        return None
    wanted = normal_quantile(1.0 - tail(confidence) / max(tests, 1)) + normal_quantile(0.8)
    size = n * (wanted * error / difference) ** 2
    return None if size > MOST else max(n + 1, math.ceil(size))
