"""Ratings of 1 to 5 count as shares of right: (mean - 1) / 4 of the panel's mean, nothing where it has none."""

import pandas as pd
import pytest

from assay.judging.panel import panel_table
from assay.records.rated import rated_answers

_JUDGES = ["ada", "bea", "cyd"]


def _said(judge: str, verdicts: dict[str, float | str]) -> pd.DataFrame:
    rows = [
        {
            "model": "swift",
            "judge": judge,
            "answer_id": answer,
            "prompt_id": "p",
            "verdict": "rated" if isinstance(said, float) else said,
            "rating": said if isinstance(said, float) else None,
        }
        for answer, said in verdicts.items()
    ]
    return pd.DataFrame(rows)


def _rated(*said: pd.DataFrame) -> pd.DataFrame:
    names = ["a", "b", "c", "d", "e"]
    answers = pd.DataFrame({"model": "swift", "answer_id": names, "score": 0.5})
    return rated_answers(answers, panel_table(list(said), _JUDGES)).set_index("answer_id")


def test_a_mean_of_ratings_is_a_share_of_right() -> None:
    made = _rated(
        _said("ada", {"a": 5.0, "b": 1.0, "c": 4.0, "d": 4.0, "e": 4.0}),
        _said("bea", {"a": 5.0, "b": 1.0, "c": 5.0, "d": "abstained", "e": "not_asked"}),
        _said("cyd", {"a": 5.0, "b": 1.0, "c": "refused", "d": "unparseable", "e": "not_asked"}),
    )
    assert made["right"].tolist()[:3] == [1.0, 0.0, pytest.approx(0.875)]
    assert made["right"].isna().tolist() == [False, False, False, True, True]
    assert made["unjudged"].tolist() == [False, False, False, False, True]


def test_verdicts_still_count_as_right_or_wrong() -> None:
    made = _rated(
        _said("ada", {"a": "correct", "b": "incorrect", "c": "correct"}),
        _said("bea", {"a": "correct", "b": "incorrect", "c": "incorrect"}),
        _said("cyd", {"a": "incorrect", "b": "abstained", "c": "refused"}),
    )
    assert made["right"].tolist()[:2] == [1.0, 0.0]
    assert made["right"].isna().tolist()[2:] == [True, True, True]
