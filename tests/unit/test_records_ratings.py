"""Ratings by prompt: a prompt counts once however often it was asked, and says what failed, was cut, or skews it."""

from typing import Any

import pandas as pd
import pytest

from assay.records.metrics import RATED, RATINGS
from assay.records.rated import rated_answers, rated_prompts, rates
from assay.records.ratings import rating_rows
from assay.stats.shares import wilson

Row = dict[str, Any]


def prompts(n: int, per_document: int = 1) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "prompt_id": f"p{place}",
                "bucket": "short",
                "dataset": "facts",
                "language": "en",
                "source": f"d{place // per_document}",
                "tokens": 100 + place,
                "length": None,
            }
            for place in range(n)
        ]
    )


def answer(prompt: int, text: str, score: float, times: int = 1, **other: Any) -> Row:
    row: Row = {
        "model": "swift",
        "answer_id": f"p{prompt}-{text}",
        "prompt_id": f"p{prompt}",
        "bucket": "short",
        "times": times,
        "score": score,
        "stop_reason_max_tokens": 0.0,
        "reused": False,
        "empty": False,
        "refusal_suspected": False,
        "injection_suspected": False,
    }
    return row | other


def by_prompt(asked: pd.DataFrame, answers: list[Row], failed: tuple[int, ...] = ()) -> pd.DataFrame:
    """Ratings of answers, each given as often as it says, and of requests for these prompts that failed."""
    given = [(row["prompt_id"], True) for row in answers if not row["reused"] for _ in range(row["times"])]
    requests = [*given, *((f"p{prompt}", False) for prompt in failed)]
    records = pd.DataFrame(
        [
            {"model": "swift", "bucket": "short", "prompt_id": prompt, "ok": ok, "role": "measured"}
            for prompt, ok in requests
        ]
    )
    sources = dict(zip(asked["prompt_id"], asked["source"], strict=True))
    return rated_prompts(rated_answers(pd.DataFrame(answers), None), records, sources)


def table(asked: pd.DataFrame, answers: list[Row], failed: tuple[int, ...] = ()) -> list[Row]:
    return [dict(row) for row in rating_rows(by_prompt(asked, answers, failed), asked, ["swift"])]


def test_a_prompt_is_a_row_however_often_it_was_asked() -> None:
    rows = table(prompts(2), [answer(0, "a", 1.0, 3), answer(0, "b", 0.0), answer(1, "a", 1.0)])
    assert [row["prompt_id"] for row in rows] == ["p0", "p1"]
    assert (rows[0]["asked"], rows[0]["answered"], rows[0]["answers"]) == (4, 4, 2)
    assert rows[0]["accuracy"] == rows[0]["metric_score"] == 0.75
    assert (rows[0]["tokens"], rows[0]["dataset"], rows[0]["source"], rows[0]["length"]) == (
        100,
        "facts",
        "d0",
        None,
    )
    assert list(rows[0]) == [metric.name for metric in RATINGS]


def test_what_failed_is_asked_and_not_answered() -> None:
    rows = table(prompts(2), [answer(0, "a", 1.0)], failed=(0, 1))
    assert (rows[0]["accuracy"], rows[0]["accuracy_of_asked"]) == (1.0, 0.5)
    assert (rows[1]["accuracy"], rows[1]["accuracy_of_asked"], rows[1]["answered"]) == (None, 0.0, 0)
    assert rows[1]["cut_share"] is None


def test_what_skews_a_prompt_counts_as_often_as_it_was_given() -> None:
    cut = answer(0, "a", 0.0, 3, stop_reason_max_tokens=1 / 3, refusal_suspected=True)
    (row,) = table(prompts(1), [cut, answer(0, "", 0.0, 1, empty=True, injection_suspected=True)])
    shares = {name: row[name] for name in ("cut_share", "refusal_share", "empty_share", "injection_share")}
    assert shares == {"cut_share": 0.25, "refusal_share": 0.75, "empty_share": 0.25, "injection_share": 0.25}


def test_reused_answers_count_for_accuracy_and_not_for_what_was_asked() -> None:
    (row,) = table(prompts(1), [answer(0, "a", 1.0, 2, reused=True)], failed=(0,))
    assert (row["accuracy"], row["accuracy_of_asked"], row["asked"], row["n_reused"]) == (1.0, 0.0, 1, 1)


def test_asking_again_neither_raises_n_nor_narrows_the_interval() -> None:
    asked = prompts(20)
    once = rates(
        by_prompt(asked, [answer(place, "a", float(place < 15)) for place in range(20)]), None, 0.95, False
    )
    often = rates(
        by_prompt(asked, [answer(place, "a", float(place < 15), 9) for place in range(20)]), None, 0.95, False
    )
    assert once == often
    expected = wilson(0.75, 20, 0.95)
    assert expected is not None
    assert (once["accuracy_n"], once["accuracy_interval"]) == (20, "wilson")
    assert (once["accuracy_low"], once["accuracy_high"]) == (expected.low, expected.high)


def test_prompts_of_one_document_are_a_cluster() -> None:
    answers = [answer(place, "a", float(place % 10 < 7)) for place in range(30)]
    apart = rates(by_prompt(prompts(30), answers), None, 0.95, False)
    together = rates(by_prompt(prompts(30, per_document=5), answers), None, 0.95, False)
    assert together["accuracy"] == apart["accuracy"]
    assert together["accuracy_interval"] == "clustered"
    width = float(together["accuracy_high"] or 0) - float(together["accuracy_low"] or 0)
    assert width > float(apart["accuracy_high"] or 0) - float(apart["accuracy_low"] or 0)


def test_rates_have_every_column_and_the_shares_that_skew_them() -> None:
    answers = [
        answer(0, "a", 1.0, 3),
        answer(1, "", 0.0, empty=True),
        answer(2, "no", 0.0, 4, refusal_suspected=True, stop_reason_max_tokens=0.5),
    ]
    found = rates(by_prompt(prompts(3), answers), None, 0.95, False)
    assert found.keys() == {metric.name for metric in RATED} - {"accuracy_by", "reused_from"}
    assert found["empty_share"] == pytest.approx(1 / 8)
    assert found["refusal_share"] == pytest.approx(4 / 8)
    assert found["max_tokens_share"] == pytest.approx(2 / 8)
    assert found["injection_share"] == 0.0
