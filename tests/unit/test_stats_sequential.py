"""Looks at data that come in: the boundaries are the published ones, and the error holds over all looks."""

import math

import numpy as np
import pytest

from assay.stats.distributions import normal_quantile, normal_two_sided
from assay.stats.multiplicity import holm
from assay.stats.sequential import LEAST, boundaries, levels, sequential_p, spent

FIFTHS = (0.2, 0.4, 0.6, 0.8, 1.0)

PUBLISHED = {
    # Lan and DeMets's O'Brien-Fleming type, two-sided .05, equal steps (as by Reboussin, DeMets, Kim and Lan 2000).
    (0.5, 1.0): (2.963, 1.969),
    (1 / 3, 2 / 3, 1.0): (3.710, 2.511, 1.993),
    (0.25, 0.5, 0.75, 1.0): (4.333, 2.963, 2.359, 2.014),
    FIFTHS: (4.877, 3.357, 2.680, 2.290, 2.031),
}


@pytest.mark.parametrize("shares", PUBLISHED, ids=len)
def test_the_boundaries_are_the_published_ones(shares: tuple[float, ...]) -> None:
    assert boundaries(0.05, shares) == pytest.approx(PUBLISHED[shares], abs=6e-4)


def test_one_look_is_the_test_without_looks() -> None:
    assert boundaries(0.05, (1.0,)) == pytest.approx((normal_quantile(0.975),), abs=1e-9)
    assert levels(0.05, (1.0,)) == pytest.approx((0.05,), abs=1e-9)


def test_all_of_the_error_is_spent_at_the_end_and_next_to_none_at_the_beginning() -> None:
    assert spent(0.05, 1.0) == pytest.approx(0.05)
    assert spent(0.05, 0.2) < 2e-6
    with pytest.raises(ValueError, match="share"):
        spent(0.05, 1.2)


def test_a_boundary_depends_on_the_looks_so_far_only() -> None:
    assert boundaries(0.05, FIFTHS[:3]) == boundaries(0.05, FIFTHS)[:3]
    with pytest.raises(ValueError, match="rise"):
        boundaries(0.05, (0.5, 0.5))


def test_a_larger_error_has_lower_boundaries_at_every_look() -> None:
    """So that the smallest error at which a test is rejected is one number."""
    errors = np.exp(np.linspace(math.log(LEAST), math.log(0.999), 60))
    bounds = np.array([boundaries(float(error), FIFTHS) for error in errors])
    assert (np.diff(bounds, axis=0) <= 1e-9).all()


def test_the_sequential_p_value_is_the_error_at_which_the_boundary_is_touched() -> None:
    for look in range(1, 6):
        p_values = [0.9] * (look - 1) + [levels(0.05, FIFTHS)[look - 1]]
        assert sequential_p(p_values, FIFTHS[:look]) == pytest.approx(0.05, rel=1e-5)


def test_the_sequential_p_value_never_grows_and_has_two_ends() -> None:
    p_values = [0.4, 0.001, 0.2, 0.03, 0.5]
    found = [sequential_p(p_values[:look], FIFTHS[:look]) for look in range(1, 6)]
    assert found == sorted(found, reverse=True)
    assert sequential_p([0.0], (0.2,)) == LEAST
    assert sequential_p([], ()) == sequential_p([1.0], (0.2,)) == 1.0
    with pytest.raises(ValueError, match="2 p values at 1 looks"):
        sequential_p([0.1, 0.2], (1.0,))


def test_the_error_holds_over_all_looks_and_plain_peeking_errs_often() -> None:
    """20,000 seeded worlds without a difference: five looks by the rule, and twenty without one."""
    steps = np.random.default_rng(7).normal(size=(20_000, 20)) / math.sqrt(20)
    sums = np.cumsum(steps, axis=1)
    scores = sums / np.sqrt(np.arange(1, 21) / 20)
    crossed = np.abs(scores[:, 3::4]) >= boundaries(0.05, FIFTHS)
    assert crossed.any(axis=1).mean() == pytest.approx(0.05, abs=0.005)
    peeking = (np.abs(scores) >= normal_quantile(0.975)).any(axis=1).mean()
    assert 0.22 < peeking < 0.28


def test_several_tests_share_one_error_at_every_look() -> None:
    """Holm over sequential p values: three models without a difference, whose pairs depend on each other."""
    thirds, pairs = (1 / 3, 2 / 3, 1.0), ((0, 1), (0, 2), (1, 2))
    steps = np.random.default_rng(11).normal(size=(20_000, 3, 3)) / math.sqrt(3)
    models = np.cumsum(steps, axis=2) / np.sqrt(np.arange(1, 4) / 3)
    scores = np.abs(np.stack([models[:, a] - models[:, b] for a, b in pairs], axis=1)) / math.sqrt(2)
    false = (scores >= boundaries(0.05 / 3, thirds)).any(axis=(1, 2))
    assert 0.03 < false.mean() <= 0.05
    for world in (*np.flatnonzero(false)[:10], *np.flatnonzero(~false)[:10]):
        p_values = [
            sequential_p([normal_two_sided(float(z)) for z in looks], thirds) for looks in scores[world]
        ]
        assert (min(holm(p_values)) <= 0.05) == false[world]
