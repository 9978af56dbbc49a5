"""A finished run as another one is compared with it: where its files lie, and what its report says that made it.

The one place that knows the layout of a run's folder from outside of its workflow. Cheap to import: the Snakefile reads runs
through it before anything is planned. Leaves to others: what is in the records and tables (`sittings`).
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.errors import InputError
from assay.schedule.level import levels

PROVENANCE = "provenance.json"
_MOST_OF_NAME = 80


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """A run whose report is made."""

    folder: Path
    provenance: dict[str, Any]
    """What made it, as its report says: settings, versions, commit, times."""

    @property
    def name(self) -> str:
        """The folder's name, by which it is called."""
        return self.folder.name

    @property
    def settings(self) -> dict[str, Any]:
        """The benchmark as the report prints it: without private parts."""
        found: dict[str, Any] = self.provenance["settings"]
        return found

    @property
    def models(self) -> list[str]:
        """Labels, in the order of the benchmark."""
        return [model["label"] for model in self.settings["models"]]

    @property
    def judges(self) -> list[str]:
        """Labels of the panel; empty without judges."""
        return [judge["label"] for judge in (self.settings.get("judges") or {}).get("panel") or []]

    @property
    def loads(self) -> list[str]:
        """Names of the levels of load, without ramps: those aren't held, so no two of their moments are alike."""
        load = self.settings["load"]
        return list(levels(load.get("concurrency") or (), load.get("rates_rps") or ()))

    @property
    def simulated(self) -> bool:
        """Whether the simulator answered."""
        return bool(self.settings["endpoint"]["kind"] == "simulator")

    @property
    def prices(self) -> Path:
        """What requests cost when the run was made."""
        return self.folder / "prices.json"

    @property
    def prompts(self) -> Path:
        """The prompts that were drawn."""
        return self.folder / "prompts" / "prompts.parquet"

    def table(self, name: str) -> Path:
        """A table of results."""
        return self.folder / "tables" / f"{name}.parquet"

    def records(self, suffix: str = "parquet") -> list[Path]:
        """Records of every model, load and block, or their statuses (`json`)."""
        blocks = range(int(self.settings["load"].get("blocks", 1)))
        return [
            self.folder / "records" / model / load / f"b{block}.{suffix}"
            for model in self.models
            for load in self.loads
            for block in blocks
        ]

    @property
    def answers(self) -> list[Path]:
        """Scored answers, a file for each model."""
        return [self.folder / "answers" / f"{model}.parquet" for model in self.models]

    @property
    def verdicts(self) -> list[Path]:
        """Verdicts, a file for each model and judge."""
        return [
            self.folder / "verdicts" / model / f"{judge}.parquet"
            for model in self.models
            for judge in self.judges
        ]

    def judged(self, model: str) -> list[dict[str, Any]]:
        """What each judge's job says of itself on the answers of this model, in the panel's order."""
        return [
            json.loads((self.folder / "verdicts" / model / f"{judge}.json").read_text(encoding="utf-8"))
            for judge in self.judges
        ]

    @property
    def files(self) -> list[Path]:
        """All that a comparison reads."""
        made = [self.folder / PROVENANCE, self.prices, self.prompts, self.table("models")]
        standings = [path.with_suffix(".json") for path in self.verdicts]
        return [*made, *self.records(), *self.records("json"), *self.answers, *self.verdicts, *standings]


def finished(given: str, results: Path) -> FinishedRun:
    """The run of this name below `results`, or in this folder. InputError where there is none, or none that is finished."""
    folder = next((path for path in (results / given, Path(given)) if path.is_dir()), None)
    if folder is None:
        raise InputError(
            f"compare: there is no run {given!r}: found no folder {results / given}, and none of that name here."
            f" {_there_are(results)}"
        )
    if any(mark in str(folder) for mark in "{}<>"):  # Snakemake takes what is between them for a pattern
        raise InputError(f"compare: {str(folder)!r}: expected a folder without any of {{ }} < > in its path")
    path = folder / PROVENANCE
    if not path.is_file():
        raise InputError(
            f"compare: {folder} holds no finished run: {PROVENANCE}, which is written with the report, isn't there."
            f" Finish it with `snakemake --cores 8`, and its benchmark file. {_there_are(results)}"
        )
    try:
        run = FinishedRun(folder, json.loads(path.read_text(encoding="utf-8")))
        missing = [file for file in run.files if not file.is_file()]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path}: doesn't say what made the run ({type(error).__name__}: {error}). Delete it and make the report again:"
            " `snakemake --cores 8`, with the run's benchmark file"
        ) from error
    if missing:
        raise InputError(
            f"compare: {folder} holds no finished run: {missing[0].relative_to(folder)} isn't there"
            f" ({len(missing)} of {len(run.files)} files are missing). Finish it with `snakemake --cores 8`, and its benchmark file"
        )
    return run


def both_sides(
    before: Sequence[str], after: Sequence[str], results: Path
) -> tuple[list[FinishedRun], list[FinishedRun]]:
    """The runs of both sides. InputError for a run that isn't finished, or is named twice."""
    sides = [finished(given, results) for given in before], [finished(given, results) for given in after]
    seen: set[Path] = set()
    for run in (*sides[0], *sides[1]):
        if (where := run.folder.resolve()) in seen:
            raise InputError(
                f"compare: the run {run.folder} is named twice: expected each run once, on one side"
            )
        seen.add(where)
    return sides


def name_of(before: Sequence[FinishedRun], after: Sequence[FinishedRun], results: Path) -> str:
    """A name for the comparison's folder. A hash of all folders is part of it where names alone would be long or ambiguous."""
    made = "-vs-".join("+".join(run.name for run in side) for side in (before, after))
    elsewhere = [run for run in (*before, *after) if run.folder != results / run.name]
    if not elsewhere and len(made) <= _MOST_OF_NAME:
        return made
    text = "\n".join(str(run.folder.resolve()) for run in (*before, *after))
    return f"{made[:_MOST_OF_NAME]}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _there_are(results: Path) -> str:
    runs = sorted(path.parent.name for path in results.glob(f"*/{PROVENANCE}"))
    return f"Finished runs here: {', '.join(runs)}" if runs else f"There is no finished run in {results}"
