"""Similarity of a line of code, in whole per cent, in the two ways in which LongBench's figures have been computed.

LongBench calls `fuzz.ratio` of the package fuzzywuzzy, which takes difflib's ratio, or, where python-Levenshtein is installed, that
package's. Both are twice the matched characters over the characters of both texts, but difflib matches the longest common block first,
and so misses some of the longest common subsequence. The published figures are difflib's; the other's are never lower by
more than a rounding step.
"""

from collections.abc import Callable, Sequence
from difflib import SequenceMatcher

_NOT_CODE = ("`", "#", "//")  # fences and comments


def code_similarity(
    prediction: str, answers: Sequence[str], all_classes: Sequence[str] | None = None
) -> float:
    """Best similarity by difflib, 0 to 1 in steps of 0.01, of the prediction's first line of code to each answer."""
    return _best(_difflib_ratio, prediction, answers)


def code_similarity_levenshtein(
    prediction: str, answers: Sequence[str], all_classes: Sequence[str] | None = None
) -> float:
    """The same by Levenshtein's ratio, in which replacing a character costs 2: taking it out and putting one in."""
    return _best(levenshtein_ratio, prediction, answers)


def levenshtein_ratio(one: str, other: str) -> float:
    """1 less the distance by insertions and deletions over the length of both texts; 1 for two empty ones.

    The distance is what is left beside the longest common subsequence, whose length is counted in the bits of one integer
    (Hyyro 2004, "Bit-parallel LCS-length computation revisited").
    """
    positions: dict[str, int] = {}
    for at, sign in enumerate(other):
        positions[sign] = positions.get(sign, 0) | (1 << at)
    everything = (1 << len(other)) - 1
    row = everything
    for sign in one:
        match = row & positions.get(sign, 0)
        row = ((row + match) | (row - match)) & everything
    common = len(other) - row.bit_count()
    return 2 * common / (len(one) + len(other)) if one or other else 1.0


def _difflib_ratio(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other).ratio()


def _best(ratio: Callable[[str, str], float], prediction: str, answers: Sequence[str]) -> float:
    line = _first_line_of_code(prediction)
    return max(round(100 * ratio(line, answer)) / 100 for answer in answers)


def _first_line_of_code(prediction: str) -> str:
    for line in prediction.lstrip("\n").split("\n"):
        if not any(sign in line for sign in _NOT_CODE):
            return line
    return ""
