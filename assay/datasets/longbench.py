"""LongBench v1, from the hub's `data.zip`, from a local copy of it, or from the folder it unpacks to."""

import hashlib
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from assay.datasets.example import Example
from assay.datasets.examples_file import Source
from assay.datasets.filters import keep
from assay.datasets.hub import download
from assay.datasets.lines import read_rows
from assay.datasets.rows import example_from
from assay.datasets.settings import Columns, LongBench
from assay.errors import InputError
from assay.metrics.choice import WithSettings
from assay.metrics.longbench import METRIC_OF_SET, metric_of

Metrics = Mapping[str, str | WithSettings]
"""Metrics by set, in place of the published ones."""

REPOSITORY = "THUDM/LongBench"
ARCHIVE = "data.zip"
_INSTEAD = (
    "To do without the hub, get data.zip of THUDM/LongBench by other means and name it, or the folder it unpacks "
    "to: `dataset: {kind: longbench, path: ...}`."
)


def longbench_examples(settings: LongBench) -> tuple[Iterable[Example], Source]:
    """The rows of the sets that were asked for, and the commit and hashes they came with.

    A row belongs to the set that its file is named after. Its language is the row's own: `en`, `zh`, or the
    programming language of the code sets.

    Rows are read while they are consumed.

    Raises InputError if the archive can't be had or read, if a set is not in it, or if a row is bad.
    """
    names = settings.sets or tuple(METRIC_OF_SET)
    if settings.path is None:
        path, revision = download(
            REPOSITORY, ARCHIVE, repo_type="dataset", revision=settings.revision, instead=_INSTEAD
        )
        description = f"LongBench, {ARCHIVE} of {REPOSITORY} at {revision or settings.revision}"
    else:
        path, revision = settings.path, None
        description = f"LongBench, from the local copy {path.name}"
    if path.is_dir():
        rows, files = _from_folder(path, names, settings.metrics)
        listing = "".join(f"{sha256}  {name}\n" for name, sha256 in sorted(files.items()))
        sha256 = hashlib.sha256(listing.encode()).hexdigest()
    else:
        rows, sha256 = _from_archive(path, names, settings.metrics)
        files = {ARCHIVE if settings.path is None else path.name: sha256}
    examples = keep(rows, None, settings.languages, where=str(path), metrics=settings.metrics)
    return examples, Source("longbench", description, revision, sha256, files)


def _from_archive(path: Path, names: Sequence[str], metrics: Metrics) -> tuple[Iterator[Example], str]:
    try:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        with zipfile.ZipFile(path) as archive:
            members = {Path(name).name: name for name in archive.namelist() if name.endswith(".jsonl")}
    except OSError as error:
        raise InputError(
            f"{path}: can't be read ({error.strerror}). Check `dataset.path`. {_INSTEAD}"
        ) from error
    except zipfile.BadZipFile as error:
        raise InputError(
            f"{path}: expected the archive data.zip of LongBench ({error}). Get it again."
        ) from error
    _all_there(path, names, members)

    def rows() -> Iterator[Example]:
        with zipfile.ZipFile(path) as archive:
            for name in names:
                try:
                    with archive.open(members[f"{name}.jsonl"]) as file:
                        yield from _examples(file, name, f"{path}, {name}.jsonl", metrics)
                except (zipfile.BadZipFile, EOFError) as error:
                    raise InputError(
                        f"{path}: {name}.jsonl is damaged ({error}). Get data.zip again."
                    ) from error

    return rows(), sha256


def _from_folder(
    path: Path, names: Sequence[str], metrics: Metrics
) -> tuple[Iterator[Example], dict[str, str]]:
    folder = path / "data" if (path / "data").is_dir() else path
    members = {file.name: file for file in folder.glob("*.jsonl")}
    _all_there(folder, names, members)
    files = {}
    for name in names:
        with members[f"{name}.jsonl"].open("rb") as file:
            files[f"{name}.jsonl"] = hashlib.file_digest(file, "sha256").hexdigest()

    def rows() -> Iterator[Example]:
        for name in names:
            with members[f"{name}.jsonl"].open("rb") as file:
                yield from _examples(file, name, str(members[f"{name}.jsonl"]), metrics)

    return rows(), files


def _all_there(path: Path, names: Sequence[str], members: Iterable[str]) -> None:
    there = sorted(member.removesuffix(".jsonl") for member in members)
    if missing := [name for name in names if name not in there]:
        raise InputError(
            f"{path}: found no file for {', '.join(missing)}; there is {', '.join(there) or 'no .jsonl file'}. "
            "Change `dataset.sets`, or use a whole data.zip of LongBench."
        )


def _examples(lines: Iterable[bytes], name: str, where: str, metrics: Metrics) -> Iterator[Example]:
    # A row of LongBench-E names the set that it extends: the file's name is what counts.
    metric = metrics.get(name) or metric_of(name)
    for number, row in read_rows(lines, where):
        example = example_from(row, Columns(), where=f"{where}, line {number}", dataset=name, metric=metric)
        yield replace(example, dataset=name)
