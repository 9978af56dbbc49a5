"""The one table of metrics: name, unit, formula in words and function of every column of the result tables.

The CSV headers, docs/tables.md and the report's glossary are made from it. Latencies carry their percentile and,
with `_low` and `_high`, their interval; `_all` marks what counts failed requests as infinitely late.

Leaves to others: which requests form a sample (`aggregate`), how intervals are computed (`assay.stats`).
"""

import json
import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from assay.records import success
from assay.records.sample import Sample
from assay.stats import ratios, shares
from assay.stats.interval import Interval

Value = str | int | float | None
Kind = Literal["text", "count", "number"]

PERCENTILES = (50, 90, 95, 99)


@dataclass(frozen=True, slots=True)
class Metric:
    """A column. `function` computes it from a sample; None where the table's own code gives it."""

    name: str
    unit: str
    """Of the value; empty for text."""
    formula: str
    kind: Kind = "number"
    function: Callable[[Sample], Value] | None = None


def _quantile(sample: Sample, name: str, percent: int, failures: bool) -> Value:
    return sample.quantile(name, percent / 100, failures)


def _low(sample: Sample, name: str, percent: int, failures: bool) -> Value:
    return sample.quantile_ends(name, percent / 100, failures).low


def _high(sample: Sample, name: str, percent: int, failures: bool) -> Value:
    return sample.quantile_ends(name, percent / 100, failures).high


def _latencies() -> tuple[Metric, ...]:
    meant = {
        "ttft_ms": "time to first token: from the request's last byte sent to its first text received",
        "e2e_ms": "end-to-end time: from the request's last byte sent to the answer's end",
        "ttft_from_intended_ms": (
            "open loops: time from when the request was meant to leave to its first text received, so that waiting for "
            "its turn counts"
        ),
        "e2e_from_intended_ms": "open loops: time from when the request was meant to leave to the answer's end",
        "tpot_ms": (
            "time per output token: from first to last content, over the output tokens after the first chunk's "
            "(of answers of at least 16 tokens and 4 chunks)"
        ),
    }
    made = []
    for name, words in meant.items():
        for failures in (False, True):
            suffix = "_all" if failures else ""
            over = "all requests, failures infinitely late" if failures else "answered requests"
            too_few = (
                "null where n is too small for this end"
                if failures
                else "both ends or neither: null where n is too small"
            )
            for percent in PERCENTILES:
                column = f"{name}_p{percent}{suffix}"
                shown = f"{words}; {percent}th percentile over {over}"
                low, high = f"lower end of the interval of {column}", f"upper end of the interval of {column}"
                value_of = partial(_quantile, name=name, percent=percent, failures=failures)
                low_of = partial(_low, name=name, percent=percent, failures=failures)
                high_of = partial(_high, name=name, percent=percent, failures=failures)
                made += [
                    Metric(column, "ms", shown, function=value_of),
                    Metric(f"{column}_low", "ms", f"{low}; {too_few}", function=low_of),
                    Metric(f"{column}_high", "ms", f"{high}; {too_few}", function=high_of),
                ]
    return tuple(made)


def _error_rate(sample: Sample) -> float | None:
    return float((sample.requests.weight * ~sample.requests.ok).sum()) if sample.n else None


def error_rate_interval(sample: Sample) -> Interval | None:
    """Wilson's interval; clustered by block where there are several and the error rate is neither 0 nor 1."""
    rate = _error_rate(sample)
    if rate is None:
        return None
    requests = sample.requests
    if len(sample.blocks) > 1 and 0 < sample.n_ok < sample.n:
        codes = np.searchsorted(sample.blocks, requests.block)
        return shares.clustered((~requests.ok).astype(np.float64), codes, sample.confidence, requests.weight)
    alike = 1.0 / float(np.square(requests.weight).sum())
    return shares.wilson(min(1.0, max(0.0, rate)), alike, sample.confidence)


def _end(
    sample: Sample, interval: Callable[[Sample], Interval | None], side: Literal["low", "high"]
) -> Value:
    found = interval(sample)
    return None if found is None else float(getattr(found, side))


def _errors(sample: Sample) -> str:
    kinds = Counter(str(kind) for kind in sample.requests.error[~sample.requests.ok])
    return json.dumps(dict(sorted(kinds.items())), separators=(",", ":"))


def _n_throttling(sample: Sample) -> int:
    return int((sample.requests.error[~sample.requests.ok] == "throttling").sum())


def _per_minute(sample: Sample, of: Literal["transactions_per_slot_ms", "tokens_per_slot_ms"]) -> Value:
    if sample.concurrency is None:
        return _arriving_per_minute(sample, of)
    found: ratios.Ratio | None = getattr(sample, of)
    return None if found is None or sample.held is None else found.value * sample.held * 60_000


def transactions_per_minute(sample: Sample) -> float | None:
    """Answered requests per minute under the load that was measured."""
    found = _per_minute(sample, "transactions_per_slot_ms")
    return float(found) if isinstance(found, int | float) else None


def _arriving_per_minute(
    sample: Sample, of: Literal["transactions_per_slot_ms", "tokens_per_slot_ms"]
) -> Value:
    """In an open loop the rate of arrivals gives how many there are, and what was answered how much of it was done."""
    rate = _achieved_rps(sample)
    if rate is None or not sample.valid:
        return None
    attempts = sample.attempts
    each = attempts.answered if of == "transactions_per_slot_ms" else attempts.tokens
    return rate * 60 * float((attempts.weight * each).sum())


def _achieved_rps(sample: Sample) -> float | None:
    return None if sample.arriving is None else sample.arriving.achieved_rps


def _dispatch_error(sample: Sample) -> Value:
    late = sample.requests.dispatch_error_ms
    known = np.zeros(0) if late is None else np.sort(late[~np.isnan(late)])
    return float(known[math.ceil(0.99 * len(known)) - 1]) if len(known) else None


def transactions_per_minute_interval(sample: Sample) -> Interval | None:
    """Of answered requests per minute, by linearisation; in an open loop from the interval of the error rate."""
    if sample.concurrency is None:
        rate, errors = _achieved_rps(sample), error_rate_interval(sample)
        if rate is None or errors is None or not sample.valid:
            return None
        return Interval(rate * 60 * (1 - errors.high), rate * 60 * (1 - errors.low))
    found = sample.transactions_per_slot_ms
    bounds = None if found is None else ratios.interval(found, sample.confidence)
    if bounds is None or sample.held is None:
        return None
    scale = sample.held * 60_000
    return Interval(max(0.0, bounds.low * scale), bounds.high * scale)


def usd_per_transaction(sample: Sample) -> float | None:
    """Dollars per answered request: the mean of what they cost, or what an hour costs over those of an hour."""
    if sample.usd_per_hour is not None:
        per_minute = transactions_per_minute(sample)
        return sample.usd_per_hour / (60 * per_minute) if per_minute else None
    found = sample.cost_per_transaction
    return None if found is None else found.value


def _cost_per_10k(sample: Sample) -> Value:
    found = usd_per_transaction(sample)
    return None if found is None else found * 10_000


def cost_per_10k_interval(sample: Sample) -> Interval | None:
    """Of dollars per 10,000 answered requests, by linearisation over source documents.

    By the hour, the inverse of the interval of the throughput; None where that reaches down to nothing answered.
    """
    if sample.usd_per_hour is not None:
        answered = transactions_per_minute_interval(sample)
        if answered is None or answered.low <= 0:
            return None
        scale = sample.usd_per_hour / 60 * 10_000
        return Interval(scale / answered.high, scale / answered.low)
    found = sample.cost_per_transaction
    bounds = None if found is None else ratios.interval(found, sample.confidence)
    return None if bounds is None else Interval(max(0.0, bounds.low * 10_000), bounds.high * 10_000)


def _cost_per_success(sample: Sample, within: bool) -> Value:
    if sample.usd_per_hour is None:
        found = success.cost_per_success(sample, within)
    else:
        found = success.hourly_cost_per_success(usd_per_transaction(sample), sample, within)
    return None if found is None else found * 10_000


def _cost_per_success_interval(sample: Sample, within: bool) -> Interval | None:
    if sample.usd_per_hour is None:
        found = success.cost_per_success_interval(sample, within)
        return None if found is None else Interval(found.low * 10_000, found.high * 10_000)
    # Both are per 10,000.
    each = _cost_per_10k(sample)
    value = float(each) if isinstance(each, int | float) else None
    return success.hourly_cost_per_success_interval(value, cost_per_10k_interval(sample), sample, within)


def cost_per_10k_correct(sample: Sample) -> float | None:
    """Dollars per 10,000 correct answers; None where the price is unknown, or nothing is correct."""
    found = _cost_per_success(sample, within=False)
    return float(found) if isinstance(found, int | float) else None


def cost_per_10k_correct_interval(sample: Sample) -> Interval | None:
    """Its interval, prompts clustered by source document."""
    return _cost_per_success_interval(sample, within=False)


def _successes() -> tuple[Metric, ...]:
    made = []
    for within in (False, True):
        share_name = "goodput_share" if within else "correct_share"
        cost_name = f"cost_usd_per_10k_correct_answers{'_within_limits' if within else ''}"
        what = (
            "correct, in requests that kept the limits on latency (ttft, e2e and tpot; the strictest percentile of each, "
            "held against each single request; in an open loop from when it was due)"
            if within
            else "correct"
        )
        none = "where the benchmark has no limit on a latency, " if within else ""
        bounds = partial(success.share_interval, within=within)
        made += [
            Metric(
                share_name,
                "share",
                f"measured requests with an answer that is {what}, over all measured: what failed, and answers without a "
                f"verdict, are not correct; without judges by the dataset's own metric. Null {none}in ramps, and where "
                "nobody said what is correct",
                function=partial(success.share, within=within),
            ),
            *(
                Metric(
                    f"{share_name}_{side}",
                    "share",
                    f"{'lower' if side == 'low' else 'upper'} end of its interval, prompts clustered by source document",
                    function=partial(_end, interval=bounds, side=side),
                )
                for side in ("low", "high")
            ),
            Metric(
                cost_name,
                "US dollars",
                "dollars of all measured requests, those of failed and retried ones as far as they are known, over the "
                f"answers that are {what}; times 10,000. Null where the price is unknown, {none}and where no answer is",
                function=partial(_cost_per_success, within=within),
            ),
            *(
                Metric(
                    f"{cost_name}_{side}",
                    "US dollars",
                    f"{'lower' if side == 'low' else 'upper'} end of its interval, prompts clustered by source document",
                    function=partial(
                        _end, interval=partial(_cost_per_success_interval, within=within), side=side
                    ),
                )
                for side in ("low", "high")
            ),
        ]
    return tuple(made)


def _mean(sample: Sample, name: Literal["input_tokens", "output_tokens"]) -> Value:
    requests = sample.requests
    values = getattr(requests, name)
    chosen = requests.ok & ~np.isnan(values)
    if not chosen.any():
        return None
    weight = requests.weight[chosen]
    return float((weight * values[chosen]).sum() / weight.sum())


def _network_and_client(sample: Sample) -> Value:
    requests = sample.requests
    rest = requests.e2e_ms - requests.service_latency_ms
    chosen = requests.ok & ~np.isnan(rest)
    return _median(rest[chosen])


def _service_latency(sample: Sample) -> Value:
    requests = sample.requests
    return _median(requests.service_latency_ms[requests.ok & ~np.isnan(requests.service_latency_ms)])


def _median(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float | None:
    return float(np.sort(values)[math.ceil(len(values) / 2) - 1]) if len(values) else None


def _cached(sample: Sample, name: str) -> int | None:
    values = getattr(sample.requests, name)
    return int(np.nansum(values)) if not np.isnan(values).all() else None


def _n_censored(sample: Sample) -> int:
    return sum(str(kind).startswith("timeout_") for kind in sample.requests.error[~sample.requests.ok])


def _interval_assumes(sample: Sample) -> str | None:
    if not sample.n:
        return None
    blocks = len(sample.blocks)
    if blocks > 1:
        return f"blocks vary independently (t, {blocks - 1} degree{'' if blocks == 2 else 's'} of freedom)"
    return "this sitting only, assumes independence"


def _drift_percent(sample: Sample, end: str) -> float | None:
    found = sample.drift("e2e_ms")
    if found is None:
        return None
    ends = {"": found.value, "_low": found.interval.low, "_high": found.interval.high}
    return 100.0 * ends[end]


def _block_variation(sample: Sample, name: str, percent: int) -> float | None:
    return sample.block_variation(name, percent / 100)


def _spreads() -> tuple[Metric, ...]:
    return tuple(
        Metric(
            f"{name}_p{percent}_variation_between_blocks",
            "share",
            f"coefficient of variation of the blocks' {percent}th percentiles of {name}, what requests vary by chance "
            f"included; null with one block{', or with fewer than 20 answers in one' if percent == 95 else ''}",
            function=partial(_block_variation, name=name, percent=percent),
        )
        for name in ("ttft_ms", "e2e_ms")
        for percent in (50, 95)
    )


def instrument_error_share(
    canary_error_ms_p99: float | None, low: float | None, high: float | None
) -> float | None:
    """The instrument's error over half of an interval's width; None where one of them is unknown or no number."""
    if canary_error_ms_p99 is None or low is None or high is None or not 0 < high - low < math.inf:
        return None
    return canary_error_ms_p99 / ((high - low) / 2.0)


_IDENTITY = (
    Metric("model", "", "the model's label in the benchmark", "text"),
    Metric("model_id", "", "Bedrock model id, inference profile id or ARN", "text"),
)

_PRICED_BY = Metric(
    "priced_by",
    "",
    "tokens, or hour for provisioned throughput, where no request has a cost of its own; null where the price is unknown",
    "text",
)

_BUCKET = Metric("bucket", "", "range of prompt sizes, by the benchmark's tokenizer", "text")

_LOAD = Metric(
    "load",
    "",
    "c8 is a closed loop with 8 requests in flight, r2.5 an open loop with 2.5 arriving per second",
    "text",
)

_INTEREST = Metric(
    "interest",
    "",
    "the buckets of the dataset of interest, with their weights where there are several",
    "text",
)

_STANDING = (
    Metric("concurrency", "requests", "closed loops: requests kept in flight", "count"),
    Metric("rate_rps", "requests/second", "open loops: rate of arrivals that was asked for; null in ramps"),
    Metric("arrivals", "", "open loops: poisson or constant", "text"),
    Metric(
        "status",
        "",
        "complete; capped where the budget ended it; spoilt where the client distorted a block of it; invalid where its "
        "latencies aren't the service's, and are null: the client distorted a cell of it, or a cell that is meant to be "
        "cold was answered from cached tokens; missing where nothing was measured",
        "text",
    ),
    Metric("reason", "", "why it isn't complete, null if it is", "text"),
    Metric(
        "ended_early",
        "",
        "why its later blocks weren't measured on purpose (enough was known, or a look at the decision settled it); null "
        "where all were",
        "text",
    ),
)

SAMPLED: tuple[Metric, ...] = (
    Metric("n", "requests", "measured requests, each by its last try", "count", lambda s: s.n),
    Metric("n_ok", "requests", "measured requests that were answered", "count", lambda s: s.n_ok),
    Metric(
        "n_left_out",
        "requests",
        "measured requests left out, since the client spoilt their block",
        "count",
        lambda s: s.left_out,
    ),
    Metric(
        "error_rate",
        "share",
        "measured requests that were not answered, over all measured",
        function=_error_rate,
    ),
    Metric(
        "error_rate_low",
        "share",
        "lower end of its interval",
        function=partial(_end, interval=error_rate_interval, side="low"),
    ),
    Metric(
        "error_rate_high",
        "share",
        "upper end of its interval",
        function=partial(_end, interval=error_rate_interval, side="high"),
    ),
    Metric(
        "n_throttling", "requests", "measured requests whose last try was throttled", "count", _n_throttling
    ),
    Metric("errors", "", "measured requests that failed, by error kind, as JSON", "text", _errors),
    Metric(
        "throttles",
        "attempts",
        "throttled tries of measured requests, retried ones too",
        "count",
        lambda s: int(s.attempts.throttled.sum()),
    ),
    Metric(
        "n_censored",
        "requests",
        "measured requests that a time limit ended: all that is known of their latency is that it is longer",
        "count",
        _n_censored,
    ),
    Metric(
        "blocks", "blocks", "blocks that the measured requests come from", "count", lambda s: len(s.blocks)
    ),
    Metric("intervals_assume", "", "what the intervals of latency rest on", "text", _interval_assumes),
    *_latencies(),
    *(
        Metric(
            f"user_wait_ms_p{percent}",
            "ms",
            "what a user waited for an answer, across all tries and the waits between them: from the first try to the "
            f"end of the last; {percent}th percentile of answered requests",
            function=partial(_quantile, name="user_wait_ms", percent=percent, failures=False),
        )
        for percent in (50, 95)
    ),
    *_spreads(),
    Metric(
        "achieved_rps",
        "requests/second",
        "open loops: measured requests sent per second, from the first to the last of each sitting",
        function=_achieved_rps,
    ),
    Metric(
        "dispatch_error_ms_p99",
        "ms",
        "open loops: how much later than intended a request left, waiting for a place among those in flight included; "
        "99th percentile",
        function=_dispatch_error,
    ),
    Metric(
        "in_flight_mean",
        "requests",
        "requests of all roles that were really in flight, averaged over the time from the first measured dispatch to the "
        "last measured end of each sitting: the time from dispatch until the place was free, summed, over that time",
        function=lambda s: s.in_flight_mean,
    ),
    Metric(
        "transactions_per_minute",
        "transactions/minute",
        "answered requests over the sum of slot_ms of measured requests, all tries (how long each held a place in flight), "
        "times the smaller of concurrency and in_flight_mean, times 60,000; what this load gave, not capacity. In an "
        "open loop, achieved_rps times the share answered, times 60",
        function=partial(_per_minute, of="transactions_per_slot_ms"),
    ),
    Metric(
        "transactions_per_minute_low",
        "transactions/minute",
        "lower end of its interval",
        function=partial(_end, interval=transactions_per_minute_interval, side="low"),
    ),
    Metric(
        "transactions_per_minute_high",
        "transactions/minute",
        "upper end of its interval",
        function=partial(_end, interval=transactions_per_minute_interval, side="high"),
    ),
    Metric(
        "tokens_per_minute",
        "tokens/minute",
        "input and output tokens of answered requests over the same sum, times the same number in flight; in an open "
        "loop, those of a request times achieved_rps times 60",
        function=partial(_per_minute, of="tokens_per_slot_ms"),
    ),
    Metric(
        "input_tokens_mean",
        "tokens",
        "mean of answered requests, by the service's own count",
        function=partial(_mean, name="input_tokens"),
    ),
    Metric(
        "output_tokens_mean",
        "tokens",
        "mean of answered requests, by the service's own count",
        function=partial(_mean, name="output_tokens"),
    ),
    *(
        Metric(
            f"{name}_tokens",
            "tokens",
            f"tokens that the service {words} its prompt cache for measured requests; null where it reports none",
            "count",
            partial(_cached, name=f"{name}_tokens"),
        )
        for name, words in (("cache_read", "read from"), ("cache_write", "wrote to"))
    ),
    Metric(
        "service_latency_ms_p50",
        "ms",
        "the service's own latencyMs, median of answered requests",
        function=_service_latency,
    ),
    Metric(
        "network_and_client_ms_p50",
        "ms",
        "end-to-end time less the service's own latencyMs, median of answered requests",
        function=_network_and_client,
    ),
    Metric(
        "n_cost_unknown",
        "attempts",
        "tries of measured requests that may have cost something, though the service reported no tokens or the price "
        "is unknown",
        "count",
        lambda s: s.n_cost_unknown,
    ),
    Metric(
        "cost_usd_per_10k_transactions",
        "US dollars",
        "mean dollars of an answered request, times 10,000, what failed being no transaction; of provisioned throughput "
        "what an hour costs over 60 transactions_per_minute, times 10,000; null where the price is unknown, and where "
        "nothing was answered (of a mix, in one of its buckets)",
        function=_cost_per_10k,
    ),
    Metric(
        "cost_usd_per_10k_transactions_low",
        "US dollars",
        "lower end of its interval, prompts clustered by source document; of provisioned throughput from the interval of "
        "transactions_per_minute",
        function=partial(_end, interval=cost_per_10k_interval, side="low"),
    ),
    Metric(
        "cost_usd_per_10k_transactions_high",
        "US dollars",
        "upper end of its interval, prompts clustered by source document; of provisioned throughput from the interval of "
        "transactions_per_minute",
        function=partial(_end, interval=cost_per_10k_interval, side="high"),
    ),
    *_successes(),
)

SELF_CHECK: tuple[Metric, ...] = (
    Metric(
        "client_lag_ms_p99",
        "ms",
        "how late the client itself was, 99th percentile of the worst block",
    ),
    Metric(
        "canary_error_ms_p50",
        "ms",
        "how late the client saw what a local server of known write times sent meanwhile, median of the worst block",
    ),
    Metric("canary_error_ms_p99", "ms", "the same, 99th percentile of the worst block"),
    Metric("cpu_share", "share", "the client's share of one processor core, in the worst block"),
    Metric("gc_pause_ms_max", "ms", "longest pause for the client's garbage collection, in all blocks"),
    Metric(
        "instrument_error_share",
        "share",
        "canary_error_ms_p99 over half the width of the interval of ttft_ms_p95: at most .2 is well",
    ),
)

CELLS: tuple[Metric, ...] = (
    *_IDENTITY,
    _BUCKET,
    _LOAD,
    *_STANDING,
    *SAMPLED,
    _PRICED_BY,
    Metric(
        "cost_usd",
        "US dollars",
        "dollars of the cell's measured requests, all tries, a lower bound where n_cost_unknown isn't 0; null where the "
        "price is unknown or by the hour",
        function=lambda s: s.cost_usd,
    ),
    *(
        Metric(
            f"drift_percent{end}",
            "%",
            f"{words}trend of e2e_ms: its change from the cell's first measured request to the last, in per cent; null "
            "for 2 blocks, and for fewer than 50 answers in one",
            function=partial(_drift_percent, end=end),
        )
        for end, words in (
            ("", ""),
            ("_low", "lower end of the interval of the "),
            ("_high", "upper end of the interval of the "),
        )
    ),
    Metric(
        "beside",
        "",
        "the other cells that had requests under way while this one had: model, bucket and load of each",
        "text",
    ),
    Metric(
        "sittings", "", "most sittings that a block of the cell took: 1 if it was never interrupted", "count"
    ),
    *SELF_CHECK,
)

RATED: tuple[Metric, ...] = (
    Metric(
        "accuracy_by",
        "",
        "what accuracy is by: the panel (its majority), ratings (the mean of theirs, on a scale of 1 to 5), or without judges the "
        "name of the dataset's own metric; null without answers",
        "text",
    ),
    Metric("accuracy_n", "prompts", "prompts with at least one answer that has a verdict", "count"),
    Metric(
        "accuracy_n_reused",
        "prompts",
        "those of accuracy_n that this run has no answer of its own to, so that answers of other runs count: for accuracy "
        "and metric_score, never for what was asked, for latency or for cost",
        "count",
    ),
    Metric("reused_from", "", "the runs that these answers are from", "text"),
    Metric(
        "accuracy",
        "share",
        "correct over answered: by the panel's majority, without judges the mean of the dataset's own metric; "
        "averaged within each prompt, then over prompts",
    ),
    Metric("accuracy_low", "share", "lower end of its interval, prompts clustered by source document"),
    Metric("accuracy_high", "share", "upper end of its interval, prompts clustered by source document"),
    Metric(
        "accuracy_interval",
        "",
        "how that interval was made: wilson where every prompt has a document of its own and is right or wrong, else "
        "clustered",
        "text",
    ),
    Metric("accuracy_of_asked_n", "prompts", "prompts asked", "count"),
    Metric(
        "accuracy_of_asked",
        "share",
        "correct over asked: requests that failed, and answers without a verdict, count as not correct; without those that "
        "judges weren't asked about",
    ),
    Metric(
        "accuracy_of_asked_low", "share", "lower end of its interval, prompts clustered by source document"
    ),
    Metric(
        "accuracy_of_asked_high", "share", "upper end of its interval, prompts clustered by source document"
    ),
    Metric(
        "metric_score", "share", "the dataset's own metric, averaged within each prompt, then over prompts"
    ),
    Metric("metric_score_low", "share", "lower end of its interval, prompts clustered by source document"),
    Metric("metric_score_high", "share", "upper end of its interval, prompts clustered by source document"),
    Metric("answers", "answers", "distinct answers: pairs of prompt and text", "count"),
    Metric(
        "answers_without_verdict", "answers", "distinct answers on which the panel has no majority", "count"
    ),
    Metric(
        "answers_not_judged",
        "answers",
        "those of them that too few judges were asked about, since the budget was spent or enough was known: they count "
        "neither as correct nor as not",
        "count",
    ),
    Metric(
        "max_tokens_share",
        "share",
        "of the answers, each as often as it was given, those that were cut at the limit of output tokens",
    ),
    Metric("empty_share", "share", "likewise, those without any text: they count as wrong"),
    Metric("refusal_share", "share", "likewise, those that look like a refusal to answer"),
    Metric(
        "injection_share", "share", "likewise, those that seem to talk to the judge in place of answering"
    ),
)

ACCURACY: tuple[Metric, ...] = (
    *_IDENTITY,
    _BUCKET,
    Metric("prompt_tokens_mean", "tokens", "mean size of the bucket's prompts, by the benchmark's tokenizer"),
    Metric("asked", "requests", "measured requests, at all loads", "count"),
    Metric("answered", "requests", "measured requests that were answered, at all loads", "count"),
    *RATED,
)


_EVERYWHERE = ("n", "n_ok", "error_rate", "cost_usd_per_10k_transactions")
RATED_EVERYWHERE = (
    "accuracy_n",
    "accuracy_n_reused",
    "accuracy",
    "accuracy_low",
    "accuracy_high",
    "accuracy_of_asked",
    "metric_score",
)


def _everywhere(metric: Metric, where: str) -> Metric:
    return Metric(
        f"{metric.name}_all_buckets",
        metric.unit,
        f"{metric.name} over all buckets, {where}",
        metric.kind,
        metric.function,
    )


ALL_BUCKETS: tuple[Metric, ...] = tuple(
    _everywhere(metric, "at the same load, requests pooled")
    for metric in SAMPLED
    if metric.name in _EVERYWHERE
)
RATED_ALL_BUCKETS: tuple[Metric, ...] = tuple(
    _everywhere(metric, "prompts pooled") for metric in RATED if metric.name in RATED_EVERYWHERE
)

_MONTH: tuple[Metric, ...] = (
    Metric(
        "cost_usd_per_month",
        "US dollars",
        "a month of the benchmark's traffic: dollars per answered request of its mix of buckets, at the same load, times its "
        "transactions a month (730 hours); of provisioned throughput, its hours. Null without `traffic`, and where the mix has "
        "no cost",
    ),
    Metric(
        "cost_usd_per_month_low",
        "US dollars",
        "lower end of its interval, from that of the dollars per request",
    ),
    Metric(
        "cost_usd_per_month_high",
        "US dollars",
        "upper end of its interval, from that of the dollars per request",
    ),
    Metric(
        "cost_usd_per_month_note",
        "",
        "why it is unknown; or that the provisioned throughput carried less, when measured, than the traffic has",
        "text",
    ),
)

MODELS: tuple[Metric, ...] = (
    *_IDENTITY,
    _INTEREST,
    *_STANDING,
    *SAMPLED,
    *RATED,
    *SELF_CHECK,
    *ALL_BUCKETS,
    *RATED_ALL_BUCKETS,
    Metric(
        "requests_sent",
        "attempts",
        "everything sent in this run: measured, warm-up, filler and retries",
        "count",
    ),
    _PRICED_BY,
    Metric(
        "cost_usd",
        "US dollars",
        "dollars of everything sent in this run, a lower bound where requests_cost_unknown isn't 0; null where the "
        "price is unknown or by the hour",
    ),
    Metric(
        "requests_cost_unknown",
        "attempts",
        "those of requests_sent of which it isn't known what they cost: paid for perhaps, and never told",
        "count",
    ),
    Metric(
        "cost_usd_at_most",
        "US dollars",
        "cost_usd with the worst that each request of requests_cost_unknown can have cost: its input by its bytes, its "
        "output up to max_tokens",
    ),
    Metric(
        "judge_cost_usd",
        "US dollars",
        "dollars of judging this model's answers, all tries, those included that another model gave too and that were "
        "paid for once; a lower bound where judge_requests_cost_unknown isn't 0; "
        "null where a price is unknown or by the hour",
    ),
    Metric(
        "judge_requests_cost_unknown",
        "attempts",
        "tries at judging this model's answers of which it isn't known what they cost",
        "count",
    ),
    *_MONTH,
)

PERIODS: tuple[Metric, ...] = (
    Metric("model", "", "the model's label in the benchmark", "text"),
    Metric("start_s", "s", "when the period began, from the first request of the run", "count"),
    Metric("period_s", "s", "how long it is: a minute, and less in runs under 20 minutes", "count"),
    Metric(
        "attempts",
        "attempts",
        "attempts dispatched in it, at all loads: measured, warm-up, filler and retries",
        "count",
    ),
    Metric("answered", "attempts", "those that were answered", "count"),
    Metric("throttled", "attempts", "those that were throttled", "count"),
    Metric("failed_otherwise", "attempts", "those that failed in another way", "count"),
    Metric("throttle_rate", "share", "throttled over attempts"),
    Metric("error_rate", "share", "not answered over attempts"),
)

RAMPS: tuple[Metric, ...] = (
    Metric("model", "", "the model's label in the benchmark", "text"),
    _BUCKET,
    Metric("load", "", "the ramp, such as ramp1-20", "text"),
    Metric("rate_rps_from", "requests/second", "rate of arrivals at which the slice begins"),
    Metric("rate_rps_to", "requests/second", "rate of arrivals at which it ends"),
    Metric(
        "n", "requests", "measured requests that were due in it, of all blocks, each by its last try", "count"
    ),
    Metric("n_ok", "requests", "those that were answered", "count"),
    Metric("n_throttling", "requests", "those that ended throttled", "count"),
    Metric("error_rate", "share", "1 - n_ok / n"),
    *(
        Metric(
            f"{name}_from_intended_ms_{percentile}",
            "ms",
            f"{words}, from when the request was due; {said} over answered requests",
        )
        for name, words in (("ttft", "time to first token"), ("e2e", "end-to-end time"))
        for percentile, said in (("p50", "median"), ("p95", "95th percentile, null for fewer than 20,"))
    ),
)

RATINGS: tuple[Metric, ...] = (
    Metric("model", "", "the model's label in the benchmark", "text"),
    Metric("prompt_id", "", "the prompt, as in prompts.parquet", "text"),
    _BUCKET,
    Metric("dataset", "", "the set that it is of", "text"),
    Metric("language", "", "its language", "text"),
    Metric("source", "", "the document that it was made from: prompts that share it are one cluster", "text"),
    Metric("tokens", "tokens", "of the formatted prompt, by the benchmark's tokenizer", "count"),
    Metric(
        "length",
        "words or characters",
        "of the document, as the dataset gives it; null where it doesn't",
        "count",
    ),
    Metric("asked", "requests", "measured requests with this prompt, over all loads but ramps", "count"),
    Metric("answered", "requests", "those that were answered", "count"),
    Metric("n_reused", "answers", "1 where its answers were reused from other runs, else 0", "count"),
    Metric("answers", "answers", "distinct texts among them", "count"),
    Metric("without_verdict", "answers", "those that the panel has no verdict on", "count"),
    Metric("not_judged", "answers", "those of them that judges weren't asked about", "count"),
    Metric(
        "accuracy",
        "share",
        "of its answers with a verdict, those that are right, each as often as it was given",
    ),
    Metric(
        "accuracy_of_asked",
        "share",
        "the same over all requests: one that failed, or has no verdict, is not right",
    ),
    Metric("metric_score", "0 to 1", "its answers by the dataset's own metric, likewise averaged"),
    Metric("cut_share", "share", "of its answers, those that were cut at the limit of output tokens"),
    Metric("empty_share", "share", "of its answers, those without any text"),
    Metric("refusal_share", "share", "of its answers, those that look like a refusal"),
    Metric("injection_share", "share", "of its answers, those that seem to talk to the judge"),
)

LOADS: tuple[Metric, ...] = (*_IDENTITY, _INTEREST, _LOAD, *_STANDING, *SAMPLED)

DISTRIBUTION: tuple[Metric, ...] = (
    Metric("model", "", "the model's label in the benchmark", "text"),
    _LOAD,
    Metric("metric", "", "which latency it is, named as in cells", "text"),
    Metric(
        "share", "share", "of the measured requests of the dataset of interest, those that took no longer"
    ),
    Metric(
        "latency_ms",
        "ms",
        "the longest that they took: a quantile over all requests, failures infinitely late (inf)",
    ),
    Metric("n", "requests", "measured requests", "count"),
)

COST_PARTS: tuple[Metric, ...] = (
    Metric("model", "", "the model's label in the benchmark", "text"),
    Metric(
        "scope",
        "",
        "run: everything that the model was sent in this run, and every verdict on its answers; transactions: 10,000 answered "
        "requests on the dataset of interest, at the load of the decision",
        "text",
    ),
    Metric(
        "part",
        "",
        "input, output, cache_read and cache_write: tokens of measured requests that were answered; failed: tries that were "
        "not; warmup and filler: requests that only brought the load up or kept it up; judging: verdicts on the answers; "
        "hours: of provisioned throughput",
        "text",
    ),
    Metric(
        "cost_usd",
        "US dollars",
        "what it cost, of failed, warmup and filler as far as it is known; null where the price is unknown or by the hour",
    ),
)

TABLES: Mapping[str, tuple[Metric, ...]] = {
    "cells": CELLS,
    "models": MODELS,
    "accuracy": ACCURACY,
    "ratings": RATINGS,
    "periods": PERIODS,
    "ramps": RAMPS,
    "loads": LOADS,
    "distribution": DISTRIBUTION,
    "cost_parts": COST_PARTS,
}
"""The tables of results by name, each with its columns in order."""
