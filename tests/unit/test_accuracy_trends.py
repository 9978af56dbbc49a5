"""The table of trends: within a task, never of another task; null and said why where there is too little to see one."""

from typing import Any

import numpy as np
import pytest
from made_ratings import inputs_of, rating

from assay.accuracy import trends

Row = dict[str, Any]


def table(ratings: list[Row], **other: Any) -> list[Row]:
    return [dict(row) for row in trends.rows(inputs_of(ratings, **other))]


def asked(
    name: str,
    n: int,
    right: float,
    per_doubling: float = 0.0,
    tokens: tuple[int, int] = (500, 16_000),
    **other: Any,
) -> list[Row]:
    """A set whose share of right answers changes so much with every doubling beyond 1,000 tokens."""
    draw = np.random.default_rng([n, len(name), tokens[0]])
    sizes = np.exp2(draw.uniform(np.log2(tokens[0]), np.log2(tokens[1]), n))
    share = np.clip(right + per_doubling * np.log2(sizes / 1_000), 0, 1)
    return [
        rating(
            "swift",
            f"{name}-{place}",
            float(draw.random() < share[place]),
            dataset=name,
            tokens=size,
            **other,
        )
        for place, size in enumerate(sizes)
    ]


def test_a_set_that_gets_harder_with_length_falls_by_what_it_falls() -> None:
    pooled, of_set = table(asked("facts", 600, 0.8, -0.1))
    assert of_set["points_per_doubling_low"] < -10 < of_set["points_per_doubling_high"]
    assert of_set["points_per_doubling_high"] - of_set["points_per_doubling_low"] < 8
    assert (of_set["trend"], of_set["n"], of_set["documents"], of_set["reason"]) == ("falls", 600, 600, None)
    assert pooled["points_per_doubling"] == pytest.approx(of_set["points_per_doubling"])
    assert of_set["tokens_p5"] < 800 < 10_000 < of_set["tokens_p95"]


def test_long_prompts_of_a_hard_task_are_no_trend() -> None:
    rows = table(
        [*asked("easy", 300, 0.95, tokens=(500, 2_000)), *asked("hard", 300, 0.4, tokens=(8_000, 32_000))]
    )
    pooled = rows[0]
    assert (pooled["scope"], pooled["sets"], pooled["n"]) == ("pooled", 2, 600)
    assert pooled["trend"] == "none shown"
    assert pooled["points_per_doubling_low"] < 0 < pooled["points_per_doubling_high"]


def test_too_few_documents_have_no_trend_and_it_says_so() -> None:
    many_prompts = [row | {"source": f"d{place % 12}"} for place, row in enumerate(asked("facts", 90, 0.7))]
    for row in table(many_prompts):
        assert row["points_per_doubling"] is None
        assert row["trend"] is None
        assert "fewer than 20 documents" in str(row["reason"])


def test_prompts_of_one_size_have_no_trend_and_it_says_so() -> None:
    row = table(asked("facts", 60, 0.7, tokens=(3_000, 3_600)))[1]
    assert row["points_per_doubling"] is None
    assert "one size" in str(row["reason"])


def test_a_run_of_only_failures_has_none() -> None:
    rows = table([rating("swift", "p", None)])
    assert [row["scope"] for row in rows] == ["pooled"]
    assert rows[0]["points_per_doubling"] is None
    assert rows[0]["n"] == 0


def test_twenty_sets_without_a_trend_rarely_show_one() -> None:
    shown = 0
    for world in range(60):
        draw = np.random.default_rng(world)
        ratings = [
            rating(
                "swift",
                f"{name}-{place}",
                float(draw.random() < 0.7),
                dataset=f"set{name}",
                tokens=float(np.exp2(draw.uniform(9, 14))),
            )
            for name in range(20)
            for place in range(30)
        ]
        shown += any(row["trend"] in ("falls", "rises") for row in table(ratings) if row["scope"] == "set")
    assert shown <= 9  # 5 % of 60 is 3; more than 9 would come once in a thousand


def test_a_set_in_which_every_answer_is_right_has_no_certainty_of_having_no_trend() -> None:
    row = table(asked("facts", 60, 2.0))[1]
    assert (row["accuracy"], row["points_per_doubling"]) == (1.0, 0.0)
    assert row["points_per_doubling_low"] is row["points_per_doubling_high"] is row["trend"] is None
    assert row["reason"] == "every prompt has the same accuracy"


def test_prompts_without_a_verdict_are_left_out() -> None:
    rows = table(
        [*asked("facts", 60, 0.7), *(rating("swift", f"x{n}", None, tokens=99_999) for n in range(20))]
    )
    assert rows[1]["n"] == 60
