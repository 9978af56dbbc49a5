"""One-sided tests at any margin, from an estimate and its error."""

import math

import pytest
from scipy import stats

from assay.stats.effect import Centred, weighted_sum


def test_one_sided_p_values_are_those_of_t_and_of_the_normal_distribution() -> None:
    effect = Centred((0.3,), 0.1, 7)
    assert effect.above(0.1) == pytest.approx(stats.t.sf(2.0, 7))
    assert effect.below(0.4) == pytest.approx(stats.t.sf(1.0, 7))
    assert Centred((0.3,), 0.1).above(0.1) == pytest.approx(stats.norm.sf(2.0))
    bounds = effect.interval(0.9)
    assert effect.above(bounds.low) == pytest.approx(0.05)
    assert effect.below(bounds.high) == pytest.approx(0.05)


def test_of_two_estimates_the_weaker_claim_counts() -> None:
    effect = Centred((0.1, 0.3), 0.1, 4)
    assert effect.above(0.0) == Centred((0.1,), 0.1, 4).above(0.0)
    assert effect.below(0.5) == Centred((0.3,), 0.1, 4).below(0.5)


def test_without_error_all_is_certain_and_with_an_infinite_one_nothing_is() -> None:
    certain, open_still = Centred((0.1,), 0.0, 3), Centred((0.1,), math.inf, 3)
    assert (certain.above(0.0), certain.above(0.1), certain.below(0.2)) == (0.0, 1.0, 0.0)
    assert (open_still.above(-9.0), open_still.below(9.0)) == (1.0, 1.0)
    assert open_still.interval(0.9).low == -math.inf


def test_the_error_of_a_weighted_sum_is_right_even_if_its_parts_go_together() -> None:
    total = weighted_sum([(0.5, Centred((0.2, 0.4), 0.1, 9)), (-0.25, Centred((0.4,), 0.2))])
    assert total.centres == pytest.approx((0.0, 0.1))
    assert total.error == pytest.approx(0.5 * 0.1 + 0.25 * 0.2)
    assert total.df == 9
