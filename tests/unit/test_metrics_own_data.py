"""The metrics for the user's own data, case by case: what each reads, what it forgives, and what it never guesses."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from assay.errors import InputError
from assay.metrics.choice import KINDS, Metric, WithSettings, for_rows, with_defaults
from assay.metrics.multiple_choice import choice
from assay.metrics.numeric import stated
from assay.metrics.scores import flaw, score

ROOT = Path(__file__).parents[2]
METRIC: TypeAdapter[str | WithSettings] = TypeAdapter(Metric)


def scored(prediction: str, *answers: str, **keys: Any) -> float:
    return score(prediction, answers, METRIC.validate_python(keys), "mine")


@pytest.mark.parametrize(
    ("prediction", "answer", "keys", "expected"),
    [
        (" The Eiffel  Tower. ", "eiffel tower", {}, 1),
        ("Paris, France", "Paris", {}, 0),
        ("Ｐａｒｉｓ", "paris", {}, 1),
        ("《红楼梦》。", "红楼梦", {}, 1),
        ("3.5", "35", {}, 0),
        ("-2", "2", {}, 0),
        ("$1,200", "1,200", {}, 1),
        ("Baden-Baden", "baden baden", {}, 1),
        ("A", "a", {}, 1),
        ("A", "the", {}, 0),
        ("!", "?", {}, 0),
        ("Paris", "paris", {"ignore_case": False}, 0),
        ("Paris!", "Paris", {"ignore_punctuation": False}, 0),
        ("the Who", "Who", {"ignore_articles": False}, 0),
    ],
)
def test_exact_match_ignores_what_it_is_told_and_no_more(
    prediction: str, answer: str, keys: dict[str, Any], expected: int
) -> None:
    assert scored(prediction, answer, kind="exact_match", **keys) == expected
    assert scored(prediction, "something else", answer, kind="exact_match", **keys) == expected


@pytest.mark.parametrize(
    ("prediction", "answer", "keys", "expected"),
    [
        ("It is Paris, as the text says.", "Paris", {}, 1),
        ("The party was long.", "art", {}, 0),
        ("The party was long.", "art", {"whole_words": False}, 1),
        ("about 3.5 km", "3", {}, 0),
        ("about 3.5 km", "5", {}, 0),
        ("it fell to -3 degrees", "3", {}, 0),
        ("party of art", "art", {}, 1),
        ("他去了北京大学。", "北京", {}, 1),
        ("London", "Paris", {}, 0),
        ("", "Paris", {}, 0),
    ],
)
def test_contains_finds_whole_words_and_whole_numbers(
    prediction: str, answer: str, keys: dict[str, Any], expected: int
) -> None:
    assert scored(prediction, answer, kind="contains", **keys) == expected


def test_token_f1_is_over_words_and_over_characters_where_words_have_no_spaces() -> None:
    assert scored("in Paris", "Paris", kind="token_f1") == pytest.approx(2 / 3)
    assert scored("Paris Paris", "Paris", kind="token_f1") == pytest.approx(2 / 3)
    assert scored("北京大学", "北京", kind="token_f1") == pytest.approx(2 / 3)
    assert scored("", "Paris", kind="token_f1") == 0


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("It is 1,234.5 km", [1234.5]),
        ("1\u00a0234\u202f567 and 1'000", [1234567, 1000]),
        ("1.5e-3, 1.5 × 10^3, 2·10⁻³, 10³", [0.0015, 1500, 0.002, 1000]),
        ("3.5 million people", [3.5e6]),
        ("−3 or -4, not 5 - 2", [-3, -4, 5, 2]),
        ("$1,234", [1234]),
        ("3,4,5", [3, 4, 5]),
        (".5 of 0.12.", [0.5, 0.12]),
        ("GPT-4 and Q3 of version 1.2.3 on 2026-11-21 at 10:30, 10-20", []),
        ("1e999", []),
        ("共42个，增长了12%，约-5度，截至2019年5月3日", [42, 12, -5]),
        ("총 42개, A4纸", [42]),
    ],
)
def test_numbers_are_found_in_prose(text: str, values: list[float]) -> None:
    assert [number.value for number in stated(text)] == pytest.approx(values)


@pytest.mark.parametrize(
    ("prediction", "answer", "keys", "expected"),
    [
        ("There are 1,234 of them.", "1234", {}, 1),
        ("100.9", "100", {"relative_tolerance": 0.01}, 1),
        ("101.1", "100", {"relative_tolerance": 0.01}, 0),
        ("-99.5", "-100", {"relative_tolerance": 0.01}, 1),
        ("0.4", "0", {"absolute_tolerance": 0.5}, 1),
        ("0.4", "0", {"relative_tolerance": 0.5}, 0),
        ("12 %", "0.12", {}, 1),
        ("12 percent", "12", {}, 1),
        ("12.1 %", "0.121", {}, 1),
        ("0.12 %", "12 %", {}, 0),
        ("5 km", "5000 m", {}, 1),
        ("5 m", "5 km", {}, 0),
        ("5 kg", "5 km", {}, 0),
        ("5 apples", "5 km", {}, 1),
        ("The answer is 42, since 1999 was the year before.", "42", {}, 1),
        ("In 1999 it was 42", "42", {}, 1),
        ("42 in 1999", "42", {}, 0),
        ("42 in 1999", "42", {"take": "first"}, 1),
        ("42 in 1999", "1999", {"take": "only"}, 0),
        ("42, yes 42", "42", {"take": "only"}, 1),
        ("1.234,5", "1234,5", {"decimal_mark": "comma"}, 1),
        ("1234567890124", "1234567890123", {}, 0),
        ("no number", "42", {}, 0),
    ],
)
def test_a_number_is_right_within_the_tolerance_and_its_unit(
    prediction: str, answer: str, keys: dict[str, Any], expected: int
) -> None:
    assert scored(prediction, answer, kind="numeric", **keys) == expected


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("B", "B"),
        ("b", "B"),
        ("(B)", "B"),
        ("B.", "B"),
        ("B) because of this", "B"),
        ("**C**: yes", "C"),
        ("The answer is (B).", "B"),
        ("The correct answer is **B** because A is wrong", "B"),
        ("Answer:\n\n**(C)**", "C"),
        ("The answer is option (d)", "D"),
        ("Final: $\\boxed{\\text{B}}$", "B"),
        ("答案是B", "B"),
        ("选C", "C"),
        ("I see.\n<answer>B</answer>", "B"),
        ("I think (C) is best", "C"),
        ("Answer is A (not B)", "A"),
        ("B\n\nExplanation: A is wrong.", "B"),
        ("B\n\nOption A is wrong", "B"),
        ("B - because of this", "B"),
        ("B, because A is wrong", "B"),
        ("I choose B.", "B"),
        ("**B** is the correct answer, A is not", "B"),
        ('{"answer": "B", "why": "option A is wrong"}', "B"),
        ("Correct option: B", "B"),
        ("Die Antwort ist B", "B"),
        ("Ｂ", "B"),
        ("B\u200b", "B"),
        ("答案是B因为它对", "B"),
        ("答案是B。选项A错误。", "B"),
        ("<think>The answer is A?</think>The answer is B", "B"),
        # nothing that is stated, or two
        ("", None),
        ("E", None),
        ("A or B", None),
        ("Answer: A, B", None),
        ("The answer is A or B", None),
        ("The answer is A. Wait, no: the answer is B.", None),
        ("Option A is wrong; option B is right", None),
        ("A is correct. B is correct", None),
        ("A\nB", None),
        ("A - one\nB - two", None),
        ("C, however, is wrong", None),
        ("It is a B-movie at 25℃", None),
        ("A，B", None),
        ("A. one\nB. two\nC. three", None),
        ("(A) and (B)", None),
        ("The answer is not B", None),
        ("the answer is a dog", None),
        ("A dog", None),
        ("Vitamin C", None),
    ],
)
def test_a_choice_is_taken_where_one_is_stated_and_never_guessed(text: str, letter: str | None) -> None:
    assert choice(text, "ABCD") == letter
    assert scored(text, "(B)", kind="multiple_choice", letters="ABCD") == (letter == "B")


@pytest.mark.parametrize(
    ("prediction", "keys", "expected"),
    [
        ('{"name": "Ada", "born": 1815, "city": "London"}', {}, 1),
        ('Here:\n```json\n{"name": "ada ", "born": "1815", "city": "London"}\n```\nDone.', {}, 1),
        ('{"name": "Ada", "born": 1816}', {}, 1 / 3),
        ('{"name": "Ada", "born": 1816}', {"fields": ["name"]}, 1),
        ('{"name": "Ada", "born": 1816}', {"fields": ["name", "born"], "score": "all"}, 0),
        ('{"name": "Ada", "born": 1816}', {"fields": ["born"], "relative_tolerance": 0.001}, 1),
        ('{"name": "ADA"}', {"fields": ["name"], "ignore_case": False}, 0),
        ('{"name": "Bob"} and on second thoughts {"name": "Ada"}', {"fields": ["name"]}, 1),
        ('{"born": true}', {"fields": ["born"]}, 0),
        ('{"name": "Ada"', {}, 0),
        ("Ada", {}, 0),
    ],
)
def test_json_is_found_in_prose_and_compared_by_field(
    prediction: str, keys: dict[str, Any], expected: float
) -> None:
    reference = json.dumps({"name": "Ada", "born": 1815, "city": "London"})
    assert scored(prediction, reference, kind="json_match", **keys) == pytest.approx(expected)


def test_json_fields_reach_inside_with_a_dot_and_lists_keep_their_order() -> None:
    reference = '{"address": {"city": "Linden"}, "tags": ["a", 1]}'
    inside = {"kind": "json_match", "fields": ["address.city"]}
    assert scored('{"address": {"city": "Linden", "zip": 1}}', reference, **inside) == 1
    assert scored('{"address": "Linden"}', reference, **inside) == 0
    assert scored('{"tags": ["a", 1]}', reference, kind="json_match", fields=["tags"]) == 1
    assert scored('{"tags": [1, "a"]}', reference, kind="json_match", fields=["tags"]) == 0


@pytest.mark.parametrize("number", [1234567890123, 12345678901234567890, 10**400])
def test_json_numbers_as_long_as_identifiers_are_told_apart(number: int) -> None:
    assert scored(f'{{"id": {number}}}', f'{{"id": {number}}}', kind="json_match") == 1
    assert scored(f'{{"id": "{number}"}}', f'{{"id": {number}}}', kind="json_match") == 1
    assert scored(f'{{"id": {number + 1}}}', f'{{"id": {number}}}', kind="json_match") == 0
    assert scored(f'{{"id": "{number + 1}"}}', f'{{"id": {number}}}', kind="json_match") == 0


@pytest.mark.parametrize(
    ("prediction", "answer", "keys", "expected"),
    [
        ("Order AB-12 is late", "AB-12", {"pattern": r"[A-Z]{2}-\d+"}, 1),
        ("Order AB-12 is late", "12", {"pattern": r"[A-Z]{2}-(\d+)"}, 1),
        ("Order AB-12 is late", "AB-12", {"pattern": r"[A-Z]{2}-(\d+)", "group": 0}, 1),
        ("Order AB-12 is late", "AB", {"pattern": r"(?P<kind>[A-Z]{2})-(\d+)", "group": "kind"}, 1),
        ("AB-12, no: CD-34", "CD-34", {"pattern": r"[A-Z]{2}-\d+"}, 0),
        ("AB-12, no: CD-34", "CD-34", {"pattern": r"[A-Z]{2}-\d+", "take": "last"}, 1),
        (" AB-12\n", "AB-12", {"pattern": r"[A-Z]{2}-\d+", "match": "fullmatch"}, 1),
        ("It is AB-12", "AB-12", {"pattern": r"[A-Z]{2}-\d+", "match": "fullmatch"}, 0),
        ("I cannot say.", "x", {"pattern": "cannot|can't", "against": "nothing"}, 1),
        ("Paris", "x", {"pattern": "cannot|can't", "against": "nothing"}, 0),
        ("ab-12", "AB-12", {"pattern": r"[A-Z]{2}-\d+", "ignore_case": True}, 1),
        ("ab-12", "AB-12", {"pattern": r"[A-Z]{2}-\d+"}, 0),
    ],
)
def test_a_regular_expression_is_searched_for_and_its_group_compared(
    prediction: str, answer: str, keys: dict[str, Any], expected: int
) -> None:
    assert scored(prediction, answer, kind="regex", **keys) == expected


def test_an_expression_that_backtracks_for_ever_is_an_error_that_names_it_and_no_score() -> None:
    with pytest.raises(
        InputError, match=r"'\^\(a\+\)\+\$' took more than 2 s of CPU on an answer of 61 char.*pattern"
    ):
        scored("a" * 60 + "!", "a", kind="regex", pattern="^(a+)+$")
    assert scored("b", "b", kind="regex", pattern="b") == 1  # the timer is gone


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"kind": "regex", "pattern": "(a"}, "expected a regular expression"),
        ({"kind": "regex", "pattern": "(a)", "group": 2}, "expected a group"),
        ({"kind": "numeric", "relative_tolerance": -1}, "greater than or equal"),
        ({"kind": "multiple_choice", "letters": "ABA"}, "letters that differ"),
        ({"kind": "exact"}, "exact_match"),
        ("regex", "pattern"),
    ],
)
def test_settings_that_make_no_sense_are_refused(keys: Any, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        METRIC.validate_python(keys)


@pytest.mark.parametrize(
    ("keys", "answer", "said"),
    [
        ({"kind": "numeric"}, "a dozen", "one number"),
        ({"kind": "numeric"}, "3 or 4", "one number"),
        ({"kind": "multiple_choice", "letters": "ABCD"}, "E", "ABCD"),
        ({"kind": "json_match"}, "Ada", "JSON object"),
        ({"kind": "json_match", "fields": ["name"]}, '{"born": 1}', "'name'"),
    ],
)
def test_a_row_that_can_never_be_right_is_refused_with_the_reason(
    keys: dict[str, Any], answer: str, said: str
) -> None:
    metric = METRIC.validate_python(keys)
    assert said in (flaw(metric, [answer], None) or "")
    assert said in (
        flaw(for_rows(metric) or "", [answer], None) or ""
    )  # also with the part that decides it alone
    with pytest.raises(InputError, match="'mine'"):
        score("x", [answer], metric, "mine")


def test_a_name_alone_stands_for_the_metric_with_its_defaults() -> None:
    for kind in KINDS:
        if kind != "regex":
            assert with_defaults(kind) == METRIC.validate_python({"kind": kind})
    assert with_defaults("qa_f1") == "qa_f1"


@pytest.mark.parametrize("kind", KINDS)
@settings(deadline=None)
@given(prediction=st.text(max_size=80))
def test_every_score_lies_between_0_and_1_whatever_a_model_wrote(kind: str, prediction: str) -> None:
    answer = {"numeric": "3", "multiple_choice": "B", "json_match": '{"a": 1}'}.get(kind, "Paris 北京 3")
    keys = {"pattern": r"\w+"} if kind == "regex" else {}
    assert 0.0 <= scored(prediction, answer, kind=kind, **keys) <= 1.0


@pytest.mark.parametrize(
    "page",
    ["answer is" + " " * 20000, "\n" * 20000 + "x", "(A" * 10000, "answer " * 10000, "1," * 20000, "9" * 50000,
     "{" * 50000, '{"a":' * 20000, '{"a": [1' + ", 1" * 20000],
)  # fmt: skip
def test_no_page_that_a_model_writes_holds_up_the_scoring(page: str) -> None:
    # In a process that may use so much CPU: a minute of backtracking ends as a failure, however busy the machine.
    program = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_CPU, (10, 10)); from assay.metrics.scores import score; "
        "from assay.metrics.choice import with_defaults; page = sys.stdin.read()\n"
        "for kind, answer in (('multiple_choice', 'B'), ('numeric', '3'), ('json_match', '{\"a\": 1}'), ('contains', 'a'), "
        "('token_f1', 'a'), ('rouge_l_textbook', 'a')): score(page, [answer], with_defaults(kind), 'mine')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input=page, text=True, cwd=ROOT, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
