"""The JSON object in an answer, whatever stands around it, held against the reference's, field by field."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from assay.metrics.choice import JsonMatch

_MOST_STARTS = 1000
"""Braces that are tried as the beginning of an object: what a model wrote may hold any number of them."""


def json_match(prediction: str, answers: Sequence[str], settings: JsonMatch) -> float:
    """The share of fields that agree with the answer that agrees best, or whether all do. 0 without a JSON object."""
    found = last_object(prediction)
    if found is None:
        return 0.0
    shares = (
        _share(found, reference, settings) for answer in answers if (reference := _object(answer)) is not None
    )
    best = max(shares, default=0.0)
    return best if settings.score == "share" else float(best == 1.0)


def json_flaw(answer: str, settings: JsonMatch) -> str | None:
    """Why a reference can't be compared with, in words that follow "the row ..."; None if it can."""
    reference = _object(answer)
    if reference is None:
        return f"has the answer {answer[:60]!r}; the metric json_match expects a JSON object"
    if not reference:
        return "has the answer {}; the metric json_match expects a JSON object with fields"
    for name in settings.fields or ():
        if not _look_up(reference, name)[0]:
            return (
                f"has an answer without the field {name!r} of the metric's `fields`, found "
                f"{', '.join(map(repr, reference))}"
            )
    return None


def last_object(text: str) -> dict[str, Any] | None:
    """The last JSON object in a text that isn't part of another: models think first. None if there is none."""
    decoder, last, at = json.JSONDecoder(), None, text.find("{")
    for _ in range(_MOST_STARTS):
        if at < 0:
            break
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            last = value
        at = text.find("{", end)
    return last


def _object(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _share(found: Mapping[str, Any], reference: Mapping[str, Any], settings: JsonMatch) -> float:
    names = list(_fields(reference, settings))
    agreeing = 0
    for name, expected in names:
        there, value = (
            _look_up(found, name) if settings.fields is not None else (name in found, found.get(name))
        )
        agreeing += there and _equal(value, expected, settings)
    return agreeing / len(names) if names else 0.0


def _fields(reference: Mapping[str, Any], settings: JsonMatch) -> Iterator[tuple[str, Any]]:
    if settings.fields is None:
        yield from reference.items()
        return
    for name in settings.fields:
        there, value = _look_up(reference, name)
        if there:
            yield name, value


def _look_up(value: Any, name: str) -> tuple[bool, Any]:
    if isinstance(value, Mapping) and name in value:
        return True, value[name]
    for step in name.split("."):
        if not isinstance(value, Mapping) or step not in value:
            return False, None
        value = value[step]
    return True, value


def _equal(found: Any, reference: Any, settings: JsonMatch) -> bool:
    """Numbers by value, also where one is written as text; texts without space around; lists in order; objects by field."""
    if isinstance(found, bool) or isinstance(reference, bool) or found is None or reference is None:
        return found is reference
    if isinstance(reference, Mapping) or isinstance(found, Mapping):
        return (
            isinstance(found, Mapping)
            and isinstance(reference, Mapping)
            and found.keys() == reference.keys()
            and all(_equal(found[key], reference[key], settings) for key in reference)
        )
    if isinstance(reference, list) or isinstance(found, list):
        return (
            isinstance(found, list)
            and isinstance(reference, list)
            and len(found) == len(reference)
            and all(_equal(one, other, settings) for one, other in zip(found, reference, strict=True))
        )
    if isinstance(found, str) and isinstance(reference, str):
        return _folded(found, settings) == _folded(reference, settings)
    try:
        one, other = _number(found), _number(reference)
        if isinstance(one, int) and isinstance(other, int) and not settings.relative_tolerance:
            return one == other  # identifiers may be longer than what a float tells apart
        return math.isclose(
            one, other, rel_tol=0.0, abs_tol=settings.relative_tolerance * abs(other) + 1e-12 * abs(other)
        )
    except (ValueError, OverflowError):
        return False


def _number(value: str | float) -> float:
    if not isinstance(value, str):
        return value
    try:
        return int(value)
    except ValueError:
        return float(value)


def _folded(text: str, settings: JsonMatch) -> str:
    text = " ".join(text.split())
    return text.casefold() if settings.ignore_case else text
