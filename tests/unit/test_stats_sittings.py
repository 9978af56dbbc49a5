"""Two groups of sittings: equal ones are told apart no more often than is claimed, and weights of tests keep the error rate."""

import numpy as np
import pytest

from assay.comparison.differences import paid_difference
from assay.stats.multiplicity import holm, weighted_holm
from assay.stats.sittings import log_ratio, share_difference

WORLDS = 800
CLAIMED = 0.05
HIGHEST = CLAIMED + 3 * (CLAIMED * (1 - CLAIMED) / WORLDS) ** 0.5


@pytest.mark.parametrize("sittings", [3, 5])
@pytest.mark.parametrize("spreads", [(0.1, 0.1), (0.1, 0.4)])
@pytest.mark.parametrize("paired", [False, True])
def test_equal_groups_of_sittings_differ_no_more_often_than_is_claimed(
    sittings: int, spreads: tuple[float, float], paired: bool
) -> None:
    draw = np.random.default_rng(3)
    flagged = 0
    for _ in range(WORLDS):
        first, second = (np.exp(spread * draw.normal(size=sittings)) for spread in spreads)
        found = log_ratio(first, second, 0.95, paired=paired)
        assert found is not None
        flagged += found.p <= CLAIMED
    assert flagged / WORLDS <= HIGHEST


def test_a_difference_that_is_there_is_held_by_its_interval() -> None:
    draw = np.random.default_rng(4)
    held = 0
    for _ in range(WORLDS):
        first, second = np.exp(0.1 * draw.normal(size=3)), 1.3 * np.exp(0.1 * draw.normal(size=3))
        found = log_ratio(first, second, 0.95)
        assert found is not None
        held += found.interval.low <= 0.3 <= found.interval.high
    assert held / WORLDS >= 0.95 - 3 * (0.05 * 0.95 / WORLDS) ** 0.5


def test_what_sittings_have_in_common_cancels_where_they_are_paired() -> None:
    hours = np.array([1.0, 2.0, 4.0])
    first, second = hours * [1.0, 1.01, 0.99], 1.2 * hours
    loose, tight = log_ratio(first, second, 0.95), log_ratio(first, second, 0.95, paired=True)
    assert loose is not None and tight is not None
    assert loose.p > 0.5 and tight.p < 0.01
    assert tight.value == pytest.approx(0.2, abs=0.001)


def test_pooled_figures_that_say_otherwise_than_the_sittings_show_no_difference() -> None:
    first, second = np.array([1.0, 1.01, 1.02]), np.array([1.2, 1.21, 1.22])
    found = log_ratio(first, second, 0.95, (1.2, 1.0))
    assert found is not None
    assert found.p == 1.0 and found.interval.low < found.value < 0 < found.interval.high


@pytest.mark.parametrize("first", [[1.0], [1.0, np.inf], [1.0, 0.0]])
def test_what_has_no_logarithm_or_no_spread_has_no_difference(first: list[float]) -> None:
    assert log_ratio(np.array(first), np.array([1.0, 2.0]), 0.95) is None


@pytest.mark.parametrize(("rate", "spread"), [(0.0, 0.0), (0.02, 1.0), (0.3, 0.5)])
def test_equal_error_rates_differ_no_more_often_than_is_claimed(rate: float, spread: float) -> None:
    draw = np.random.default_rng(5)
    n = np.full(3, 40.0)
    flagged = 0
    for _ in range(WORLDS):
        shares = np.clip(rate * np.exp(spread * draw.normal(size=(2, 3))), 0.0, 0.95)
        failed = draw.binomial(40, shares).astype(np.float64)
        found = share_difference(failed[0], n, failed[1], n, 0.95)
        assert found is not None
        flagged += found.p <= CLAIMED
    assert flagged / WORLDS <= HIGHEST


def test_errors_that_came_up_everywhere_are_found() -> None:
    n = np.full(3, 100.0)
    found = share_difference(np.zeros(3), n, np.array([28.0, 30.0, 33.0]), n, 0.95)
    assert found is not None
    assert found.p < 0.01 and found.interval.low > 0.1


@pytest.mark.parametrize(("documents", "prompts"), [(6, 24), (12, 60)])
def test_equal_costs_differ_no_more_often_than_is_claimed_with_few_uneven_documents(
    documents: int, prompts: int
) -> None:
    draw = np.random.default_rng(6)
    flagged = 0
    for _ in range(WORLDS // 2):
        sizes = draw.multinomial(prompts - documents, draw.dirichlet(np.full(documents, 0.4))) + 1
        of = np.repeat(np.arange(documents), sizes)
        length = 40 * np.exp(0.8 * draw.normal(size=documents))[of]
        paid = [
            2.5e-4 + 2e-6 * draw.poisson(length * np.exp(0.3 * draw.normal(size=documents))[of])
            for _ in range(2)
        ]
        found, _ = paid_difference(paid[0], paid[1], of.astype(np.int64), documents, 0.95)
        assert found is not None
        flagged += found.p <= CLAIMED
    assert flagged / (WORLDS // 2) <= HIGHEST


def test_a_dearer_price_for_the_same_tokens_is_certain() -> None:
    paid = np.arange(1.0, 25.0)
    found, _ = paid_difference(paid, 1.1 * paid, np.arange(24) // 2, 12, 0.95)
    assert found is not None
    assert found.p == 0.0 and found.value == pytest.approx(0.1)


def test_equal_weights_are_holms_own() -> None:
    p_values = [0.2, 0.001, 0.03, 0.03, 0.9]
    assert weighted_holm(p_values, [2.0] * 5) == pytest.approx(holm(p_values))


def test_weights_keep_the_error_rate_over_all_tests_whatever_their_dependence() -> None:
    draw = np.random.default_rng(7)
    weights = [0.75, *[0.25 / 4] * 4] * 3
    wrong = 0
    for _ in range(WORLDS):
        shared = draw.normal()
        z = np.sqrt(0.5) * shared + np.sqrt(0.5) * draw.normal(size=len(weights))
        p_values = [float(2 * (1 - _normal(abs(one)))) for one in z]
        wrong += min(weighted_holm(p_values, weights)) <= CLAIMED
    assert wrong / WORLDS <= HIGHEST


def test_a_test_of_more_weight_is_held_to_a_higher_level() -> None:
    heavy, light = weighted_holm([0.03, 0.03], [3.0, 1.0])
    assert heavy == pytest.approx(0.04) and light == pytest.approx(
        0.04
    )  # once the first is rejected, all is left for it
    assert weighted_holm([0.06, 0.001], [3.0, 1.0]) == pytest.approx([0.06, 0.004])


def _normal(z: float) -> float:
    from math import erf, sqrt

    return 0.5 * (1 + erf(z / sqrt(2)))
