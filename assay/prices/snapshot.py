"""The prices of a run, taken once and kept: whatever is computed later uses the same ones."""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from assay.errors import InputError
from assay.prices.book import Price, price_of
from assay.prices.settings import PriceList


def take(asked: PriceList, on: date) -> dict[str, Any]:
    """Prices of every model asked for, as the JSON of a snapshot; ids in alphabetical order."""
    prices = {model: price_of(model, asked.overrides, on).as_json() for model in sorted(set(asked.models))}
    return {"taken": on.isoformat(), "region": asked.region, "prices": prices}


def read(path: Path) -> Mapping[str, Price]:
    """The prices of a snapshot by model id. Raises InputError if it is not one."""
    try:
        prices = json.loads(path.read_text(encoding="utf-8"))["prices"]
        return {model: Price.from_json(price) for model, price in prices.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path}: is not a snapshot of prices ({type(error).__name__}: {error}); delete it and run again"
        ) from None
