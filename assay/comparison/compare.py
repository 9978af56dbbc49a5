"""Two sides of finished runs compared: what changed, how far the figures lie apart, and what is said of it.

Everything as plain values for JSON; the tables of CSV are made of the same. Leaves to others: how it is shown (`document`).
"""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import pyarrow as pa

from assay.comparison.changes import Change, changes
from assay.comparison.differences import LEAST_SITTINGS, Row, differences
from assay.comparison.runs import FinishedRun
from assay.comparison.settings import SIDES, Comparison
from assay.comparison.sittings import Side, read_side
from assay.comparison.words import sentence
from assay.errors import InputError
from assay.records import reading
from assay.spreadsheet import as_text
from assay.whole import write_text


def compare(
    settings: Comparison, before: Sequence[FinishedRun], after: Sequence[FinishedRun]
) -> dict[str, Any]:
    """What is found of runs `before` and `after`. InputError for a file that can't be used, and where no model is in both.

    `rows` are those of `differences.Row`, `changes` those of `changes.Change`.
    """
    models, only = _models(settings, before, after)
    sides = read_side(before, settings.renamed), read_side(after, {})
    drawn = [_prompts(side) for side in sides]
    rows = differences(settings, *sides, models)
    endpoints = {"before": _endpoints(before, settings.renamed), "after": _endpoints(after, {})}
    changed = changes(before, after, endpoints, settings.renamed)
    tested = [row for row in rows if row.p_adjusted is not None]
    found: dict[str, Any] = {
        "error_rate": settings.error_rate,
        "confidence": settings.confidence,
        "least_sittings": LEAST_SITTINGS,
        "simulated": any(run.simulated for run in (*before, *after)),
        "sides": {
            name: _side(runs, side) for name, runs, side in zip(SIDES, (before, after), sides, strict=True)
        },
        "models": models,
        "renamed": settings.renamed,
        "only_before": only[0],
        "only_after": only[1],
        "prompts": _shared(*drawn),
        "changes": [asdict(change) for change in changed],
        "tests": len(tested),
        "regressions": sum(row.state == "regression" for row in rows),
        "improvements": sum(row.state == "improvement" for row in rows),
        "rows": [_plain(asdict(row)) for row in rows],
    }
    return found | {"verdict": sentence(found)}


def write_tables(found: Mapping[str, Any], differences_csv: Path, changes_csv: Path) -> None:
    """The rows and the changes as CSV; a null is an empty field."""
    for path, kind, rows in (
        (differences_csv, Row, found["rows"]),
        (changes_csv, Change, found["changes"]),
    ):
        text = io.StringIO()
        lines = csv.writer(text, lineterminator="\n")
        names = [field.name for field in fields(kind)]
        lines.writerow(names)
        lines.writerows([[as_text(row[name]) for name in names] for row in rows])
        write_text(path, text.getvalue())


def _models(
    settings: Comparison, before: Sequence[FinishedRun], after: Sequence[FinishedRun]
) -> tuple[list[str], tuple[list[str], list[str]]]:
    """Labels (those after) that both sides have, and those of one side only."""
    labels = [list(dict.fromkeys(label for run in side for label in run.models)) for side in (before, after)]
    for old, new in settings.renamed.items():
        for label, there, side in ((old, labels[0], "before"), (new, labels[1], "after")):
            if label not in there:
                raise InputError(
                    f"compare: renamed={old}:{new}: no run {side} has a model {label!r}; found {', '.join(there)}"
                )
        if new in labels[0]:
            raise InputError(
                f"compare: renamed={old}:{new}: a run before has a model {new!r} too; expected a label that is new"
            )
    named = [settings.renamed.get(label, label) for label in labels[0]]
    both = [label for label in labels[1] if label in named]
    if not both:
        raise InputError(
            f"compare: no model is on both sides; before: {', '.join(labels[0])}; after: {', '.join(labels[1])}."
            " Give models that have another label now as --config renamed=old:new"
        )
    return both, (
        [label for label in named if label not in both],
        [label for label in labels[1] if label not in both],
    )


def _side(runs: Sequence[FinishedRun], side: Side) -> dict[str, Any]:
    return {
        "sittings": len(side.numbers),
        "sittings_are": "runs" if len(runs) > 1 else "blocks",
        "not_whole": list(side.not_whole),
        "runs": [
            {
                "name": run.name,
                "title": run.provenance["run"]["title"],
                "simulated": run.simulated,
                "started_utc": run.provenance.get("started_utc"),
                "ended_utc": run.provenance.get("ended_utc"),
                "blocks": run.settings["load"].get("blocks"),
                "settings_sha256": run.provenance.get("settings_sha256"),
                "commit": (run.provenance.get("code") or {}).get("commit"),
                "prices_taken": (run.provenance.get("prices") or {}).get("taken"),
            }
            for run in runs
        ],
    }


def _prompts(side: Side) -> dict[str, set[str]]:
    """The prompts that were asked, by bucket."""
    measured = side.records.loc[side.records["role"] == "measured", ["bucket", "prompt_id"]]
    return {
        str(bucket): set(map(str, prompts))
        for bucket, prompts in measured.astype(object).groupby("bucket", sort=False)["prompt_id"]
    }


def _shared(before: Mapping[str, set[str]], after: Mapping[str, set[str]]) -> list[dict[str, Any]]:
    none: set[str] = set()
    return [
        {
            "bucket": bucket,
            "before": len(before.get(bucket, none)),
            "after": len(after.get(bucket, none)),
            "shared": len(before.get(bucket, none) & after.get(bucket, none)),
        }
        for bucket in dict.fromkeys([*before, *after])
    ]


def _endpoints(runs: Sequence[FinishedRun], renamed: Mapping[str, str]) -> dict[str, list[str]]:
    """What the records say each model was asked of; the simulator stands there with a hash of its behaviour."""
    found: dict[str, set[str]] = {}
    for run in runs:
        columns = {"model": pa.string(), "endpoint": pa.string()}
        asked = reading.read(run.records(), columns, ("model",)).drop_duplicates().dropna()
        for model, endpoint in zip(asked["model"], asked["endpoint"], strict=True):
            found.setdefault(renamed.get(model, model), set()).add(endpoint)
    return {model: sorted(endpoints) for model, endpoints in found.items()}


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """JSON has no infinity: an end that reaches there is null."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in row.items()
    }
