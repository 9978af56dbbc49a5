"""The tables that figures are drawn from, read once. What is drawn from them is each figure's business."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from assay.errors import InputError


@dataclass(frozen=True, slots=True)
class Inputs:
    """The aggregated tables and the decision of one run."""

    cells: pd.DataFrame
    """One row per model x bucket x load."""
    models: pd.DataFrame
    """One row per model."""
    accuracy: pd.DataFrame
    """One row per model x bucket."""
    decision: dict[str, Any]


def read_table(path: Path, required: tuple[str, ...] = ()) -> pd.DataFrame:
    """Read a Parquet table and see that it has the columns that nothing can be drawn without."""
    try:
        frame = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path}: not a readable Parquet file ({error}). Delete it and run again."
        ) from error
    if missing := [name for name in required if name not in frame.columns]:
        raise InputError(
            f"{path}: column {missing[0]} is missing; found {', '.join(map(str, frame.columns))}. "
            "It was written by another version of the workflow: delete it and run again."
        )
    return frame


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not a readable JSON file ({error}). Delete it and run again.") from error
    if not isinstance(found, dict):
        raise InputError(
            f"{path}: found {type(found).__name__}, expected an object. Delete it and run again."
        )
    return found


def read(cells: Path, models: Path, accuracy: Path, decision: Path) -> Inputs:
    """Read the inputs of the figures."""
    return Inputs(
        read_table(cells, ("model", "bucket", "concurrency")),
        read_table(models, ("model",)),
        read_table(accuracy, ("model", "bucket")),
        read_json(decision),
    )


def column(frame: pd.DataFrame, name: str) -> "pd.Series[float]":
    """Column `name` as floats; all missing where the table has no such column."""
    if name not in frame.columns:
        return pd.Series(float("nan"), index=frame.index, dtype="float64")
    return pd.to_numeric(frame[name], errors="coerce").astype("float64")
