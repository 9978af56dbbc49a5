"""Agreement is corrected for chance as its authors define it, and left undefined where it is."""

import pytest

from assay.judging.agreement import agreement, prevalence


def _table(yes_yes: int, yes_no: int, no_yes: int, no_no: int) -> tuple[list[bool], list[bool]]:
    one = [True] * (yes_yes + yes_no) + [False] * (no_yes + no_no)
    other = [True] * yes_yes + [False] * yes_no + [True] * no_yes + [False] * no_no
    return one, other


def test_kappa_takes_each_raters_own_shares_for_chance() -> None:
    found = agreement(*_table(20, 5, 10, 15))  # chance agreement .5 * .6 + .5 * .4 = .5
    assert (found.n, found.raw) == (50, 0.7)
    assert found.kappa == pytest.approx(0.4)
    assert found.ac1 == pytest.approx((0.7 - 2 * 0.55 * 0.45) / (1 - 2 * 0.55 * 0.45))


def test_where_one_rating_is_common_kappa_collapses_and_ac1_does_not() -> None:
    found = agreement(*_table(118, 5, 0, 2))
    assert found.raw == pytest.approx(0.96)
    chance = (123 * 118 + 2 * 7) / 125**2  # .93
    assert found.kappa == pytest.approx((0.96 - chance) / (1 - chance))
    assert found.kappa == pytest.approx(0.430, abs=0.001)
    assert found.ac1 == pytest.approx(0.957, abs=0.001)


def test_perfect_and_opposite_raters_are_at_the_ends() -> None:
    assert agreement([1, 0, 1, 0], [1, 0, 1, 0]).kappa == 1.0
    assert agreement([1, 0, 1, 0], [0, 1, 0, 1]).kappa == -1.0


def test_agreement_is_the_same_whoever_comes_first() -> None:
    one, other = _table(7, 3, 1, 9)
    assert agreement(one, other) == agreement(other, one)


def test_more_than_two_ratings_are_counted() -> None:
    found = agreement(["a", "b", "c", "c"], ["a", "b", "c", "b"])
    assert found.kappa == pytest.approx((0.75 - 5 / 16) / (1 - 5 / 16))
    shares = (2 / 8, 3 / 8, 3 / 8)
    chance = sum(share * (1 - share) for share in shares) / 2
    assert found.ac1 == pytest.approx((0.75 - chance) / (1 - chance))


def test_what_is_not_defined_is_none() -> None:
    assert agreement([], []).raw is None
    alike = agreement([True] * 3, [True] * 3)
    assert (alike.raw, alike.kappa, alike.ac1) == (1.0, None, 1.0)
    with pytest.raises(ValueError, match="one rated 1, the other 2"):
        agreement([True], [True, False])


def test_prevalence_is_the_share_of_one_rating() -> None:
    assert prevalence(["correct", "incorrect", "correct", "correct"], "correct") == 0.75
    assert prevalence([], "correct") is None
