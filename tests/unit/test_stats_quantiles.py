"""Quantiles are observed values, their intervals cover what they claim, and too few values get no interval."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.stats.distributions import binomial_cdf
from assay.stats.quantiles import Sorted, ends, least_n, ranks, sectioned

SHARES = (0.5, 0.95, 0.99)


@given(
    st.lists(st.floats(0, 1e6) | st.just(math.inf), min_size=1, max_size=60),
    st.sampled_from(SHARES),
)
def test_a_quantile_is_the_smallest_value_with_its_share_at_or_below(values: list[float], p: float) -> None:
    found = Sorted.of(np.array(values)).quantile(p)
    assert found in values
    at_or_below = sum(value <= found for value in values)
    below = sum(value < found for value in values)
    assert at_or_below >= p * len(values) - 1e-6
    assert below < p * len(values)


def test_a_quantile_at_an_exact_rank_is_not_moved_up_by_rounding() -> None:
    for n in range(20, 2001, 20):
        assert Sorted.of(np.arange(1.0, n + 1)).quantile(0.95) == n * 95 / 100


def test_an_empty_sample_has_no_quantile_and_no_ends() -> None:
    empty = Sorted.of(np.zeros(0))
    assert empty.quantile(0.5) is None
    assert ends(empty, 0.5, 0.95).interval() is None


@pytest.mark.parametrize(("p", "floor"), [(0.5, 6), (0.95, 72), (0.99, 368)])
def test_two_sided_intervals_need_6_72_and_368_values(p: float, floor: int) -> None:
    assert least_n(p, 0.95) == floor
    assert None in ranks(floor - 1, p, 0.95)
    assert None not in ranks(floor, p, 0.95)


@pytest.mark.parametrize("p", SHARES)
@pytest.mark.parametrize("confidence", [0.8, 0.9, 0.95, 0.99])
def test_each_end_misses_no_more_often_than_its_half_of_the_error(p: float, confidence: float) -> None:
    for n in range(1, 500):
        low, high = ranks(n, p, confidence)
        # The r-th value lies above the quantile where fewer than r values lie at or below it.
        if low is not None:
            assert binomial_cdf(low - 1, n, p) <= (1 - confidence) / 2 + 1e-12
        if high is not None:
            assert 1 - binomial_cdf(high - 1, n, p) <= (1 - confidence) / 2 + 1e-12


def test_the_interval_of_one_sitting_covers_its_claim() -> None:
    draw = np.random.default_rng(1)
    truth = math.exp(1.6448536269514722 * 0.5)
    samples = np.exp(draw.normal(0.0, 0.5, (2000, 100)))
    covered = 0
    for values in samples:
        found = ends(Sorted.of(values), 0.95, 0.95).interval()
        assert found is not None
        covered += found.low <= truth <= found.high
    assert covered / len(samples) >= 0.95 - 3 * math.sqrt(0.95 * 0.05 / 2000)


def test_failures_are_later_than_everything() -> None:
    values = np.array([100.0] * 94 + [math.inf] * 6)
    sample = Sorted.of(values)
    assert sample.quantile(0.5) == 100.0
    assert sample.quantile(0.95) == math.inf
    assert ends(sample, 0.95, 0.95).high == math.inf


def test_equal_weights_change_nothing() -> None:
    values = np.random.default_rng(2).normal(size=137)
    plain, weighted = Sorted.of(values), Sorted.of(values, np.full(137, 0.25))
    assert plain.n == weighted.n == 137
    for p in SHARES:
        assert plain.quantile(p) == weighted.quantile(p)


def test_a_weight_of_two_is_a_value_seen_twice() -> None:
    values = np.array([3.0, 1.0, 2.0, 5.0, 4.0])
    weights = np.array([2.0, 1.0, 1.0, 2.0, 1.0])
    twice = np.repeat(values, weights.astype(int))
    for p in (0.1, 0.3, 0.5, 0.7, 0.95):
        assert Sorted.of(values, weights).quantile(p) == Sorted.of(twice).quantile(p)


def test_unequal_weights_lower_the_n_that_intervals_go_by() -> None:
    values = np.arange(200.0)
    weights = np.where(values < 100, 9.0, 1.0)
    assert Sorted.of(values, weights).n == math.floor(1000**2 / (100 * 81 + 100))


def blocks_of(*values: float, size: int = 40) -> tuple[Sorted, list[Sorted]]:
    """Blocks of `size` equal values each, pooled and apart."""
    return Sorted.of(np.repeat(values, size)), [Sorted.of(np.full(size, value)) for value in values]


def test_one_block_gives_no_interval_by_sectioning() -> None:
    assert sectioned(*blocks_of(10.0), 0.5, 0.95) is None


def test_sectioning_takes_only_the_spread_between_blocks() -> None:
    same = sectioned(*blocks_of(10.0, 10.0, 10.0), 0.95, 0.95)
    assert same is not None
    assert same.low == pytest.approx(10.0) == same.high
    wide = sectioned(*blocks_of(5.0, 10.0, 20.0), 0.5, 0.95)
    # log 2 is the spread; t with 2 degrees of freedom is 4.303
    assert wide is not None
    assert math.log(wide.high / 10.0) == pytest.approx(4.302653 * math.log(2) / math.sqrt(3), rel=1e-6)
    assert wide.low * wide.high == pytest.approx(100.0)


def test_a_tail_reaches_further_up_than_down_since_slower_hours_may_not_have_been_seen() -> None:
    pooled, blocks = blocks_of(8.0, 9.0, 10.0, 11.0, 12.0)
    found = sectioned(pooled, blocks, 0.95, 0.95)
    assert found is not None
    assert found.high / 12.0 > 1.2 * 12.0 / found.low


def test_blocks_in_which_everything_failed_are_infinite_not_an_error() -> None:
    gone = sectioned(*blocks_of(math.inf, math.inf), 0.95, 0.95)
    assert gone is not None
    assert gone.low == gone.high == math.inf
    partly = sectioned(*blocks_of(10.0, 12.0, math.inf), 0.5, 0.95)
    assert partly is not None
    assert 0 <= partly.low <= 12.0
    assert partly.high == math.inf
    with_zero = sectioned(*blocks_of(0.0, math.inf), 0.5, 0.95)
    assert with_zero is not None
    assert (with_zero.low, with_zero.high) == (0.0, math.inf)


def test_a_share_of_failures_that_differs_by_block_leaves_the_lower_end_finite() -> None:
    values = [np.array([100.0] * (100 - failed) + [math.inf] * failed) for failed in (1, 20)]
    found = sectioned(Sorted.of(np.concatenate(values)), [Sorted.of(block) for block in values], 0.95, 0.95)
    assert found is not None
    assert found.low <= 100.0
    assert found.high == math.inf
