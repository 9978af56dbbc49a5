"""The files of a finished run that the report is made from, read once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from assay.tables import inputs
from assay.tables.inputs import read_json, read_table


@dataclass(frozen=True, slots=True)
class RunFiles:
    """Paths of what the stages before the report wrote."""

    cells: Path
    models: Path
    accuracy: Path
    of_accuracy: tuple[Path, ...]
    """Tables of the accuracy stage, each named as its file."""
    of_requests: tuple[Path, ...]
    """Tables `loads`, `distribution` and `cost_parts`, each named as its file."""
    periods: Path
    ramps: Path
    decision: Path
    prices: Path
    source: Path
    buckets: Path
    estimate: Path
    statuses: tuple[Path, ...]
    """Of the invoke jobs."""
    verdict_statuses: tuple[Path, ...]
    """Of the judge jobs; empty without judges."""
    figures: tuple[Path, ...]
    """Every file of every figure."""
    cloudwatch: tuple[Path, ...] = ()
    """What CloudWatch says, a file for each model; empty where it wasn't asked."""
    searches: tuple[Path, ...] = ()
    """What the searches for the highest rate found, a file for each model; empty where nothing was searched."""
    search_records: tuple[Path, ...] = ()
    """Their records."""
    preflight: Path | None = None
    """What the small calls before the run came to; None where none were made."""


@dataclass(frozen=True, slots=True)
class Finished:
    """What those files say."""

    tables: inputs.Inputs
    accuracy_tables: Mapping[str, pd.DataFrame]
    """Tables of the accuracy stage by name."""
    prices: dict[str, Any]
    source: dict[str, Any]
    buckets: dict[str, Any]
    estimate: dict[str, Any]
    statuses: Sequence[dict[str, Any]]
    verdict_statuses: Sequence[dict[str, Any]]
    cloudwatch: Sequence[dict[str, Any]] = ()
    searches: Sequence[dict[str, Any]] = ()
    search_records: Sequence[Path] = ()
    preflight: dict[str, Any] | None = None

    @property
    def judges(self) -> pd.DataFrame:
        """One row per judge, and one for the panel."""
        return self.accuracy_tables["judges"]

    @property
    def decision(self) -> dict[str, Any]:
        """The recommendation."""
        return self.tables.decision


def read(files: RunFiles) -> Finished:
    """Read all of them; InputError names the first that can't be read."""
    of_accuracy = {path.stem: path for path in files.of_accuracy}
    by_name = {**of_accuracy, **{path.stem: path for path in files.of_requests}}
    return Finished(
        tables=inputs.read(
            files.cells,
            files.models,
            files.accuracy,
            files.decision,
            files.periods,
            files.ramps,
            **{name: by_name.get(name) for name in inputs.OF_SOME_FIGURES},
        ),
        accuracy_tables={name: read_table(path) for name, path in of_accuracy.items()},
        prices=read_json(files.prices),
        source=read_json(files.source),
        buckets=read_json(files.buckets),
        estimate=read_json(files.estimate),
        statuses=[read_json(path) for path in files.statuses],
        verdict_statuses=[read_json(path) for path in files.verdict_statuses],
        cloudwatch=[read_json(path) for path in files.cloudwatch],
        searches=[read_json(path) for path in files.searches],
        search_records=files.search_records,
        preflight=None if files.preflight is None else read_json(files.preflight),
    )
