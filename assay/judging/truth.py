"""Whether an answer is right as far as the simulated judges are concerned: it contains a reference.

Only the simulator's judges need it, whose sensitivity and specificity are set against this truth. Real judges read
the answer themselves, and no figure of a real run rests on containment.
"""

import re
from collections.abc import Sequence

from assay.metrics.words import normalised, normalised_chinese

_CHINESE = re.compile(r"[㐀-鿿豈-﫿]")


def contains_reference(answer: str, references: Sequence[str]) -> bool:
    """Whether the answer contains any reference, both normalised: whole words, or characters if it is Chinese."""
    return any(_contains(answer, reference) for reference in references)


def _contains(answer: str, reference: str) -> bool:
    if _CHINESE.search(reference):
        return normalised_chinese(reference) in normalised_chinese(answer)
    words = normalised(reference)
    if not words:  # nothing but punctuation or an article
        return bool(reference.strip()) and reference.strip().lower() in answer.lower()
    return f" {words} " in f" {normalised(answer)} "
