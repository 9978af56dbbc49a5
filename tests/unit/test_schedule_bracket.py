"""The search for the highest rate that keeps the limits, without a server: it stays inside, ends, and holds the truth."""

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.schedule.bracket import FALL, HIGHEST_RPS, Bracket, Outcome

STARTS = st.floats(0.01, 1000)
RATIOS = st.floats(1.01, 3)


def searched(bracket: Bracket, outcome: Callable[[float], Outcome]) -> list[float]:
    """Rates in the order in which they were tried; fails where the search doesn't end or leaves its bracket."""
    tried: list[float] = []
    while (rate := bracket.next()) is not None:
        assert (bracket.kept_rps or 0.0) < rate < (bracket.missed_rps or math.inf)
        assert bracket.start_rps / FALL * 0.999 <= rate <= HIGHEST_RPS
        assert rate not in tried
        tried.append(rate)
        assert len(tried) < 2000
        bracket.tell(rate, outcome(rate))
    return tried


@given(STARTS, RATIOS, st.floats(0.001, 200_000))
def test_the_bracket_of_a_monotone_service_holds_its_threshold_and_is_narrow(
    start: float, ratio: float, threshold: float
) -> None:
    bracket = Bracket(start, ratio)
    searched(bracket, lambda rate: "kept" if rate <= threshold else "missed")
    assert (bracket.kept_rps or 0.0) <= threshold < (bracket.missed_rps or math.inf)
    if bracket.kept_rps and bracket.missed_rps:
        assert bracket.ended == "narrow" and bracket.missed_rps <= bracket.kept_rps * ratio
    else:
        assert bracket.ended == "range"


@given(STARTS, RATIOS, st.floats(0.01, 50_000), st.floats(1.0, 4.0))
def test_undecided_rates_are_never_an_end_of_the_bracket(
    start: float, ratio: float, threshold: float, blur: float
) -> None:
    def outcome(rate: float) -> Outcome:
        if threshold / blur <= rate <= threshold * blur:
            return "undecided"
        return "kept" if rate < threshold else "missed"

    bracket = Bracket(start, ratio)
    searched(bracket, outcome)
    kept, missed, between = bracket.kept_rps, bracket.missed_rps, bracket.undecided_rps
    assert (kept or 0.0) < threshold / blur and threshold * blur < (missed or math.inf)
    # Up to what stays open, the bracket is as narrow as was asked for.
    if kept and missed and between:
        assert between[0] <= kept * ratio and missed <= between[-1] * ratio


@given(STARTS, RATIOS, st.data())
def test_it_ends_whatever_a_service_does(start: float, ratio: float, data: st.DataObject) -> None:
    outcomes = st.sampled_from(["kept", "missed", "undecided"])
    bracket = Bracket(start, ratio)
    searched(bracket, lambda _: data.draw(outcomes))
    if bracket.kept_rps and bracket.missed_rps:
        assert bracket.kept_rps < bracket.missed_rps


def test_it_doubles_then_takes_the_geometric_middle() -> None:
    bracket = Bracket(2.0, 1.2)
    assert searched(bracket, lambda rate: "kept" if rate <= 11 else "missed") == [
        2.0, 4.0, 8.0, 16.0, 11.31, 9.512,
    ]  # fmt: skip
    assert (bracket.kept_rps, bracket.missed_rps) == (9.512, 11.31)


def test_a_service_that_keeps_no_rate_has_no_lower_end() -> None:
    bracket = Bracket(8.0, 1.2)
    assert searched(bracket, lambda _: "missed") == [8.0, 4.0, 2.0, 1.0, 0.5]
    assert (bracket.kept_rps, bracket.missed_rps, bracket.ended) == (None, 0.5, "range")


def test_what_contradicts_the_bracket_is_refused() -> None:
    bracket = Bracket(8.0, 1.2)
    bracket.tell(8.0, "missed")
    with pytest.raises(ValueError, match="outside the bracket"):
        bracket.tell(9.0, "kept")
