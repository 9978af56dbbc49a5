"""What a model has to keep to, and what the choice among those that do is made by."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from assay.prompts.settings import BucketName
from assay.settings import Count, Number, Positive, Settings, Share

HOURS_PER_MONTH = 730.0
"""A twelfth of a year of 8,760 hours, as in AWS's own estimates."""

Objective = Literal["cheapest", "fastest", "most_accurate"]


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


class Limits(Settings):
    """Hard limits on the dataset of interest. A metric without a limit is left out.

    Latencies are percentiles over all requests: one that failed counts as infinitely late.
    """

    concurrency: Count | None = None
    """The closed loop at which the limits have to hold: requests in flight. By default the highest of
    `load.concurrency`."""
    rate_rps: Positive | None = None
    """The open loop at which they have to hold, in place of `concurrency`: requests per second. By default, where there
    is no closed loop, the highest of `load.rates_rps`."""
    ttft_ms_p50: Bound | None = None
    """Milliseconds to the first token: median."""
    ttft_ms_p95: Bound | None = None
    """Milliseconds to the first token: 95th percentile."""
    ttft_ms_p99: Bound | None = None
    """Milliseconds to the first token: 99th percentile."""
    e2e_ms_p50: Bound | None = None
    """Milliseconds to the end of the answer: median."""
    e2e_ms_p95: Bound | None = None
    """Milliseconds to the end of the answer: 95th percentile."""
    e2e_ms_p99: Bound | None = None
    """Milliseconds to the end of the answer: 99th percentile."""
    tpot_ms_p95: Bound | None = None
    """Milliseconds per output token after the first: 95th percentile."""
    transactions_per_minute: Bound | None = None
    """Successful requests a minute."""
    error_rate: Bound | None = None
    """Share of requests that failed, from 0 to 1."""
    cost_usd_per_10k_transactions: Bound | None = None
    """Dollars for ten thousand successful requests."""
    accuracy: Bound | None = None
    """Share of the answers that are correct, from 0 to 1."""

    @property
    def on_service(self) -> dict[str, Bound]:
        """Those that a higher load can break: the most that a latency or the error rate may be."""
        bounds = {name: getattr(self, name) for name in type(self).model_fields}
        return {
            name: bound
            for name, bound in bounds.items()
            if isinstance(bound, Bound)
            and bound.max is not None
            and ("_ms_p" in name or name == "error_rate")
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

    @model_validator(mode="after")
    def _one_level(self) -> Self:
        if self.concurrency is not None and self.rate_rps is not None:
            raise ValueError(
                "expected either concurrency or rate_rps, not both: the decision is about one load"
            )
        return self


class Decision(Settings):
    """How the choice is made."""

    objective: Objective = "cheapest"
    """What decides among the models that keep every limit."""
    confidence: Annotated[Share, Field(gt=0, lt=1)] = 0.95
    """Of intervals and of the choice: above 0 and below 1."""


class Traffic(Settings):
    """The traffic that the chosen model will carry: what a month of it costs."""

    buckets: dict[BucketName, Positive] | None = None
    """Weights of buckets; by default those of the dataset of interest."""
    rate_rps: Positive | None = None
    """Requests per second, in the mean over all hours of the month (730)."""
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
