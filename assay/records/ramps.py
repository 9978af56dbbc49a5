"""The table of ramps: latency and errors by the rate at which requests arrived at that moment.

A ramp is one passage through its rates, in which what was before goes on to act: it shows where latency and errors take
off. What a service does at a steady rate, an open loop at that rate has to show. So there are no intervals here.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from assay.records.measured import Measured
from assay.records.metric import Value
from assay.schedule.level import Level
from assay.stats.quantiles import Sorted

MOST_SLICES = 12
REQUESTS_PER_SLICE = 20
"""In the mean, and at least so many answered ones for a 95th percentile: of fewer it is only the slowest."""


def ramp_rows(
    measured: Measured, models: Sequence[str], buckets: Sequence[str], levels: Mapping[str, Level]
) -> list[dict[str, Value]]:
    """Rows of `assay.records.metrics.RAMPS`: by model, bucket and ramp, then from the ramp's beginning to its end.

    Each ramp is cut into slices of equal width, of all blocks together: fewer where it has few requests. A slice in which
    no request was due has no row. Blocks that the client spoilt are left out, and invalid cells have no latency.
    """
    records = measured.records
    counted = records.loc[(records["role"] == "measured") & ~records["spoilt"] & records["rate_rps"].notna()]
    rows: list[dict[str, Value]] = []
    for model in models:
        for bucket in buckets:
            for load, level in levels.items():
                cell = counted.loc[
                    (counted["model"] == model) & (counted["bucket"] == bucket) & (counted["load"] == load)
                ]
                if level.ramp is None or not len(cell):
                    continue
                valid = (model, bucket, load) not in measured.invalid
                about: dict[str, Value] = {"model": model, "bucket": bucket, "load": load}
                rows.extend(about | row for row in _slices(cell, *level.ramp, valid))
    return rows


def _slices(cell: pd.DataFrame, from_rps: float, to_rps: float, valid: bool) -> list[dict[str, Value]]:
    count = min(MOST_SLICES, max(1, len(cell) // REQUESTS_PER_SLICE))
    part = (cell["rate_rps"].to_numpy(dtype=np.float64) - from_rps) / (to_rps - from_rps)
    place = np.clip(np.floor(part * count), 0, count - 1).astype(np.int64)
    edges = np.linspace(from_rps, to_rps, count + 1)
    rows: list[dict[str, Value]] = []
    for number in range(count):
        here = cell.loc[place == number]
        if not len(here):
            continue
        ok = here["ok"].fillna(False).to_numpy(dtype=bool)
        throttled = int((here["error"].astype(object) == "throttling").sum())
        row: dict[str, Value] = {
            "rate_rps_from": float(edges[number]),
            "rate_rps_to": float(edges[number + 1]),
            "n": len(here),
            "n_ok": int(ok.sum()),
            "n_throttling": throttled,
            "error_rate": 1.0 - float(ok.mean()),
        }
        for name in ("ttft_from_intended_ms", "e2e_from_intended_ms"):
            values = here[name].to_numpy(dtype=np.float64)
            values = values[ok & ~np.isnan(values)] if valid else values[:0]
            row |= {
                f"{name}_p50": _quantile(values, 0.5, 1),
                f"{name}_p95": _quantile(values, 0.95, REQUESTS_PER_SLICE),
            }
        rows.append(row)
    return rows


def _quantile(values: NDArray[np.float64], p: float, least: int) -> float | None:
    return Sorted.of(values).quantile(p) if len(values) >= least else None
