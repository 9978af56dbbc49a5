"""ROUGE-L is that of the package `rouge` 1.0.1, digit for digit, and never gives up on length."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rouge import Rouge
from rouge.rouge_score import _recon_lcs

from assay.metrics.rouge import longest_common_subsequence, rouge_l, rouge_l_zh

_WORDS = st.lists(st.sampled_from("abcdefg"), max_size=14)
_TEXTS = st.lists(st.sampled_from(["a", "b", "c", "d", ".", " ", "\n", " the ", " sea "]), max_size=40).map(
    "".join
)


def _oracle(prediction: str, answer: str) -> float:
    try:
        f: float = Rouge(metrics=["rouge-l"]).get_scores([prediction], [answer], avg=True)["rouge-l"]["f"]
    except ValueError:  # it refuses texts without a sentence; LongBench counts them as 0
        return 0.0
    return f


@settings(deadline=None)
@given(x=_WORDS, y=_WORDS)
def test_ties_between_common_subsequences_are_broken_as_in_rouge(x: list[str], y: list[str]) -> None:
    assert longest_common_subsequence(x, y) == _recon_lcs(x, y)._ngrams


@settings(deadline=None)
@given(prediction=_TEXTS, answer=_TEXTS)
@example(prediction="...", answer="a")
@example(prediction=" ", answer=" . a")
@example(prediction="", answer="")
def test_scores_are_those_of_rouge(prediction: str, answer: str) -> None:
    assert rouge_l(prediction, [answer]) == pytest.approx(_oracle(prediction, answer), abs=1e-12)


def test_texts_on_which_rouge_recurses_too_deep_are_scored() -> None:
    words = " ".join(f"w{number}" for number in range(1100))
    with pytest.raises(RecursionError):
        _oracle(words, words)
    assert rouge_l(words, [words]) == pytest.approx(1.0, abs=1e-7)


def test_chinese_is_cut_into_words_first() -> None:
    assert rouge_l("会议讨论了物流", ["会议讨论了疫情"]) == 0.0
    assert rouge_l_zh("会议讨论了物流", ["会议讨论了疫情"]) == pytest.approx(0.75, abs=1e-6)
