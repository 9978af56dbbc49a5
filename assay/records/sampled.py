"""The columns that a sample of requests gives: latencies, errors, throughput, tokens and costs, each with its function.

Latencies carry their percentile and, with `_low` and `_high`, their interval; `_all` marks what counts failed requests as
infinitely late.

Leaves to others: which requests form a sample (`aggregate`), how intervals are computed (`assay.stats`), which of these
columns a table has (`metrics`).
"""

import json
import math
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Literal

import numpy as np

from assay.records import success
from assay.records.metric import Metric, Value
from assay.records.sample import Sample
from assay.stats import ratios, shares
from assay.stats.interval import Interval

PERCENTILES = (50, 90, 95, 99)


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


def drift_percent(sample: Sample, end: str) -> float | None:
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
