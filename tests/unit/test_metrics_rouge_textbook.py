"""Textbook ROUGE-L: the paper's formula over whole texts, whatever the script, however long the texts."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from assay.metrics.choice import Metric, WithSettings
from assay.metrics.lcs import lcs_length
from assay.metrics.scores import score

ROOT = Path(__file__).parents[2]
METRIC: TypeAdapter[str | WithSettings] = TypeAdapter(Metric)


def scored(prediction: str, *answers: str, **keys: Any) -> float:
    metric = METRIC.validate_python({"kind": "rouge_l_textbook", **keys})
    return score(prediction, answers, metric, "mine")


def by_table(x: Sequence[str], y: Sequence[str]) -> int:
    """The length by the table of all lengths, as textbooks fill it."""
    before = [0] * (len(y) + 1)
    for one in x:
        row = [0]
        for j, other in enumerate(y):
            row.append(before[j] + 1 if one == other else max(before[j + 1], row[j]))
        before = row
    return before[-1]


@given(
    x=st.lists(st.sampled_from("abcd"), max_size=30),
    y=st.lists(st.sampled_from("abcd"), max_size=30),
    width=st.integers(1, 40),
)
@settings(max_examples=400)
def test_the_length_is_that_of_the_table_in_blocks_of_any_width(
    x: list[str], y: list[str], width: int
) -> None:
    assert lcs_length(x, y, width) == by_table(x, y)


def test_the_papers_own_examples() -> None:
    reference = "police killed the gunman"
    assert scored("police kill the gunman", reference) == pytest.approx(0.75)
    assert scored("the gunman kill police", reference) == pytest.approx(0.5)
    assert scored("the gunman police killed", reference) == pytest.approx(0.5)


def test_words_in_common_may_lie_apart_but_not_in_another_order() -> None:
    assert scored("a x b y c", "a b c") == pytest.approx(2 * 3 / (5 + 3))
    assert scored("c b a", "a b c") == pytest.approx(2 * 1 / (3 + 3))


def test_sentences_are_one_text_and_repeated_words_count_as_often_as_they_stand() -> None:
    # LongBench's variant, `rouge_l`, splits at full stops and counts each word once.
    assert scored("one two. one two.", "one two. one two.") == 1
    assert scored("one two", "one two. one two.") == pytest.approx(2 * 2 / (2 + 4))


@pytest.mark.parametrize(
    ("prediction", "answer", "expected"),
    [("北京大学", "北京的大学", 2 * 4 / 9), ("東京 tower", "東京tower", 1.0), ("ไทย", "ไทย", 1.0)],
)
def test_scripts_without_spaces_are_compared_by_character(
    prediction: str, answer: str, expected: float
) -> None:
    assert scored(prediction, answer) == pytest.approx(expected)


def test_the_best_reference_counts_and_nothing_in_common_is_0() -> None:
    assert scored("a cat sat", "dogs ran", "a cat sat") == 1
    assert scored("a cat sat", "dogs ran") == 0
    assert scored("", "dogs ran") == 0


def test_what_is_ignored_is_a_setting_and_articles_count_unless_they_are_told_not_to() -> None:
    assert scored("The Cat.", "the cat") == 1
    assert scored("The Cat", "the cat", ignore_case=False) == 0
    assert scored("the cat", "cat") == pytest.approx(2 / 3)
    assert scored("the cat", "cat", ignore_articles=True) == 1


def test_long_texts_take_little_time_and_memory() -> None:
    # 60,000 words on each side, in a process that may use 20 s of CPU and 1 GB: a table would have 3.6 billion cells, and
    # a number of 60,000 bits for each of 60,000 distinct words takes half of that already.
    program = (
        "import resource; resource.setrlimit(resource.RLIMIT_CPU, (20, 20))\n"
        "from assay.metrics.scores import score; from assay.metrics.choice import with_defaults\n"
        "resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))\n"
        "words = [f'w{n}' for n in range(60000)]\n"
        "text = ' '.join(words)\n"
        "assert score(text, [text[3:]], with_defaults('rouge_l_textbook'), 'mine') > 0.999\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], text=True, cwd=ROOT, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
