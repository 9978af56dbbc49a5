"""Prices that the user knows better than the public price data."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from assay.settings import Count, Number, ServerUrl, Settings

Dollars = Annotated[Number, Field(ge=0)]


class RateOverride(Settings):
    """Dollars per million tokens under one condition, such as a service tier. Null is unknown, not free."""

    input_usd_per_million: Dollars | None = None
    """Of input tokens that are neither read from the prompt cache nor written to it."""
    output_usd_per_million: Dollars | None = None
    """Of output tokens, reasoning included."""
    cache_read_usd_per_million: Dollars | None = None
    """Of tokens read from the prompt cache."""
    cache_write_usd_per_million: Dollars | None = None
    """Of tokens written to the prompt cache for 5 minutes."""
    cache_write_1h_usd_per_million: Dollars | None = None
    """Of tokens written to the prompt cache for an hour."""


class ThresholdOverride(RateOverride):
    """Rates of a request whose whole input is above a number of tokens: they hold for all of it."""

    above_input_tokens: Count
    """Input tokens, cached ones included."""


class VariantOverride(RateOverride):
    """Dollars per million tokens under one condition, and above numbers of input tokens. Null is unknown, not free."""

    thresholds: tuple[ThresholdOverride, ...] = ()
    """Rates of long inputs, in rising order."""

    @model_validator(mode="after")
    def _thresholds_rise(self) -> Self:
        above = [threshold.above_input_tokens for threshold in self.thresholds]
        if above != sorted(set(above)):
            raise ValueError("expected thresholds in rising order of above_input_tokens, each once")
        return self


class PriceOverride(VariantOverride):
    """Dollars per million tokens of one model id. Comes before every other source.

    Give input and output together, or `usd_per_hour` for provisioned throughput.
    """

    batch: VariantOverride | None = None
    """Rates of batch inference."""
    service_tiers: dict[Literal["priority", "flex", "reserved"], VariantOverride] = Field(
        default_factory=dict
    )
    """Rates of other service tiers than the default."""
    latency_optimized: VariantOverride | None = None
    """Rates of latency-optimised inference."""
    usd_per_hour: Dollars | None = None
    """Of one model unit of provisioned throughput: then tokens cost nothing of their own."""
    model_units: Count = 1
    """Model units that are provisioned."""
    dated: date | None = None
    """The day on which this price was looked up."""

    @model_validator(mode="after")
    def _by_tokens_or_by_the_hour(self) -> Self:
        tokens = [self.input_usd_per_million, self.output_usd_per_million]
        if self.usd_per_hour is None and None in tokens:
            raise ValueError(
                "expected input_usd_per_million and output_usd_per_million, or usd_per_hour for provisioned throughput"
            )
        if self.usd_per_hour is not None and tokens != [None, None]:
            raise ValueError("expected either a price of tokens or usd_per_hour, not both")
        return self


class PriceList(Settings):
    """What the stage of prices has to look up."""

    models: tuple[str, ...]
    """Model ids, inference profile ids or ARNs, of models and judges."""
    region: str | None = None
    """AWS region that requests go to; null for the simulator."""
    profile: str | None = None
    """Profile of the AWS configuration to take credentials from, to ask the AWS Price List."""
    url: ServerUrl | None = None
    """Endpoint in place of AWS's own: then AWS's list doesn't hold."""
    overrides: dict[str, PriceOverride] = Field(default_factory=dict)
    """The benchmark's `prices`."""
