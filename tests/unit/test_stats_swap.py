"""What two models spent is compared by swapping them within documents: exact, whatever the documents' sizes."""

import math
from itertools import product

import numpy as np
import pytest

from assay.stats.effect import Centred
from assay.stats.ratios import ratio, relative_difference
from assay.stats.swap import Spent, Swapped


def spent(
    a: list[list[float]],
    b: list[list[float]],
    counts_a: list[list[float]],
    counts_b: list[list[float]],
    shares: tuple[float, ...] = (1.0,),
) -> Spent:
    arrays = (np.array(each, dtype=np.float64) for each in (a, counts_a, b, counts_b))
    return Spent(*arrays, np.array(shares))


def worlds(documents: int, sizes: np.ndarray, draw: np.random.Generator) -> tuple[Spent, Swapped]:
    """Two models that are alike: documents are dear or cheap for both, and either may be lucky with one."""
    document = np.repeat(np.arange(documents), sizes)
    shared = 0.5 * draw.normal(size=documents)[document]
    costs = [
        np.exp(shared + 0.3 * draw.normal(size=documents)[document] + 0.4 * draw.normal(size=len(document)))
        for _ in range(2)
    ]
    ones, even = np.ones(len(document)), np.full(len(document), 1 / len(document))
    ratios = [ratio(cost, ones, even, document, documents) for cost in costs]
    assert ratios[0] is not None and ratios[1] is not None
    found = relative_difference(ratios[0], ratios[1], 0.95)
    assert found is not None and isinstance(found.effect, Centred)
    sums = [np.bincount(document, cost, documents)[:, None].astype(np.float64) for cost in costs]
    counts = sizes[:, None].astype(np.float64)
    both = Spent(sums[0], counts, sums[1], counts, np.ones(1))
    return both, Swapped(found.effect, both)


def test_the_p_value_is_the_share_of_all_swaps_that_are_as_extreme() -> None:
    draw = np.random.default_rng(3)
    shape = (7, 2)
    a, b = draw.lognormal(size=shape), draw.lognormal(0.5, size=shape)
    counts_a, counts_b = (draw.integers(1, 9, shape).astype(np.float64) for _ in range(2))
    shares = np.array([0.25, 0.75])

    def log_ratio(swapped: tuple[bool, ...]) -> float:
        sides = []
        for first in (True, False):
            total = 0.0
            for stratum in range(2):
                pays = [(a, counts_a) if swap != first else (b, counts_b) for swap in swapped]
                usd = sum(costs[place, stratum] for place, (costs, _) in enumerate(pays))
                count = sum(counts[place, stratum] for place, (_, counts) in enumerate(pays))
                total += shares[stratum] * usd / count
            sides.append(total)
        return math.log(sides[0] / sides[1])

    every = [log_ratio(swapped) for swapped in product((False, True), repeat=7)]
    seen = every[0]
    two_sided = np.mean([abs(each) >= abs(seen) - 1e-12 for each in every])
    found = Spent(a, counts_a, b, counts_b, shares)
    assert found.two_sided() == pytest.approx(float(two_sided))
    higher = float(np.mean([each >= seen - 1e-12 for each in every]))
    assert seen > 0
    assert found.above(0.0) == pytest.approx(higher)
    assert found.below(0.0) == 1.0


@pytest.mark.parametrize(("documents", "heavy"), [(5, True), (12, True), (12, False), (11, False)])
def test_equal_models_are_told_apart_in_at_most_5_of_100_however_uneven_documents_are(
    documents: int, heavy: bool
) -> None:
    draw = np.random.default_rng(11)
    count = 400
    by_jackknife = by_swaps = 0
    for _ in range(count):
        sizes = (
            np.clip(3 * draw.pareto(1.0, documents) + 1, 1, 300).astype(int)
            if heavy
            else draw.integers(1, 41, documents)
        )
        _, found = worlds(documents, sizes, draw)
        by_jackknife += 2 * min(found.jackknifed.above(0), found.jackknifed.below(0)) <= 0.05
        by_swaps += found.equal() <= 0.05
    assert by_swaps / count <= 0.05 + 2.5 * math.sqrt(0.05 * 0.95 / count)
    if heavy:
        assert by_jackknife / count > 0.065, "the jackknife alone would claim too much"


def test_four_documents_can_tell_a_price_of_fifty_times_the_other_although_swaps_cant() -> None:
    draw = np.random.default_rng(5)
    one = draw.lognormal(0, 0.2, (4, 1))
    other = 50 * one * draw.lognormal(0, 0.2, (4, 1))
    both = Spent(one, np.ones((4, 1)), other, np.ones((4, 1)), np.ones(1))
    found = Swapped(Centred((math.log(one.sum() / other.sum()),), 0.1, 3), both)
    assert both.two_sided() == 2 / 2**4
    assert found.equal() < 0.001
    bounds = found.interval(0.95)
    assert bounds.high < math.log(1 / 20)


def test_a_fixed_proportion_has_an_interval_without_width() -> None:
    costs = np.random.default_rng(1).lognormal(size=(20, 1))
    both = Spent(1.1 * costs, np.ones((20, 1)), costs, np.ones((20, 1)), np.ones(1))
    found = Swapped(Centred((math.log(1.1),), 0.0, 19), both)
    bounds = found.interval(0.95)
    assert (bounds.low, bounds.high) == pytest.approx((math.log(1.1), math.log(1.1)), abs=1e-7)
    assert found.equal() < 0.001


def test_where_no_draw_is_as_extreme_the_p_value_is_below_what_draws_can_show() -> None:
    costs = np.random.default_rng(1).lognormal(0, 0.1, (80, 1))
    both = Spent(1.5 * costs, np.ones((80, 1)), costs, np.ones((80, 1)), np.ones(1))
    assert both.two_sided() < 1e-12
    assert both.above(0.0) < 1e-12
    assert both.below(0.0) == 1.0
    assert both.above(math.log(1.6)) == 1.0


def test_the_interval_is_made_of_the_shifts_that_arent_rejected() -> None:
    draw = np.random.default_rng(8)
    sizes = np.clip(3 * draw.pareto(1.0, 16) + 1, 1, 300).astype(int)
    both, found = worlds(16, sizes, draw)
    bounds = found.interval(0.9)
    inner = found.jackknifed.interval(0.9)
    assert bounds.low <= inner.low and inner.high <= bounds.high
    assert bounds.high - bounds.low > inner.high - inner.low, "uneven documents leave more open"
    for end, p_value in ((bounds.low - 1e-4, found.above), (bounds.high + 1e-4, found.below)):
        assert p_value(end) <= 0.05 + 1e-9
    assert both.documents == 16


def test_documents_of_which_one_model_has_nothing_are_no_sample_of_its_ratio() -> None:
    none = spent([[1.0], [2.0], [0.0]], [[1.5], [2.0], [3.0]], [[1], [1], [0]], [[1], [1], [1]])
    found = none.by_document()
    assert found is not None and found.df == 1
    assert spent([[1.0], [0.0]], [[1.5], [2.0]], [[1], [0]], [[1], [1]]).by_document() is None
