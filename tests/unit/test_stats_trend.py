"""The trend within tasks: what prompts of one task say, never what tasks of different sizes would."""

import numpy as np
import pytest
from numpy.typing import NDArray

from assay.stats.trend import within

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

WORLDS = 2_000


def regression(x: Floats, y: Floats, strata: Codes) -> float:
    """The slope by least squares with a column for each stratum."""
    columns = np.column_stack([x, *((strata == one).astype(float) for one in np.unique(strata))])
    return float(np.linalg.lstsq(columns, y, rcond=None)[0][0])


@pytest.mark.parametrize("spanning", [False, True])
def test_slope_and_error_are_those_of_regressions_without_each_document(spanning: bool) -> None:
    draw = np.random.default_rng(1)
    strata = draw.integers(0, 3, 70)
    documents = draw.integers(0, 12, 70) + (0 if spanning else 100 * strata)
    x = draw.normal(size=70) + strata
    y = 0.3 * x + draw.normal(size=70)
    found = within(x, y, strata, documents, 0.95)
    assert found is not None
    slope = regression(x, y, strata)
    there = np.unique(documents)
    without = np.array([regression(*(each[documents != one] for each in (x, y, strata))) for one in there])
    error = np.sqrt(np.square(without - slope).sum() * (len(there) - 1) / len(there))
    assert found.slope == pytest.approx(slope)
    assert found.standard_error == pytest.approx(error)


def test_a_hard_task_of_long_prompts_is_no_trend() -> None:
    draw = np.random.default_rng(2)
    strata = np.repeat([0, 1], 200)
    x = draw.uniform(10, 11, 400) + 3 * strata
    y = (draw.random(400) < np.where(strata == 0, 0.9, 0.4)).astype(float)
    pooled = within(x, y, np.zeros(400, dtype=np.int64), np.arange(400), 0.95)
    tasks_apart = within(x, y, strata, np.arange(400), 0.95)
    assert pooled is not None
    assert tasks_apart is not None
    assert pooled.interval.high < -0.1
    assert tasks_apart.interval.low < 0 < tasks_apart.interval.high


@pytest.mark.parametrize(
    ("documents", "strata", "prompts", "skewed"),
    [(20, 1, 1, False), (20, 2, 3, False), (60, 6, 2, False), (30, 1, 3, True), (200, 21, 1, False)],
)
def test_the_interval_holds_the_true_slope_as_often_as_it_says(
    documents: int, strata: int, prompts: int, skewed: bool
) -> None:
    draw = np.random.default_rng([documents, strata, prompts])
    held = 0
    for _ in range(WORLDS):
        clusters = np.repeat(np.arange(documents), prompts)
        task = np.repeat(np.arange(documents) % strata, prompts)
        sizes = draw.exponential(1, documents) if skewed else draw.normal(0, 1, documents)
        x = sizes[clusters] + draw.normal(0, 0.2, len(clusters)) + task
        share = 0.6 + 0.2 * np.sin(task) - 0.04 * (x - task) + draw.normal(0, 0.1, documents)[clusters]
        right = (draw.random(len(clusters)) < np.clip(share, 0, 1)).astype(float)
        found = within(x, right, task, clusters, 0.95)
        assert found is not None
        held += found.interval.low <= -0.04 <= found.interval.high
    assert 0.935 <= held / WORLDS <= 0.985


def test_prompts_of_one_size_have_no_trend() -> None:
    assert within(np.full(30, 11.0), np.ones(30), np.zeros(30, dtype=np.int64), np.arange(30), 0.95) is None


def test_too_few_documents_have_none() -> None:
    x = np.linspace(0.0, 8.0, 9, dtype=np.float64)
    assert within(x, x, np.zeros(9, dtype=np.int64), np.arange(9) // 5, 0.95) is None
    assert (
        within(np.zeros(0), np.zeros(0), np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), 0.95)
        is None
    )


def test_a_document_that_carries_the_slope_alone_leaves_none() -> None:
    x = np.array([0.0] * 8 + [5.0])
    assert within(x, np.ones(9), np.zeros(9, dtype=np.int64), np.arange(9), 0.95) is None


def test_a_straight_line_has_no_doubt() -> None:
    x = np.linspace(0.0, 11.0, 12, dtype=np.float64)
    found = within(x, 0.5 - 0.01 * x, np.zeros(12, dtype=np.int64), np.arange(12), 0.95)
    assert found is not None
    assert found.slope == pytest.approx(-0.01)
    assert found.interval.high - found.interval.low < 1e-9
