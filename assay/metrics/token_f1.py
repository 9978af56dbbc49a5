"""F1 over words: how question answering is scored, in English and Chinese.

The harmonic mean of precision and recall over the multiset of shared words (Rajpurkar et al. 2016, as LongBench,
Bai et al. 2023, publishes it).
"""

from collections import Counter
from collections.abc import Sequence

from assay.metrics.words import normalised, normalised_chinese, segmented


def qa_f1(prediction: str, answers: Sequence[str], all_classes: Sequence[str] | None = None) -> float:
    """Best F1, 0 to 1, of the prediction's normalised English words against each answer's."""
    words = normalised(prediction).split()
    return max(_f1(words, normalised(answer).split()) for answer in answers)


def qa_f1_zh(prediction: str, answers: Sequence[str], all_classes: Sequence[str] | None = None) -> float:
    """Best F1, 0 to 1, of the prediction's Chinese words (cut first, normalised then) against each answer's."""
    words = _chinese_words(prediction)
    return max(_f1(words, _chinese_words(answer)) for answer in answers)


def _chinese_words(text: str) -> list[str]:
    return [word for raw in segmented(text) if (word := normalised_chinese(raw))]


def _f1(prediction: Sequence[str], answer: Sequence[str]) -> float:
    shared = (Counter(prediction) & Counter(answer)).total()
    if shared == 0:
        return 0.0
    precision = shared / len(prediction)
    recall = shared / len(answer)
    return 2 * precision * recall / (precision + recall)
