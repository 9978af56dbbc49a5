"""ROUGE-L for summaries, equal to the f of `rouge-l` in the package `rouge` 1.0.1, which LongBench's scores come from.

That variant is not the textbook's: texts are cut into sentences at full stops, the longest common subsequences
(LCS) of every pair of sentences are united as *sets* of words, and the set's size is held against the number of
*distinct* words of either text. Which of several LCS is taken matters, since their words differ, so its ties are
broken the same way. Unlike the package, nothing here recurses: its error at about 1,000 words in a pair of
sentences, which LongBench counts as 0, doesn't happen here.
"""

from collections.abc import Sequence

from assay.metrics.words import segmented

_EPSILON = 1e-8  # of `rouge`, against division by zero; part of the published digits


def rouge_l(prediction: str, answers: Sequence[str], all_classes: Sequence[str] | None = None) -> float:
    """Best ROUGE-L f, 0 to 1, of the prediction's words, parted by white space, against each answer's."""
    sentences = _sentences(prediction)
    return max(_f(sentences, _sentences(answer)) for answer in answers)


def rouge_l_zh(prediction: str, answers: Sequence[str], all_classes: Sequence[str] | None = None) -> float:
    """Best ROUGE-L f, 0 to 1, of the prediction's Chinese words against each answer's."""
    return rouge_l(" ".join(segmented(prediction)), [" ".join(segmented(answer)) for answer in answers])


def _sentences(text: str) -> list[list[str]]:
    # A sentence of nothing but white space stays, as one empty word: `rouge` drops those of length 0 only.
    return [" ".join(part.split()).split(" ") for part in text.split(".") if part]


def _f(prediction: list[list[str]], answer: list[list[str]]) -> float:
    if not prediction or not answer:
        return 0.0
    shared: set[str] = set()
    for sentence in answer:
        for other in prediction:
            shared |= longest_common_subsequence(sentence, other)
    recall = len(shared) / len({word for sentence in answer for word in sentence})
    precision = len(shared) / len({word for sentence in prediction for word in sentence})
    return 2.0 * (precision * recall / (precision + recall + _EPSILON))


def longest_common_subsequence(x: Sequence[str], y: Sequence[str]) -> set[str]:
    """The words of that longest common subsequence of x and y which `rouge` 1.0.1 walks back to.

    The table L of lengths is kept as one integer per row, after Hyyro (2004), "Bit-parallel LCS-length
    computation revisited": bit j is 0 where L[i, j] is above L[i, j - 1]. Walking back from the end, `rouge`
    takes a match if there is one, goes up if L[i - 1, j] > L[i, j - 1], else left; without a match L[i, j] is the
    greater of the two, so "up" is exactly "bit j of row i is 0".
    """
    positions: dict[str, int] = {}
    for j, word in enumerate(y):
        positions[word] = positions.get(word, 0) | (1 << j)
    everything = (1 << len(y)) - 1
    row = everything
    rows = []
    for word in x:
        match = row & positions.get(word, 0)
        row = ((row + match) | (row - match)) & everything
        rows.append(row)
    found: set[str] = set()
    i, j = len(x) - 1, len(y) - 1
    while i >= 0 and j >= 0:
        if x[i] == y[j]:
            found.add(x[i])
            i, j = i - 1, j - 1
        elif not rows[i] >> j & 1:
            i -= 1
        else:
            j -= 1
    return found
