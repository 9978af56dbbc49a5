"""Intervals of accuracy: Wilson's where prompts are independent, clustered where they aren't, and of a mean of sets."""

import numpy as np
import pytest

from assay.stats.shares import clustered, of_prompts, stratified, wilson

WORLDS = 2_000


def test_right_and_wrong_answers_to_prompts_of_their_own_documents_are_wilsons() -> None:
    values = np.array([1.0] * 17 + [0.0] * 3)
    assert of_prompts(values, np.arange(20), 0.95) == (wilson(0.85, 20, 0.95), "wilson")
    assert of_prompts(values, np.arange(20), 0.95, np.full(20, 3.0)) == (wilson(0.85, 20, 0.95), "wilson")


def test_what_shares_documents_or_is_a_score_or_is_weighed_is_clustered() -> None:
    values = np.array([1.0] * 17 + [0.0] * 3)
    weights = np.linspace(1, 2, 20)
    scores = np.linspace(0, 1, 20)
    pairs = np.arange(20) // 2
    assert of_prompts(values, pairs, 0.95) == (clustered(values, pairs, 0.95), "clustered")
    assert of_prompts(scores, np.arange(20), 0.95) == (clustered(scores, np.arange(20), 0.95), "clustered")
    assert of_prompts(values, np.arange(20), 0.95, weights) == (
        clustered(values, np.arange(20), 0.95, weights),
        "clustered",
    )


def test_one_document_has_no_interval() -> None:
    assert of_prompts(np.array([1.0, 0.0]), np.zeros(2, dtype=np.int64), 0.95) == (None, None)


def test_the_spread_between_sets_is_no_doubt_about_their_mean() -> None:
    draw = np.random.default_rng(1)
    sets = np.repeat([0, 1], 100)
    values = np.where(sets == 0, 0.9, 0.1) + draw.normal(0, 0.02, 200)
    apart = stratified(values, np.arange(200), sets, 0.95)
    pooled = clustered(values, np.arange(200), 0.95)
    assert apart is not None
    assert pooled is not None
    assert apart.high - apart.low < 0.2 * (pooled.high - pooled.low)


def test_each_set_counts_the_same_however_many_prompts_it_has() -> None:
    values = np.array([1.0] * 90 + [0.0] * 10)
    found = stratified(values, np.arange(100), np.repeat([0, 1], [90, 10]), 0.95)
    assert found is not None
    assert (found.low + found.high) / 2 == pytest.approx(0.5)


def test_a_set_of_one_document_leaves_no_interval() -> None:
    sets = np.repeat([0, 1], [9, 1])
    assert stratified(np.linspace(0, 1, 10), np.arange(10), sets, 0.95) is None


@pytest.mark.parametrize(("documents", "prompts"), [(10, 1), (40, 1), (12, 4)])
def test_the_mean_of_sets_is_held_as_often_as_said(documents: int, prompts: int) -> None:
    draw = np.random.default_rng([documents, prompts])
    levels = np.array([0.85, 0.6, 0.3])
    sets = np.repeat(np.arange(3), documents * prompts)
    clusters = np.arange(3 * documents * prompts) // prompts
    held = 0
    for _ in range(WORLDS):
        share = np.clip(levels[sets] + draw.uniform(-0.15, 0.15, 3 * documents)[clusters], 0, 1)
        found = stratified((draw.random(len(sets)) < share).astype(float), clusters, sets, 0.95)
        assert found is not None
        held += found.low <= levels.mean() <= found.high
    assert 0.935 <= held / WORLDS <= 0.985
