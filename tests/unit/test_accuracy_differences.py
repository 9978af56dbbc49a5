"""The table of differences: pairs on shared prompts, told apart no more often than said, and the decision's own comparison."""

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from made_ratings import inputs_of, rating
from numpy.typing import NDArray

from assay.accuracy import differences
from assay.decision.compare import Measure, compare
from assay.stats.distributions import binomial_cdf

Row = dict[str, Any]


def table(ratings: list[Row], **other: Any) -> list[Row]:
    return [dict(row) for row in differences.rows(inputs_of(ratings, **other))]


def only(rows: list[Row], of: str = "answered", over: str = "interest") -> list[Row]:
    return [row for row in rows if row["of"] == of and row["over"] == over]


def models(answers: Mapping[str, Sequence[float | None]], **other: Any) -> list[Row]:
    """Each model's accuracy prompt by prompt."""
    return [
        rating(model, f"p{place}", value, **other)
        for model, values in answers.items()
        for place, value in enumerate(values)
    ]


def test_right_and_wrong_answers_to_independent_prompts_are_mcnemars() -> None:
    rows = models({"swift": [1.0] * 30 + [0.0] * 10, "steady": [1.0] * 15 + [0.0] * 21 + [1.0] * 4})
    row = only(table(rows))[0]
    assert (row["test"], row["n"], row["documents"]) == ("mcnemar", 40, 40)
    assert (row["a_better"], row["b_better"]) == (15, 4)
    assert row["p"] == pytest.approx(2 * binomial_cdf(4, 19, 0.5))
    assert row["difference"] == pytest.approx(100 * 11 / 40)
    assert row["difference_low"] < row["difference"] < row["difference_high"]
    assert (row["better"], row["verdict"], row["more_prompts"]) == ("swift", "better", None)


def test_the_worse_model_first_doesnt_turn_the_verdict_round() -> None:
    row = only(table(models({"steady": [0.0] * 30, "swift": [1.0] * 25 + [0.0] * 5})))[0]
    assert (row["a"], row["better"], row["difference"]) == ("steady", "swift", pytest.approx(-100 * 25 / 30))


def test_documents_of_several_prompts_take_the_signs_of_documents() -> None:
    rows = models({"swift": [1.0] * 24, "steady": [1.0, 0.0] * 12})
    for row in rows:
        row["source"] = f"d{int(row['prompt_id'][1:]) // 4}"
    row = only(table(rows))[0]
    assert (row["test"], row["documents"]) == ("sign_flip_exact", 6)
    assert row["p"] == pytest.approx(2 / 2**6)  # one of the two ways in which all six documents point alike
    assert row["verdict"] == "better"


def test_only_prompts_that_both_answered_count_and_failures_are_asked() -> None:
    rows = table(models({"swift": [1.0] * 20, "steady": [1.0] * 10 + [None] * 10}))
    answered, asked = only(rows)[0], only(rows, "asked")[0]
    assert (answered["n"], answered["difference"], answered["verdict"]) == (10, 0.0, "can't be told apart")
    assert (asked["n"], asked["difference"], asked["a_better"]) == (20, pytest.approx(50), 10)
    assert asked["better"] == "swift"


def test_the_dataset_of_interest_weighs_buckets_and_all_prompts_dont() -> None:
    rows = [
        *models({"swift": [1.0] * 10, "steady": [0.0] * 10}),
        *(
            row | {"bucket": "long", "prompt_id": f"l{row['prompt_id']}", "source": f"l{row['source']}"}
            for row in models({"swift": [1.0] * 90, "steady": [1.0] * 90})
        ),
    ]
    made = table(rows, interest={"short": 1.0, "long": 1.0})
    assert only(made)[0]["difference"] == pytest.approx(50)
    assert only(made, over="all")[0]["difference"] == pytest.approx(10)
    assert only(table(rows))[0]["n"] == 10


def test_one_shared_document_is_no_comparison() -> None:
    row = only(table(models({"swift": [1.0] * 9, "steady": [0.0] * 9}, source="book")))[0]
    assert (row["verdict"], row.get("p"), row.get("better")) == ("not compared", None, None)


def test_models_that_answer_alike_need_no_number_of_prompts() -> None:
    row = only(table(models({"swift": [1.0, 0.0] * 10, "steady": [1.0, 0.0] * 10})))[0]
    assert (row["p"], row["verdict"], row["more_prompts"]) == (1.0, "can't be told apart", None)


def test_a_hopeless_difference_names_no_number() -> None:
    answers = {"swift": [1.0] * 1001 + [0.0] * 1000, "steady": [0.0] * 1001 + [1.0] * 1000}
    row = only(table(models(answers)))[0]
    assert row["difference"] == pytest.approx(100 / 2001)
    assert row["more_prompts"] is None


def test_more_prompts_of_the_same_kind_would_tell() -> None:
    answers = {"swift": [1.0] * 36 + [0.0] * 4, "steady": [1.0] * 30 + [0.0] * 6 + [1.0] * 2 + [0.0] * 2}
    row = only(table(models(answers)))[0]
    assert row["verdict"] == "can't be told apart"
    times = math.ceil((row["n"] + row["more_prompts"]) / row["n"])
    again = only(table(models({model: list(values) * times for model, values in answers.items()})))[0]
    assert again["verdict"] == "better"


def test_pairs_are_adjusted_for_each_other() -> None:
    draw = np.random.default_rng(1)
    answers: dict[str, Sequence[float | None]] = {
        f"m{place}": (draw.random(60) < 0.7).astype(float).tolist() for place in range(5)
    }
    rows = only(table(models(answers)))
    assert [(row["a"], row["b"]) for row in rows] == list(combinations(answers, 2))
    least = min(rows, key=lambda row: float(row["p"]))
    assert least["p_adjusted"] == pytest.approx(min(1.0, 10 * least["p"]))


def test_the_decision_compares_the_same_prompts_with_the_same_result() -> None:
    draw = np.random.default_rng(2)
    rows = []
    for model, share in (("swift", 0.8), ("steady", 0.6), ("frugal", 0.65)):
        for place in range(90):
            right = np.mean(draw.random(3) < share)
            value = None if draw.random() < 0.1 else float(right)
            rows.append(
                rating(
                    model, f"p{place}", value, source=f"d{place // 3}", bucket=("short", "long")[place % 2]
                )
            )
    interest = {"short": 0.25, "long": 0.75}
    inputs = inputs_of(rows, interest=interest)
    made = only([dict(row) for row in differences.rows(inputs)])
    decided = compare(
        Measure("most_accurate"),
        ["swift", "steady", "frugal"],
        {},
        inputs.ratings,
        inputs.settings.shares,
        0.95,
    )
    for row, other in zip(made, decided, strict=True):
        assert (row["a"], row["b"]) == (other.a, other.b)
        assert row["difference"] == pytest.approx(100 * (other.difference or 0))
        assert row["p"] == other.p
        assert row["p_adjusted"] == other.p_adjusted
        assert row["better"] == other.better
        assert row["more_prompts"] == other.more


def test_asking_a_prompt_again_is_no_new_evidence() -> None:
    draw = np.random.default_rng(3)
    once = {
        name: (draw.random(40) < share).astype(float) for name, share in (("swift", 0.8), ("steady", 0.6))
    }
    many: dict[str, NDArray[np.float64]] = {name: np.repeat(values, 5) for name, values in once.items()}
    first = only(table(models({name: values.tolist() for name, values in once.items()})))[0]
    rows = models({name: values.tolist() for name, values in many.items()})
    for row in rows:
        row["source"] = f"d{int(row['prompt_id'][1:]) // 5}"
    again = only(table(rows))[0]
    assert again["p"] == pytest.approx(first["p"])
