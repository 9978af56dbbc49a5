"""Takes the prices of a run, once: whatever is computed later uses the same ones."""

from datetime import date
from typing import Any

from assay.prices import listed, price_list
from assay.prices.lookup import price_of
from assay.prices.settings import PriceList


def take(asked: PriceList, on: date) -> dict[str, Any]:
    """Prices of every model asked for, as the JSON of a snapshot; ids in alphabetical order.

    The AWS Price List is asked only where a model has no override.
    """
    models = sorted(set(asked.models))
    left = [model for model in models if model not in asked.overrides]
    products = price_list.products(asked) if left else None
    figures = None
    if products is not None and asked.region is not None:
        figures = listed.figures(products, asked.region, on)
    prices = {
        model: price_of(model, asked.overrides, on, asked.region, figures).as_json() for model in models
    }
    return {"taken": on.isoformat(), "region": asked.region, "prices": prices}
