"""What a model costs: the user's override, else the public price data of genai-prices, else unknown.

Unknown is None and never 0. Which tokens were used is the business of whoever asks; prices from the AWS Price List
API will come between the two sources.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.metadata import version
from typing import Any

from assay.prices.settings import PriceOverride


@dataclass(frozen=True, slots=True)
class Tier:
    """Prices of a request whose input (cached tokens included) is above a number of tokens: they hold for all of it."""

    above_input_tokens: int
    input_usd_per_million: float | None
    output_usd_per_million: float | None
    cache_read_usd_per_million: float | None
    cache_write_usd_per_million: float | None


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars per million tokens of one model id; None is unknown. `tiers` are in rising order."""

    input_usd_per_million: float | None = None
    output_usd_per_million: float | None = None
    cache_read_usd_per_million: float | None = None
    cache_write_usd_per_million: float | None = None
    source: str | None = None
    dated: str | None = None
    tiers: tuple[Tier, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """As it stands in a snapshot."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Price":
        """Back from `as_json`."""
        return cls(**{**values, "tiers": tuple(Tier(**tier) for tier in values.get("tiers", ()))})


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one request as Bedrock counts them: `input_tokens` does not include the cached ones.

    None where the service did not say. A service that says nothing of caching has cached nothing.
    """

    input_tokens: int | None
    output_tokens: int | None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None


def cost_usd(usage: Usage, price: Price) -> float | None:
    """Dollars for one request, or None if any part of it is unknown."""
    if usage.input_tokens is None or usage.output_tokens is None:
        return None
    read, write = usage.cache_read_tokens or 0, usage.cache_write_tokens or 0
    whole_input = usage.input_tokens + read + write
    rates: Price | Tier = price
    for tier in price.tiers:
        if whole_input > tier.above_input_tokens:
            rates = tier
    total = 0.0
    for tokens, rate in (
        (usage.input_tokens, rates.input_usd_per_million),
        (usage.output_tokens, rates.output_usd_per_million),
        (read, rates.cache_read_usd_per_million),
        (write, rates.cache_write_usd_per_million),
    ):
        if tokens:
            if rate is None:
                return None
            total += tokens * rate
    return total / 1e6


def price_of(model_id: str, overrides: Mapping[str, PriceOverride], on: date) -> Price:
    """The price of a model id, inference profile id or ARN on a day. Unknown: every figure None, source None."""
    override = overrides.get(model_id)
    if override is not None:
        return Price(
            override.input_usd_per_million,
            override.output_usd_per_million,
            override.cache_read_usd_per_million,
            override.cache_write_usd_per_million,
            source="the benchmark file",
            dated=override.dated.isoformat() if override.dated else None,
        )
    return _public(model_id, on) or Price()


def bare_id(model_id: str) -> str:
    """What identifies the model in an id or ARN: `us.meta.llama3-3-70b-instruct-v1:0` for a profile's ARN."""
    return model_id.rsplit("/", 1)[-1] if model_id.startswith("arn:") else model_id


_AREA = re.compile(r"^(us|us-gov|eu|apac|ap|jp|au|ca|in|sa|me|af|global)\.(?=[a-z])")


def _public(model_id: str, on: date) -> Price | None:
    # 0.7 s of imports: only where prices are looked up
    from genai_prices.data_snapshot import get_snapshot

    name = bare_id(model_id)
    try:
        _, model = get_snapshot().find_provider_model(name, None, "aws", None)
    except LookupError:
        return None
    prices = model.get_prices(datetime(on.year, on.month, on.day, tzinfo=UTC))
    columns = {
        "input_usd_per_million": prices.input_mtok,
        "output_usd_per_million": prices.output_mtok,
        "cache_read_usd_per_million": prices.cache_read_mtok,
        "cache_write_usd_per_million": prices.cache_write_mtok,
    }
    starts = sorted({tier.start for rate in columns.values() for tier in getattr(rate, "tiers", ())})
    tiers = tuple(
        Tier(start, **{column: _rate(rate, start + 1) for column, rate in columns.items()})
        for start in starts
    )
    return Price(
        **{column: _rate(rate, 0) for column, rate in columns.items()},
        source=_source(name, model.id),
        dated=None,
        tiers=tiers,
    )


def _rate(rate: Any, input_tokens: int) -> float | None:
    """Dollars per million tokens in a request with so many input tokens."""
    if rate is None:
        return None
    if isinstance(rate, Decimal):
        return float(rate)
    here = rate.base
    for tier in rate.tiers:
        if input_tokens > tier.start:
            here = tier.price
    return float(here)


def _source(name: str, entry: str) -> str:
    """Where a public price is from, and what that source does not know."""
    words = f"genai-prices {version('genai-prices')}, entry {entry}"
    area = _AREA.match(name)
    if area and not entry.startswith(("regional.", "global.")):
        return f"{words}; it knows no price of its own for {area.group(1)}. profiles, which can cost more"
    return words
