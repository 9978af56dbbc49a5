"""Ratings of a run that never was: what the tables of accuracy are made from, without records or files."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from assay.accuracy.inputs import Inputs
from assay.accuracy.settings import AccuracySettings
from assay.records.metrics import RATINGS


def rating(model: str, prompt: str, accuracy: float | None, **other: Any) -> dict[str, Any]:
    """A row of ratings: an answer to one prompt, of a document of its own."""
    row: dict[str, Any] = {
        "model": model,
        "prompt_id": prompt,
        "bucket": "short",
        "dataset": "facts",
        "language": "en",
        "source": prompt,
        "tokens": 1_000.0,
        "length": None,
        "asked": 1.0,
        "answered": 0.0 if accuracy is None else 1.0,
        "n_reused": 0.0,
        "answers": 0.0 if accuracy is None else 1.0,
        "without_verdict": 0.0,
        "not_judged": 0.0,
        "accuracy": accuracy,
        "accuracy_of_asked": accuracy or 0.0,
        "metric_score": accuracy,
        "cut_share": None if accuracy is None else 0.0,
        "empty_share": None if accuracy is None else 0.0,
        "refusal_share": None if accuracy is None else 0.0,
        "injection_share": None if accuracy is None else 0.0,
    }
    return row | other


def inputs_of(
    ratings: Iterable[Mapping[str, Any]],
    metrics: Mapping[str, str] | None = None,
    interest: str | dict[str, float] = "short",
    models: Sequence[str] = (),
    **settings: Any,
) -> Inputs:
    """Inputs with these ratings, without judges. `metrics` by set; models are those of the ratings, or as given."""
    frame = pd.DataFrame(list(ratings), columns=[metric.name for metric in RATINGS])
    numbers = [metric.name for metric in RATINGS if metric.kind != "text"]
    frame[numbers] = frame[numbers].astype("float64")
    labels = models or list(dict.fromkeys(frame["model"]))
    sets = list(dict.fromkeys(frame["dataset"]))
    answers = pd.DataFrame(
        {"dataset": sets, "metric": [(metrics or {}).get(name, "exact_match") for name in sets]}
    )
    return Inputs(
        AccuracySettings(
            models=tuple({"label": label, "id": f"id-{label}"} for label in labels),  # type: ignore[arg-type]
            dataset_of_interest=interest,
            seed=1,
            **settings,
        ),
        frame,
        answers,
        pd.DataFrame(),
        None,
        {},
    )
