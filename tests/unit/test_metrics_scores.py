"""LongBench's metrics, case by case: what each counts, what it forgives, and which rows it refuses."""

import subprocess
import sys
from difflib import SequenceMatcher

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.errors import InputError
from assay.metrics.code_similarity import levenshtein_ratio
from assay.metrics.longbench import METRIC_OF_SET, metric_of, scored_part
from assay.metrics.scores import METRICS, flaw, score
from assay.metrics.words import normalised, normalised_chinese


def _score(
    metric: str, prediction: str, *answers: str, classes: list[str] | None = None, dataset: str = "mine"
) -> float:
    return score(prediction, answers, metric, dataset, classes)


def test_words_are_compared_without_case_punctuation_articles_and_spacing() -> None:
    assert normalised("  The U.S.A.,\n an  island; theatre ") == "usa island theatre"
    assert normalised_chinese("《红楼梦》，Hello 世界。") == "《红楼梦hello世界"
    assert _score("qa_f1", "the Eiffel-Tower!", "eiffeltower") == 1.0


def test_f1_is_over_the_multiset_of_shared_words() -> None:
    assert _score("qa_f1", "Paris Paris France", "Paris") == pytest.approx(2 * (1 / 3) * 1 / (1 / 3 + 1))
    assert _score("qa_f1", "London", "Paris") == 0.0
    assert _score("qa_f1", "", "Paris") == 0.0
    assert _score("qa_f1", "the", "the") == 0.0  # nothing is left to share


def test_the_best_fitting_answer_counts() -> None:
    assert _score("qa_f1", "New York City", "Paris", "New York City", "York") == 1.0
    assert _score("rouge_l", "a b c", "x", "a b c") == pytest.approx(1.0, abs=1e-7)
    assert _score("count", "There are 12.", "11", "12") == 1.0


def test_chinese_f1_is_over_words_and_ignores_chinese_punctuation() -> None:
    assert _score("qa_f1_zh", "厦门大学", "厦门大学。") == 1.0
    assert 0 < _score("qa_f1_zh", "厦门大学和北京大学", "厦门大学") < 1


def test_numbers_that_are_not_the_answer_cost_a_share() -> None:
    assert _score("count", "12 of 40 letters", "12") == 0.5
    assert _score("count", "none", "12") == 0.0
    assert _score("count", "112", "12") == 0.0
    assert _score("retrieval", "Paragraph 7, not 9", "Paragraph 7") == 0.5
    assert _score("retrieval_zh", "答案是段落12", "段落12") == 1.0


def test_a_class_named_beside_the_right_one_halves_the_score() -> None:
    classes = ["Food", "Date", "Animal"]
    assert _score("classification", "Food", "Food", classes=classes) == 1.0
    assert _score("classification", "Food or Date", "Food", classes=classes) == 0.5
    assert _score("classification", "Date", "Food", classes=classes) == 0.0
    assert _score("classification", "", "Food", classes=classes) == 0.0


def test_a_class_inside_the_right_ones_name_is_not_held_against_the_answer() -> None:
    classes = ["Other location", "location"]
    assert _score("classification", "Other location", "Other location", classes=classes) == 1.0


def test_the_published_class_score_skips_the_class_after_each_one_it_drops() -> None:
    # "location" is dropped, and the loop over the shrinking list then misses "Other": two classes are left.
    classes = ["location", "Other", "Other location"]
    assert _score("classification", "Other location", "Other location", classes=classes) == 0.5


def test_code_is_judged_by_its_first_line_that_is_no_comment_or_fence() -> None:
    prediction = "\n```python\n# a comment\nreturn x + 1\nreturn y"
    assert _score("code_similarity", prediction, "return x + 1") == 1.0
    assert _score("code_similarity", "```\n# nothing", "return x") == 0.0
    expected = round(100 * SequenceMatcher(None, "return x + 2", "return x + 1").ratio()) / 100
    assert _score("code_similarity", "return x + 2", "return x + 1") == expected


@given(st.text("abcd \n", max_size=30), st.text("abcd ", max_size=30))
def test_levenshteins_ratio_is_that_of_the_cheapest_insertions_and_deletions(one: str, other: str) -> None:
    row = list(range(len(other) + 1))  # distances by the textbook's table, in which replacing costs 2
    for at, sign in enumerate(one, start=1):
        before, row = row, [at]
        for to, letter in enumerate(other, start=1):
            row.append(min(before[to] + 1, row[to - 1] + 1, before[to - 1] + 2 * (sign != letter)))
    both = len(one) + len(other)
    assert levenshtein_ratio(one, other) == pytest.approx((both - row[-1]) / both if both else 1.0)
    # difflib takes the longest block first, and so never finds more.
    assert levenshtein_ratio(one, other) >= SequenceMatcher(None, one, other).ratio() - 1e-12


def test_the_two_ways_of_computing_code_similarity_are_told_apart() -> None:
    line, answer = "abcd xbxcxd", "bcdxabcd"
    assert _score("code_similarity", line, answer) < _score("code_similarity_levenshtein", line, answer)


@pytest.mark.parametrize(
    ("prediction", "right"),
    [
        ("The correct answer is (B).", True),
        ("**The correct answer is (B)**", True),
        ("The correct answer is B", True),
        ("The correct answer is A? No: The correct answer is (B).", True),  # brackets come first
        ("The correct answer is (A). The correct answer is (B).", False),
        ("the correct answer is (B)", False),
        ("(B)", False),
        ("Answer: B", False),
        ("The correct answer is (E)", False),
    ],
)
def test_longbench_v2_counts_the_letter_in_its_own_form_alone(prediction: str, right: bool) -> None:
    assert _score("longbench_v2", prediction, "B") == right
    assert _score("longbench_v2", prediction, "The correct answer is (B)") == right


@pytest.mark.parametrize(
    "dataset", ["trec", "triviaqa", "samsum", "lsht", "trec_e", "triviaqa_e", "samsum_e"]
)
def test_only_the_first_line_counts_in_the_few_shot_sets(dataset: str) -> None:
    assert scored_part("\n\nParis\nQuestion: next", dataset) == "Paris"


@pytest.mark.parametrize("dataset", ["hotpotqa", "qmsum_e", "my_trec", "synthetic_find"])
def test_every_line_counts_in_other_sets(dataset: str) -> None:
    assert scored_part("\nParis\nFrance", dataset) == "\nParis\nFrance"


def test_all_21_sets_of_longbench_and_their_variants_have_a_metric() -> None:
    assert len(METRIC_OF_SET) == 21
    assert set(METRIC_OF_SET.values()) == set(METRICS) - {"code_similarity_levenshtein", "longbench_v2"}
    assert metric_of("hotpotqa_e") == metric_of("hotpotqa") == "qa_f1"
    assert metric_of("repobench-p_e") == "code_similarity"
    assert metric_of("vcsum") == "rouge_l_zh"
    assert metric_of("my_own") is None


@pytest.mark.parametrize(
    ("metric", "answers", "classes", "said"),
    [
        ("f1", ["Paris"], None, "qa_f1"),
        ("qa_f1", [], None, "no answers"),
        ("classification", ["Food"], None, "'Food'"),
        ("classification", ["Food"], ["Date"], "'Food'"),
        ("retrieval", ["7"], None, "Paragraph 7"),
        ("retrieval_zh", ["Paragraph 7"], None, "段落7"),
        ("count", ["a dozen"], None, "whole number"),
        ("longbench_v2", ["E"], None, "A, B, C or D"),
    ],
)
def test_a_row_that_its_metric_cannot_score_is_refused_with_the_reason(
    metric: str, answers: list[str], classes: list[str] | None, said: str
) -> None:
    assert said in (flaw(metric, answers, classes) or "")
    with pytest.raises(InputError, match="'mine'"):
        score("Paris", answers, metric, "mine", classes)


@pytest.mark.parametrize("metric", METRICS)
@settings(deadline=None)  # the first Chinese text loads a dictionary
@given(prediction=st.text(max_size=60))
def test_every_score_lies_between_0_and_1_whatever_a_model_wrote(metric: str, prediction: str) -> None:
    answer = {"retrieval": "Paragraph 3", "retrieval_zh": "段落3", "count": "3", "longbench_v2": "B"}.get(
        metric, "Paris 北京 3"
    )
    assert 0.0 <= score(prediction, [answer], metric, "mine", [answer, "3"]) <= 1.0


def test_the_chinese_dictionary_is_neither_loaded_for_english_nor_heard_of() -> None:
    program = (
        "import sys; from assay.metrics.scores import score; score('Paris', ['Paris'], 'qa_f1', 'hotpotqa'); "
        "assert 'jieba' not in sys.modules; score('北京', ['北京'], 'qa_f1_zh', 'dureader'); assert 'jieba' in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
