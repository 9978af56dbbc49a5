"""The permutation test by signs: equal to what can be counted by hand, and never wrong more often than it says."""

import itertools
import math

import numpy as np
import pytest
from numpy.typing import NDArray

from assay.stats import sign_flip as module
from assay.stats.distributions import binomial_cdf
from assay.stats.multiplicity import holm
from assay.stats.paired import compared, prompts_needed, share_difference
from assay.stats.sign_flip import sign_flip

WORLDS = 2_000
MARGIN = 3 * math.sqrt(0.05 * 0.95 / WORLDS)
"""Three standard errors of a rate of 5 % in so many worlds."""

Floats = NDArray[np.float64]


def by_hand(differences: Floats) -> float:
    """Every sign of every difference, one after the other."""
    sums = [
        abs(float(np.dot(signs, differences)))
        for signs in itertools.product((1, -1), repeat=len(differences))
    ]
    return float(np.mean([found >= abs(float(differences.sum())) - 1e-9 for found in sums]))


@pytest.mark.parametrize(("wins", "losses"), [(15, 4), (1, 6), (9, 9), (40, 21), (3, 0)])
def test_prompts_that_count_alike_are_mcnemars_exact_test(wins: int, losses: int) -> None:
    found = sign_flip(np.array([1.0] * wins + [-1.0] * losses + [0.0] * 17))
    few = min(wins, losses)
    assert found.p == pytest.approx(min(1.0, 2 * binomial_cdf(few, wins + losses, 0.5)), rel=1e-12)
    assert found.how == "exact"


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("parts", [1, 3, 12])
def test_sums_of_right_and_wrong_answers_are_counted(seed: int, parts: int) -> None:
    draw = np.random.default_rng([seed, parts])
    differences = draw.integers(-3 * parts, 3 * parts + 1, 11) / parts
    assert sign_flip(differences).p == pytest.approx(by_hand(differences))


def test_a_few_documents_of_any_score_are_listed() -> None:
    differences = np.random.default_rng(1).normal(0.4, 1, 10)
    found = sign_flip(differences)
    assert found.how == "exact"
    assert found.p == pytest.approx(by_hand(differences))


def test_many_documents_of_any_score_are_drawn_and_close_to_what_would_be_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    differences = np.random.default_rng(2).normal(0.5, 1, 14)
    exact = sign_flip(differences).p
    monkeypatch.setattr(module, "_LISTED", 0)
    drawn = sign_flip(differences)
    assert drawn.how == "drawn"
    assert drawn.p == pytest.approx(exact, abs=4 * math.sqrt(exact / module.DRAWS))


def test_what_is_drawn_never_says_that_chance_is_out_of_the_question() -> None:
    far = sign_flip(np.random.default_rng(3).normal(5, 1, 100))
    assert far.how == "drawn"
    assert far.p == 1 / (module.DRAWS + 1)


def test_the_same_differences_in_another_order_give_the_same_p_value() -> None:
    differences = np.random.default_rng(4).normal(0.1, 1, 300)
    assert sign_flip(differences) == sign_flip(differences[::-1]) == sign_flip(np.append(differences, 0.0))


def test_scale_doesnt_matter() -> None:
    differences = np.random.default_rng(5).integers(-2, 3, 40).astype(float)
    assert sign_flip(differences / 7).p == pytest.approx(sign_flip(differences).p)


@pytest.mark.parametrize("differences", [np.zeros(5), np.zeros(0), np.array([1.0, -1.0])])
def test_without_a_difference_p_is_one(differences: Floats) -> None:
    assert sign_flip(differences).p == 1.0


def test_the_test_says_what_it_is() -> None:
    a, b = np.array([1.0, 1, 0, 1]), np.array([0.0, 1, 1, 0])
    alone = compared(a, b, np.arange(4), 0.95)
    shared = compared(a, b, np.array([0, 0, 1, 1]), 0.95)
    assert alone is not None
    assert shared is not None
    assert (alone.test, alone.n, alone.clusters, alone.a_better, alone.b_better) == ("mcnemar", 4, 4, 2, 1)
    assert (shared.test, shared.clusters) == ("sign_flip_exact", 2)
    scores = np.random.default_rng(6).random((2, 40))
    drawn = compared(scores[0], scores[1], np.arange(40), 0.95)
    assert drawn is not None
    assert drawn.test == "sign_flip_drawn"


def test_one_document_is_no_comparison() -> None:
    assert compared(np.ones(4), np.zeros(4), np.zeros(4, dtype=np.int64), 0.95) is None


def equal_models(
    draw: np.random.Generator, models: int, documents: int, prompts: int, repeats: int
) -> tuple[list[Floats], NDArray[np.int64]]:
    """Models alike on the whole, each with documents that suit it: up to twice `prompts` prompts of each, asked `repeats` times."""
    sizes = draw.integers(1, 2 * prompts, documents) if prompts > 1 else np.ones(documents, dtype=np.int64)
    clusters = np.repeat(np.arange(documents), sizes)
    n = len(clusters)
    hard = draw.normal(0, 1, documents)[clusters] + draw.normal(0, 0.5, n)
    made = []
    for _ in range(models):
        own = draw.normal(0, 0.6, documents)[clusters] + draw.normal(0, 0.5, n)
        right = 1 / (1 + np.exp(-(hard + own + 0.8)))
        made.append(np.asarray((draw.random((repeats, n)) < right).mean(axis=0)))
    return made, clusters


@pytest.mark.parametrize(
    ("documents", "prompts", "repeats"), [(60, 1, 1), (12, 4, 3), (30, 3, 1), (60, 2, 3), (25, 1, 5)]
)
def test_equal_models_are_told_apart_in_at_most_one_of_twenty_families(
    documents: int, prompts: int, repeats: int
) -> None:
    draw = np.random.default_rng([documents, prompts, repeats])
    wrong = 0
    for _ in range(WORLDS):
        scores, clusters = equal_models(draw, 4, documents, prompts, repeats)
        found = [compared(a, b, clusters, 0.95) for a, b in itertools.combinations(scores, 2)]
        wrong += min(holm([1.0 if one is None else one.difference.p for one in found])) <= 0.05
    assert wrong / WORLDS <= 0.05 + MARGIN


@pytest.mark.parametrize(("a_only", "b_only", "tests"), [(0.15, 0.05, 1), (0.25, 0.15, 6), (0.3, 0.2, 45)])
def test_so_many_prompts_as_said_have_the_power_that_was_said(
    a_only: float, b_only: float, tests: int
) -> None:
    difference = a_only - b_only
    variance = a_only + b_only - difference**2
    n = prompts_needed(400, difference, math.sqrt(variance / 400), 0.95, tests)
    assert n is not None
    draw = np.random.default_rng(n)
    won = 0
    for a, b, _ in draw.multinomial(n, [a_only, b_only, 1 - a_only - b_only], WORLDS):
        won += a > b and sign_flip(np.repeat([1.0, -1.0], [a, b])).p <= 0.05 / tests
    assert 0.8 - MARGIN * 2 <= won / WORLDS <= 0.88


def test_so_many_prompts_as_said_have_that_power_where_documents_have_several() -> None:
    def world(draw: np.random.Generator, documents: int) -> tuple[Floats, Floats, NDArray[np.int64]]:
        clusters = np.repeat(np.arange(documents), 4)
        n = len(clusters)
        hard = draw.normal(0, 1, documents)[clusters] + 0.8
        a, b = (
            (hard + draw.normal(0, 0.7, documents)[clusters] + draw.normal(0, 1, n) + shift > 0).astype(float)
            for shift in (0.35, 0.0)
        )
        return a, b, clusters

    draw = np.random.default_rng(7)
    a, b, clusters = world(draw, 50_000)
    true = share_difference(a, b, clusters, 0.95)
    assert true is not None
    n = prompts_needed(len(a), true.value, true.standard_error, 0.95, 1)
    assert n is not None
    won = 0
    for _ in range(WORLDS):
        found = compared(*world(draw, math.ceil(n / 4)), 0.95)
        won += found is not None and found.difference.value > 0 and found.difference.p <= 0.05
    assert 0.8 - MARGIN * 2 <= won / WORLDS <= 0.88
    independent = prompts_needed(len(a), true.value, float((a - b).std()) / math.sqrt(len(a)), 0.95, 1)
    assert independent is not None
    assert n > 1.2 * independent


def test_no_difference_is_told_whose_interval_holds_0() -> None:
    twelfths = [-1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 2, 3, 5, 9, 9, 10, 11]
    apart = np.array(twelfths) / 12
    a = np.maximum(apart, 0.0)
    found = compared(a, a - apart, np.arange(len(a)), 0.95)
    assert found is not None and sign_flip(apart).p < 0.01
    assert found.difference.interval.low < 0 and found.difference.p > 0.05


@pytest.mark.parametrize("n", [5, 12, 40, 100])
def test_what_the_exact_test_tells_has_an_interval_beyond_0(n: int) -> None:
    for won in range(n + 1):
        for lost in range(min(won, n - won + 1)):
            a = np.repeat([1.0, 0.0, 0.0], [won, lost, n - won - lost])
            b = np.repeat([0.0, 1.0, 0.0], [won, lost, n - won - lost])
            found = compared(a, b, np.arange(n), 0.95)
            assert found is not None and found.test == "mcnemar"
            assert found.difference.p > 0.05 or found.difference.interval.low > 0


@pytest.mark.parametrize(("documents", "tests"), [(3, 1), (5, 1), (5, 6), (7, 45)])
def test_prompts_of_few_documents_need_more_documents(documents: int, tests: int) -> None:
    clusters = np.repeat(np.arange(documents), 10)
    a = np.ones(len(clusters))
    found = compared(a, np.tile([1.0, 0.0], len(a) // 2), clusters, 0.95)
    assert found is not None and found.difference.p > 0.05 / tests
    one = found.difference
    n = prompts_needed(found.n, one.value, one.standard_error, 0.95, tests, documents=one.documents)
    assert n is not None
    more = np.repeat(np.arange(math.ceil(n / 10)), 10)
    told = compared(np.ones(len(more)), np.tile([1.0, 0.0], len(more) // 2), more, 0.95)
    assert told is not None and told.difference.p <= 0.05 / tests


def test_no_number_of_prompts_finds_what_is_not_there() -> None:
    assert prompts_needed(100, 0.0, 0.1, 0.95, 1) is None
