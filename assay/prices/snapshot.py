"""Reads the prices of a run as the stage of prices took them."""

import json
from collections.abc import Mapping
from pathlib import Path

from assay.errors import InputError
from assay.prices.book import Price


def read(path: Path) -> Mapping[str, Price]:
    """The prices of a snapshot by model id. Raises InputError if it is not one, or one of an older Assay."""
    try:
        prices = json.loads(path.read_text(encoding="utf-8"))["prices"]
        return {model: Price.from_json(price) for model, price in prices.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path}: is not a snapshot of prices as this version of Assay takes them "
            f"({type(error).__name__}: {error}); delete it and run again"
        ) from None
