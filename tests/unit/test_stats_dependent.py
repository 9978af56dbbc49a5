"""The error of a sum whose parts come from the same documents."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from assay.stats.dependent import LEAST_DOCUMENTS, Moved, Part, dependent_sum
from assay.stats.effect import Centred

Floats = NDArray[np.float64]

DOCUMENTS, WORLDS, BLOCKS = 40, 1500, 5


def moved(amount: Sequence[float] | Floats, whole: bool = True) -> Moved:
    made = np.asarray(amount, dtype=np.float64)
    return Moved(made, np.ones(len(made), dtype=bool), whole)


def mean_of(values: Floats) -> tuple[Centred, Moved]:
    """A mean over documents, with its error and what each of them moved it by."""
    n = len(values)
    error = float(values.std(ddof=1)) / math.sqrt(n)
    return Centred((float(values.mean()),), error, n - 1), moved((values - values.mean()) / n)


def worlds(with_blocks: float, rho: tuple[float, float, float]) -> list[Centred]:
    """Sums of three means over the same documents with correlations `rho`, the second one with a spread between blocks."""
    one_two, one_three, two_three = rho
    matrix = np.array([[1, one_two, one_three], [one_two, 1, two_three], [one_three, two_three, 1]])
    turned = np.linalg.cholesky(matrix)
    draw = np.random.default_rng(11)
    found = []
    for _ in range(WORLDS):
        values = draw.normal(size=(DOCUMENTS, 3)) @ turned.T
        (first, by_first), (_, by_second), (third, by_third) = (mean_of(values[:, part]) for part in range(3))
        by_block = values[:, 1].reshape(BLOCKS, -1).mean(axis=1) + with_blocks * draw.normal(size=BLOCKS)
        error = float(by_block.std(ddof=1)) / math.sqrt(BLOCKS)
        second = Centred((float(by_block.mean()),), error, BLOCKS - 1)
        found.append(
            dependent_sum(
                [
                    Part(0.5, first, by_first),
                    Part(0.3, second, Moved(by_second.amount, by_second.present, False)),
                    Part(-0.2, third, by_third),
                ]
            )
        )
    return found


def variance(with_blocks: float, rho: tuple[float, float, float]) -> float:
    """The true one of such a sum."""
    one_two, one_three, two_three = rho
    pairs = 2 * (0.5 * 0.3 * one_two - 0.5 * 0.2 * one_three - 0.3 * 0.2 * two_three)
    return (0.5**2 + 0.3**2 + 0.2**2 + pairs) / DOCUMENTS + 0.3**2 * with_blocks**2 / BLOCKS


@pytest.mark.parametrize(
    ("with_blocks", "rho"),
    [(0.0, (0.6, 0.5, 0.0)), (0.2, (0.5, -0.4, -0.5)), (0.1, (0.3, 0.6, 0.1))],
)
def test_the_variance_is_that_of_the_sums_that_are_drawn(
    with_blocks: float, rho: tuple[float, float, float]
) -> None:
    found = worlds(with_blocks, rho)
    seen = float(np.var([each.centres[0] for each in found]))
    assert seen == pytest.approx(variance(with_blocks, rho), rel=0.12), "the simulation is what it says"
    said = float(np.mean([each.error**2 for each in found]))
    assert 0.97 <= said / variance(with_blocks, rho) <= 1.12
    far = np.mean([min(each.above(0.0), each.below(0.0)) <= 0.025 for each in found])
    assert far <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / WORLDS)
    assert far >= 0.025, "a bound for any dependence would claim next to nothing"


def test_a_sum_that_goes_against_itself_isnt_believed_to_be_sure_where_blocks_differ() -> None:
    """Documents that move the one up and the other down take nothing off an error that is made of blocks."""
    draw = np.random.default_rng(3)
    first, by_first = mean_of(draw.normal(size=30))
    blocks = Centred((0.1,), 3 * first.error, 4)
    against = moved(-by_first.amount, whole=False)
    total = dependent_sum([Part(0.5, first, by_first), Part(0.5, blocks, against)])
    assert total.error == pytest.approx(0.5 * math.hypot(first.error, blocks.error))
    along = dependent_sum([Part(0.5, first, by_first), Part(0.5, blocks, moved(by_first.amount, False))])
    assert along.error == pytest.approx(0.5 * (first.error + blocks.error)), "the other way it counts in full"
    turned = dependent_sum([Part(0.5, first, by_first), Part(-0.5, blocks, moved(by_first.amount, False))])
    assert turned.error == pytest.approx(total.error), "what counts is how the terms go, weights included"


def test_parts_that_are_of_documents_alone_may_cancel_as_far_as_documents_show() -> None:
    draw = np.random.default_rng(4)
    values = draw.normal(size=(50, 2)) @ np.array([[1.0, 0.7], [0.0, 0.7]])
    (first, by_first), (second, by_second) = mean_of(values[:, 0]), mean_of(values[:, 1])
    less = dependent_sum([Part(1.0, first, by_first), Part(-1.0, second, by_second)])
    straight, _ = mean_of(values[:, 0] - values[:, 1])
    assert less.error == pytest.approx(straight.error), "the error of the difference itself"
    assert less.df == pytest.approx(49)
    # An error that was made larger than documents have it leaves no more to cancel than documents have.
    wider = Centred(second.centres, 2 * second.error, second.df)
    more = dependent_sum([Part(1.0, first, by_first), Part(-1.0, wider, by_second)])
    assert more.error**2 == pytest.approx(straight.error**2 + 3 * second.error**2)


def test_the_plain_bound_stands_where_nothing_is_known() -> None:
    draw = np.random.default_rng(5)
    first, by_first = mean_of(draw.normal(size=30))
    second, by_second = mean_of(draw.normal(size=30))
    bound = 0.5 * first.error + 0.25 * second.error
    known = dependent_sum([Part(0.5, first, by_first), Part(-0.25, second, by_second)])
    assert known.error < 0.9 * bound
    unknown = dependent_sum(
        [
            Part(0.5, Centred((0.2, 0.4), first.error, 9), by_first),
            Part(-0.25, Centred((0.4,), second.error), None),
        ]
    )
    assert unknown.centres == pytest.approx((0.0, 0.1))
    assert unknown.error == pytest.approx(bound)
    assert unknown.df is not None and unknown.df >= 9


@pytest.mark.parametrize(("shared", "bounded"), [(LEAST_DOCUMENTS - 1, True), (LEAST_DOCUMENTS, False)])
def test_few_documents_in_common_say_nothing_of_how_parts_go_together(shared: int, bounded: bool) -> None:
    draw = np.random.default_rng(6)
    count = 40
    places = np.arange(count)
    of_first, of_second = places < 20, places >= 20 - shared
    amounts = draw.normal(size=(2, count)) * np.array([of_first, of_second])
    parts = [
        Part(1.0, Centred((0.0,), 0.3, 19), Moved(amounts[0], of_first, True)),
        Part(-1.0, Centred((0.0,), 0.2, 19), Moved(amounts[1], of_second, True)),
    ]
    assert (dependent_sum(parts).error == pytest.approx(0.5)) == bounded


def test_documents_that_three_parts_share_are_counted_once_and_few_blocks_weigh_by_what_they_add() -> None:
    draw = np.random.default_rng(7)
    each = [mean_of(draw.normal(size=25)) for _ in range(3)]
    same = dependent_sum([Part(1.0, effect, by) for effect, by in each])
    assert same.df == pytest.approx(24)
    nothing = Moved(np.zeros(25), np.ones(25, dtype=bool), False)
    effect, by = each[0]
    alone = dependent_sum([Part(1.0, Centred((0.0,), effect.error, 4), nothing), Part(1.0, effect, by)])
    assert alone.df == pytest.approx(4 / (1 / 4 + 1 / 24)), "Satterthwaite's, of two errors of one size"
    mostly = dependent_sum([Part(9.0, Centred((0.0,), effect.error, 4), nothing), Part(1.0, effect, by)])
    assert mostly.df is not None and 4 <= mostly.df < 4.2
    normal = dependent_sum([Part(1.0, Centred((0.0,), 1.0), None), Part(1.0, Centred((0.0,), 1.0), None)])
    assert normal.df is None


def test_an_endless_error_of_a_part_is_one_of_the_sum() -> None:
    total = dependent_sum(
        [Part(0.5, Centred((0.0,), math.inf, 4), None), Part(0.5, Centred((1.0,), 0.1, 9), None)]
    )
    assert (total.error, total.df) == (math.inf, 4)
    assert total.above(-100.0) == 1.0
