"""Takes the prices of a run, once: whatever is computed later uses the same ones."""

from datetime import date
from typing import Any

from assay.prices.lookup import price_of
from assay.prices.settings import PriceList


def take(asked: PriceList, on: date) -> dict[str, Any]:
    """Prices of every model asked for, as the JSON of a snapshot; ids in alphabetical order."""
    prices = {model: price_of(model, asked.overrides, on).as_json() for model in sorted(set(asked.models))}
    return {"taken": on.isoformat(), "region": asked.region, "prices": prices}
