"""The aggregated tables and the decision of a run, read once, for all that figures and tables show of them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from assay.errors import InputError
from assay.schedule.level import Level
from assay.tables.numbers import known


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
    periods: pd.DataFrame = field(default_factory=pd.DataFrame)
    """One row per model x period of the run."""
    ramps: pd.DataFrame = field(default_factory=pd.DataFrame)
    """One row per model x bucket x ramp x slice of it."""
    tasks: pd.DataFrame = field(default_factory=pd.DataFrame)
    """One row per model x set, task or average; empty where it wasn't read."""
    trends: pd.DataFrame = field(default_factory=pd.DataFrame)
    """One row per model x set, and pooled; empty where it wasn't read."""
    loads: pd.DataFrame = field(default_factory=pd.DataFrame)
    """One row per model x load, on the dataset of interest; empty where it wasn't read."""
    distribution: pd.DataFrame = field(default_factory=pd.DataFrame)
    """One row per model x load x latency x share of the requests; empty where it wasn't read."""
    cost_parts: pd.DataFrame = field(default_factory=pd.DataFrame)
    """One row per model x part of its cost; empty where it wasn't read."""
    agreement: pd.DataFrame = field(default_factory=pd.DataFrame)
    """One row per pair of judges, and one for the panel; empty where it wasn't read."""
    corrected: pd.DataFrame = field(default_factory=pd.DataFrame)
    """One row per model, by people's labels; empty where there are none, or it wasn't read."""


OF_SOME_FIGURES: Mapping[str, tuple[str, ...]] = {
    "tasks": ("model", "scope", "name", "part_by"),
    "trends": ("model", "scope", "name"),
    "loads": ("model", "load"),
    "distribution": ("model", "load", "metric", "share", "latency_ms"),
    "cost_parts": ("model", "scope", "part"),
    "agreement": ("judge", "other"),
    "corrected": ("model",),
}
"""Tables that only some figures show, each with the columns that nothing can be drawn without."""


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


def read(
    cells: Path,
    models: Path,
    accuracy: Path,
    decision: Path,
    periods: Path,
    ramps: Path,
    **of_some_figures: Path | None,
) -> Inputs:
    """Read them; of the tables `OF_SOME_FIGURES` those that are given. InputError names the file that can't be used."""
    return Inputs(
        read_table(cells, ("model", "bucket", "concurrency")),
        read_table(models, ("model",)),
        read_table(accuracy, ("model", "bucket")),
        read_json(decision),
        read_table(periods, ("model",)),
        read_table(ramps, ("model", "bucket", "load")),
        **{
            name: read_table(path, OF_SOME_FIGURES[name])
            for name, path in of_some_figures.items()
            if path is not None
        },
    )


def column(frame: pd.DataFrame, name: str) -> "pd.Series[float]":
    """Column `name` as floats; all missing where the table has no such column."""
    if name not in frame.columns:
        return pd.Series(float("nan"), index=frame.index, dtype="float64")
    return pd.to_numeric(frame[name], errors="coerce").astype("float64")


def of_interest(inputs: Inputs, model: str, buckets: Sequence[str], level: Level) -> dict[str, Any]:
    """The figures of `model` on the dataset of interest, at the level that the decision is about, by column name.

    They come from the table of models and from what the decision looked at; where the dataset of interest is one
    bucket, what these lack comes from its cell. Nothing is averaged over cells.
    """
    found: dict[str, Any] = {}
    if len(buckets) == 1:
        cells = inputs.cells
        here = (cells["model"] == model) & (cells["bucket"] == buckets[0]) & (_at(cells, level))
        found.update(_first_row(cells[here]))
    for entry in inputs.decision.get("models") or []:
        if entry.get("model") == model:
            limits = [limit for limit in entry.get("limits") or [] if limit.get("bucket") is None]
            found.update({limit["metric"]: limit.get("value") for limit in limits})
    row = _first_row(inputs.models[inputs.models["model"] == model])
    found.update({name: value for name, value in row.items() if known(value) or name not in found})
    return found


def _at(cells: pd.DataFrame, level: Level) -> "pd.Series[bool]":
    name = "concurrency" if level.rate_rps is None else "rate_rps"
    return column(cells, name).eq(getattr(level, name))


def _first_row(frame: pd.DataFrame) -> dict[str, Any]:
    return {str(name): frame[name].iloc[0] for name in frame.columns} if len(frame) else {}
