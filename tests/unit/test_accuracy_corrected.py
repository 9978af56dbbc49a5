"""Accuracy as people's labels correct it: the tables say what the labels say, and hold the truth as often as they claim."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from assay.accuracy import corrected, people
from assay.accuracy.inputs import Inputs
from assay.accuracy.settings import AccuracySettings
from assay.errors import InputError
from assay.labels.labels import COLUMNS, item_of, write_rows
from assay.records.rated import panel_of, rated_answers
from assay.records.settings import Named

Flags = NDArray[np.bool_]
JUDGES = ("judge-a", "judge-b", "judge-c")
CLAIM = 0.95
RUNS = 2000


def run(answers: pd.DataFrame, votes: NDArray[np.int64], labels: Path | None, **changed: Any) -> Inputs:
    """What the stage reads. `answers` have a model, prompt_id and bucket; `votes` are answers x judges: 1, 0, or -1 for none."""
    said = np.array(["unparseable", "incorrect", "correct"], dtype=object)[votes + 1]
    given = answers.assign(
        **{"answer_id": [f"{place:016x}" for place in range(len(answers))], "times": 1.0, "score": 0.0}
        | {name: answers[name] for name in ("answer_id", "times") if name in answers}
    )
    given["source"] = answers.get("source")
    keys = given[["model", "answer_id", "prompt_id"]]
    verdicts = pd.concat(
        [
            keys.assign(judge=judge, verdict=said[:, number], rating=np.nan)
            for number, judge in enumerate(JUDGES)
        ],
        ignore_index=True,
    )
    panel = panel_of(verdicts, JUDGES)
    rated = rated_answers(given, panel)
    ratings = rated.assign(
        accuracy=rated["right"], source=rated["source"].where(rated["source"].notna(), rated["prompt_id"])
    )
    models = [Named(label=model, id=model) for model in rated["model"].unique()]
    settings = AccuracySettings(
        models=tuple(models),
        judges=tuple(Named(label=judge, id=judge) for judge in JUDGES),
        dataset_of_interest=changed.pop("interest", "short"),
        seed=1,
        **changed,
    )
    return Inputs(settings, ratings, rated, verdicts, panel, {}, labels)


def hand_in(folder: Path, answer_ids: Sequence[str], labels: Sequence[object]) -> Path:
    path = folder / "labels.csv"
    rows = [
        {"item": item_of(answer), "label": label} for answer, label in zip(answer_ids, labels, strict=True)
    ]
    write_rows(path, COLUMNS, rows)
    return path


def panel_votes(
    draw: np.random.Generator, right: Flags, sensitivity: float, specificity: float, shared: float
) -> NDArray[np.int64]:
    """Three judges' votes. Each errs with the same chance, and a share of the errors are made by all three together."""
    chance = np.where(right, 1 - sensitivity, 1 - specificity)
    together = draw.random(len(right)) < shared
    alone = draw.random((len(right), 3)) < chance[:, None]
    errs = np.where(together[:, None], (draw.random(len(right)) < chance)[:, None], alone)
    return np.where(errs, ~right[:, None], right[:, None]).astype(np.int64)


def test_with_judges_that_err_together_and_by_model_corrected_accuracy_holds_the_truth(
    tmp_path: Path,
) -> None:
    """The tables' own figures, of 2,000 runs that are told apart by their models' names; of the judges' better model 400."""
    draw = np.random.default_rng(20)
    prompts, labelled = 60, 30
    worlds = {"careful": (0.9, 0.95, 0.85), "talker": (0.6, 0.9, 0.6)}
    runs = {"careful": 400, "talker": RUNS}
    frames, votes, truths = [], [], []
    for name, (accuracy, sensitivity, specificity) in worlds.items():
        right = draw.random(runs[name] * prompts) < accuracy
        votes.append(panel_votes(draw, right, sensitivity, specificity, shared=0.5))
        models = np.repeat([f"{name}-{number}" for number in range(runs[name])], prompts)
        asked = np.tile([f"prompt-{number}" for number in range(prompts)], runs[name])
        frames.append(pd.DataFrame({"model": models, "prompt_id": asked, "bucket": "short"}))
        truths.append(right)
    answers = pd.concat(frames, ignore_index=True)
    answers["answer_id"] = [f"{place:016x}" for place in range(len(answers))]
    first = np.tile(np.arange(prompts) < labelled, sum(runs.values()))
    people_say = np.concatenate(truths).astype(int)
    labels = hand_in(tmp_path, answers["answer_id"][first].tolist(), people_say[first].tolist())
    # So wide that no model needs more labels: how many, which takes most of the time, is no matter here.
    inputs = run(answers, np.concatenate(votes), labels, half_width="50 points")
    rows = pd.DataFrame(corrected.rows(inputs))
    assert rows["n_labels"].eq(labelled).all()
    for name, (accuracy, _, _) in worlds.items():
        mine = rows.loc[rows["model"].str.startswith(name)]
        assert len(mine) == runs[name]
        held = (mine["corrected_low"] <= accuracy) & (mine["corrected_high"] >= accuracy)
        assert CLAIM - 3 * math.sqrt(CLAIM * (1 - CLAIM) / runs[name]) <= held.mean() < 0.99
        assert mine["corrected"].mean() == pytest.approx(accuracy, abs=0.01)
    talker = rows.loc[rows["model"].str.startswith("talker")]
    truth = worlds["talker"][0]
    uncorrected = (talker["accuracy_low"] <= truth) & (talker["accuracy_high"] >= truth)
    assert uncorrected.mean() < 0.6


def small(
    folder: Path, labels: Sequence[object] | None, models: Sequence[str] = ("swift",), **changed: Any
) -> Inputs:
    """Each model answers 40 prompts; the panel says that the first 30 are right; labels are of the first prompts."""
    answers = pd.concat(
        [
            pd.DataFrame({"model": name, "prompt_id": [f"p{n}" for n in range(40)], "bucket": "short"})
            for name in models
        ],
        ignore_index=True,
    )
    votes = np.tile(np.where(np.arange(40) < 30, 1, 0)[:, None], (len(models), 3))
    ids = [f"{place:016x}" for place in range(len(answers))]
    order = [ids[40 * number + place] for number in range(len(models)) for place in range(len(labels or ()))]
    path = None if labels is None else hand_in(folder, order, [*labels] * len(models))
    return run(answers, votes, path, **changed)


def test_without_labels_every_model_is_told_how_many_it_takes(tmp_path: Path) -> None:
    (row,) = corrected.rows(small(tmp_path, None, half_width="20 points"))
    assert row["accuracy"] == 0.75
    assert row.get("corrected") is None
    assert row["reason"] == "no labels were handed in"
    assert isinstance(row["labels_needed"], int)
    assert people.rows(small(tmp_path, None)) == []


def test_the_tables_say_what_the_labels_say(tmp_path: Path) -> None:
    """Of the 36 labelled answers the panel calls 30 right, of which people call 24 right; of the other 6, 2."""
    labels = [1] * 24 + [0] * 6 + [1, 1, 0, 0, 0, 0]
    inputs = small(tmp_path, labels)
    (row,) = corrected.rows(inputs)
    assert row["n_labels"] == 36
    assert row["unlabelled_share"] == pytest.approx(0.1)
    assert row["corrected"] == pytest.approx(0.75 * 24 / 30 + 0.25 * 2 / 6)
    assert row["difference"] == pytest.approx(float(row["corrected"] or 0) - 0.75)
    assert row["corrected_low"] is not None
    sensitivity, specificity = 24 / 26, 4 / 10
    assert row["rogan_gladen_pooled"] == pytest.approx(
        (0.75 + specificity - 1) / (sensitivity + specificity - 1)
    )
    table = {(found["rater"], found["model"]): found for found in people.rows(inputs)}
    by_model = {(rater, model) for rater in (*JUDGES, "panel") for model in ("swift", "all")}
    assert set(table) == {*by_model, ("people", "all")}
    panel = table["panel", "swift"]
    assert panel["sensitivity"] == pytest.approx(sensitivity)
    assert panel["specificity"] == pytest.approx(specificity)
    assert panel["n"] == 36
    assert panel["agreement"] == pytest.approx(28 / 36)
    assert panel["kappa"] == pytest.approx(
        (28 / 36 - (30 * 26 + 6 * 10) / 36**2) / (1 - (30 * 26 + 6 * 10) / 36**2)
    )
    low, high = panel["specificity_low"], panel["specificity_high"]
    assert (low, high) == pytest.approx((0.1682, 0.6873), abs=1e-4)


def test_what_people_are_unsure_of_is_counted_and_bounded(tmp_path: Path) -> None:
    """Of the first 36 answers 12 are skipped: all of the first 30, which the panel calls right, but 20, of which 16 are right."""
    (row,) = corrected.rows(
        small(tmp_path, [*["skip"] * 10, *[1] * 16, *[0] * 4, "skip", "skip", 1, 0, 0, 0])
    )
    assert (row["n_labels"], row["n_unsure"], row["n_labels_unused"]) == (24, 12, 0)
    assert row["corrected"] == pytest.approx(0.75 * 16 / 20 + 0.25 * 1 / 4)
    assert row["corrected_least"] == pytest.approx(0.75 * 16 / 30 + 0.25 * 1 / 6)
    assert row["corrected_most"] == pytest.approx(0.75 * 26 / 30 + 0.25 * 3 / 6)


def test_too_few_labels_are_said_to_be_too_few(tmp_path: Path) -> None:
    (row,) = corrected.rows(small(tmp_path, [1] * 6))
    assert row["reason"] == "6 labels, where 10 are the least"
    assert row.get("corrected_low") is None


def test_pairs_of_models_are_compared_on_the_same_prompts(tmp_path: Path) -> None:
    inputs = small(tmp_path, [1] * 20 + [0] * 10, models=("swift", "steady", "brisk"))
    rows = corrected.difference_rows(inputs)
    assert [(row["model"], row["other"]) for row in rows] == [
        ("swift", "steady"),
        ("swift", "brisk"),
        ("steady", "brisk"),
    ]
    assert all(row["difference"] == 0 and row["p"] == 1.0 and row["better"] is None for row in rows)


def test_labels_of_another_run_are_refused_and_some_of_them_left_out(tmp_path: Path) -> None:
    inputs = small(tmp_path, [1] * 20)
    strange = hand_in(tmp_path, ["f" * 16], [1])
    with pytest.raises(
        InputError, match=r"labels\.csv, line 2, column item: a-f+ is none of this run's answers"
    ):
        corrected.rows(replace(inputs, labels=strange))
    mixed = hand_in(tmp_path, [*(f"{place:016x}" for place in range(20)), "f" * 16], [1] * 21)
    (row,) = corrected.rows(replace(inputs, labels=mixed))
    assert row["n_labels"] == 20


def test_ratings_are_corrected_by_ratings(tmp_path: Path) -> None:
    """The panel's ratings are a step too high, and so is its accuracy."""
    draw = np.random.default_rng(3)
    truth = draw.integers(1, 5, 300)
    rated = pd.DataFrame(
        {
            "model": "swift",
            "answer_id": [f"{place:016x}" for place in range(300)],
            "prompt_id": [f"p{place}" for place in range(300)],
            "bucket": "short",
            "source": None,
            "times": 1.0,
            "score": 0.0,
            "right": truth / 4,
        }
    )
    ratings = rated.assign(accuracy=rated["right"], source=rated["prompt_id"])
    settings = AccuracySettings(
        models=(Named(label="swift", id="m"),), dataset_of_interest="short", seed=1, verdict="scale"
    )
    labels = hand_in(tmp_path, rated["answer_id"].tolist()[:150], truth[:150].tolist())
    (row,) = corrected.rows(Inputs(settings, ratings, rated, pd.DataFrame(), None, {}, labels))
    right = float((truth - 1).mean() / 4)
    low, high = row["corrected_low"], row["corrected_high"]
    assert isinstance(low, float)
    assert isinstance(high, float)
    assert low < right < high
    assert high - low < 0.12
    assert row["accuracy"] == pytest.approx(right + 0.25)
