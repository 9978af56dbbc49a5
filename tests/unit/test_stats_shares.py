"""Shares: Wilson's published values, clusters that widen, and intervals that stay honest at 0 and 1."""

import math

import numpy as np
import pytest

from assay.stats.shares import clustered, wilson


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    # Newcombe 1998, table I: score method without continuity correction
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0000, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_the_published_values(successes: int, n: int, low: float, high: float) -> None:
    found = wilson(successes / n, n, 0.95)
    assert found is not None
    assert found.low == pytest.approx(low, abs=5e-5)
    assert found.high == pytest.approx(high, abs=5e-5)


def test_nothing_seen_is_no_interval() -> None:
    assert wilson(0.0, 0, 0.95) is None


def test_one_source_document_is_no_interval() -> None:
    assert clustered(np.array([1.0, 0.0, 1.0]), np.zeros(3, dtype=np.int64), 0.95) is None


def test_prompts_that_repeat_each_other_count_as_one() -> None:
    draw = np.random.default_rng(1)
    documents = (draw.random(20) < 0.7).astype(float)
    alone = clustered(documents, np.arange(20), 0.95)
    repeated = clustered(np.repeat(documents, 5), np.repeat(np.arange(20), 5), 0.95)
    ignored = wilson(float(documents.mean()), 100, 0.95)
    assert alone is not None
    assert repeated is not None
    assert ignored is not None
    assert repeated.low == pytest.approx(alone.low)
    assert repeated.high == pytest.approx(alone.high)
    assert repeated.high - repeated.low > 1.5 * (ignored.high - ignored.low)


def test_clusters_that_balance_each_other_dont_make_the_sample_larger() -> None:
    values = np.tile([1.0, 0.0], 20)
    found = clustered(values, np.repeat(np.arange(20), 2), 0.95)
    independent = clustered(values, np.arange(40), 0.95)
    assert found is not None
    assert independent is not None
    assert found.high - found.low >= 0.99 * (independent.high - independent.low)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_sample_without_variance_counts_its_documents(share: float) -> None:
    found = clustered(np.full(60, share), np.repeat(np.arange(20), 3), 0.95)
    by_document = wilson(share, 20, 0.95)
    assert found is not None
    assert by_document is not None
    assert 0.0 <= found.low <= share <= found.high <= 1.0
    assert found.high - found.low >= by_document.high - by_document.low


@pytest.mark.parametrize(("share", "alike"), [(0.5, 0.3), (0.8, 0.3), (0.95, 0.1)])
def test_the_clustered_interval_covers_its_claim(share: float, alike: float) -> None:
    """Three prompts per document, whose chances of being answered right are alike (intra-cluster correlation)."""
    draw = np.random.default_rng(3)
    runs, documents = 1000, 24
    scale = 1 / alike - 1
    clusters = np.repeat(np.arange(documents), 3)
    covered = 0
    for chances in draw.beta(share * scale, (1 - share) * scale, (runs, documents)):
        values = (draw.random((documents, 3)) < chances[:, None]).astype(float).ravel()
        found = clustered(values, clusters, 0.95)
        assert found is not None
        covered += found.low <= share <= found.high
    assert covered / runs >= 0.95 - 3 * math.sqrt(0.95 * 0.05 / runs)


def test_weights_move_the_share_that_the_interval_is_about() -> None:
    values = np.array([1.0, 1.0, 0.0, 0.0, 1.0, 0.0])
    weights = np.array([3.0, 3.0, 1.0, 1.0, 3.0, 1.0])
    found = clustered(values, np.arange(6), 0.95, weights)
    plain = clustered(values, np.arange(6), 0.95)
    assert found is not None
    assert plain is not None
    assert found.low <= 0.75 <= found.high
    assert found.high > plain.high
