"""The table `corrected`: accuracy of each model as people's labels correct what judges say.

Without labels every model has its row, uncorrected, with how many labels it takes. The method: `assay.stats.prediction_powered`.
"""

from collections.abc import Mapping
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd

from assay.accuracy.inputs import Inputs
from assay.labels.evidence import estimates, extremes, labelled, of_labels
from assay.labels.handed_in import handed_in
from assay.labels.progress import progress_of
from assay.records.metric import Metric, Value
from assay.records.rated import weights_of
from assay.stats.interval import Interval
from assay.stats.multiplicity import holm
from assay.stats.prediction_powered import LEAST_LABELS, Estimate, difference, rogan_gladen
from assay.stats.shares import of_prompts
from assay.stopping.settings import fraction

COLUMNS: tuple[Metric, ...] = (
    Metric("model", "", "the model's label in the benchmark", "text"),
    Metric(
        "accuracy",
        "share",
        "uncorrected: correct over answered prompts, by the panel or the dataset's own metric",
    ),
    Metric("accuracy_low", "share", "lower end of its interval, which takes judges to be always right"),
    Metric("accuracy_high", "share", "upper end of it"),
    Metric(
        "corrected",
        "share",
        "share of right answers by people: what they say of a random sample, weighed by what judges say of all answers. Null "
        f"with fewer than {LEAST_LABELS} labels, or without any of a bucket of interest",
    ),
    Metric("corrected_low", "share", "lower end of its interval, prompts and labels both being samples"),
    Metric("corrected_high", "share", "upper end of it"),
    Metric("difference", "share", "corrected less uncorrected"),
    Metric("n_labels", "answers", "labels of its answers that count", "count"),
    Metric(
        "n_labels_unused",
        "answers",
        "labels of its answers that don't count: the answer wasn't drawn for this model, or labels weren't given in the order "
        "of the draw",
        "count",
    ),
    Metric(
        "n_unsure",
        "answers",
        "drawn answers among those with a label that counts which have none: people were unsure, or passed over them",
        "count",
    ),
    Metric(
        "corrected_least", "share", "corrected accuracy if all of these were wrong; null with too few labels"
    ),
    Metric("corrected_most", "share", "corrected accuracy if all of these were right"),
    Metric("n_prompts", "prompts", "prompts of interest that it answered", "count"),
    Metric("unlabelled_share", "share", "of these, those without a label that counts"),
    Metric(
        "labels_needed",
        "answers",
        "about how many labels, those that there are included, bring the half-width down to the one asked for; null where "
        "labels of all its answers wouldn't",
        "count",
    ),
    Metric(
        "rogan_gladen_pooled",
        "share",
        "a diagnostic only: the uncorrected accuracy put right by one sensitivity and specificity for all models",
    ),
    Metric("rogan_gladen_pooled_low", "share", "lower end of what it claims, by the delta method"),
    Metric("rogan_gladen_pooled_high", "share", "upper end of it"),
    Metric("reason", "", "why there is no corrected accuracy", "text"),
)

DIFFERENCES: tuple[Metric, ...] = (
    Metric("model", "", "the model's label in the benchmark", "text"),
    Metric("other", "", "that of the model it is compared with", "text"),
    Metric("difference", "share", "corrected accuracy of the model less that of the other"),
    Metric("difference_low", "share", "lower end of its interval, prompts paired"),
    Metric("difference_high", "share", "upper end of it"),
    Metric("p", "", "two-sided p value"),
    Metric("p_adjusted", "", "the same, adjusted for all pairs by Holm's method"),
    Metric("better", "", "the model that is better, adjusted; null where they can't be told apart", "text"),
)


class _Pooled(NamedTuple):
    """Over all models' labels: (hits, of) for each."""

    sensitivity: tuple[int, int]
    specificity: tuple[int, int]


def rows(inputs: Inputs) -> list[dict[str, Value]]:
    """One row per model, in the order of the benchmark. InputError for a file of labels that can't be used."""
    settings = inputs.settings
    values = _values(inputs)
    found = labelled(inputs.answers, values, settings.shares, settings.seed)
    made = estimates(found, settings.shares)
    least_most = extremes(found, settings.shares) if found["unsure"].any() else {}
    pooled = _pooled_counts(of_labels(found))
    rated = inputs.ratings.loc[
        inputs.ratings["bucket"].isin(list(settings.shares)) & inputs.ratings["accuracy"].notna()
    ][["model", "bucket", "source", "accuracy"]]
    found = found[["model", "prompt_id", "right", "label", "unused", "unsure"]]
    by_model = {str(name): rows for name, rows in found.groupby("model", sort=False)}
    rated_by_model = {str(name): rows for name, rows in rated.groupby("model", sort=False)}
    return [
        _row(
            inputs,
            model.label,
            made.get(model.label),
            least_most.get(model.label),
            by_model.get(model.label, found.iloc[:0]),
            rated_by_model.get(model.label, rated.iloc[:0]),
            pooled,
        )
        for model in settings.models
    ]


def difference_rows(inputs: Inputs) -> list[dict[str, Value]]:
    """One row per pair of models that have a corrected accuracy each."""
    settings = inputs.settings
    made = estimates(
        labelled(inputs.answers, _values(inputs), settings.shares, settings.seed), settings.shares
    )
    there = [made[model.label] for model in settings.models if model.label in made]
    names = [model.label for model in settings.models if model.label in made]
    pairs = [
        (a, b, apart)
        for (a, one), (b, other) in combinations(zip(names, there, strict=True), 2)
        if (apart := difference(one, other, settings.confidence)) is not None
    ]
    adjusted = holm([apart.p for _, _, apart in pairs])
    return [
        {
            "model": a,
            "other": b,
            "difference": apart.value,
            "difference_low": apart.interval.low,
            "difference_high": apart.interval.high,
            "p": apart.p,
            "p_adjusted": p,
            "better": None if p > 1.0 - settings.confidence else a if apart.value > 0 else b,
        }
        for (a, b, apart), p in zip(pairs, adjusted, strict=True)
    ]


def _values(inputs: Inputs) -> Mapping[str, float | None]:
    if inputs.labels is None:
        return {}
    return handed_in(inputs.labels, inputs.settings.verdict, inputs.answers).values


def _row(
    inputs: Inputs,
    model: str,
    found: Estimate | None,
    least_most: tuple[float, float] | None,
    mine: pd.DataFrame,
    rated: pd.DataFrame,
    pooled: _Pooled,
) -> dict[str, Value]:
    settings = inputs.settings
    share, bounds = _uncorrected(rated, settings.shares, settings.confidence)
    row: dict[str, Value] = {
        "model": model,
        "accuracy": share,
        "accuracy_low": None if bounds is None else bounds.low,
        "accuracy_high": None if bounds is None else bounds.high,
        "n_labels": int(mine["label"].notna().sum()),
        "n_labels_unused": int(mine["unused"].sum()),
        "n_unsure": int(mine["unsure"].sum()),
        "n_prompts": int(mine["prompt_id"].nunique()),
        "reason": "it has no answer in a bucket of interest",
    }
    if found is None:
        return row
    told = progress_of(model, found, fraction(settings.half_width), settings.confidence)
    row |= {"unlabelled_share": 1.0 - found.n / found.prompts, "labels_needed": told.needed}
    interval = found.interval(settings.confidence)
    if interval is None:
        return row | {"reason": _why(inputs, found, mine)}
    least, most = least_most or (found.value, found.value)
    row |= {
        "corrected": found.value,
        "corrected_least": least,
        "corrected_most": most,
        "corrected_low": interval.low,
        "corrected_high": interval.high,
        "difference": None if share is None else round(found.value - share, 12) + 0.0,
        "reason": None,
    }
    return row | _pooled(share, mine, pooled, settings.confidence)


def _why(inputs: Inputs, found: Estimate, mine: pd.DataFrame) -> str:
    if inputs.labels is None:
        return "no labels were handed in"
    if found.n and not found.evidence.whole:
        return "a bucket of interest has no label"
    left = int(mine["unused"].sum())
    aside = f" ({left} more don't count)" if left else ""
    if found.n < LEAST_LABELS:
        return f"{found.n} label{'' if found.n == 1 else 's'}, where {LEAST_LABELS} are the least{aside}"
    return "all labels are of one source document"


def _uncorrected(
    rated: pd.DataFrame, shares: Mapping[str, float], confidence: float
) -> tuple[float | None, Interval | None]:
    weights = weights_of(rated, shares)
    if weights is None:
        return None, None
    values = rated["accuracy"].to_numpy(dtype=np.float64)
    clusters = pd.factorize(rated["source"])[0].astype(np.int64)
    share = min(1.0, max(0.0, float((weights * values).sum())))
    return share, of_prompts(values, clusters, confidence, weights)[0]


def _pooled_counts(both: pd.DataFrame) -> _Pooled:
    said = both.loc[both["right"].notna()]
    right, by_people = said["right"] > 0.5, said["label"]
    return _Pooled(
        (int((right & (by_people > 0.5)).sum()), int((by_people > 0.5).sum())),
        (int((~right & (by_people < 0.5)).sum()), int((by_people < 0.5).sum())),
    )


def _pooled(share: float | None, mine: pd.DataFrame, pooled: _Pooled, confidence: float) -> dict[str, Value]:
    """Rogan and Gladen's correction by the sensitivity and specificity that all models' labels have together."""
    prompts = int(mine.loc[mine["right"].notna(), "prompt_id"].nunique())
    found = None if share is None else rogan_gladen(share, prompts, *pooled, confidence)
    if found is None:
        return {}
    value, bounds = found
    return {
        "rogan_gladen_pooled": value,
        "rogan_gladen_pooled_low": bounds.low,
        "rogan_gladen_pooled_high": bounds.high,
    }
