"""What the simulator knows about prompts: right and wrong answers, or for judges whether an answer is right.

The truth reaches the simulator from this file only, never through a request. A request's prompt is found by its hash, with
or without the paragraph that the sender puts in front to defeat caches.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.errors import InputError


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known about one prompt."""

    tokens: int
    """Tokens of the formatted prompt by the benchmark's tokenizer, without the leading paragraph."""
    right: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    correct: bool | None = None
    """For a judge's prompt: whether the answer in it is right."""
    model: str | None = None
    """For a judge's prompt: label of the model whose answer it is, where that is told."""


@dataclass(frozen=True, slots=True)
class Found:
    """A prompt after the look-up."""

    sha256: str
    """Of the prompt as the key knows it, or would know it: without the leading paragraph if there is one."""
    entry: Entry | None


Key = dict[str, Entry]


def read(path: Path) -> Key:
    """Read an answer key: one JSON object a line. Raises InputError that names the line."""
    key: Key = {}
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    sha256, entry = _entry(line, f"{path}, line {number}")
                    key[sha256] = entry
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: the answer key can't be read: {error}. Make it again.") from error
    return key


def _entry(line: str, where: str) -> tuple[str, Entry]:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise InputError(f"{where}: found no JSON ({error}), expected one object a line.") from error
    if not isinstance(row, dict):
        raise InputError(f"{where}: found {type(row).__name__}, expected a JSON object.")
    sha256 = _typed(row, "sha256", str, where)
    tokens = _typed(row, "tokens", int, where)
    correct = _typed(row, "correct", bool, where) if "correct" in row else None
    if correct is None:
        right, wrong = (_texts(row, name, where) for name in ("right", "wrong"))
        return sha256, Entry(tokens, right, wrong)
    model = _typed(row, "model", str, where) if row.get("model") is not None else None
    return sha256, Entry(tokens, correct=correct, model=model)


def _typed(row: dict[str, Any], name: str, kind: type, where: str) -> Any:
    value = row.get(name)
    if type(value) is not kind:
        raise InputError(f"{where}: {name}: found {value!r}, expected {kind.__name__}.")
    return value


def _texts(row: dict[str, Any], name: str, where: str) -> tuple[str, ...]:
    value = row.get(name, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise InputError(f"{where}: {name}: found {value!r}, expected a list of texts.")
    return tuple(item for item in value if item.strip())


def find(key: Key, prompt: str) -> Found:
    """Look a prompt up: as it is, then without its first paragraph."""
    whole = _sha256(prompt)
    if whole in key:
        return Found(whole, key[whole])
    first, separator, rest = prompt.partition("\n\n")
    if separator:
        without = _sha256(rest)
        if without in key:
            return Found(without, key[without])
        if is_nonce(first):
            return Found(without, None)
    return Found(whole, None)


def is_nonce(paragraph: str) -> bool:
    """Whether this is the paragraph that the sender puts in front: "Request 123 456 789 012 345."."""
    return (
        len(paragraph) < 80
        and paragraph.startswith("Request ")
        and paragraph.endswith(".")
        and paragraph[8:-1].replace(" ", "").isdigit()
    )


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
