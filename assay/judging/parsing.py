"""The verdict in a judge's reply: tolerant about the form, never about the content.

A verdict is taken where the reply states one and only one. Everything else (none, two that differ, one that was cut
off, "partially correct", the two choices echoed) is `unparseable`, an outcome of its own: a guess would be an error
that no table shows. What the verdicts are worth is left to `panel` and `agreement`.
"""

import json
import re
from dataclasses import dataclass
from typing import Any, Literal, get_args

Verdict = Literal[
    "correct", "incorrect", "rated", "abstained", "refused", "unparseable", "failed", "not_asked"
]
"""`rated` comes with a rating, where judges give 1 to 5. A judge `abstained` if it said that it is unsure, and `refused` if it
declined to grade. `failed` is one that gave no reply at all; `unparseable` one whose reply states no single verdict;
`not_asked` one that was left out, since enough was spent, or enough is known."""

ASKED: tuple[str, ...] = tuple(name for name in get_args(Verdict) if name != "not_asked")
"""Verdicts that a judge was asked for, whatever came of it."""

# Characters; a verdict and a sentence need a few hundred. Reading only a part could miss a contradiction.
_LONGEST = 32_000
_THINKING = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)

_WORD = r"(?P<word>not[\s_-]+correct|incorrect|correct)"
_END = r"(?![\w-]|[\"'”’*_`\s]*(?:\?|/|\||,?\s*\bor\b))"  # whole, no question, not one of two choices
_LABELLED = re.compile(
    r"\bverdict[\"'”’*_`\s]*(?::|：|=|\bis\b)[\"'“‘*_`\s]*"
    r"(?:(?:that\s+)?(?:the|this)\s+(?:answer|response)\s+is[\"'“‘*_`\s]+)?" + _WORD + _END,
    re.IGNORECASE,
)
_ANY_LABEL = re.compile(r"\bverdict[\"'”’*_`\s]*(?::|：|=)[\"'“‘*_`\s]*(?=\S)", re.IGNORECASE)
_ALONE = re.compile(r"[\W_]*" + _WORD + r"[\W_]*", re.IGNORECASE)
_LEADING = re.compile(r"[\"'“‘*_`\s]*" + _WORD + r"[\"'”’*_`]*\s*[.,;!—–]", re.IGNORECASE)
# "Correct. Well, no: incorrect" states two verdicts; "Incorrect. The correct answer is Paris" states one.
_STANDING = re.compile(r"(?<!\w)(?<!\bthe )(?<!\ba )(?<!\ban )" + _WORD + _END, re.IGNORECASE)
_EXPLANATION = re.compile(
    r"\bexplanation[\"'”’*_`\s]*(?::|：|=)\s*(?:\"(?P<double>(?:\\.|[^\"\\])*)|'(?P<single>(?:\\.|[^'\\])*)|(?P<bare>[^\n]*))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A reply's verdict, the judge's explanation where one was found, and the rating (1 to 5) of a verdict `rated`."""

    verdict: Verdict
    explanation: str | None
    rating: float | None = None


def parse(
    reply: str, kind: Literal["correctness", "scale"] = "correctness", answer: str | None = None
) -> Parsed:
    """The verdict that the reply states. Never raises, whatever the judge wrote.

    JSON objects with a `verdict` count, wherever they stand, and text around them such as `verdict: correct`, also
    in broken and truncated JSON; without any of these, a reply, or its first or last line, that is just the word.
    What a judge thinks aloud between <think> marks is no statement, and a reply beyond 32,000 characters no verdict.
    """
    text = _THINKING.sub("", reply)
    if len(text) > _LONGEST:
        return Parsed("unparseable", None)
    objects, around = _objects_with_verdict(text)
    labelled = {_verdict_of(found["word"]) for found in _LABELLED.finditer(around)}
    if objects:
        stated = {verdict for found in objects if (verdict := _meaning(found)) is not None}
        explanations = [
            found["explanation"] for found in objects if isinstance(found.get("explanation"), str)
        ]
        return Parsed(_single(stated | labelled), explanations[-1].strip() if explanations else None)
    if labelled or _ANY_LABEL.search(text):
        return Parsed(_single(labelled), _explanation(text))
    return Parsed(_single(_words_alone(text)), text.strip() or None)


def _single(stated: set[str]) -> Literal["correct", "incorrect", "unparseable"]:
    if stated == {"correct"}:
        return "correct"
    if stated == {"incorrect"}:
        return "incorrect"
    return "unparseable"


def _verdict_of(word: str) -> str:
    return "correct" if word.lower() == "correct" else "incorrect"


def _meaning(found: dict[str, Any]) -> str | None:
    """The verdict of a JSON object: a whole word or a boolean, or None if its value is neither."""
    value = found["verdict"]
    if isinstance(value, bool):
        return "correct" if value else "incorrect"
    alone = _ALONE.fullmatch(value) if isinstance(value, str) else None
    return _verdict_of(alone["word"]) if alone else None


def _objects_with_verdict(text: str) -> tuple[list[dict[str, Any]], str]:
    """The outermost JSON objects that have a verdict, and the text without them."""
    decoder = json.JSONDecoder(strict=False, object_pairs_hook=_lower_keys)
    objects: list[dict[str, Any]] = []
    around: list[str] = []
    rest = 0
    at = text.find("{")
    while at >= 0:
        end = at + 1
        try:
            found, stop = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            pass
        else:
            if "verdict" in found:
                objects.append(found)
                around.append(text[rest:at])
                rest = end = stop
        at = text.find("{", end)
    return objects, "\n".join([*around, text[rest:]])


def _lower_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object with its keys in lower case; a key given twice with two values has no value."""
    made: dict[str, Any] = {}
    for key, value in pairs:
        name = key.strip().lower()
        made[name] = value if made.get(name, value) == value else None
    return made


def _words_alone(text: str) -> set[str]:
    lines = [line for line in text.splitlines() if line.strip()]
    ends = [lines[0], lines[-1]] if lines else []
    found = [alone for line in ends if (alone := _ALONE.fullmatch(line))]
    if not found and ends and (leading := _LEADING.match(ends[0])):
        found = [leading]
        rest = ends[0][leading.end() :] + "\n".join(lines[1:])
        found += _STANDING.finditer(rest)
    return {_verdict_of(match["word"]) for match in found}


def _explanation(text: str) -> str | None:
    found = _EXPLANATION.search(text)
    if not found:
        return None
    quoted = found["double"] if found["double"] is not None else found["single"]
    words = (
        re.sub(r"\\(.)", lambda escape: {"n": "\n", "t": "\t"}.get(escape[1], escape[1]), quoted)
        if quoted
        else ""
    )
    return (words or found["bare"] or "").strip() or None
