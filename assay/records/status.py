"""How the jobs ended whose requests a row is made of: the worst of their statuses, with the reasons."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from assay.records.in_flight import Cell
from assay.records.reading import FIGURES_OF_SELF_CHECK, Status
from assay.schedule.level import Level, level_of

_WORST_LAST = ("complete", "capped", "spoilt", "invalid")


@dataclass(frozen=True, slots=True)
class Standing:
    """Status of a model's blocks at a load: `complete`, `capped`, `spoilt`, `invalid`, or `missing` without any."""

    status: str
    reason: str | None
    sittings: int | None
    checks: Mapping[str, float | None]
    """What the client said of itself, by name: of the worst block and bucket."""
    ended_early: str | None = None
    """Why later blocks of it weren't measured, where they weren't on purpose."""


def standing(
    ended: Iterable[Status],
    model: str,
    load: str,
    buckets: Collection[str],
    invalid: Mapping[Cell, str],
) -> Standing:
    """What the statuses say of a model at a load, for the buckets of a row, of which some cells may be `invalid`."""
    jobs = [job for job in ended if job.model == model and job.load == load]
    if not jobs:
        return Standing("missing", "not measured", None, dict.fromkeys(FIGURES_OF_SELF_CHECK))
    bad = {bucket: reason for bucket in buckets if (reason := invalid.get((model, bucket, load))) is not None}
    worst = "invalid" if bad else max((job.of(buckets) for job in jobs), key=_badness)
    reasons = [
        *(reason if len(buckets) == 1 else f"{bucket}: {reason}" for bucket, reason in bad.items()),
        *(job.reason for job in jobs if job.of(buckets) != "complete" and job.reason),
    ]
    checks = [job.checks[bucket] for job in jobs for bucket in buckets if bucket in job.checks]
    return Standing(
        worst,
        None if worst == "complete" else "; ".join(dict.fromkeys(reasons)) or worst,
        max(job.sittings for job in jobs),
        {
            name: max(
                (value for check in checks if (value := getattr(check, name)) is not None), default=None
            )
            for name in FIGURES_OF_SELF_CHECK
        },
        "; ".join(dict.fromkeys(check.stopped for check in checks if check.stopped)) or None,
    )


def spoilt_cells(ended: Iterable[Status]) -> dict[Cell, str]:
    """The cells of which the client distorted a block, with the reasons: none of their latencies counts."""
    found: dict[Cell, list[str]] = {}
    for job in ended:
        for bucket, check in job.checks.items():
            if not check.valid:
                why = check.reason or "the client distorted it"
                found.setdefault((job.model, bucket, job.load), []).append(why)
    return {cell: "; ".join(dict.fromkeys(reasons)) for cell, reasons in found.items()}


def _badness(status: str) -> int:
    return _WORST_LAST.index(status) if status in _WORST_LAST else len(_WORST_LAST)


def load_levels(records: pd.DataFrame, ended: Iterable[Status]) -> dict[str, Level]:
    """The loads of a run by name: closed loops before open ones, in rising order; also those of which nothing was sent."""
    names = [*map(str, records["load"].unique()), *(job.load for job in ended)]
    found = sorted(map(level_of, dict.fromkeys(names)), key=lambda level: level.rank)
    return {level.name: level for level in found}
