"""The rule names a winner only where nothing else is left to be the best, and says which case it is otherwise."""

import math
from typing import Any

import pytest

from assay.decision import words
from assay.decision.compare import Comparison, Measure
from assay.decision.limits import Qualifies
from assay.decision.recommend import Beside, Candidate, Recommendation, recommend


def model(name: str, value: float | None, qualifies: Qualifies = "yes") -> Candidate:
    return Candidate(name, qualifies, None, [], value, None, None, {})


def pair(a: str, b: str, better: str | None, difference: float = -0.2, wide: float = 0.1) -> Comparison:
    p = 0.001 if better else 0.5
    return Comparison(a, b, "relative", difference, difference - wide, difference + wide, p, p, better, None)


def cheapest(*models: Candidate, pairs: tuple[Comparison, ...] = ()) -> Recommendation:
    return recommend(models, pairs, higher_is_better=False)


def test_the_one_that_is_better_than_all_others_wins() -> None:
    found = cheapest(
        model("a", 1.0),
        model("b", 2.0),
        model("c", 3.0),
        pairs=(pair("a", "b", "a"), pair("a", "c", "a"), pair("b", "c", None)),
    )
    assert (found.answer, found.model, found.candidates, found.runner_up) == ("winner", "a", ["a"], "b")


def test_two_that_cant_be_told_apart_are_undecided_however_far_the_third_is() -> None:
    found = cheapest(
        model("b", 1.1),
        model("a", 1.0),
        model("c", 3.0),
        pairs=(pair("a", "b", None), pair("a", "c", "a"), pair("b", "c", "b")),
    )
    assert (found.answer, found.model, found.candidates) == ("undecided", None, ["a", "b"])


def test_the_only_one_that_qualifies_wins_without_a_comparison() -> None:
    found = cheapest(model("a", 1.0, "no"), model("b", 2.0))
    assert (found.answer, found.model, found.runner_up) == ("winner", "b", None)


def test_a_better_model_that_may_qualify_keeps_the_choice_open() -> None:
    found = cheapest(model("a", 1.0, "undecided"), model("b", 2.0), pairs=(pair("a", "b", "a"),))
    assert (found.answer, found.candidates) == ("undecided", ["a", "b"])


def test_a_worse_model_that_may_qualify_is_out() -> None:
    found = cheapest(model("a", 1.0), model("b", 2.0, "undecided"), pairs=(pair("a", "b", "a"),))
    assert (found.answer, found.model, found.runner_up) == ("winner", "a", "b")


def test_the_only_one_left_doesnt_win_while_its_limits_are_undecided() -> None:
    found = cheapest(model("a", 1.0, "undecided"), model("b", 2.0, "no"))
    assert (found.answer, found.model, found.candidates) == ("undecided", None, ["a"])


def test_none_qualifies_is_an_answer() -> None:
    assert cheapest(model("a", 1.0, "no"), model("b", 2.0, "no")).answer == "none_qualifies"


def test_what_was_not_evaluated_is_neither_beaten_nor_chosen() -> None:
    assert cheapest(model("a", None, "not_evaluated")).answer == "not_evaluated"
    found = cheapest(model("a", 0.5, "not_evaluated"), model("b", 2.0))
    assert (found.answer, found.model) == ("winner", "b")


def test_the_same_cost_on_every_prompt_is_equivalence_and_not_a_win() -> None:
    found = cheapest(model("a", 1.0), model("b", 1.0), pairs=(pair("a", "b", None, 0.0, 0.0),))
    assert (found.answer, found.model, found.candidates) == ("equivalent", None, ["a", "b"])
    doubted = cheapest(model("a", 1.0), model("b", 1.0), pairs=(pair("a", "b", None, 0.0, 0.1),))
    assert doubted.answer == "undecided"


def late(name: str, low: float) -> Candidate:
    return Candidate(name, "yes", None, [], math.inf, low, math.inf, {})


def test_a_model_that_is_surely_infinitely_late_is_not_the_fastest() -> None:
    found = cheapest(late("a", math.inf), model("b", 200.0))
    assert (found.answer, found.model) == ("winner", "b")


def test_who_fails_by_chance_a_little_more_than_the_percentile_allows_is_not_beaten() -> None:
    close = Candidate("b", "yes", None, [], 200.0, 150.0, 260.0, {})
    found = cheapest(late("a", 180.0), close, pairs=(pair("a", "b", None),))
    assert (found.answer, found.candidates) == ("undecided", ["b", "a"])
    assert cheapest(late("a", 180.0)).answer == "undecided"
    beyond = cheapest(late("a", 270.0), close, pairs=(pair("a", "b", None),))
    assert (beyond.answer, beyond.model) == ("winner", "b")
    unsure = Candidate("b", "undecided", None, [], 200.0, 150.0, 260.0, {})
    assert cheapest(late("a", 270.0), unsure).answer == "undecided"


def test_what_is_said_of_an_infinite_figure_names_it_and_why() -> None:
    measure = Measure("fastest", "e2e_ms_p90")
    close = Candidate("b", "yes", None, [], 200.0, 150.0, 260.0, {})

    def said(a: Candidate) -> str:
        models, pairs = [a, close], [Comparison("a", "b", "relative", None, None, None, 1.0, 1.0, None, None)]
        found = recommend(models, pairs if a.possible else [], False)
        told = words.reasons(models, pairs if a.possible else [], found, measure)
        assert (
            "a has no end-to-end time (90th percentile) to compare: more than 10 % of its requests failed."
            in told
        )
        assert not any("too few" in line for line in told)
        return words.sentence(found, models, pairs, measure, "4 in flight", 0.95)

    why = "a has no end-to-end time (90th percentile) to compare: more than 10 % of its requests failed"
    assert said(late("a", 180.0)) == (
        f"Undecided between b and a at 4 in flight: in this sample {why}. It may still be better than b."
    )
    for low in (270.0, math.inf):
        assert said(late("a", low)) == (
            f"Use b: at 4 in flight it has an end-to-end time (90th percentile) of 200 ms; {why}."
        )


def test_none_qualifies_says_why_a_figure_is_infinite() -> None:
    beside = Beside(100, 100, 0.0, 0.0, 50, "panel")
    wrong = Candidate("a", "yes", None, [], math.inf, math.inf, math.inf, {}, beside)
    measure = Measure("weighted", weights={"latency": 0.5, "accuracy": 0.5})
    said = words.sentence(cheapest(wrong), [wrong], [], measure, "4 in flight", 0.95)
    assert said == (
        "No model qualifies at 4 in flight: a has no weighted score to compare: no answer of it is correct."
    )


def test_for_accuracy_more_is_better() -> None:
    made: dict[str, Any] = {"pairs": (pair("a", "b", "b"),)}
    found = recommend([model("a", 0.7), model("b", 0.9)], made["pairs"], higher_is_better=True)
    assert (found.model, found.runner_up) == ("b", "a")


@pytest.mark.parametrize(
    ("low", "high", "shown"),
    [
        (0.31, 0.44, "31 to 44"),
        (0.7501, 0.7503, "75.01 to 75.03"),
        (0.034, 0.06, "3.4 to 6"),
        (0.5, 0.5, "50.000 to 50.000"),
    ],
)
def test_the_ends_of_a_narrow_interval_are_told_apart(low: float, high: float, shown: str) -> None:
    assert words._span(low, high) == shown
