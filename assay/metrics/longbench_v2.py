"""LongBench v2's score: the letter after "The correct answer is", with or without brackets, asterisks left out.

The first "(X)" form counts wherever it stands, before the first bare form; other ways of saying a letter count as no answer,
as in the published figures (Bai et al. 2024, arXiv:2412.15204).
"""

import re
from collections.abc import Sequence

_FORMS = (re.compile(r"The correct answer is \(([A-D])\)"), re.compile(r"The correct answer is ([A-D])"))
LETTERS = "ABCD"


def longbench_v2(prediction: str, answers: Sequence[str], all_classes: Sequence[str] | None = None) -> float:
    """1 if the prediction states an answer's letter in LongBench v2's form, else 0."""
    letter = stated_letter(prediction)
    return float(letter is not None and any(letter == reference_letter(answer) for answer in answers))


def stated_letter(text: str) -> str | None:
    """The letter that a text states; None if it has no such form."""
    text = text.replace("*", "")
    for form in _FORMS:
        if found := form.search(text):
            return found[1]
    return None


def reference_letter(answer: str) -> str | None:
    """The letter of a reference: alone, or stated as an answer has to; None if it is neither."""
    return answer if len(answer) == 1 and answer in LETTERS else stated_letter(answer)
