"""Edit similarity of a line of code, as LongBench publishes it: difflib's ratio in whole per cent.

Levenshtein-based ratios differ (64.9 where difflib gives 63.2), so no faster library stands in for difflib.
"""

from collections.abc import Sequence
from difflib import SequenceMatcher

_NOT_CODE = ("`", "#", "//")  # fences and comments


def code_similarity(
    prediction: str, answers: Sequence[str], all_classes: Sequence[str] | None = None
) -> float:
    """Best similarity, 0 to 1 in steps of 0.01, of the prediction's first line of code to each answer."""
    line = _first_line_of_code(prediction)
    return max(round(100 * SequenceMatcher(None, line, answer).ratio()) / 100 for answer in answers)


def _first_line_of_code(prediction: str) -> str:
    for line in prediction.lstrip("\n").split("\n"):
        if not any(sign in line for sign in _NOT_CODE):
            return line
    return ""
