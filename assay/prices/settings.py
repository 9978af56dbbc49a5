"""Prices that the user knows better than the public price data."""

from datetime import date
from typing import Annotated

from pydantic import Field

from assay.settings import Number, Settings

Dollars = Annotated[Number, Field(ge=0)]


class PriceOverride(Settings):
    """Dollars per million tokens of one model id. Comes before every other source."""

    input_usd_per_million: Dollars
    """Of input tokens that are neither read from the prompt cache nor written to it."""
    output_usd_per_million: Dollars
    """Of output tokens, reasoning included."""
    cache_read_usd_per_million: Dollars | None = None
    """Of tokens read from the prompt cache; null is unknown, not free."""
    cache_write_usd_per_million: Dollars | None = None
    """Of tokens written to the prompt cache; null is unknown, not free."""
    dated: date | None = None
    """The day on which this price was looked up."""


class PriceList(Settings):
    """What the stage of prices has to look up."""

    models: tuple[str, ...]
    """Model ids, inference profile ids or ARNs, of models and judges."""
    region: str | None = None
    """AWS region that requests go to; null for the simulator."""
    overrides: dict[str, PriceOverride] = Field(default_factory=dict)
    """The benchmark's `prices`."""
