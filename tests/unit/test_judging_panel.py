"""The panel decides by the majority of those who stated a verdict, and says so where it can't decide."""

import itertools

import pandas as pd
import pytest

from assay.errors import InputError
from assay.judging.panel import COUNTS, majority, panel_table

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
    assert list(table.columns) == ["model", "answer_id", "prompt_id", "panel", "rating", *COUNTS, "missing"]
    assert table["rating"].isna().all()
    assert (table[[*COUNTS, "missing"]].sum(axis=1) == len(_PANEL)).all()


_OUTCOMES = ("correct", "incorrect", "abstained", "refused", "unparseable", "failed", "not_asked")


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_whatever_judges_do_every_one_is_counted_and_only_stated_verdicts_decide(size: int) -> None:
    labels = [f"j{number}" for number in range(size)]
    worlds = list(itertools.combinations_with_replacement((*_OUTCOMES, "missing"), size))
    frames = [
        _frame(
            label,
            {str(number): world[at] for number, world in enumerate(worlds) if world[at] != "missing"},
        )
        for at, label in enumerate(labels)
    ]
    rows = {row["answer_id"]: row for row in panel_table(frames, labels).to_dict("records")}
    for number, world in enumerate(worlds):
        if set(world) == {"missing"}:
            assert str(number) not in rows
            continue
        row = rows[str(number)]
        assert {name: row[name] for name in (*_OUTCOMES, "missing")} == {
            name: world.count(name) for name in (*_OUTCOMES, "missing")
        }
        correct, incorrect = world.count("correct"), world.count("incorrect")
        if correct + incorrect <= size / 2:
            assert row["panel"] == "none"
        elif correct == incorrect:
            assert row["panel"] == "tie"
        else:
            assert row["panel"] == ("correct" if correct > incorrect else "incorrect")


def _rated(judge: str, ratings: dict[str, float | str]) -> pd.DataFrame:
    """Ratings, or what the judge said instead of one."""
    frame = _frame(
        judge, {name: "rated" if isinstance(value, float) else value for name, value in ratings.items()}
    )
    return frame.assign(rating=[value if isinstance(value, float) else None for value in ratings.values()])


@pytest.mark.parametrize(
    ("said", "panel", "rating"),
    [
        ((4.0, 5.0, 2.0), "rated", 11 / 3),
        ((4.0, 5.0, "abstained"), "rated", 4.5),
        ((4.0, "refused", "abstained"), "none", None),
        ((1.0, 5.0), "rated", 3.0),
        ((5.0, "failed"), "none", None),
        ((2.0,), "rated", 2.0),
        (("unparseable",), "none", None),
        ((1.0, 2.0, "not_asked", "unparseable"), "none", None),
        ((1.0, 2.0, 3.0, "unparseable"), "rated", 2.0),
    ],
)
def test_the_mean_of_the_stated_ratings_counts_if_most_judges_stated_one(
    said: tuple[float | str, ...], panel: str, rating: float | None
) -> None:
    labels = [f"j{at}" for at in range(len(said))]
    table = panel_table(
        [_rated(label, {"a": value}) for label, value in zip(labels, said, strict=True)], labels
    )
    (row,) = table.to_dict("records")
    assert row["panel"] == panel
    if rating is None:
        assert pd.isna(row["rating"])
    else:
        assert row["rating"] == pytest.approx(rating)


def test_ratings_that_are_none_and_ratings_beside_verdicts_are_refused() -> None:
    with pytest.raises(InputError, match=r"7\.0.*from 1 to 5"):
        panel_table([_rated("ada", {"a": 7.0})], _PANEL)
    with pytest.raises(InputError, match="from 1 to 5"):
        panel_table([_frame("ada", {"a": "rated"})], _PANEL)
    with pytest.raises(InputError, match=r"judges\.verdict"):
        panel_table([_rated("ada", {"a": 4.0}), _frame("bea", {"a": "correct"})], _PANEL)


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
