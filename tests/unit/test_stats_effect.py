"""One-sided tests at any margin, from an estimate and its error."""

import math

import numpy as np
import pytest
from scipy import stats
from scipy.special import ndtr

from assay.stats.effect import Centred
from assay.stats.paired import Shares, share_difference


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


def test_shares_that_differ_by_the_margin_are_rarely_called_equal_where_errors_are_rare() -> None:
    """Of prompts that share documents, one model right on all of them and the other on 95 of 100, at a margin of 5 points."""
    draw = np.random.default_rng(7)
    documents = np.repeat(np.arange(30), 4)
    worlds, margin = 600, 0.05
    called = by_what_was_seen = 0
    for _ in range(worlds):
        hard = math.sqrt(0.3) * draw.normal(size=30)[documents] + math.sqrt(0.7) * draw.normal(size=120)
        found = share_difference((ndtr(hard) < 0.95).astype(float), np.ones(120), documents, 0.95)
        assert found is not None and isinstance(found.effect, Shares)
        called += found.effect.above(-margin) <= 0.05
        by_what_was_seen += found.effect.seen.above(-margin) <= 0.05
    assert called / worlds <= 0.05
    assert by_what_was_seen / worlds > 0.055, "what was seen alone would claim too much"


def test_the_interval_of_shares_is_made_of_the_shifts_that_arent_rejected() -> None:
    right = np.ones(60)
    found = share_difference(right, right, np.arange(60), 0.95)
    assert found is not None and isinstance(found.effect, Shares)
    bounds = found.effect.interval(0.9)
    assert bounds.low == pytest.approx(-bounds.high)
    assert found.effect.above(bounds.low) == pytest.approx(0.05, abs=1e-6)
    assert -0.07 < bounds.low < -0.03
