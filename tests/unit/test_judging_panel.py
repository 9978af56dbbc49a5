"""The panel decides by the majority of those who stated a verdict, and says so where it can't decide."""

import itertools

import pandas as pd
import pytest

from assay.errors import InputError
from assay.judging.panel import majority, panel_table

_PANEL = ["ada", "bea", "cyd"]


def _frame(judge: str, verdicts: dict[str, str], model: str = "swift") -> pd.DataFrame:
    rows = [
        {
            "model": model,
            "judge": judge,
            "judge_id": "x",
            "answer_id": name,
            "prompt_id": f"p{name}",
            "verdict": verdict,
        }
        for name, verdict in verdicts.items()
    ]
    return pd.DataFrame(rows, columns=["model", "judge", "judge_id", "answer_id", "prompt_id", "verdict"])


@pytest.mark.parametrize(
    ("correct", "incorrect", "judges", "panel"),
    [
        (3, 0, 3, "correct"),
        (2, 1, 3, "correct"),
        (1, 2, 3, "incorrect"),
        (2, 0, 3, "correct"),
        (1, 1, 3, "tie"),
        (1, 0, 3, "none"),
        (0, 0, 3, "none"),
        (1, 0, 1, "correct"),
        (0, 0, 1, "none"),
        (1, 1, 2, "tie"),
        (1, 0, 2, "none"),
        (2, 2, 4, "tie"),
        (2, 0, 4, "none"),
        (2, 1, 4, "correct"),
    ],
)
def test_the_majority_of_stated_verdicts_decides_if_most_judges_stated_one(
    correct: int, incorrect: int, judges: int, panel: str
) -> None:
    assert majority(correct, incorrect, judges) == panel


def test_a_judge_that_fails_never_turns_a_verdict_round() -> None:
    for votes in itertools.product(("correct", "incorrect"), repeat=3):
        whole = majority(votes.count("correct"), votes.count("incorrect"), 3)
        for at in range(3):
            rest = votes[:at] + votes[at + 1 :]
            assert majority(rest.count("correct"), rest.count("incorrect"), 3) in (whole, "tie")


def test_the_table_has_one_row_per_answer_with_every_judge_accounted_for() -> None:
    frames = [
        _frame("ada", {"a": "correct", "b": "correct", "c": "failed", "d": "correct", "e": "correct"}),
        _frame("bea", {"a": "correct", "b": "incorrect", "c": "unparseable"}),
        _frame(
            "cyd", {"a": "incorrect", "b": "unparseable", "c": "correct", "d": "correct", "e": "not_asked"}
        ),
    ]
    table = panel_table(frames, _PANEL)
    counts = ["panel", "correct", "incorrect", "unparseable", "failed", "not_asked", "missing"]
    assert {row["answer_id"]: [row[name] for name in counts] for row in table.to_dict("records")} == {
        "a": ["correct", 2, 1, 0, 0, 0, 0],
        "b": ["tie", 1, 1, 1, 0, 0, 0],
        "c": ["none", 1, 0, 1, 1, 0, 0],
        "d": ["correct", 2, 0, 0, 0, 0, 1],
        "e": ["none", 1, 0, 0, 0, 1, 1],
    }
    assert table["prompt_id"].tolist() == ["pa", "pb", "pc", "pd", "pe"]
    assert list(table.columns) == ["model", "answer_id", "prompt_id", *counts]


def test_the_same_answer_of_two_models_is_two_rows() -> None:
    frames = [_frame("ada", {"a": "correct"}), _frame("ada", {"a": "incorrect"}, model="steady")]
    table = panel_table(frames, ["ada"])
    assert dict(zip(table["model"], table["panel"], strict=True)) == {
        "swift": "correct",
        "steady": "incorrect",
    }


@pytest.mark.parametrize("frames", [[], [_frame("ada", {})]])
def test_without_verdicts_the_table_is_empty_and_keeps_its_columns(frames: list[pd.DataFrame]) -> None:
    table = panel_table(frames, _PANEL)
    assert len(table) == 0
    assert "panel" in table.columns
    assert "missing" in table.columns


def test_verdicts_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(InputError, match=r"'dan'.*ada, bea, cyd"):
        panel_table([_frame("dan", {"a": "correct"})], _PANEL)
    with pytest.raises(InputError, match="'right'"):
        panel_table([_frame("ada", {"a": "right"})], _PANEL)
    with pytest.raises(InputError, match="two verdicts"):
        panel_table([_frame("ada", {"a": "correct"}), _frame("ada", {"a": "correct"})], _PANEL)
