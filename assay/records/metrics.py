"""The one table of metrics: name, unit, formula in words and function of every column of the result tables.

The CSV headers, docs/tables.md and the report's glossary are made from it.

Leaves to others: what a column is (`metric`), what a sample of requests gives (`sampled`).
"""

from collections.abc import Mapping
from functools import partial

from assay.records.metric import Metric
from assay.records.sampled import SAMPLED, SELF_CHECK, drift_percent

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
            function=partial(drift_percent, end=end),
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
