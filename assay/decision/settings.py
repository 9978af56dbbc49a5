"""What a model has to keep to, and what the choice among those that do is made by."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from assay.prompts.settings import BucketName
from assay.settings import Count, Label, Number, Positive, Settings, Share

HOURS_PER_MONTH = 730.0
"""A twelfth of a year of 8,760 hours, as in AWS's own estimates."""

Objective = Literal["cheapest", "fastest", "most_accurate", "cheapest_success", "weighted"]

Aspect = Literal["cost", "latency", "accuracy"]

LatencyMetric = Literal[
    "ttft_ms_p50",
    "ttft_ms_p90",
    "ttft_ms_p95",
    "ttft_ms_p99",
    "e2e_ms_p50",
    "e2e_ms_p90",
    "e2e_ms_p95",
    "e2e_ms_p99",
    "tpot_ms_p50",
    "tpot_ms_p90",
    "tpot_ms_p95",
    "tpot_ms_p99",
]


class Bound(Settings):
    """A limit on one metric: at most `max`, or at least `min`."""

    max: Annotated[Number, Field(ge=0)] | None = None
    """The most that is allowed."""
    min: Annotated[Number, Field(ge=0)] | None = None
    """The least that is allowed."""

    @model_validator(mode="after")
    def _one_end(self) -> Self:
        if (self.max is None) == (self.min is None):
            raise ValueError("expected either max or min, not both and not neither")
        return self


class Bounds(Settings):
    """Limits on what is measured of a model. A metric without a limit is left out.

    Latencies are percentiles over all requests: one that failed counts as infinitely late.
    """

    ttft_ms_p50: Bound | None = None
    """Milliseconds to the first token: median."""
    ttft_ms_p90: Bound | None = None
    """Milliseconds to the first token: 90th percentile."""
    ttft_ms_p95: Bound | None = None
    """Milliseconds to the first token: 95th percentile."""
    ttft_ms_p99: Bound | None = None
    """Milliseconds to the first token: 99th percentile."""
    e2e_ms_p50: Bound | None = None
    """Milliseconds to the end of the answer: median."""
    e2e_ms_p90: Bound | None = None
    """Milliseconds to the end of the answer: 90th percentile."""
    e2e_ms_p95: Bound | None = None
    """Milliseconds to the end of the answer: 95th percentile."""
    e2e_ms_p99: Bound | None = None
    """Milliseconds to the end of the answer: 99th percentile."""
    tpot_ms_p50: Bound | None = None
    """Milliseconds per output token after the first: median."""
    tpot_ms_p90: Bound | None = None
    """Milliseconds per output token after the first: 90th percentile."""
    tpot_ms_p95: Bound | None = None
    """Milliseconds per output token after the first: 95th percentile."""
    tpot_ms_p99: Bound | None = None
    """Milliseconds per output token after the first: 99th percentile."""
    transactions_per_minute: Bound | None = None
    """Successful requests a minute."""
    error_rate: Bound | None = None
    """Share of requests that failed, from 0 to 1."""
    cost_usd_per_10k_transactions: Bound | None = None
    """Dollars for ten thousand successful requests."""
    accuracy: Bound | None = None
    """Share of the answers that are correct, from 0 to 1."""

    @property
    def named(self) -> dict[str, Bound]:
        """Those that are set, by the name of the metric, in the order of the settings."""
        found = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: bound for name, bound in found.items() if isinstance(bound, Bound)}

    @property
    def on_service(self) -> dict[str, Bound]:
        """Those that a higher load can break: the most that a latency or the error rate may be."""
        return {
            name: bound
            for name, bound in self.named.items()
            if bound.max is not None and ("_ms_p" in name or name == "error_rate")
        }

    @property
    def on_each_request(self) -> dict[str, float]:
        """What the latency of a single request may be, by name (`ttft_ms`): the least of what its percentiles may be."""
        bounds = {name: bound.max for name, bound in self.on_service.items() if "_ms_p" in name and bound.max}
        latencies = {name.rsplit("_p", 1)[0] for name in bounds}
        return {
            latency: min(most for name, most in bounds.items() if name.startswith(latency))
            for latency in sorted(latencies)
        }


class Limits(Bounds):
    """Hard limits on the dataset of interest, and on single buckets. A metric without a limit is left out.

    Latencies are percentiles over all requests: one that failed counts as infinitely late.
    """

    concurrency: Count | None = None
    """The closed loop at which the limits have to hold: requests in flight. By default the highest of
    `load.concurrency`."""
    rate_rps: Positive | None = None
    """The open loop at which they have to hold, in place of `concurrency`: requests per second. By default the lowest of
    `load.rates_rps` that is at least `traffic.rate_rps`; without such a one, and without a closed loop, the highest."""
    buckets: dict[BucketName, Bounds] = Field(default_factory=dict)
    """Limits on one bucket by itself, beside those on the dataset of interest: `{"2000-4000": {e2e_ms_p95: {max: 900}}}`. The
    decision goes by them; goodput and `load.search` go by those on the dataset of interest."""

    @model_validator(mode="after")
    def _one_level(self) -> Self:
        if self.concurrency is not None and self.rate_rps is not None:
            raise ValueError(
                "expected either concurrency or rate_rps, not both: the decision is about one load"
            )
        return self


class Weights(Settings):
    """What counts how much for the objective `weighted`: of any sum, since they are shares of it."""

    cost: Annotated[Number, Field(ge=0)] = 0.0
    """Of `cost_usd_per_10k_transactions`."""
    latency: Annotated[Number, Field(ge=0)] = 0.0
    """Of the latency that `decision.latency` names."""
    accuracy: Annotated[Number, Field(ge=0)] = 0.0
    """Of the share of answers that are correct."""

    @model_validator(mode="after")
    def _something_counts(self) -> Self:
        if not any(self.shares.values()):
            raise ValueError("expected at least one weight above 0")
        return self

    @property
    def shares(self) -> dict[Aspect, float]:
        """Those above 0, as shares that sum to 1."""
        each: dict[Aspect, float] = {"cost": self.cost, "latency": self.latency, "accuracy": self.accuracy}
        total = sum(each.values())
        return {name: weight / total for name, weight in each.items() if weight > 0}


Relative = Annotated[Number, Field(gt=0, le=1)]
"""How many times as much, less 1: 0.1 is a tenth more."""


class Margins(Settings):
    """The largest differences that don't matter to you. Two models that surely differ by less are equally good.

    Without one nothing is called equally good, unless it is the same to the last cent.
    """

    cost: Relative | None = None
    """Of dollars, also of those per correct answer: 0.05 is 5 % more."""
    latency: Relative | None = None
    """Of the latency that `decision.latency` names: 0.1 is 10 % more."""
    accuracy: Annotated[Number, Field(gt=0, lt=1)] | None = None
    """Of the share of answers that are correct: 0.02 is 2 points in a hundred."""
    score: Relative | None = None
    """Of what the objective `weighted` is by: 0.05 is 5 % more."""

    @property
    def of_aspects(self) -> dict[Aspect, float]:
        """Those on cost, latency and accuracy that are set."""
        each: dict[Aspect, float | None] = {
            "cost": self.cost,
            "latency": self.latency,
            "accuracy": self.accuracy,
        }
        return {name: margin for name, margin in each.items() if margin is not None}


class Decision(Settings):
    """How the choice is made."""

    objective: Objective = "cheapest"
    """What decides among the models that keep every limit: dollars per transaction, latency, accuracy, dollars per correct
    answer (`cheapest_success`), or all of the first three by `weights`."""
    latency: LatencyMetric = "e2e_ms_p50"
    """The latency that `fastest`, `weights.latency` and `margins.latency` are about. Failed requests count as infinitely
    late."""
    weights: Weights | None = None
    """What counts how much; for the objective `weighted` only."""
    margins: Margins = Margins()
    """Differences that don't matter to you."""
    incumbent: Label | None = None
    """Label of the model that is in use now. Every other one is held against it: is it not worse by more than the
    margins?"""
    confidence: Annotated[Share, Field(gt=0, lt=1)] = 0.95
    """Of intervals and of the choice: above 0 and below 1."""

    @property
    def margin(self) -> float | None:
        """That of the objective; None where none is set."""
        name = {
            "cheapest": "cost",
            "cheapest_success": "cost",
            "fastest": "latency",
            "most_accurate": "accuracy",
            "weighted": "score",
        }[self.objective]
        found: float | None = getattr(self.margins, name)
        return found


class Traffic(Settings):
    """The traffic that the chosen model will carry: what the objective is about, and what a month of it costs."""

    buckets: dict[BucketName, Positive] | None = None
    """Weights of buckets; by default those of the dataset of interest. The objective is about this mix; limits are about the
    dataset of interest."""
    rate_rps: Positive | None = None
    """Requests per second, in the mean over all hours of the month (730). Where open loops are measured and `limits` names no
    level, the decision is about the lowest measured rate that is at least this."""
    transactions_per_month: Positive | None = None
    """The volume, in place of `rate_rps`."""

    @model_validator(mode="after")
    def _one_volume(self) -> Self:
        if (self.rate_rps is None) == (self.transactions_per_month is None):
            raise ValueError("expected either rate_rps or transactions_per_month, not both and not neither")
        return self

    @property
    def monthly(self) -> float:
        """Transactions in a month."""
        if self.transactions_per_month is not None:
            return self.transactions_per_month
        assert self.rate_rps is not None
        return self.rate_rps * HOURS_PER_MONTH * 3600
