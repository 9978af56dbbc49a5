"""Levels of load and their names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.errors import InputError
from assay.schedule.level import closed, level_of, levels, of_interest, open_at, ramp


@given(st.integers(1, 10**6), st.floats(0.001, 100_000))
def test_a_name_tells_its_level(concurrency: int, rate_rps: float) -> None:
    assert level_of(closed(concurrency).name) == closed(concurrency)
    named = level_of(open_at(rate_rps).name)
    assert named.rate_rps == pytest.approx(rate_rps, rel=1e-5) and named.concurrency is None


@given(st.floats(0.001, 100_000), st.floats(0.001, 100_000))
def test_the_name_of_a_ramp_tells_both_its_rates(from_rps: float, to_rps: float) -> None:
    named = level_of(ramp(from_rps, to_rps).name)
    assert named.ramp == pytest.approx((from_rps, to_rps), rel=1e-5)
    assert named.concurrency is None and named.rate_rps is None


def test_a_ramp_says_from_where_to_where() -> None:
    assert ramp(1, 20).name == "ramp1-20"
    assert ramp(0.5, 20).words == "a ramp from 0.5 to 20 requests per second"


def test_closed_loops_come_before_open_ones_and_those_before_ramps_each_in_rising_order() -> None:
    found = levels([16, 1, 4], [10, 0.5], [(1, 20), (1, 5)])
    assert list(found) == ["c1", "c4", "c16", "r0.5", "r10", "ramp1-5", "ramp1-20"]


def test_another_name_is_an_error_that_says_what_is_expected() -> None:
    for name in ("8", "c", "r", "x2", "c1.5", "ramp1", "ramp1-", "ramp-2", "r1-2"):
        with pytest.raises(InputError, match=r"r2\.5"):
            level_of(name)


def test_the_decision_is_about_the_highest_closed_loop_unless_told_otherwise() -> None:
    assert of_interest([1, 8], [3.0], None, None) == closed(8)
    assert of_interest([1, 8], [3.0], 1, None) == closed(1)
    assert of_interest([1, 8], [3.0], None, 3.0) == open_at(3.0)
    assert of_interest([], [3.0, 0.5], None, None) == open_at(3.0)


def test_without_a_level_asked_for_it_is_about_the_lowest_rate_that_carries_the_traffic() -> None:
    assert of_interest([1, 8], [2.0, 1.0, 4.0], None, None, 1.5) == open_at(2.0)
    assert of_interest([], [2.0, 4.0], None, None, 2.0) == open_at(2.0)
    assert of_interest([1, 8], [2.0], None, None, 3.0) == closed(8)
    assert of_interest([], [1.0, 2.0], None, None, 3.0) == open_at(2.0)
    assert of_interest([1, 8], [2.0], 1, None, 1.5) == closed(1)
    assert of_interest([1, 8], iter([2.0, 4.0]), None, 4.0, 1.5) == open_at(4.0)
