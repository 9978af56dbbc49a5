"""Which cells were measured at the same time: what else the client sent, and a quota may have been shared with.

Taken from the times at which requests of all roles were under way, sitting by sitting, so that a pause between two
blocks or sittings of a cell is no overlap.
"""

import pandas as pd

from assay.records.in_flight import Cell

_CELL = ["model", "bucket", "load"]


def beside(records: pd.DataFrame) -> dict[Cell, list[Cell]]:
    """For each cell the others that had requests under way while it had, in order; a cell that had none is left out.

    `records` is the frame of `reading.read_records`.
    """
    known = records.loc[
        records["dispatched_utc"].notna(), [*_CELL, "block", "sitting", "dispatched_utc", "e2e_ms"]
    ]
    began = known["dispatched_utc"]
    ended = began + pd.to_timedelta(known["e2e_ms"].fillna(0.0), unit="ms")
    spans = (
        known.assign(began=began, ended=ended)
        .groupby([*_CELL, "block", "sitting"], observed=True)
        .agg(began=("began", "min"), ended=("ended", "max"))
        .sort_values("began", kind="stable")
    )
    found: dict[Cell, set[Cell]] = {}
    under_way: list[tuple[Cell, pd.Timestamp]] = []
    for (model, bucket, load, _, _), start, end in zip(
        spans.index, spans["began"], spans["ended"], strict=True
    ):
        cell = (str(model), str(bucket), str(load))
        under_way = [(other, until) for other, until in under_way if until > start]
        for other, _ in under_way:
            if other != cell:
                found.setdefault(cell, set()).add(other)
                found.setdefault(other, set()).add(cell)
        under_way.append((cell, end))
    return {cell: sorted(others) for cell, others in found.items()}


def in_words(cells: list[Cell]) -> str | None:
    """Such as "steady 1-500 c4; steady 500-1000 c4"; None without any."""
    return "; ".join(f"{model} {bucket} {load}" for model, bucket, load in cells) or None
