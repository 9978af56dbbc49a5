"""Texts made alike before they are compared, as the user's metrics compare them, and the four that compare texts.

These are not LongBench's rules (see `words`): numbers keep their marks, all scripts' punctuation counts, and what is
nothing but punctuation or an article is compared as it stands.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from assay.metrics.choice import ComparedText, Contains, ExactMatch, RougeLTextbook, TokenF1
from assay.metrics.lcs import lcs_length

_ARTICLE = re.compile(r"\b(?:a|an|the)\b", re.IGNORECASE)
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
"""Scripts without spaces between words: Thai, Lao, Burmese, Khmer, Japanese, Chinese."""
_OF_UNSPACED = re.compile(f"[{_UNSPACED}]")
_WORD = re.compile(rf"[{_UNSPACED}]|[^\s{_UNSPACED}]+")
_INSIDE_NUMBERS = ".,:/-'’"


def exact_match(prediction: str, answers: Sequence[str], settings: ExactMatch) -> float:
    """1 if the prediction and an answer are alike."""
    found = alike(prediction, settings)
    return float(any(found == alike(answer, settings) for answer in answers))


def contains(prediction: str, answers: Sequence[str], settings: Contains) -> float:
    """1 if the prediction contains an answer."""
    found = alike(prediction, settings)
    return float(any(_contains(found, alike(answer, settings), settings.whole_words) for answer in answers))


def token_f1(prediction: str, answers: Sequence[str], settings: TokenF1) -> float:
    """Best F1 over the multiset of shared words (Rajpurkar et al. 2016)."""
    found = Counter(words(prediction, settings))
    return max(_f1(found, Counter(words(answer, settings))) for answer in answers)


def _f1(prediction: "Counter[str]", answer: "Counter[str]") -> float:
    shared = (prediction & answer).total()
    return 2 * shared / (prediction.total() + answer.total()) if shared else 0.0


def rouge_l_textbook(prediction: str, answers: Sequence[str], settings: RougeLTextbook) -> float:
    """Best F1 over the longest common subsequence of the words of both whole texts.

    Source: Lin (2004), "ROUGE: A Package for Automatic Evaluation of Summaries", section 3.1, with beta 1. The words may lie
    apart in either text, but have to come in the same order.
    """
    found = words(prediction, settings)
    return max(_rouge_l(found, words(answer, settings)) for answer in answers)


def _rouge_l(prediction: Sequence[str], answer: Sequence[str]) -> float:
    common = lcs_length(prediction, answer)
    return 2 * common / (len(prediction) + len(answer)) if common else 0.0


def words(text: str, settings: ComparedText) -> list[str]:
    """The words of a text that was made alike. In scripts without spaces each character is one."""
    return _WORD.findall(alike(text, settings))


def alike(text: str, settings: ComparedText) -> str:
    """The text in Unicode's compatible form (NFKC), with single spaces, and without what the settings ignore.

    If nothing would be left, punctuation and articles stay: the answer "A" isn't equal to the answer "the".
    """
    text = " ".join(unicodedata.normalize("NFKC", text).split())
    if settings.ignore_case:
        text = text.casefold()
    left = _without_punctuation(text) if settings.ignore_punctuation else text
    if settings.ignore_articles:
        left = _ARTICLE.sub(" ", left)
    left = " ".join(left.split())
    return left or text


def _without_punctuation(text: str) -> str:
    kept = []
    for at, sign in enumerate(text):
        if not _is_mark(sign):
            kept.append(sign)
            continue
        before, after = text[at - 1 : at], text[at + 1 : at + 2]
        within = before.isdecimal() and after.isdecimal() and sign in _INSIDE_NUMBERS
        minus = sign in "-−" and after.isdecimal() and not (before.isalnum() or _is_mark(before))
        if within or minus:
            kept.append("-" if minus else sign)
        elif sign in "-–—/_":  # between words, as in "Baden-Baden"
            kept.append(" ")
    return "".join(kept)


def _is_mark(sign: str) -> bool:
    return bool(sign) and (unicodedata.category(sign).startswith("P") or sign in "$+<=>^`|~−")


def _contains(text: str, part: str, whole_words: bool) -> bool:
    if not part:
        return False
    at = text.find(part)
    while at >= 0:
        if not whole_words or (_apart(text, at) and _apart(text, at + len(part))):
            return True
        at = text.find(part, at + 1)
    return False


def _apart(text: str, at: int) -> bool:
    """Whether words end between the signs before and at this place: no letter or digit on both sides, and no number's mark."""
    left, right = text[max(at - 2, 0) : at], text[at : at + 2]
    if not left or not right:
        return True
    if _OF_UNSPACED.match(left[-1]) or _OF_UNSPACED.match(right[0]):
        return True
    if left[-1].isalnum() and right[0].isalnum():
        return False
    in_number = left[-1].isdecimal() and right[0] in _INSIDE_NUMBERS and right[1:].isdecimal()
    after_mark = (
        left[-1] in _INSIDE_NUMBERS and right[0].isdecimal() and (left[:-1].isdecimal() or left[-1] == "-")
    )
    return not (in_number or after_mark)
