"""Makes a document of a wanted length, counted as the formatted prompt, from a plan."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from assay.datasets.synthetic.plan import Plan
from assay.datasets.synthetic.prose import sentence
from assay.datasets.synthetic.subjects import REMARKS

_PARAGRAPH_TOKENS = 50
"""Shorter than most: what is made beyond need costs less than a second round."""
_ROUNDS = 3
"""Remarks are used a second time only where the first round does not add up to the wanted length."""
_MOST_DROPPED = 3
_CORRECTIONS = 4


@dataclass(frozen=True)
class Scale:
    """How to weigh a row: tokens of the formatted prompt around a context, and of single pieces of text."""

    prompt: Callable[[str, str], int]
    """Tokens of the whole prompt, from context and question."""
    pieces: Callable[[Sequence[str]], list[int]]
    """Tokens of each text alone."""


def least(plan: Plan, scale: Scale) -> int:
    """Tokens of the prompt with nothing in it but what the answer needs."""
    return scale.prompt(_document(plan.title, plan.required, ""), plan.question)


def fill(plan: Plan, scale: Scale, minimum: int, maximum: int, rng: Random) -> str | None:
    """A context whose prompt has minimum <= tokens < maximum, about evenly spread over that range.

    None if this plan can't be fitted: it is too long, or the range is too narrow for the remarks at hand.
    """
    base = least(plan, scale)
    if base >= maximum:
        return None
    target = rng.randint(max(minimum, base), maximum - 1)
    paragraphs: list[str] = []
    room = target - base
    while more := _paragraphs(plan, scale, room):
        # The tokens of pieces don't add up exactly to those of the whole, so the rest is counted afresh.
        paragraphs += more
        room = target - scale.prompt(_document(plan.title, [*plan.required, *paragraphs], ""), plan.question)
    places = sorted(rng.randint(0, len(paragraphs)) for _ in plan.required)
    patterns = [pattern for _ in range(_ROUNDS) for pattern in rng.sample(REMARKS, len(REMARKS))]
    remarks = list(dict.fromkeys(sentence(rng, pattern) for pattern in patterns))
    sizes = scale.pieces([f" {remark}" for remark in remarks])

    # Fewer paragraphs leave more room for remarks, and so more ways to hit a narrow range.
    for dropped in range(min(len(paragraphs), _MOST_DROPPED) + 1):
        kept = paragraphs[: len(paragraphs) - dropped]
        body = _merged(kept, plan.required, [min(place, len(kept)) for place in places])
        gap = target - scale.prompt(_document(plan.title, body, ""), plan.question)
        for _ in range(_CORRECTIONS):
            closing = " ".join(remarks[index] for index in _subset(sizes, gap))
            context = _document(plan.title, body, closing)
            tokens = scale.prompt(context, plan.question)
            if minimum <= tokens < maximum:
                return context
            gap += target - tokens
    return None


def _paragraphs(plan: Plan, scale: Scale, room: int) -> list[str]:
    """Filler paragraphs of at most `room` tokens together."""
    kept: list[str] = []
    while room > 0:
        made = [plan.filler() for _ in range(room // _PARAGRAPH_TOKENS + 1)]
        for text, tokens in zip(made, scale.pieces([f"{text}\n\n" for text in made]), strict=True):
            if tokens > room:
                return kept
            kept.append(text)
            room -= tokens
    return kept


def _merged(filler: Sequence[str], required: Sequence[str], places: Sequence[int]) -> list[str]:
    """The filler with each required paragraph before the filler paragraph of its place; places ascend."""
    merged: list[str] = []
    start = 0
    for text, place in zip(required, places, strict=True):
        merged += [*filler[start:place], text]
        start = place
    return [*merged, *filler[start:]]


def _document(title: str, paragraphs: Sequence[str], remarks: str) -> str:
    return "\n\n".join([title, *paragraphs, *([remarks] if remarks else [])])


def _subset(sizes: Sequence[int], wanted: int) -> list[int]:
    """Indices of pieces whose sizes add up to `wanted`, or to the most that stays below it."""
    ways: dict[int, tuple[int, ...]] = {0: ()}
    for index, size in enumerate(sizes):
        for total, way in list(ways.items()):
            if total + size <= wanted and total + size not in ways:
                ways[total + size] = (*way, index)
        if wanted in ways:
            break
    return list(ways[max(ways)])
