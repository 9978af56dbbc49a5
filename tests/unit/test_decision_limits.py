"""A limit is met by the whole interval, missed by the whole interval, and otherwise undecided."""

import math
from typing import Any

import pytest

from assay.decision.limits import check, needed_for_power, qualifies
from assay.decision.settings import Bound, Limits
from assay.stats.shares import wilson


def late(value: float | None, low: float | None, high: float | None, n: int = 100) -> dict[str, Any]:
    return {"n": n, "e2e_ms_p95_all": value, "e2e_ms_p95_all_low": low, "e2e_ms_p95_all_high": high}


AT_MOST_500 = Limits(e2e_ms_p95=Bound(max=500))


@pytest.mark.parametrize(
    ("figures", "state"),
    [
        (late(400, 350, 450), "met"),
        (late(400, 350, 500), "met"),
        (late(600, 550, 700), "missed"),
        (late(490, 450, 520), "undecided"),
        (late(510, 450, 520), "undecided"),
        (late(400, 380, None), "undecided"),
        (late(900, 800, None), "missed"),
        (late(math.inf, 800, math.inf), "missed"),
        (late(math.inf, 400, math.inf), "undecided"),
        (late(None, None, None), "not_evaluated"),
        (late(float("nan"), float("nan"), float("nan")), "not_evaluated"),
        ({"n": 100}, "not_evaluated"),
    ],
)
def test_an_upper_limit_goes_by_the_interval_with_failures_in_it(figures: dict[str, Any], state: str) -> None:
    (limit,) = check(AT_MOST_500, figures, 0.95)
    assert limit.state == state


@pytest.mark.parametrize(
    ("low", "high", "state"), [(0.81, 0.95, "met"), (0.6, 0.79, "missed"), (0.75, 0.9, "undecided")]
)
def test_a_lower_limit_goes_by_the_interval(low: float, high: float, state: str) -> None:
    figures = {"accuracy": 0.8, "accuracy_low": low, "accuracy_high": high, "accuracy_n": 40, "n": 500}
    (limit,) = check(Limits(accuracy=Bound(min=0.8)), figures, 0.95)
    assert (limit.state, limit.n, limit.unit) == (state, 40, "prompts")


def test_limits_that_arent_set_arent_checked_and_none_is_kept_by_all() -> None:
    assert check(Limits(concurrency=4), late(1, 1, 1), 0.95) == []
    assert qualifies([]) == "yes"


def test_one_missed_limit_settles_it_and_one_unknown_leaves_it_open() -> None:
    limits = Limits(e2e_ms_p95=Bound(max=500), cost_usd_per_10k_transactions=Bound(max=1.0))
    assert qualifies(check(limits, late(900, 800, 950), 0.95)) == "no"
    assert qualifies(check(limits, late(100, 90, 110), 0.95)) == "not_evaluated"


def test_too_few_requests_are_told_how_many_are_missing() -> None:
    (limit,) = check(AT_MOST_500, late(400, 380, None, n=40), 0.95)
    assert limit.more == 72 - 40


def test_the_number_that_would_decide_narrows_the_interval_to_the_limit() -> None:
    interval = wilson(0.02, 200, 0.95)
    assert interval is not None
    figures = {"n": 200, "error_rate": 0.02, "error_rate_low": interval.low, "error_rate_high": interval.high}
    (limit,) = check(Limits(error_rate=Bound(max=0.04)), figures, 0.95)
    assert limit.state == "undecided"
    assert limit.more is not None
    then = wilson(0.02, 200 + limit.more, 0.95)
    assert then is not None
    assert then.high == pytest.approx(0.04, rel=0.1)


def test_no_number_decides_where_the_value_is_the_limit_or_the_difference_0() -> None:
    figures = {"n": 200, "error_rate": 0.02, "error_rate_low": 0.01, "error_rate_high": 0.05}
    (limit,) = check(Limits(error_rate=Bound(max=0.02)), figures, 0.95)
    assert (limit.state, limit.more) == ("undecided", None)
    assert needed_for_power(100, 0.0, 0.1, 0.95, 1) is None
    assert needed_for_power(100, 0.1, math.inf, 0.95, 1) is None


def test_power_is_the_textbooks() -> None:
    # A difference of 2.8 standard errors is found in 4 of 5 samples: the n at hand is enough.
    assert needed_for_power(100, 2.8016, 1.0, 0.95, 1) == 101
    assert needed_for_power(100, 1.4008, 1.0, 0.95, 1) == pytest.approx(400, abs=1)
