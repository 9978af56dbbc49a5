"""Accuracy corrected by labels: formulas at hand, and no interval that covers less than it claims, 2,000 runs each."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from assay.stats.prediction_powered import Estimate, Evidence, difference, jeffreys, rogan_gladen

RUNS = 2000
CLAIM = 0.95
LEAST = CLAIM - 3 * math.sqrt(CLAIM * (1 - CLAIM) / RUNS)
PREDICTED = np.array([0.0, 1.0, 0.5])


def evidence(said: Any, labels: Any, documents: Any = None, **changed: Any) -> Evidence:
    """Prompts with one answer each: what is said (0 wrong, 1 right, 2 nothing) and the label, NaN without."""
    stratum, label = np.asarray(said, dtype=np.int64), np.asarray(labels, dtype=np.float64)
    n = len(stratum)
    cluster = np.arange(n) if documents is None else np.asarray(documents, dtype=np.int64)
    drawn = (~np.isnan(label)).astype(np.float64)
    made = {"weight": np.full(n, 1.0 / n), "prompt": np.arange(n), "cluster": cluster, "stratum": stratum}
    made |= {"label": label, "drawn": drawn, "whole": True, "predicted": PREDICTED}
    return Evidence(**{**made, **changed})


def test_the_estimate_is_double_sampling() -> None:
    """Of 40 answers 30 are said to be right; 10 labels say that .75 of those are and .5 of the others."""
    said = [1] * 30 + [0] * 10
    labels = [1, 1, 1, 0, 1, 1, 1, 0] + [math.nan] * 22 + [1, 0] + [math.nan] * 8
    found = Estimate(evidence(said, labels))
    assert found.n == 10
    assert found.value == pytest.approx(0.75 * 0.75 + 0.25 * 0.5)
    assert found.influence.sum() == pytest.approx(0.0, abs=1e-12)


def test_it_is_the_power_tuned_prediction_powered_estimator() -> None:
    """PPI++ with the coefficient that least squares on the labels gives: mean of labels + slope x (mean of all - of labelled)."""
    draw = np.random.default_rng(1)
    said = (draw.random(200) < 0.7).astype(np.int64)
    label = np.where(draw.random(200) < 0.85, said, 1 - said).astype(np.float64)
    label[60:] = math.nan
    slope = np.cov(said[:60], label[:60], bias=True)[0, 1] / said[:60].var()
    tuned = label[:60].mean() + slope * (said.mean() - said[:60].mean())
    assert Estimate(evidence(said, label)).value == pytest.approx(tuned)


def test_with_every_answer_labelled_it_is_the_labels_mean() -> None:
    draw = np.random.default_rng(2)
    label = (draw.random(50) < 0.8).astype(np.float64)
    found = Estimate(evidence(draw.integers(0, 3, 50), label))
    assert found.value == pytest.approx(label.mean())


def test_where_nothing_was_seen_wrong_the_interval_has_a_width() -> None:
    found = Estimate(evidence([1] * 100, [1.0] * 30 + [math.nan] * 70))
    bounds = found.interval(CLAIM)
    assert bounds is not None
    assert found.value == bounds.high == 1.0
    assert 0.85 < bounds.low < 0.95


def test_what_has_no_label_is_wholly_unknown() -> None:
    """A tenth of the answers has no verdict, and none of these a label: the interval is a tenth wide at least."""
    found = Estimate(evidence([1] * 900 + [2] * 100, [1.0] * 200 + [math.nan] * 800))
    bounds = found.interval(CLAIM)
    assert bounds is not None
    assert found.value == 1.0
    assert bounds.low < 0.9
    assert bounds.high == 1.0


def test_too_few_labels_or_documents_give_no_interval() -> None:
    assert Estimate(evidence([1] * 50, [1.0] * 9 + [math.nan] * 41)).interval(CLAIM) is None
    assert Estimate(evidence([1] * 50, [1.0] * 20 + [math.nan] * 30, [0] * 50)).interval(CLAIM) is None
    assert Estimate(evidence([1] * 50, [1.0] * 50, whole=False)).interval(CLAIM) is None


def test_prompts_of_one_document_count_for_less() -> None:
    draw = np.random.default_rng(3)
    right = np.repeat(draw.random(20) < 0.6, 5)
    labels = right.astype(np.float64)
    alone = Estimate(evidence(np.ones(100, dtype=int), labels)).interval(CLAIM)
    shared = Estimate(evidence(np.ones(100, dtype=int), labels, np.repeat(np.arange(20), 5))).interval(CLAIM)
    assert alone is not None
    assert shared is not None
    assert shared.high - shared.low > 1.8 * (alone.high - alone.low)


def test_jeffreys_interval_is_that_of_the_beta_distribution() -> None:
    """Quantiles of a beta distribution with half a case more of each; ends at 0 and 1 where only one kind was seen."""
    low, high = jeffreys(np.array([0.15, 0.0, 1.0]), np.array([20.0, 20.0, 0.0]), 1.959964)
    assert (low[0], high[0]) == pytest.approx(stats.beta(3.5, 17.5).interval(0.95), abs=1e-6)
    assert low[1] == 0.0
    assert (low[2], high[2]) == (0.0, 1.0)


def test_labels_needed_fall_with_the_width_and_tell_where_more_prompts_are_needed() -> None:
    draw = np.random.default_rng(4)
    said = (draw.random(2000) < 0.8).astype(np.int64)
    label = np.where(draw.random(2000) < 0.9, said, 1 - said).astype(np.float64)
    label[50:] = math.nan
    found = Estimate(evidence(said, label))
    wanted = [found.needed(width, CLAIM) for width in (0.1, 0.05, 0.03)]
    assert all(number is not None for number in wanted)
    assert wanted == sorted(wanted, key=lambda number: number or 0)
    assert found.needed(0.005, CLAIM) is None
    before = Estimate(evidence(said, np.full(2000, math.nan)))
    assert before.interval(CLAIM) is None
    assert before.needed(0.05, CLAIM) is not None


def test_the_labels_that_are_foretold_give_about_the_width_that_was_asked_for() -> None:
    draw = np.random.default_rng(5)
    said = (draw.random(2000) < 0.8).astype(np.int64)
    truth = np.where(draw.random(2000) < 0.9, said, 1 - said).astype(np.float64)
    needed = Estimate(evidence(said, np.where(np.arange(2000) < 60, truth, math.nan))).needed(0.05, CLAIM)
    assert needed is not None
    bounds = Estimate(evidence(said, np.where(np.arange(2000) < needed, truth, math.nan))).interval(CLAIM)
    assert bounds is not None
    assert (bounds.high - bounds.low) / 2 == pytest.approx(0.05, rel=0.2)


@dataclass(frozen=True)
class World:
    """Documents of prompts, of which some are labelled; judges and accuracy vary by document."""

    documents: int
    prompts: int
    """Of each document."""
    labels: int
    accuracy: float
    sensitivity: float
    specificity: float
    alike: float = 0.0
    """Correlation within a document, of right answers and of the judges' errors."""
    silent: float = 0.0
    """Share without a verdict."""

    def draw(self, draw: np.random.Generator) -> Evidence:
        n = self.documents * self.prompts
        documents = np.repeat(np.arange(self.documents), self.prompts)
        right = draw.random(n) < self._varied(draw, self.accuracy)[documents]
        hit = draw.random(n) < self._varied(draw, self.sensitivity)[documents]
        false = draw.random(n) < self._varied(draw, 1 - self.specificity)[documents]
        said = np.where(right, hit, false).astype(np.int64)
        said[draw.random(n) < self.silent] = 2
        label = np.full(n, math.nan)
        chosen = draw.permutation(n)[: self.labels]
        label[chosen] = right[chosen]
        return evidence(said, label, documents)

    def _varied(self, draw: np.random.Generator, mean: float) -> NDArray[np.float64]:
        if self.alike == 0 or mean in (0.0, 1.0):
            return np.full(self.documents, mean)
        known = 1 / self.alike - 1
        return draw.beta(known * mean, known * (1 - mean), self.documents)


WORLDS = [
    World(200, 1, 33, 0.5, 0.7, 0.5),
    World(200, 1, 33, 0.95, 0.99, 0.9),
    World(200, 1, 33, 0.95, 0.7, 0.5, silent=0.1),
    World(500, 1, 100, 0.7, 0.85, 0.5, silent=0.1),
    World(40, 1, 40, 0.7, 0.7, 0.5),
    World(60, 1, 30, 0.95, 0.95, 0.9),
    World(60, 5, 100, 0.5, 0.7, 0.5, alike=0.3),
    World(30, 3, 90, 0.95, 0.99, 0.5, alike=0.3),
    World(20, 10, 50, 0.7, 0.9, 0.7, alike=0.3),
    World(10, 20, 50, 0.85, 0.95, 0.6, alike=0.3),
    World(8, 4, 30, 0.85, 0.95, 0.6, alike=0.1),
]


@pytest.mark.parametrize("world", WORLDS, ids=str)
def test_corrected_accuracy_covers_the_truth_as_often_as_claimed(world: World) -> None:
    draw = np.random.default_rng(6)
    found = [Estimate(world.draw(draw)) for _ in range(RUNS)]
    bounds = [one.interval(CLAIM) for one in found]
    held = [one is not None and one.low <= world.accuracy <= one.high for one in bounds]
    assert np.mean(held) >= LEAST
    assert np.mean([one.value for one in found]) == pytest.approx(world.accuracy, abs=0.012)


@pytest.mark.parametrize(("alike", "accuracy"), [(0.0, 0.9), (0.3, 0.6)])
def test_two_equal_models_are_told_apart_no_more_often_than_claimed(alike: float, accuracy: float) -> None:
    """Their judges err differently, and their answers to a prompt are right together."""
    draw = np.random.default_rng(7)
    wrong, runs = 0, 1000
    for _ in range(runs):
        documents = np.repeat(np.arange(50), 2)
        n = len(documents)
        known = 1 / alike - 1 if alike else 0.0
        shares = draw.beta(known * accuracy, known * (1 - accuracy), 50) if alike else np.full(50, accuracy)
        ease = draw.random(n)
        label = np.full(n, math.nan)
        models = []
        for sensitivity, specificity in ((0.98, 0.6), (0.85, 0.9)):
            own = np.where(draw.random(n) < 0.5, ease, draw.random(n))
            right = own < shares[documents]
            said = np.where(right, draw.random(n) < sensitivity, draw.random(n) < 1 - specificity)
            label = np.where(np.arange(n) % 2 == 0, right, math.nan)
            models.append(Estimate(evidence(said, label, documents)))
        found = difference(models[0], models[1], CLAIM)
        assert found is not None
        out = not found.interval.low <= 0 <= found.interval.high
        assert (found.p < 1 - CLAIM) == out
        wrong += out
    assert wrong / runs <= 1 - CLAIM + 3 * math.sqrt(CLAIM * (1 - CLAIM) / runs)


def test_a_difference_that_is_there_is_found() -> None:
    draw = np.random.default_rng(8)
    models = []
    for accuracy in (0.9, 0.6):
        right = draw.random(400) < accuracy
        said = np.where(draw.random(400) < 0.9, right, ~right)
        models.append(Estimate(evidence(said, np.where(np.arange(400) < 100, right, math.nan))))
    found = difference(*models, CLAIM)
    assert found is not None
    assert found.p < 0.001
    assert found.interval.low > 0.1
    turned = difference(models[1], models[0], CLAIM)
    assert turned is not None
    assert (turned.value, turned.interval.low) == pytest.approx((-found.value, -found.interval.high))


def test_rogan_and_gladens_correction_is_the_published_formula() -> None:
    found = rogan_gladen(0.8, 1000, (90, 100), (70, 100), CLAIM)
    assert found is not None
    assert found[0] == pytest.approx((0.8 + 0.7 - 1) / (0.9 + 0.7 - 1))
    assert rogan_gladen(0.8, 1000, (50, 100), (50, 100), CLAIM) is None
    assert rogan_gladen(0.8, 1000, (0, 0), (70, 100), CLAIM) is None
