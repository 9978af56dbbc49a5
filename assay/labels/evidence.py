"""What people's labels say of a run: each model's answers with the labels that count, ready to be corrected by.

A label counts for a model if it is of the answer that was drawn for that model and prompt, and if labels were given in the
order of the draw: in each bucket, as far as people looked at 9 of 10 at least of the model's drawn answers. So rows that
somebody picked don't count, nor do a new model's answers that have a label only because an earlier model gave the same text:
those are right more often than others. An answer that people are unsure of was looked at: it takes no label after it away, but
it may well be another kind of answer than those with a label, so it is marked (`unsure`). Leaves to others: files (`labels`), the estimate (`assay.stats.prediction_powered`).
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from assay.labels.sample import drawn
from assay.stats.prediction_powered import Codes, Estimate, Evidence, Floats

IN_ORDER = 0.9
"""Of the drawn answers up to a label, so many have to have been looked at."""

WRONG, RIGHT, NO_VERDICT, BETWEEN = range(4)
"""What is said of an answer. `BETWEEN`: a rating, or a metric's score, from .375 to .625."""

PREDICTED = np.array([0.0, 1.0, 0.5, 0.5])


def strata(right: Floats) -> Codes:
    """What is said of each answer, from its `right`: from 0 to 1, NaN without a verdict of the panel."""
    found = np.full(len(right), BETWEEN, dtype=np.int64)
    found[right < 0.375] = WRONG
    found[right > 0.625] = RIGHT
    found[np.isnan(right)] = NO_VERDICT
    return found


def labelled(
    rated: pd.DataFrame, values: Mapping[str, float | None], shares: Mapping[str, float], seed: int
) -> pd.DataFrame:
    """The answers to prompts of interest with `label`, `unused` (there is a label that doesn't count) and `unsure`.

    `rated` are answers of the score stage, prompts in the order in which they were drawn, with `right`; `values` are labels by
    answer id, from 0 to 1, or None where people looked and couldn't tell. `label` is NaN where there is none that counts;
    `unsure` marks drawn answers among those with a label that counts which have none: skipped, or passed over.
    """
    ours = rated.loc[rated["bucket"].isin(list(shares))].reset_index(drop=True)
    found = [values.get(answer, np.nan) for answer in ours["answer_id"]]
    given = np.array([np.nan if value is None else value for value in found], dtype=np.float64)
    there = ~np.isnan(given)
    seen = there | np.array([value is None for value in found], dtype=bool)
    chosen = np.zeros(len(ours), dtype=bool)
    chosen[drawn(ours, seed).index] = True
    reached = np.zeros(len(ours), dtype=bool)
    candidates = np.flatnonzero(chosen)
    keys = ours.loc[chosen, ["model", "bucket"]]
    for rows in keys.groupby(["model", "bucket"], sort=False).indices.values():
        places = candidates[rows]
        reached[places[: _in_order(seen[places])]] = True
    counts = reached & there
    return ours.assign(label=np.where(counts, given, np.nan), unused=there & ~counts, unsure=reached & ~there)


def _in_order(seen: NDArray[np.bool_]) -> int:
    """How many of the drawn answers, from the first, form the longest stretch that ends with one of which 9 in 10 were seen."""
    enough = seen & (np.cumsum(seen) >= IN_ORDER * np.arange(1, len(seen) + 1))
    return int(np.flatnonzero(enough)[-1]) + 1 if enough.any() else 0


def extremes(found: pd.DataFrame, shares: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    """By model, corrected accuracy if all that people are `unsure` of is wrong, and if it is right; rows of `labelled`."""
    least, most = (
        estimates(found.assign(label=found["label"].mask(found["unsure"], value)), shares)
        for value in (0.0, 1.0)
    )
    return {model: (least[model].value, most[model].value) for model in least}


def estimates(found: pd.DataFrame, shares: Mapping[str, float]) -> dict[str, Estimate]:
    """Corrected accuracy on the mix of buckets by model, from rows of `labelled`.

    Without a model that has no answer in one of the buckets.
    """
    source = found["source"].where(found["source"].notna(), found["prompt_id"])
    numbers = {name: number for number, name in enumerate(shares)}
    answers = _Answers(
        np.array([numbers[bucket] for bucket in found["bucket"]], dtype=np.int64),
        pd.factorize(found["prompt_id"])[0].astype(np.int64),
        pd.factorize(source)[0].astype(np.int64),
        found["times"].to_numpy(dtype=np.float64),
        strata(found["right"].to_numpy(dtype=np.float64)),
        found["label"].to_numpy(dtype=np.float64),
        found["unsure"].to_numpy(dtype=bool) if "unsure" in found else np.zeros(len(found), dtype=bool),
    )
    share = np.array(list(shares.values()), dtype=np.float64)
    made: dict[str, Estimate] = {}
    for model, rows in found[["model"]].groupby("model", sort=False).indices.items():
        evidence = _evidence(answers, np.asarray(rows), share)
        if evidence is not None:
            made[str(model)] = Estimate(evidence)
    return made


class _Answers(NamedTuple):
    """Of all models."""

    bucket: Codes
    prompt: Codes
    document: Codes
    times: Floats
    stratum: Codes
    label: Floats
    unsure: NDArray[np.bool_]


def _evidence(answers: _Answers, rows: NDArray[np.intp], share: Floats) -> Evidence | None:
    bucket, times, label = answers.bucket[rows], answers.times[rows], answers.label[rows]
    _, first, prompt = np.unique(answers.prompt[rows], return_index=True, return_inverse=True)
    prompts = np.bincount(bucket[first], minlength=len(share)).astype(np.float64)
    labels = np.bincount(bucket[~np.isnan(label)], minlength=len(share)).astype(np.float64)
    if (prompts == 0).any():
        return None
    weight = (share / prompts)[bucket] * times / np.bincount(prompt, weights=times)[prompt]
    chance = share / np.maximum(labels, 1.0)
    return Evidence(
        weight / weight.sum(),
        prompt.astype(np.int64),
        answers.document[rows],
        answers.stratum[rows],
        label,
        np.where(np.isnan(label), 0.0, chance[bucket]),
        bool((labels > 0).all()),
        PREDICTED,
        int((answers.unsure[rows] & np.isnan(label)).sum()),
    )


def of_labels(found: pd.DataFrame, model: Any = None) -> pd.DataFrame:
    """Rows of `labelled` whose label counts, of one model; of all models together each answer once."""
    counted = found.loc[found["label"].notna()]
    return counted.drop_duplicates("answer_id") if model is None else counted.loc[counted["model"] == model]
