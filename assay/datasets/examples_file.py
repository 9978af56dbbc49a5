"""Examples and their origin on disk: what the fetch stage hands to the bucket stage.

The files are ours, made by `write_examples`; the user's own files are read by `assay.datasets.jsonl`.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from assay.datasets.example import Example, Place
from assay.errors import InputError
from assay.whole import whole, write_text


@dataclass(frozen=True)
class Source:
    """Where examples came from, precisely enough to tell whether two runs had the same.

    `sha256` is that of the one raw file, or of the list of names and hashes where there are several, and null
    where there is no file: then it is that of the examples as written. `revision` is a commit where the source
    has commits.
    """

    kind: str
    description: str
    revision: str | None
    sha256: str | None
    files: dict[str, str]
    warnings: list[str] = field(default_factory=list)


def write_examples(examples: Iterable[Example], source: Source, to_examples: Path, to_source: Path) -> int:
    """Write examples as JSON lines, and as JSON their origin, rows per set and hash; both whole or not at all.

    Returns the number of rows. Examples are consumed one at a time.
    """
    sets: dict[str, int] = {}
    digest = hashlib.sha256()
    with whole(to_examples) as temporary, temporary.open("wb") as file:
        for example in examples:
            sets[example.dataset] = sets.get(example.dataset, 0) + 1
            line = (json.dumps(asdict(example), ensure_ascii=False) + "\n").encode()
            digest.update(line)
            file.write(line)
    rows = sum(sets.values())
    _write_json(
        to_source,
        {
            **asdict(source),
            "sha256": source.sha256 or digest.hexdigest(),
            "examples_sha256": digest.hexdigest(),
            "rows": rows,
            "sets": dict(sorted(sets.items())),
        },
    )
    return rows


def read_examples(path: Path) -> Iterator[Example]:
    """The rows of a file made by `write_examples`, one at a time, in order."""
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            try:
                yield _example(json.loads(line))
            except (ValueError, KeyError, TypeError) as error:
                raise InputError(
                    f"{path}, line {number}: not an example as the fetch stage writes them ({error}). "
                    "Delete the file and run again."
                ) from error


def _example(row: dict[str, Any]) -> Example:
    return Example(
        id=row["id"],
        dataset=row["dataset"],
        language=row["language"],
        input=row["input"],
        context=row["context"],
        answers=tuple(row["answers"]),
        all_classes=None if row["all_classes"] is None else tuple(row["all_classes"]),
        source=row["source"],
        metric=row["metric"],
        wrong=tuple(row["wrong"]),
        place=None if row["place"] is None else Place(**row["place"]),
        length=row.get("length"),
    )


def _write_json(path: Path, value: object) -> None:
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False) + "\n")
