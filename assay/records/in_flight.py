"""How many requests were really in flight while a cell was measured: what its load was, whatever was asked for.

Counted are requests of all roles, each from its dispatch until its place was free again, over the window from the first
measured dispatch to the last measured end of each sitting. Pauses between sittings and blocks are in no window.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

Cell = tuple[str, str, str]
"""Model, bucket and load."""


@dataclass(frozen=True, slots=True)
class Held:
    """What one block of a cell held: the mean number in flight is one by the other."""

    busy_ns: float
    """Of all places in flight together, within the window."""
    window_ns: float


def held(records: pd.DataFrame) -> Mapping[Cell, Mapping[int, Held]]:
    """What each block of each cell held; nothing of those whose records have no stamps.

    `records` is the frame of `reading.read_records`. The clock of the stamps is that of a sitting.
    """
    stamped = records.loc[records["dispatched_ns"].notna() & records["slot_free_ns"].notna()]
    keys = ["model", "bucket", "load", "block", "sitting"]
    measured = stamped.loc[stamped["role"].isin(["measured", "superseded"])]
    windows = measured.groupby(keys, observed=True, dropna=False).agg(
        began=("dispatched_ns", "min"), ended=("ended_ns", "max")
    )
    within = stamped.merge(windows.reset_index(), on=keys)
    overlap = within[["slot_free_ns", "ended"]].min(axis=1) - within[["dispatched_ns", "began"]].max(axis=1)
    busy = (
        within.assign(busy=overlap.clip(lower=0.0)).groupby(keys, observed=True, dropna=False)["busy"].sum()
    )
    windows = windows.assign(busy=busy, window=windows["ended"] - windows["began"])
    blocks = windows.groupby(keys[:4], observed=True)[["busy", "window"]].sum()
    found: dict[Cell, dict[int, Held]] = {}
    figures = blocks.to_numpy(dtype="float64")
    for (model, bucket, load, block), (busy_ns, window_ns) in zip(blocks.index, figures, strict=True):
        if window_ns > 0:
            of_cell = found.setdefault((str(model), str(bucket), str(load)), {})
            of_cell[int(block)] = Held(float(busy_ns), float(window_ns))
    return found
