"""The table of periods: how many attempts a model was sent, and how they ended, as the run went on.

Quotas are counted by the minute, so a throttle belongs to a minute; a short run is cut into shorter periods.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from assay.records.metric import Value

_PERIODS_S = (1, 10, 60)
_MOST_OF_SHORT_PERIODS = 120


def period_rows(records: pd.DataFrame, models: Sequence[str]) -> list[dict[str, Value]]:
    """Rows of `assay.records.metrics.PERIODS`: by model, in the order given, then in time.

    `records` are those of all roles. An attempt belongs to the period in which it was dispatched; one whose time is
    unknown (its sitting crashed) to none. Periods in which a model was sent nothing have no row.
    """
    timed = records.loc[records["dispatched_utc"].notna()]
    if not len(timed):
        return []
    since = timed["dispatched_utc"] - timed["dispatched_utc"].min()
    seconds = np.asarray(since / pd.Timedelta(seconds=1), dtype=np.float64)
    length = period_s(float(seconds.max()))
    error = timed["error"].astype(object)
    ended = pd.DataFrame(
        {
            "model": timed["model"].astype(object),
            "start_s": (seconds // length).astype(np.int64) * length,
            "attempts": 1,
            "answered": timed["ok"].fillna(False).astype(np.int64),
            "throttled": (error == "throttling").astype(np.int64),
        }
    )
    counts = ended.groupby(["model", "start_s"], sort=True).sum().reset_index()
    rows: list[dict[str, Value]] = []
    for model in models:
        for found in counts.loc[counts["model"] == model].to_dict("records"):
            attempts, answered, throttled = (
                int(found[name]) for name in ("attempts", "answered", "throttled")
            )
            rows.append(
                {
                    "model": model,
                    "start_s": int(found["start_s"]),
                    "period_s": length,
                    "attempts": attempts,
                    "answered": answered,
                    "throttled": throttled,
                    "failed_otherwise": attempts - answered - throttled,
                    "throttle_rate": throttled / attempts,
                    "error_rate": 1.0 - answered / attempts,
                }
            )
    return rows


def period_s(run_s: float) -> int:
    """Length of the periods of a run that took `run_s` seconds: a minute, and less for runs under 20 minutes."""
    return next((length for length in _PERIODS_S if run_s < length * _MOST_OF_SHORT_PERIODS), max(_PERIODS_S))
