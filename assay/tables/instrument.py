"""What the client did to its own measurement, as a table and as the share of cells in which its error is small enough.

The error is the canary's: how late this client read what a local server, whose true write times are known, sent it
while the cell was measured.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from assay.schedule.level import level_of
from assay.tables.inputs import Inputs, column
from assay.tables.markdown import Column, Markdown, table
from assay.tables.numbers import count, known, number, percent

MOST_SHARE = 0.2
"""The instrument's error should be at most so much of an interval's half-width."""

_WORST = ("canary_error_ms_p50", "canary_error_ms_p99", "client_lag_ms_p99", "cpu_share", "gc_pause_ms_max")
_HELD_AGAINST = {"canary_error_ms_p50": "ttft_ms_p50", "canary_error_ms_p99": "ttft_ms_p95"}
"""The canary's median against the median; its 99th percentile against the 95th, which it may move."""


@dataclass(frozen=True, slots=True)
class Held:
    """Of how many cells the error is small enough, of those that have an interval to hold it against."""

    small: int
    cells: int


def instrument(inputs: Inputs, models: Sequence[str]) -> Markdown | None:
    """One row for each model and load, each figure that of the worst cell. None where no canary was heard."""
    if not column(inputs.cells, "canary_error_ms_p99").notna().any():
        return None
    rows = []
    for model in models:
        cells = inputs.cells[inputs.cells["model"] == model]
        for load in cells["load"].drop_duplicates():
            here = cells[cells["load"] == load]
            row: dict[str, Any] = {"model": model, "load": _load(here)}
            row |= {name: column(here, name).max() for name in _WORST}
            row |= {f"share_of_{metric}": _shares(here, name).max() for name, metric in _HELD_AGAINST.items()}
            rows.append(row)
    columns: list[Column[dict[str, Any]]] = [
        Column("model", lambda row: row["model"], "left"),
        Column("load", lambda row: row["load"], "left"),
        Column("canary's error p50 (ms)", lambda row: number(row["canary_error_ms_p50"])),
        Column("of TTFT p50's half-width", lambda row: percent(row["share_of_ttft_ms_p50"])),
        Column("canary's error p99 (ms)", lambda row: number(row["canary_error_ms_p99"])),
        Column("of TTFT p95's half-width", lambda row: percent(row["share_of_ttft_ms_p95"])),
        Column("event loop late p99 (ms)", lambda row: number(row["client_lag_ms_p99"])),
        Column("CPU (of one core)", lambda row: percent(row["cpu_share"])),
        Column("longest garbage collection (ms)", lambda row: number(row["gc_pause_ms_max"])),
    ]
    return table(columns, rows)


def held(inputs: Inputs) -> dict[str, Held]:
    """By the latency whose interval it is held against: whether the instrument's error is small enough."""
    found = {}
    for name, metric in _HELD_AGAINST.items():
        shares = _shares(inputs.cells, name).dropna()
        found[metric] = Held(int((shares <= MOST_SHARE).sum()), len(shares))
    return found


def worst_error_ms(inputs: Inputs) -> float | None:
    """The canary's 99th percentile in the worst cell; None where no canary was heard."""
    worst = column(inputs.cells, "canary_error_ms_p99").max()
    return float(worst) if known(worst) else None


def _shares(cells: pd.DataFrame, error: str) -> "pd.Series[float]":
    """The error over the half-width of its interval, for each cell that has both."""
    metric = _HELD_AGAINST[error]
    half = (column(cells, f"{metric}_high") - column(cells, f"{metric}_low")) / 2
    return (column(cells, error) / half).where((half > 0) & (half < float("inf")))


def _load(cells: pd.DataFrame) -> str:
    level = level_of(str(cells["load"].iloc[0]))
    if level.ramp is not None:
        return level.words
    concurrency, rate = column(cells, "concurrency").iloc[0], column(cells, "rate_rps").iloc[0]
    return f"{count(concurrency)} in flight" if known(concurrency) else f"{number(rate)} requests/s"
