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
LEAST = CLAIM - 3 * math.sqrt(CLAIM * (1 - CLAIM) / RUNS)


def run(answers: pd.DataFrame, votes: NDArray[np.int64], labels: Path | None, **changed: Any) -> Inputs:
    """What the stage reads. `answers` have a model, prompt_id and bucket; `votes` are answers x judges: 1, 0, or -1 for none."""
    said = np.array(["unparseable", "incorrect", "correct"], dtype=object)[votes + 1]
    given = answers.assign(
        **{"answer_id": [f"{place:016x}" for place in range(len(answers))], "times": 1.0, "score": 0.0}
        | {name: answers[name] for name in ("answer_id", "times") if name in answers}
    )
    given["source"] = answers["source"] if "source" in answers else None
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


def test_with_judges_that_err_together_and_by_model_corrected_accuracy_holds_the_truth(tmp_path: Path) -> None:
    """The tables' own figures, of 2,000 runs that are told apart by their models' names."""
    draw = np.random.default_rng(20)
    prompts, labelled = 60, 30
    worlds = {"careful": (0.9, 0.95, 0.85), "talker": (0.6, 0.9, 0.6)}
    frames, votes, truths = [], [], []
    for name, (accuracy, sensitivity, specificity) in worlds.items():
        right = draw.random(RUNS * prompts) < accuracy
        votes.append(panel_votes(draw, right, sensitivity, specificity, shared=0.5))
        models = np.repeat([f"{name}-{number}" for number in range(RUNS)], prompts)
        asked = np.tile([f"prompt-{number}" for number in range(prompts)], RUNS)
        frames.append(pd.DataFrame({"model": models, "prompt_id": asked, "bucket": "short"}))
        truths.append(right)
    answers = pd.concat(frames, ignore_index=True)
    answers["answer_id"] = [f"{place:016x}" for place in range(len(answers))]
    first = np.tile(np.arange(prompts) < labelled, RUNS * len(worlds))
    people_say = np.concatenate(truths).astype(int)
    labels = hand_in(tmp_path, answers["answer_id"][first].tolist(), people_say[first].tolist())
    rows = pd.DataFrame(corrected.rows(run(answers, np.concatenate(votes), labels)))
    assert rows["n_labels"].eq(labelled).all()
    for name, (accuracy, _, _) in worlds.items():
        mine = rows.loc[rows["model"].str.startswith(name)]
        assert len(mine) == RUNS
        held = (mine["corrected_low"] <= accuracy) & (mine["corrected_high"] >= accuracy)
        assert LEAST <= held.mean() < 0.985
        assert mine["corrected"].mean() == pytest.approx(accuracy, abs=0.01)
    talker = rows.loc[rows["model"].str.startswith("talker")]
    truth = worlds["talker"][0]
    uncorrected = (talker["accuracy_low"] <= truth) & (talker["accuracy_high"] >= truth)
    assert uncorrected.mean() < 0.6
