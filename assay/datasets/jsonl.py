"""A file of the user's: one JSON object a line, with a mapping of its keys."""

import hashlib
from collections.abc import Iterable, Iterator
from itertools import islice

from assay.datasets.distinct import distinct
from assay.datasets.example import Example
from assay.datasets.examples_file import Source
from assay.datasets.filters import keep
from assay.datasets.lines import read_rows
from assay.datasets.rows import example_from
from assay.datasets.settings import JsonLines
from assay.errors import InputError


def jsonl_examples(settings: JsonLines) -> tuple[Iterable[Example], Source]:
    """The rows of the file, and its hash.

    A row that repeats another one whole is left out with a warning; two different rows with one id in one set are
    an error, since answers are kept by prompt and drawn by id.

    Rows are read while they are consumed. The warnings are complete when all were.

    Raises InputError if the file can't be read, if a row is bad, or if nothing is left after the filters.
    """
    path = settings.path
    try:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(
            f"{path}: the dataset can't be read ({error.strerror}). Check `dataset.path`."
        ) from error
    warnings: list[str] = []
    examples = keep(
        islice(distinct(_rows(settings), str(path), "line", warnings), settings.limit),
        settings.sets,
        settings.languages,
        where=str(path),
        metrics=settings.metrics,
    )
    source = Source(
        kind="jsonl",
        description=f"{path.name}, a file of the user's",
        revision=None,
        sha256=sha256,
        files={path.name: sha256},
        warnings=warnings,
    )
    return examples, source


def _rows(settings: JsonLines) -> Iterator[tuple[int, Example]]:
    path = settings.path
    with path.open("rb") as file:
        for number, row in read_rows(file, str(path)):
            example = example_from(
                row,
                settings.columns,
                where=f"{path}, line {number}",
                dataset=path.stem,
                metric=settings.metric,
                metrics=settings.metrics,
            )
            yield number, example
