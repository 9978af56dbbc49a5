"""A judge's reply is read whatever its form, and never guessed at."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.judging.parsing import parse

_STATED = [
    ('{"verdict": "correct", "explanation": "Same city."}', "correct"),
    ('{"verdict": "incorrect", "explanation": "Another city."}', "incorrect"),
    ('{"explanation": "The correct answer is Paris.", "verdict": "incorrect"}', "incorrect"),
    (
        '{"verdict": "incorrect", "explanation": "It is not correct; verdict: correct would be wrong."}',
        "incorrect",
    ),
    ('```json\n{\n  "verdict": "correct",\n  "explanation": "x"\n}\n```', "correct"),
    ('```\n{"verdict": "incorrect"}', "incorrect"),
    ('I compared both.\n\n{"verdict": "incorrect", "explanation": "x"}\nI hope this helps.', "incorrect"),
    ('Verdict follows {braces} here: {"verdict": "correct"}', "correct"),
    ('{"result": {"verdict": "incorrect", "explanation": "x"}}', "incorrect"),
    ('[{"verdict": "correct"}]', "correct"),
    ('{"Verdict": "CORRECT", "Explanation": "x"}', "correct"),
    ('{"verdict": " Incorrect. "}', "incorrect"),
    ('{"verdict": "not correct"}', "incorrect"),
    ('{"verdict": "not_correct"}', "incorrect"),
    ('{"verdict": true}', "correct"),
    ('{"verdict": false}', "incorrect"),
    ('{"verdict": "correct", "explanation": "a "quoted" word"}', "correct"),
    ('{"verdict": "incorrect", "explanation": "raw\nline break"}', "incorrect"),
    ('{"verdict": "correct"} {"verdict": "correct"}', "correct"),
    ('{"verdict": "correct", "explanation": "the reply was cut he', "correct"),
    ('{"verdict": "incorrect', "incorrect"),
    ('{"explanation": "x", "verdict": "incorrect", ', "incorrect"),
    ("{'verdict': 'incorrect', 'explanation': 'It\\'s another city'}", "incorrect"),
    ("{verdict: correct, explanation: same}", "correct"),
    ("{“verdict”: “incorrect”}", "incorrect"),
    ("verdict: correct", "correct"),
    ("VERDICT: INCORRECT", "incorrect"),
    ("**Verdict:** Incorrect\n\nThe correct answer is Paris.", "incorrect"),
    ("**Verdict**: *correct*", "correct"),
    ("Verdict：correct", "correct"),
    ("The verdict is incorrect.", "incorrect"),
    ("My verdict is that the answer is correct.", "correct"),
    ("Verdict: the answer is not correct.", "incorrect"),
    ("verdict = correct", "correct"),
    ("Correct", "correct"),
    ("incorrect.", "incorrect"),
    ("**Incorrect**", "incorrect"),
    ("Incorrect. The correct answer is Paris.", "incorrect"),
    ("Correct, it names the same city.", "correct"),
    ("The reference says Paris and so does the answer.\n\nCorrect", "correct"),
    ("Not correct.", "incorrect"),
    ('<think>{"verdict": "correct"}? No.</think>{"verdict": "incorrect"}', "incorrect"),
]

_NOT_STATED = [
    "",
    "   \n",
    "I am not sure what to make of this answer.",
    "I can't help with that.",
    '{"verdict": "partly", "explanation": "correct in part"}',
    '{"verdict": "partially correct"}',
    '{"verdict": "correct or incorrect"}',
    '{"verdict": "correct|incorrect"}',
    '{"verdict": null}',
    '{"verdict": 1}',
    '{"verdict": ["correct"]}',
    '{"verdict": ""}',
    '{"verdict": "...", "explanation": "correct"}',
    '{"explanation": "The answer is correct."}',
    '{"verdict": "correct"} or {"verdict": "incorrect"}',
    '{"verdict": "correct", "verdict": "incorrect"}',
    'It says {"verdict": "correct"}, but my verdict: incorrect',
    'Verdict: incorrect. The answer holds `{"verdict": "correct", "explanation": "x"}`.',
    '{"verdict": "correct" or "incorrect", "explanation": "..."}',
    '{"verdict": "inc',
    '{"verdict": "',
    '{"verdict": "partially correct',
    "verdict: correct\nverdict: incorrect",
    "verdict: correct or incorrect",
    "Verdict: correct/incorrect",
    "Verdict: correct?",
    "Verdict: not incorrect",
    "Verdict: unsure. The answer may be correct",
    "verdict: correctness is hard to tell",
    "verdict: correct-ish",
    "Correct answer: Paris",
    "I don't think that the answer is correct.",
    "The answer is incorrect or correct.",
    "The answer is correct.",  # an unlabelled sentence may be the answer's, the reference's or a denial
    "Correct. Well, on reflection it is incorrect.",
    "Correct\nIncorrect",
    "Incorrectly put.",
    '<think>{"verdict": "correct"}',
]


@pytest.mark.parametrize(("reply", "verdict"), _STATED)
def test_a_stated_verdict_is_found(reply: str, verdict: str) -> None:
    assert parse(reply).verdict == verdict


@pytest.mark.parametrize("reply", _NOT_STATED)
def test_a_verdict_that_is_missing_doubtful_or_contradictory_is_unparseable(reply: str) -> None:
    assert parse(reply).verdict == "unparseable"


@pytest.mark.parametrize(
    ("reply", "explanation"),
    [
        ('{"verdict": "correct", "explanation": " Same \\"city\\". "}', 'Same "city".'),
        ('{"verdict": "correct", "explanation": "cut he', "cut he"),
        ("{'verdict': 'incorrect', 'explanation': 'It\\'s another'}", "It's another"),
        ("Verdict: correct\nExplanation: the same city\nBye", "the same city"),
        ("Incorrect. Another city.", "Incorrect. Another city."),
        ('{"verdict": "correct"}', None),
        ('{"verdict": "correct", "explanation": 3}', None),
        ("", None),
    ],
)
def test_the_explanation_comes_along(reply: str, explanation: str | None) -> None:
    assert parse(reply).explanation == explanation


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "{",
                "}",
                '"',
                "'",
                "verdict",
                ":",
                " ",
                "correct",
                "in",
                "not ",
                "\n",
                "explanation",
                "\\",
                "<think>",
            ]
        )
        | st.text(max_size=4),
        max_size=30,
    ).map("".join)
)
def test_no_reply_makes_the_parser_fail(reply: str) -> None:
    assert parse(reply).verdict in ("correct", "incorrect", "unparseable")


@pytest.mark.parametrize(
    "reply",
    [
        "{" * 30_000,
        '{"a":' * 6_000,
        '{"verdict":' * 2_900,
        '{"verdict": ' + "9" * 30_000 + "}",
        "verdict:" + " " * 30_000,
        '{"verdict": "correct"}' + " " * 32_000,
    ],
)
def test_a_hostile_reply_is_unparseable_and_no_more(reply: str) -> None:
    assert parse(reply).verdict == "unparseable"


@given(
    verdict=st.sampled_from(["correct", "incorrect"]),
    before=st.sampled_from(["", "So: ", "```json\n"]),
    cut=st.integers(0, 60),
)
def test_cutting_a_reply_short_never_turns_its_verdict_round(verdict: str, before: str, cut: int) -> None:
    reply = f'{before}{{"verdict": "{verdict}", "explanation": "It says so."}}'
    assert parse(reply[:cut]).verdict in (verdict, "unparseable")
