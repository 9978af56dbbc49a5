"""Two models compared: no false alarm more often than claimed, pairing that helps, and no certainty from no spread."""

import math

import numpy as np
import pytest

from assay.stats import ratios
from assay.stats.distributions import (
    binomial_cdf,
    binomial_quantile,
    normal_quantile,
    normal_two_sided,
    t_quantile,
    t_two_sided,
)
from assay.stats.multiplicity import holm
from assay.stats.paired import blocked_quantile_ratio, quantile_ratio, share_difference
from assay.stats.quantiles import Sorted

ERROR = 3 * math.sqrt(0.05 * 0.95 / 1000)
"""Three standard errors of a rate of 5 % in 1,000 runs."""


def ratio_of(above: list[float], below: list[float]) -> ratios.Ratio:
    n = len(above)
    found = ratios.ratio(np.array(above), np.array(below), np.full(n, 1 / n), np.arange(n), n)
    assert found is not None
    return found


def test_distributions_are_scipys() -> None:
    from scipy import stats

    assert normal_quantile(0.975) == pytest.approx(stats.norm.ppf(0.975))
    assert normal_two_sided(-1.7) == pytest.approx(2 * stats.norm.sf(1.7))
    assert t_quantile(0.975, 4) == pytest.approx(stats.t.ppf(0.975, 4))
    assert t_two_sided(2.1, 7) == pytest.approx(2 * stats.t.sf(2.1, 7))
    for n, p in ((1, 0.5), (40, 0.95), (368, 0.99)):
        for q in (0.001, 0.025, 0.5, 0.975):
            assert binomial_quantile(q, n, p) == stats.binom.ppf(q, n, p)
        assert binomial_cdf(n // 2, n, p) == pytest.approx(stats.binom.cdf(n // 2, n, p))


def test_a_ratio_is_of_sums_not_a_mean_of_ratios() -> None:
    assert ratio_of([1.0, 9.0], [1.0, 3.0]).value == pytest.approx(2.5)


def test_a_ratio_over_nothing_is_refused() -> None:
    nothing = np.zeros(3)
    assert ratios.ratio(nothing, nothing, np.full(3, 1 / 3), np.arange(3), 3) is None
    assert ratios.interval(ratios.Ratio(1.0, np.zeros(1)), 0.95) is None


def test_identical_costs_are_a_tie_and_nothing_is_left_to_doubt() -> None:
    cost = [0.1, 0.25, 0.3]
    same = ratios.relative_difference(ratio_of(cost, [1.0] * 3), ratio_of(cost, [1.0] * 3), 0.95)
    assert same is not None
    assert (same.value, same.interval.low, same.interval.high, same.p) == (0.0, 0.0, 0.0, 1.0)


def test_costs_in_a_fixed_proportion_are_told_apart_without_doubt() -> None:
    cost = [0.1, 0.25, 0.3]
    half = [value / 2 for value in cost]
    found = ratios.relative_difference(ratio_of(half, [1.0] * 3), ratio_of(cost, [1.0] * 3), 0.95)
    assert found is not None
    assert found.value == pytest.approx(-0.5)
    assert found.interval.high == pytest.approx(-0.5)
    assert found.p == 0.0


def test_pairing_sees_through_prompts_of_different_length() -> None:
    draw = np.random.default_rng(5)
    size = draw.lognormal(0.0, 1.0, 40)
    a = ratio_of(list(size * draw.normal(1.0, 0.01, 40)), [1.0] * 40)
    b = ratio_of(list(size * draw.normal(1.1, 0.01, 40)), [1.0] * 40)
    found = ratios.relative_difference(a, b, 0.95)
    alone = ratios.interval(a, 0.95)
    assert found is not None
    assert alone is not None
    assert found.p < 1e-6
    assert alone.low < b.value < alone.high


def test_one_source_document_compares_nothing() -> None:
    one = ratios.Ratio(1.0, np.zeros(1))
    assert ratios.relative_difference(one, one, 0.95) is None
    assert share_difference(np.ones(4), np.zeros(4), np.zeros(4, dtype=np.int64), 0.95) is None


def test_two_models_without_an_error_are_not_proven_equal() -> None:
    found = share_difference(np.ones(20), np.ones(20), np.arange(20), 0.95)
    assert found is not None
    assert found.value == 0.0
    assert found.interval.low < -0.05
    assert found.interval.high > 0.05


def test_three_prompts_that_one_model_wins_prove_nothing() -> None:
    found = share_difference(np.ones(3), np.zeros(3), np.arange(3), 0.95)
    assert found is not None
    assert found.value == 1.0
    assert found.p > 0.05


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_equally_accurate_models_are_rarely_told_apart(share: float) -> None:
    draw = np.random.default_rng(6)
    clusters = np.repeat(np.arange(30), 2)
    alarms = 0
    for _ in range(1000):
        difficulty = np.repeat(draw.normal(size=30), 2)
        a, b = (
            (np.sqrt(0.4) * difficulty + np.sqrt(0.6) * draw.normal(size=60) < normal_quantile(share)).astype(
                float
            )
            for _ in range(2)
        )
        found = share_difference(a, b, clusters, 0.95)
        assert found is not None
        alarms += found.p <= 0.05
    assert alarms / 1000 <= 0.05 + ERROR


def test_a_difference_in_accuracy_is_inside_its_interval_as_often_as_claimed() -> None:
    draw = np.random.default_rng(7)
    covered = 0
    for _ in range(1000):
        a, b = (draw.random(60) < 0.9).astype(float), (draw.random(60) < 0.7).astype(float)
        found = share_difference(a, b, np.arange(60), 0.95)
        assert found is not None
        covered += found.interval.low <= 0.2 <= found.interval.high
    assert covered / 1000 >= 0.95 - ERROR


@pytest.mark.parametrize("n", [10, 40])
def test_equally_fast_models_are_rarely_told_apart(n: int) -> None:
    draw = np.random.default_rng(8)
    alarms = 0
    for _ in range(1000):
        a, b = (Sorted.of(draw.lognormal(5.0, 0.3, n)) for _ in range(2))
        found = quantile_ratio(a, b, 0.5, 0.95)
        assert found is not None
        alarms += found.p <= 0.05
    assert alarms / 1000 <= 0.05 + ERROR


def test_models_that_share_the_hours_blocks_are_compared_within_them() -> None:
    draw = np.random.default_rng(9)
    hours = draw.normal(5.0, 0.5, 5)
    a, b = np.exp(hours), np.exp(hours + 0.1 + draw.normal(0.0, 0.01, 5))
    found = blocked_quantile_ratio(float(np.median(a)), float(np.median(b)), a, b, 0.95)
    assert found is not None
    assert found.p < 0.01
    assert found.value < 0


def test_medians_that_may_be_infinite_are_not_told_apart() -> None:
    values = np.array([100.0] * 24 + [math.inf] * 16)
    found = quantile_ratio(Sorted.of(values), Sorted.of(np.full(40, 1.0)), 0.5, 0.95)
    assert found is not None
    assert found.p == 1.0
    assert found.interval.high == math.inf
    gone = Sorted.of(np.full(40, math.inf))
    assert quantile_ratio(gone, Sorted.of(values), 0.5, 0.95) is None


def test_too_few_requests_compare_nothing() -> None:
    few = Sorted.of(np.arange(1.0, 6.0))
    assert quantile_ratio(few, few, 0.5, 0.95) is None


def test_holm_gives_the_textbooks_values_in_the_order_given() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
    assert holm([0.9, 0.8]) == [1.0, 1.0]
