"""What a synthetic row is before it has a length: its question, the paragraphs that answer it, and endless others."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """A document to be filled up.

    `required` paragraphs hold the answer and keep their order; `filler` makes one more paragraph of the same kind
    at each call, which never changes the answer. `wrong` are answers that the fillers suggest.
    """

    title: str
    required: tuple[str, ...]
    filler: Callable[[], str]
    question: str
    answers: tuple[str, ...]
    all_classes: tuple[str, ...] | None
    wrong: tuple[str, ...]


def distinct_wrong(right: str, candidates: list[str]) -> tuple[str, ...]:
    """The candidates that differ from the right answer and from each other, none within another, at most four."""
    kept: list[str] = []
    for candidate in candidates:
        if all(candidate not in other and other not in candidate for other in (right, *kept)):
            kept.append(candidate)
    return tuple(kept[:4])
