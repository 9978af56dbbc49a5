"""Prices from the public data of genai-prices: input, output, prompt cache and thresholds, without regions or tiers."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.metadata import version
from typing import Any

from assay.prices.book import Price, Threshold


def bare_id(model_id: str) -> str:
    """What identifies the model in an id or ARN: `us.meta.llama3-3-70b-instruct-v1:0` for a profile's ARN."""
    return model_id.rsplit("/", 1)[-1] if model_id.startswith("arn:") else model_id


_AREA = re.compile(r"^(us|us-gov|eu|apac|ap|jp|au|ca|in|sa|me|af|global)\.(?=[a-z])")


def price_of(model_id: str, on: date) -> Price | None:
    """The price of a model id, inference profile id or ARN on a day; None where the data doesn't know it."""
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
    return Price(
        _rate(prices.input_mtok, 0),
        _rate(prices.output_mtok, 0),
        _rate(prices.cache_read_mtok, 0),
        _rate(prices.cache_write_mtok, 0),
        thresholds=tuple(
            Threshold(start, **{column: _rate(rate, start + 1) for column, rate in columns.items()})
            for start in starts
        ),
        source=f"genai-prices {version('genai-prices')}, entry {model.id}",
        notes=_notes(name, model.id),
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


def _notes(name: str, entry: str) -> tuple[str, ...]:
    area = _AREA.match(name)
    if area and not entry.startswith(("regional.", "global.")):
        return (f"genai-prices knows no price of its own for {area.group(1)}. profiles, which can cost more",)
    return ()
