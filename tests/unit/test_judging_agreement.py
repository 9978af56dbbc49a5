"""Agreement is corrected for chance as its authors define it, left undefined where it is, and told with honest intervals."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from assay.judging.agreement import (
    RATINGS,
    VERDICTS,
    agreement,
    alpha_ordinal,
    concordance,
    nominal,
    pair,
    panel,
    prevalence,
    rated,
)

Floats = NDArray[np.float64]

_BLANK = math.nan
_KRIPPENDORFF: Floats = np.array(
    [
        [1, 1, _BLANK, 1],
        [2, 2, 3, 2],
        [3, 3, 3, 3],
        [3, 3, 3, 3],
        [2, 2, 2, 2],
        [1, 2, 3, 4],
        [4, 4, 4, 4],
        [1, 1, 2, 1],
        [2, 2, 2, 2],
        [_BLANK, 5, 5, 5],
        [_BLANK, _BLANK, 1, 1],
        [_BLANK, 3, _BLANK, _BLANK],
    ]
)
"""Four observers, twelve units, seven ratings missing: Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", C and D.
Gwet's own package gives the other coefficients of it."""

_DIAGNOSES = [
    (0, 0, 0, 6, 0),
    (0, 3, 0, 0, 3),
    (0, 1, 4, 0, 1),
    (0, 0, 0, 0, 6),
    (0, 3, 0, 3, 0),
    (2, 0, 4, 0, 0),
    (0, 0, 4, 0, 2),
    (2, 0, 3, 1, 0),
    (2, 0, 0, 4, 0),
    (0, 0, 0, 0, 6),
    (1, 0, 0, 5, 0),
    (1, 1, 0, 4, 0),
    (0, 3, 3, 0, 0),
    (1, 0, 0, 5, 0),
    (0, 2, 0, 3, 1),
    (0, 0, 5, 0, 1),
    (3, 0, 0, 1, 2),
    (5, 1, 0, 0, 0),
    (0, 2, 0, 4, 0),
    (1, 0, 2, 0, 3),
    (0, 0, 0, 0, 6),
    (0, 1, 0, 5, 0),
    (0, 2, 0, 1, 3),
    (2, 0, 0, 4, 0),
    (1, 0, 0, 4, 1),
    (0, 5, 0, 1, 0),
    (4, 0, 0, 0, 2),
    (0, 2, 0, 4, 0),
    (1, 0, 5, 0, 0),
    (0, 0, 0, 0, 6),
]
"""Thirty patients, six psychiatrists, five diagnoses: Fleiss 1971, table 1."""

_TEN_BY_FOURTEEN = [
    (0, 0, 0, 0, 14),
    (0, 2, 6, 4, 2),
    (0, 0, 3, 5, 6),
    (0, 3, 9, 2, 0),
    (2, 2, 8, 1, 1),
    (7, 7, 0, 0, 0),
    (3, 2, 6, 3, 0),
    (2, 5, 3, 2, 2),
    (6, 5, 2, 1, 0),
    (0, 2, 2, 3, 7),
]
"""The example that most texts on Fleiss' kappa work through: ten subjects, fourteen raters, five categories."""


def _ratings(counts: Sequence[Sequence[int]]) -> Floats:
    return np.array([np.repeat(np.arange(1.0, len(row) + 1), row) for row in counts])


def _two(table: list[list[int]]) -> tuple[Floats, Floats]:
    cells = [(float(i), float(j)) for i, row in enumerate(table) for j, n in enumerate(row) for _ in range(n)]
    one, other = zip(*cells, strict=True)
    return np.array(one), np.array(other)


def _table(yes_yes: int, yes_no: int, no_yes: int, no_no: int) -> tuple[list[bool], list[bool]]:
    one = [True] * (yes_yes + yes_no) + [False] * (no_yes + no_no)
    other = [True] * yes_yes + [False] * yes_no + [True] * no_yes + [False] * no_no
    return one, other


def _apart(ratings: Floats) -> NDArray[np.int64]:
    """Each answer a document of its own."""
    return np.arange(len(ratings))


def test_kappa_takes_each_raters_own_shares_for_chance() -> None:
    found = agreement(*_table(20, 5, 10, 15))  # chance agreement .5 * .6 + .5 * .4 = .5
    assert (found.n, found.raw) == (50, 0.7)
    assert found.kappa == pytest.approx(0.4)
    assert found.ac1 == pytest.approx((0.7 - 2 * 0.55 * 0.45) / (1 - 2 * 0.55 * 0.45))


def test_where_one_rating_is_common_kappa_collapses_and_ac1_does_not() -> None:
    """The table that Gwet shows the paradox with: agreement .944, kappa -.0234, AC1 .9408."""
    found = agreement(*_table(118, 5, 2, 0))
    assert found.raw == pytest.approx(0.944)
    assert found.kappa == pytest.approx(-0.0234, abs=0.0001)
    assert found.ac1 == pytest.approx(0.9408, abs=0.0001)


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


def test_two_abstractors_agree_as_gwet_has_it() -> None:
    """Gwet 2014, three categories: kappa .796, AC1 .849; with quadratic weights kappa .892, AC2 .940."""
    one, other = _two([[13, 0, 0], [0, 20, 7], [0, 4, 56]])
    alike = pair(one, other, _apart(one), nominal((0, 1, 2)), 0.95)
    assert alike.n == 100
    assert alike.raw.value == pytest.approx(0.89)
    assert alike.kappa.value == pytest.approx(0.7964094, abs=1e-7)
    assert alike.ac1.value == pytest.approx(0.8493305, abs=1e-7)
    weighted = pair(one, other, _apart(one), rated((0, 1, 2)), 0.95)
    assert weighted.kappa.value == pytest.approx(0.8921569, abs=1e-7)
    assert weighted.ac1.value == pytest.approx(0.9402369, abs=1e-7)


def test_fleiss_kappa_is_that_of_the_published_tables() -> None:
    diagnoses = panel(_ratings(_DIAGNOSES), np.arange(30), nominal((1, 2, 3, 4, 5)), 0.95)
    assert diagnoses.kappa.value == pytest.approx(0.430, abs=0.0005)
    assert diagnoses.raw.value == pytest.approx(0.556, abs=0.0005)
    common = panel(_ratings(_TEN_BY_FOURTEEN), np.arange(10), nominal((1, 2, 3, 4, 5)), 0.95)
    assert common.kappa.value == pytest.approx(0.210, abs=0.0005)
    assert common.raw.value == pytest.approx(0.378, abs=0.0005)


def test_alpha_is_krippendorffs_on_his_own_example_with_missing_ratings() -> None:
    verdicts = panel(_KRIPPENDORFF, _apart(_KRIPPENDORFF), nominal((1, 2, 3, 4, 5)), 0.95)
    ratings = panel(_KRIPPENDORFF, _apart(_KRIPPENDORFF), RATINGS, 0.95)
    assert verdicts.n == ratings.n == 11  # the twelfth unit has one rating, which can't be paired
    assert verdicts.alpha.value == pytest.approx(0.743, abs=0.0005)
    assert ratings.alpha.value == pytest.approx(0.849, abs=0.0005)
    assert alpha_ordinal(_KRIPPENDORFF) == pytest.approx(0.815, abs=0.0005)


def test_the_other_coefficients_of_that_example_are_gwets() -> None:
    verdicts = panel(_KRIPPENDORFF, _apart(_KRIPPENDORFF), nominal((1, 2, 3, 4, 5)), 0.95)
    assert verdicts.kappa.value == pytest.approx(0.76117, abs=1e-5)
    assert verdicts.ac1.value == pytest.approx(0.77544, abs=1e-5)
    ratings = panel(_KRIPPENDORFF, _apart(_KRIPPENDORFF), RATINGS, 0.95)
    assert ratings.kappa.value == pytest.approx(0.86494, abs=1e-5)
    assert ratings.ac1.value == pytest.approx(0.91400, abs=1e-5)


def test_a_panel_of_two_has_the_ac1_of_the_pair() -> None:
    one, other = _two([[30, 4], [6, 20]])
    of_pair = pair(one, other, _apart(one), VERDICTS, 0.95)
    of_panel = panel(np.column_stack([one, other]), _apart(one), VERDICTS, 0.95)
    assert of_panel.raw == of_pair.raw
    assert of_panel.ac1.value == pytest.approx(of_pair.ac1.value)
    assert of_panel.ac1.low == pytest.approx(of_pair.ac1.low)


def test_concordance_is_kappa_on_the_points_of_a_scale_and_takes_what_lies_between() -> None:
    one, other = _two([[13, 0, 0], [0, 20, 7], [0, 4, 56]])
    mine = concordance(one, other, _apart(one), 0.95)
    theirs = pair(one, other, _apart(one), rated((0, 1, 2)), 0.95).kappa
    assert mine.value == pytest.approx(theirs.value)
    assert mine.low == pytest.approx(theirs.low)
    yes, no = _two([[20, 5], [10, 15]])
    assert concordance(yes, no, _apart(yes), 0.95).value == pytest.approx(0.4)
    rising: Floats = np.linspace(0.0, 39.0, 40)
    shifted = concordance(rising, rising + 0.5, np.arange(40), 0.95).value
    assert shifted is not None and 0.99 < shifted < 1.0


def test_ratings_that_lack_a_partner_or_vary_in_nothing_have_no_coefficient() -> None:
    alone = np.array([[1.0, _BLANK], [_BLANK, 0.0]])
    found = panel(alone, np.arange(2), VERDICTS, 0.95)
    assert (found.n, found.raw.value, found.kappa.value, found.alpha.value) == (0, None, None, None)
    assert pair(alone[:, 0], alone[:, 1], np.arange(2), VERDICTS, 0.95).kappa.value is None
    alike = panel(np.ones((30, 3)), np.arange(30), VERDICTS, 0.95)
    assert (alike.raw.value, alike.kappa.value, alike.alpha.value) == (1.0, None, None)
    assert alike.ac1.value == 1.0
    assert concordance(np.ones(30), np.ones(30), np.arange(30), 0.95).value is None
    assert alpha_ordinal(np.ones((30, 3))) is None
    with pytest.raises(ValueError, match="a rating of 7; the scale has 1, 2, 3, 4, 5"):
        pair(np.array([7.0]), np.array([1.0]), np.arange(1), RATINGS, 0.95)


def test_who_agrees_always_still_has_an_interval_with_a_width() -> None:
    ratings = np.array([1.0] * 40 + [0.0] * 20)
    found = pair(ratings, ratings, np.arange(60), VERDICTS, 0.95)
    assert found.kappa.value == found.ac1.value == 1.0
    assert found.kappa.low is not None and 0.8 < found.kappa.low < 0.9
    assert found.kappa.high == 1.0


def test_few_documents_or_hardly_any_of_the_rarer_verdict_give_no_interval() -> None:
    one, other = _two([[5, 1], [1, 12]])
    few = pair(one, other, _apart(one), VERDICTS, 0.95)
    assert few.kappa.value is not None and few.kappa.low is None and few.ac1.low is None
    one, other = _two([[2, 1], [1, 60]])
    rare = pair(one, other, _apart(one), VERDICTS, 0.95)
    assert rare.kappa.value is not None and rare.kappa.low is None
    assert rare.ac1.low is not None  # it doesn't lean on the rater's own shares


def test_answers_of_one_document_count_as_one_observation() -> None:
    one, other = _two([[60, 12], [12, 60]])
    apart = pair(one, other, _apart(one), VERDICTS, 0.95).kappa
    # Every answer three times: no more is known than before.
    thrice = np.repeat(_apart(one), 3)
    grouped = pair(np.repeat(one, 3), np.repeat(other, 3), thrice, VERDICTS, 0.95).kappa
    assert grouped.value == pytest.approx(apart.value)
    assert grouped.low == pytest.approx(apart.low)
    assert grouped.high == pytest.approx(apart.high)


def _judged(
    draw: np.random.Generator, documents: int, answers: int, prevalence: float, raters: int
) -> Floats:
    """Verdicts (documents, answers, raters): answers of a document are alike, and some documents hard for all raters."""
    alike = draw.random((documents, answers)) < 0.5
    right = np.where(
        alike, draw.random((documents, 1)) < prevalence, draw.random((documents, answers)) < prevalence
    )
    wrong = np.where(draw.random((documents, 1, 1)) < 0.2, 0.3, 0.06)
    errs = draw.random((documents, answers, raters)) < wrong
    return np.asarray(right[:, :, None] ^ errs, dtype=np.float64)


@pytest.mark.parametrize(("documents", "answers", "prevalence"), [(30, 1, 0.6), (60, 3, 0.8), (120, 1, 0.9)])
def test_intervals_hold_the_truth_as_often_as_they_claim(
    documents: int, answers: int, prevalence: float
) -> None:
    draw = np.random.default_rng(7)
    many = _judged(draw, 400_000 // answers, answers, prevalence, 3).reshape(-1, 3)
    truth = panel(many, _apart(many), VERDICTS, 0.95)
    true_kappa = pair(many[:, 0], many[:, 1], _apart(many), VERDICTS, 0.95).kappa.value
    held = {"pair": 0, "kappa": 0, "ac1": 0, "alpha": 0}
    told = dict.fromkeys(held, 0)
    clusters = np.repeat(np.arange(documents), answers)
    for _ in range(600):
        ratings = _judged(draw, documents, answers, prevalence, 3).reshape(-1, 3)
        made = panel(ratings, clusters, VERDICTS, 0.95)
        two = pair(ratings[:, 0], ratings[:, 1], clusters, VERDICTS, 0.95)
        for name, coefficient, true in (
            ("pair", two.kappa, true_kappa),
            ("kappa", made.kappa, truth.kappa.value),
            ("ac1", made.ac1, truth.ac1.value),
            ("alpha", made.alpha, truth.alpha.value),
        ):
            if coefficient.low is not None and coefficient.high is not None and true is not None:
                told[name] += 1
                held[name] += coefficient.low <= true <= coefficient.high
    for name, times in told.items():
        assert times > 300, name
        assert 0.92 <= held[name] / times <= 0.99, (name, held[name] / times)
