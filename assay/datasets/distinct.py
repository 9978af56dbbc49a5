"""Rows that differ: one that repeats another whole is left out, two that share an id are an error."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import replace

from assay.datasets.example import Example
from assay.errors import InputError


def distinct(
    rows: Iterable[tuple[int, Example]], where: str, unit: str, warnings: list[str]
) -> Iterator[Example]:
    """The examples of numbered rows (`unit` is what is numbered: lines, rows) without repeats; their number goes to `warnings`.

    Raises InputError if two different rows have one id in one set, since answers are kept by prompt and drawn by id.
    """
    seen: dict[tuple[str, str], tuple[int, bytes]] = {}
    repeated = 0
    for number, example in rows:
        # What a dataset says of a document's length changes no question.
        content = hashlib.sha256(repr(replace(example, length=None)).encode()).digest()
        first, before = seen.setdefault((example.dataset, example.id), (number, content))
        if first == number:
            yield example
        elif before == content:
            repeated += 1
        else:
            raise InputError(
                f"{where}, {unit} {number}: the id {example.id!r} was used on {unit} {first} by another row. "
                "Make ids unique within a set, or name another key in `dataset.columns.id`."
            )
    if repeated:
        warnings.append(f"{repeated} rows of {where.rpartition('/')[2]} repeat another row and were left out")
