"""A file of the user's: one JSON object a line, with a mapping of its keys."""

import hashlib
from collections.abc import Iterable, Iterator
from itertools import islice

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
        islice(_rows(settings, warnings), settings.limit),
        settings.sets,
        settings.languages,
        where=str(path),
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


def _rows(settings: JsonLines, warnings: list[str]) -> Iterator[Example]:
    path = settings.path
    seen: dict[tuple[str, str], tuple[int, bytes]] = {}
    repeated = 0
    with path.open("rb") as file:
        for number, row in read_rows(file, str(path)):
            example = example_from(
                row,
                settings.columns,
                where=f"{path}, line {number}",
                dataset=path.stem,
                metric=settings.metric,
            )
            key = example.dataset, example.id
            content = hashlib.sha256(repr(example).encode()).digest()
            first, before = seen.setdefault(key, (number, content))
            if first == number:
                yield example
            elif before == content:
                repeated += 1
            else:
                raise InputError(
                    f"{path}, line {number}: the id {example.id!r} was used on line {first} by another row. "
                    "Make ids unique within a set, or name another key in `dataset.columns.id`."
                )
    if repeated:
        warnings.append(f"{repeated} rows of {path.name} repeat another row and were left out")
