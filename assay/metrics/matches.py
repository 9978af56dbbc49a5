"""Scores of answers that are right or not: classes, paragraph numbers, counts, as LongBench publishes them.

Each gives less than 1 to an answer that hedges: the share of what it names that is right.
"""

import re
from collections.abc import Sequence

_NUMBER = re.compile(r"\d+")
PARAGRAPH = re.compile(r"Paragraph (\d+)")
PARAGRAPH_ZH = re.compile(r"段落(\d+)")


def classification(
    prediction: str, answers: Sequence[str], all_classes: Sequence[str] | None = None
) -> float:
    """1 over the number of classes that the prediction names, if the right one is among them; else 0."""
    named = [name for name in all_classes or () if name in prediction]
    return max(_classification(named, answer) for answer in answers)


def _classification(named: Sequence[str], answer: str) -> float:
    # A class that is part of the right one's name ("Other" in "Other location") is not held against the answer.
    # The published code removes such classes from the list it is looping over, and so skips the one that follows
    # each removal. The published figures contain that, hence the index that moves on whether or not one is removed.
    kept = list(named)
    at = 0
    while at < len(kept):
        if kept[at] in answer and kept[at] != answer:
            kept.remove(kept[at])
        at += 1
    return 1.0 / len(kept) if answer in kept else 0.0


def retrieval(prediction: str, answers: Sequence[str], all_classes: Sequence[str] | None = None) -> float:
    """The share of the prediction's numbers that are the answer's ("Paragraph 7"); 0 if it has none."""
    return max(_share(prediction, PARAGRAPH.findall(answer)[:1]) for answer in answers)


def retrieval_zh(prediction: str, answers: Sequence[str], all_classes: Sequence[str] | None = None) -> float:
    """The share of the prediction's numbers that are the answer's ("段落7"); 0 if it has none."""
    return max(_share(prediction, PARAGRAPH_ZH.findall(answer)[:1]) for answer in answers)


def count(prediction: str, answers: Sequence[str], all_classes: Sequence[str] | None = None) -> float:
    """The share of the prediction's numbers that are the answer ("12"); 0 if it has none."""
    return max(_share(prediction, [answer]) for answer in answers)


def _share(prediction: str, right: Sequence[str]) -> float:
    numbers = _NUMBER.findall(prediction)
    return sum(number in right for number in numbers) / len(numbers) if numbers else 0.0
