"""The table `people`: each judge, and the panel, against what people say, by model and over all.

A judge's sensitivity is the share of the answers that people call right of which it says so; its specificity the share of
those that they call wrong of which it says that. Both differ by model, which is why accuracy is corrected by model
(`corrected`). Only labels that count are used, so that the answers are a random sample. Without judges the dataset's own
metric stands in the panel's place.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from assay.accuracy.inputs import Inputs
from assay.judging.agreement import agreement
from assay.labels.evidence import labelled, of_labels
from assay.labels.handed_in import handed_in
from assay.records.metric import Metric, Value
from assay.stats.interval import Interval
from assay.stats.shares import of_prompts

Floats = NDArray[np.float64]

ALL = "all"
"""What stands for the model in the rows over all models."""

PEOPLE = "people"
"""The rater of the row on how people agree among themselves."""

_RIGHT = "more than halfway up a scale counts as right"

COLUMNS: tuple[Metric, ...] = (
    Metric("rater", "", "the judge's label, panel, or metric where there are no judges", "text"),
    Metric(
        "model",
        "",
        f"the model's label, or {ALL}: of those answers that several gave each counts once",
        "text",
    ),
    Metric("n", "answers", "labelled answers of which it said right or wrong", "count"),
    Metric("n_no_verdict", "answers", "labelled answers of which it said neither", "count"),
    Metric("right_by_people", "share", f"of n, those that people call right; {_RIGHT}"),
    Metric("right_by_rater", "share", "of n, those that it calls right"),
    Metric("n_right", "answers", "of n, those that people call right", "count"),
    Metric("sensitivity", "share", "of these, those that it calls right too"),
    Metric("sensitivity_low", "share", "lower end of its interval, prompts clustered by source document"),
    Metric("sensitivity_high", "share", "upper end of it"),
    Metric("n_wrong", "answers", "of n, those that people call wrong", "count"),
    Metric("specificity", "share", "of these, those that it calls wrong too"),
    Metric("specificity_low", "share", "lower end of its interval, prompts clustered by source document"),
    Metric("specificity_high", "share", "upper end of it"),
    Metric("agreement", "share", "same as people, over n"),
    Metric("kappa", "", "Cohen's kappa with people; null where both say the same of everything"),
    Metric("ac1", "", "Gwet's AC1 with people"),
    Metric(
        "people_tied",
        "answers",
        "labelled answers beside n of which as many people said right as wrong",
        "count",
    ),
    Metric(
        "n_left_out",
        "answers",
        f"in the row {PEOPLE}, that of people among themselves: labelled answers that this run doesn't have. In that row n are "
        "answers that two people labelled (each pair of people counted), n_no_verdict those that were skipped, kappa that of "
        "the two who share most",
        "count",
    ),
)


def rows(inputs: Inputs) -> list[dict[str, Value]]:
    """A row per rater and model, then one over all models: judges in their order, then the panel. Then a row on people.

    None without labels.
    """
    if inputs.labels is None:
        return []
    settings = inputs.settings
    given = handed_in(inputs.labels, settings.verdict, inputs.answers)
    found = labelled(inputs.answers, given.values, settings.shares, settings.seed)
    # Of verdicts, a half is a tie between people; on a scale it is a rating like others.
    tied = found["label"].eq(0.5) & (settings.verdict != "scale")
    made = []
    for judge in [*(judge.label for judge in settings.judges), None]:
        name = judge or ("panel" if settings.judges else "metric")
        said = found["right"] if judge is None else _said(inputs.verdicts, judge, found)
        raters = found.assign(said=said, tied=tied)
        for model in [*(model.label for model in settings.models), None]:
            chosen = of_labels(raters, model)
            if len(chosen):
                made.append(_row(name, model or ALL, chosen, settings.confidence))
    among_people: dict[str, Value] = {
        "rater": PEOPLE,
        "model": ALL,
        "n": given.twice,
        "n_no_verdict": given.skipped,
        "agreement": given.alike,
        "kappa": given.kappa,
        "people_tied": given.tied,
        "n_left_out": given.strangers,
    }
    return [*made, among_people]


def _said(verdicts: pd.DataFrame, judge: str, answers: pd.DataFrame) -> Floats:
    """What a judge said of each answer, from 0 to 1; NaN where it stated no verdict."""
    mine = verdicts.loc[verdicts["judge"] == judge, ["model", "answer_id", "verdict", "rating"]]
    stated = mine["verdict"].map({"correct": 1.0, "incorrect": 0.0}).astype("float64")
    rated = ((mine["rating"].astype("float64") - 1.0) / 4.0).where(mine["verdict"] == "rated")
    mine = mine.assign(said=stated.fillna(rated))[["model", "answer_id", "said"]]
    joined = answers[["model", "answer_id"]].merge(
        mine.drop_duplicates(["model", "answer_id"]), on=["model", "answer_id"], how="left"
    )
    return joined["said"].to_numpy(dtype=np.float64)


def _row(rater: str, model: str, chosen: pd.DataFrame, confidence: float) -> dict[str, Value]:
    compared = chosen.loc[chosen["said"].notna() & ~chosen["tied"]]
    people, judge = compared["label"] > 0.5, compared["said"] > 0.5
    both = agreement(people.tolist(), judge.tolist())
    row: dict[str, Value] = {
        "rater": rater,
        "model": model,
        "n": len(compared),
        "n_no_verdict": int(chosen["said"].isna().sum()),
        "people_tied": int(chosen["tied"].sum()),
        "right_by_people": float(people.mean()) if len(compared) else None,
        "right_by_rater": float(judge.mean()) if len(compared) else None,
        "agreement": both.raw,
        "kappa": both.kappa,
        "ac1": both.ac1,
    }
    for name, counted, of, hit in (
        ("sensitivity", "n_right", people, judge),
        ("specificity", "n_wrong", ~people, ~judge),
    ):
        share, bounds = _share(compared.loc[of], hit.loc[of], confidence)
        row |= {
            counted: int(of.sum()),
            name: share,
            f"{name}_low": None if bounds is None else bounds.low,
            f"{name}_high": None if bounds is None else bounds.high,
        }
    return row


def _share(
    answers: pd.DataFrame, hit: "pd.Series[bool]", confidence: float
) -> tuple[float | None, Interval | None]:
    if not len(answers):
        return None, None
    sources = answers["source"].where(answers["source"].notna(), answers["prompt_id"])
    values: Floats = np.asarray(hit, dtype=np.float64)
    documents = pd.factorize(sources)[0].astype(np.int64)
    return float(values.mean()), of_prompts(values, documents, confidence)[0]
