"""One row of JSON, from whatever file, as an example: which keys are read and what is forgiven.

Where a file is found and how it is split into rows is left to `jsonl` and `longbench`.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from assay.datasets.example import Example
from assay.datasets.settings import Columns
from assay.errors import InputError
from assay.metrics.choice import JsonMatch, WithSettings, chosen, name_of
from assay.metrics.longbench import metric_of
from assay.metrics.scores import flaw

LONGBENCH_KEYS = {"id": "_id", "dataset": "dataset", "language": "language", "all_classes": "all_classes"}
"""LongBench's own keys, read where the mapping names none."""


def example_from(
    row: Mapping[str, Any],
    columns: Columns,
    *,
    where: str,
    dataset: str,
    metric: str | WithSettings | None,
    metrics: Mapping[str, str | WithSettings] | None = None,
) -> Example:
    """An example from a row, by the mapping of columns.

    `where` names file and line for errors; `dataset` is the set's name where the row has none; `metric`, and before it
    that of the row's set in `metrics`, overrides LongBench's of the set. A row without id gets a hash of its content.

    Raises InputError if a key is missing, or holds what it can't hold.
    """
    reader = _Reader(row, where)
    question = reader.text("input", columns.input)
    context = "" if columns.context is None else reader.text("context", columns.context)
    if not question.strip() and not context.strip():
        raise InputError(f"{where}: both question and document are empty. Fill them in or take the row out.")
    name = reader.optional_text("dataset", columns.dataset) or dataset
    named = chosen(name, metric, metrics or {})
    answers = reader.texts("answers", columns.answers, objects=isinstance(named, JsonMatch))
    answers = tuple(answer for answer in answers if answer.strip())
    if not answers:
        raise InputError(
            f"{where}, key {columns.answers!r}: found no answer, expected a text, a number or a list of them. "
            "An answer is needed to score what a model says."
        )
    language = reader.optional_text("language", columns.language) or "en"
    all_classes = reader.optional_texts("all_classes", columns.all_classes)
    content = json.dumps([question, context, answers], ensure_ascii=False)
    identity = reader.optional_text("id", columns.id) or hashlib.sha256(content.encode()).hexdigest()[:16]
    source = reader.optional_text("source", columns.source) or _document(context) or identity
    scored_by = named or metric_of(name) or ("qa_f1_zh" if language == "zh" else "qa_f1")
    if problem := flaw(scored_by, answers, all_classes or None):
        raise InputError(
            f"{where}: the row {problem}. Mend the row, or name another metric in `dataset.metric`, or for the set "
            f"{name!r} in `dataset.metrics`: an answer that can't be scored is money lost."
        )
    return Example(
        id=identity,
        dataset=name,
        language=language,
        input=question,
        context=context,
        answers=answers,
        all_classes=all_classes or None,
        source=source,
        metric=name_of(scored_by),
        length=_length(row),
    )


def _length(row: Mapping[str, Any]) -> int | None:
    """LongBench's own count of the document. Whatever else a user's row calls its length is none."""
    value = row.get("length")
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _document(context: str) -> str | None:
    """The name of a document that has none: rows with the very same text were made from the same document."""
    return hashlib.sha256(context.encode()).hexdigest()[:16] if context.strip() else None


class _Reader:
    """Values of one row by key, each checked, with errors that name the key."""

    def __init__(self, row: Mapping[str, Any], where: str) -> None:
        self._row = row
        self._where = where

    def text(self, column: str, key: str) -> str:
        """A text that has to be there; a number counts as its text."""
        found, value = _look_up(self._row, key)
        if not found:
            raise InputError(
                f"{self._where}: the key {key!r} is missing, found {_listed(list(self._row))}. "
                f"Name the right key in `dataset.columns.{column}`."
            )
        return self._as_text(key, value)

    def texts(self, column: str, key: str, *, objects: bool = False) -> tuple[str, ...]:
        """A list of texts that has to be there; one text counts as a list of one. `objects`: a JSON object as its text."""
        found, value = _look_up(self._row, key)
        if found and isinstance(value, list):
            return tuple(self._as_text(key, each, objects=objects) for each in value)
        if objects and isinstance(value, Mapping):
            return (self._as_text(key, value, objects=True),)
        return (self.text(column, key),)

    def optional_text(self, column: str, key: str | None) -> str | None:
        """A text, if the mapping names a key or the row has LongBench's own."""
        if key is not None:
            return self.text(column, key)
        found, value = _look_up(self._row, LONGBENCH_KEYS.get(column, ""))
        return self._as_text(LONGBENCH_KEYS[column], value) if found and value is not None else None

    def optional_texts(self, column: str, key: str | None) -> tuple[str, ...] | None:
        """A list of texts, if the mapping names a key or the row has LongBench's own; null counts as none."""
        name = key if key is not None else LONGBENCH_KEYS[column]
        found, value = _look_up(self._row, name)
        if (not found and key is None) or (found and value is None):
            return None
        return self.texts(column, name)

    def _as_text(self, key: str, value: Any, *, objects: bool = False) -> str:
        if objects and isinstance(value, Mapping):
            value = json.dumps(value, ensure_ascii=False, default=str)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise InputError(
                f"{self._where}, key {key!r}: found {_shown(value)}, expected a text or a number. "
                "Change the row, or the key in `dataset.columns`."
            )
        text = str(value)
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise InputError(
                f"{self._where}, key {key!r}: character {error.start + 1} is half of a surrogate pair, which no "
                "request can carry. Mend the text or take the row out."
            ) from error
        return text


def _look_up(row: Mapping[str, Any], key: str) -> tuple[bool, Any]:
    """Whether the row has the key, and its value: by the whole key first, else step by step at its dots.

    Of a list of objects, what each of them has.
    """
    if key in row:
        return True, row[key]
    value: Any = row
    for step in key.split("."):
        if (
            isinstance(value, list)
            and value
            and all(isinstance(each, Mapping) and step in each for each in value)
        ):
            value = [each[step] for each in value]
        elif isinstance(value, Mapping) and step in value:
            value = value[step]
        else:
            return False, None
    return True, value


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names[:20]) + (", ..." if len(names) > 20 else "") or "no key"


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."
