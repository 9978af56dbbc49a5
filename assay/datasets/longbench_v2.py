"""LongBench v2: its `data.json`, from the Hugging Face hub or a local copy."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from assay.datasets.example import Example
from assay.datasets.examples_file import Source
from assay.datasets.filters import keep
from assay.datasets.hub import download
from assay.datasets.settings import LongBenchV2
from assay.errors import InputError
from assay.metrics.longbench_v2 import LETTERS

REPOSITORY = "THUDM/LongBench-v2"
FILE = "data.json"
_INSTEAD = (
    "To do without the hub, get data.json of THUDM/LongBench-v2 by other means and name it: "
    "`dataset: {kind: longbench-v2, path: ...}`."
)
_TEXTS = ("_id", "domain", "sub_domain", "difficulty", "length", "question", "context", "answer")
_CHOICES = tuple(f"choice_{letter}" for letter in LETTERS)
_GROUPS = {"difficulty": ("easy", "hard"), "length": ("short", "medium", "long")}


def longbench_v2_examples(settings: LongBenchV2) -> tuple[Iterable[Example], Source]:
    """The questions, each with its choices behind it, and the commit and hash they came with.

    A row's set is made of its difficulty and length: longbench_v2_easy_short. Its answers are stated as a model should state
    them, so that judges and the simulator see the form that is scored.

    Raises InputError if the file can't be had or read, if a row is bad, or if nothing is left.
    """
    if settings.path is None:
        path, revision = download(
            REPOSITORY, FILE, repo_type="dataset", revision=settings.revision, instead=_INSTEAD
        )
        description = f"LongBench v2, {FILE} of {REPOSITORY} at {revision or settings.revision}"
    else:
        path, revision = settings.path, None
        description = f"LongBench v2, from the local copy {path.name}"
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{path}: can't be read ({error.strerror}). Check `dataset.path`. {_INSTEAD}"
        ) from error
    rows = _rows(raw, path)
    domains = {row["domain"] for row in rows}
    if missing := sorted(set(settings.domains or ()) - domains):
        raise InputError(
            f"{path}: `dataset.domains` names {', '.join(missing)}, of which there is no row. Found "
            f"{', '.join(sorted(domains))}. Change the list or take it away."
        )
    chosen = [row for row in rows if _wanted(row, settings)]
    if not chosen:
        raise InputError(
            f"{path}: no row is left of the {len(rows)} that there were, after `dataset.difficulties`, `dataset.lengths` and "
            "`dataset.domains`. Change the lists."
        )
    sha256 = hashlib.sha256(raw).hexdigest()
    name = FILE if settings.path is None else path.name
    examples = keep(map(_example, chosen), None, None, where=str(path))
    return examples, Source("longbench-v2", description, revision, sha256, {name: sha256})


def _wanted(row: Mapping[str, Any], settings: LongBenchV2) -> bool:
    return (
        (settings.difficulties is None or row["difficulty"] in settings.difficulties)
        and (settings.lengths is None or row["length"] in settings.lengths)
        and (settings.domains is None or row["domain"] in settings.domains)
    )


def _rows(raw: bytes, path: Path) -> list[dict[str, Any]]:
    try:
        rows = json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{path}: expected data.json of LongBench v2, a JSON list ({error}). Get it again."
        ) from error
    if not isinstance(rows, list) or not rows:
        raise InputError(f"{path}: expected data.json of LongBench v2, a JSON list of rows. Get it again.")
    ids: set[str] = set()
    for number, row in enumerate(rows, start=1):
        where = f"{path}, row {number}"
        if problem := _problem(row):
            raise InputError(f"{where}: {problem}. Get data.json again.")
        if row["_id"] in ids:
            raise InputError(f"{where}: the _id {row['_id']!r} was used before, expected one of its own.")
        ids.add(row["_id"])
    return rows


def _problem(row: Any) -> str | None:
    """What is wrong with a row, in words; None if it is sound."""
    if not isinstance(row, dict):
        return f"found {json.dumps(row)[:60]}, expected an object"
    for key in (*_TEXTS, *_CHOICES):
        if key not in row:
            return f"the key {key!r} is missing, found {', '.join(map(repr, row))}"
        if not isinstance(row[key], str):
            return f"key {key!r}: found {json.dumps(row[key])[:60]}, expected a text"
    if row["answer"] not in LETTERS or len(row["answer"]) != 1:
        return f"key 'answer': found {row['answer']!r}, expected one of {', '.join(LETTERS)}"
    for key, names in _GROUPS.items():
        if row[key] not in names:
            return f"key {key!r}: found {row[key]!r}, expected one of {', '.join(names)}"
    return None


def _example(row: Mapping[str, str]) -> Example:
    choices = "".join(f"\n({letter}) {row[f'choice_{letter}'].strip()}" for letter in LETTERS)
    return Example(
        id=row["_id"],
        dataset=f"longbench_v2_{row['difficulty']}_{row['length']}",
        language="en",
        input=f"{row['question'].strip()}\nChoices:{choices}",
        context=row["context"].strip(),
        answers=(_stated(row["answer"]),),
        all_classes=None,
        source=hashlib.sha256(row["context"].encode()).hexdigest()[:16],
        metric="longbench_v2",
        wrong=tuple(_stated(letter) for letter in LETTERS if letter != row["answer"]),
    )


def _stated(letter: str) -> str:
    return f"The correct answer is ({letter})"
