"""How the jobs ended whose requests a row is made of: the worst of their statuses, with the reasons."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from assay.errors import InputError
from assay.records.reading import Status

_WORST_LAST = ("complete", "capped", "spoilt")


@dataclass(frozen=True, slots=True)
class Standing:
    """Status of a model's blocks at a load: `complete`, `capped`, `spoilt`, or `missing` without any."""

    status: str
    reason: str | None
    sittings: int | None
    client_lag_ms_p99: float | None
    """Of the worst block and bucket."""


def standing(ended: Iterable[Status], model: str, load: str, buckets: Collection[str]) -> Standing:
    """What the statuses say of a model at a load, for the buckets of a row."""
    jobs = [job for job in ended if job.model == model and job.load == load]
    if not jobs:
        return Standing("missing", "not measured", None, None)
    worst = max((job.status for job in jobs), key=_badness)
    reasons = list(dict.fromkeys(job.reason for job in jobs if job.status != "complete" and job.reason))
    lags = [lag for job in jobs for bucket, lag in job.client_lag_ms_p99.items() if bucket in buckets]
    return Standing(
        worst,
        None if worst == "complete" else "; ".join(reasons) or worst,
        max(job.sittings for job in jobs),
        max(lags, default=None),
    )


def _badness(status: str) -> int:
    return _WORST_LAST.index(status) if status in _WORST_LAST else len(_WORST_LAST)


def load_levels(records: pd.DataFrame, ended: Sequence[Status]) -> dict[str, int]:
    """The loads of a run and their concurrency, in rising order; also those of which nothing was sent."""
    found = records[["load", "concurrency"]].drop_duplicates()
    levels = {str(load): int(level) for load, level in found.itertuples(index=False, name=None)}
    for job in ended:
        levels.setdefault(job.load, _concurrency(job.load))
    return dict(sorted(levels.items(), key=lambda level: level[1]))


def _concurrency(load: str) -> int:
    closed = re.fullmatch(r"c(\d+)", load)
    if closed is None:
        raise InputError(f"load {load!r}: expected c and the number of requests in flight, such as c8")
    return int(closed.group(1))
