"""How exact the labels make accuracy so far, and how many more it takes: for whoever labels, and for the report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from assay.labels.evidence import estimates, labelled
from assay.labels.sample import drawn
from assay.stats.prediction_powered import Estimate


@dataclass(frozen=True, slots=True)
class Progress:
    """Of one model."""

    model: str
    n: int
    """Labels that count."""
    half_width: float | None
    """Of the interval of its corrected accuracy; None without labels enough for one."""
    needed: int | None
    """Labels that the wanted half-width takes, those that there are included; None where labels of all its answers to the
    prompts of this run wouldn't do: then it takes more prompts."""


def progress(
    rated: pd.DataFrame,
    values: Mapping[str, float | None],
    shares: Mapping[str, float],
    seed: int,
    half_width: float,
    confidence: float,
) -> list[Progress]:
    """Of each model that has answers in every bucket of interest; arguments as in `assay.labels.evidence.labelled`."""
    found = estimates(labelled(rated, values, shares, seed), shares)
    return [progress_of(model, one, half_width, confidence) for model, one in found.items()]


def progress_of(model: str, found: Estimate, half_width: float, confidence: float) -> Progress:
    """Of one model, from its estimate so far."""
    bounds = found.interval(confidence)
    half = None if bounds is None else (bounds.high - bounds.low) / 2.0
    if half is not None and half <= half_width:
        return Progress(model, found.n, half, found.n)
    needed = found.needed(half_width, confidence)
    # The forecast is rougher than the interval that there is: while that is too wide, it takes more.
    if needed is not None and half is not None:
        needed = max(needed, found.n + 1) if found.n < found.prompts else None
    return Progress(model, found.n, half, needed)


def items_needed(
    rated: pd.DataFrame, items: Sequence[str], seed: int, models: Sequence[Progress]
) -> int | None:
    """How many items of the sample, from its first, hold the labels that every model needs.

    `items` are the answer ids of the whole sample in its order. None where a model needs more than there are.
    """
    place = {answer: number for number, answer in enumerate(items)}
    ours = drawn(rated, seed)
    most = 0
    for model in models:
        if model.needed is None:
            return None
        mine = ours.loc[ours["model"] == model.model, "answer_id"]
        places = np.sort([place[answer] for answer in mine if answer in place])
        if len(places) < model.needed:
            return None
        most = max(most, int(places[model.needed - 1]) + 1)
    return most
