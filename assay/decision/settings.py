"""What a model has to keep to, and what the choice among those that do is made by."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from assay.settings import Count, Number, Settings, Share

Objective = Literal["cheapest", "fastest", "most_accurate"]


class Bound(Settings):
    """A limit on one metric: at most `max`, or at least `min`."""

    max: Number | None = None
    min: Number | None = None

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
    """The level at which the limits have to hold; by default the highest of `load.concurrency`."""
    ttft_ms_p50: Bound | None = None
    ttft_ms_p95: Bound | None = None
    ttft_ms_p99: Bound | None = None
    e2e_ms_p50: Bound | None = None
    e2e_ms_p95: Bound | None = None
    e2e_ms_p99: Bound | None = None
    tpot_ms_p95: Bound | None = None
    transactions_per_minute: Bound | None = None
    error_rate: Bound | None = None
    cost_usd_per_10k_transactions: Bound | None = None
    accuracy: Bound | None = None


class Decision(Settings):
    """How the choice is made."""

    objective: Objective = "cheapest"
    """What decides among the models that keep every limit."""
    confidence: Annotated[Share, Field(gt=0, lt=1)] = 0.95
    """Of intervals and of the choice: above 0 and below 1."""
