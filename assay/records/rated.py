"""Accuracy by prompt: what the panel, or without judges the dataset's own metric, says of each model's answers.

A prompt counts once, however often it was asked: its answers are averaged by how many requests gave them. Prompts
that share a source document are one cluster. Answers that were reused from other runs count for accuracy, where this run
has none to a prompt, and for nothing that is about what this run asked. Leaves to others: verdicts (`assay.judging`), scores (`assay.metrics`).
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from assay.judging.panel import panel_table
from assay.records.metric import Value
from assay.stats import shares as share_stats
from assay.stats.interval import Interval

Floats = NDArray[np.float64]

FLAGS = ("empty", "refusal_suspected", "injection_suspected")
"""What the score stage says of an answer beside its score."""

_SKEW = {
    "max_tokens_share": "cut",
    "empty_share": "empty",
    "refusal_share": "refusal_suspected",
    "injection_share": "injection_suspected",
}


def panel_of(verdicts: pd.DataFrame, judges: Sequence[str]) -> pd.DataFrame:
    """The panel's verdict (`panel`) on each answer: see `assay.judging.panel`."""
    return panel_table([verdicts], judges)


def rated_answers(answers: pd.DataFrame, panel: pd.DataFrame | None) -> pd.DataFrame:
    """The answers with `right`: 1 or 0 by the panel's majority, (mean - 1) / 4 of its ratings of 1 to 5, NaN without a verdict
    of the panel; without a panel, the metric's score.

    And with `unjudged`: whether there is no verdict since judges weren't asked, so that nothing is known of the answer.
    """
    made = answers.copy(deep=False)
    if panel is None:
        made["right"], made["unjudged"] = made["score"].astype("float64"), False
        return made
    found = panel[["model", "answer_id", "panel", "rating", "not_asked"]].drop_duplicates(
        ["model", "answer_id"]
    )
    joined = made[["model", "answer_id"]].merge(found, on=["model", "answer_id"], how="left")
    stated = joined["panel"].map({"correct": 1.0, "incorrect": 0.0}).astype("float64")
    made["right"] = stated.fillna((joined["rating"].astype("float64") - 1) / 4).to_numpy()
    made["unjudged"] = made["right"].isna() & (joined["not_asked"] > 0).to_numpy(dtype=bool)
    return made


def rated_prompts(answers: pd.DataFrame, records: pd.DataFrame, sources: Mapping[str, str]) -> pd.DataFrame:
    """One row per model and prompt that was asked, or that has a reused answer, of answers with `right` and of records.

    Columns: model, bucket, prompt_id, source; `asked` and `answered` (measured requests of this run), `reused` (whether
    its answers are those of other runs), `accuracy` (of the answers with a verdict; NaN without one), `accuracy_of_asked`
    (NaN where this run didn't ask, or no judge was asked), `metric_score` (NaN without an answer), `answers`,
    `without_verdict` and `unjudged` (answers, those without a verdict, those of them that judges weren't asked about), and
    `cut`, `empty`, `refusal_suspected` and `injection_suspected` (of `times` answers, each as often as it was given, those
    that were cut at the limit of tokens, that are empty, that look like a refusal or seem to talk to the judge).
    """
    measured = records.loc[records["role"] == "measured", ["model", "bucket", "prompt_id", "ok"]]
    measured = measured.assign(ok=measured["ok"].fillna(False).astype("float64"))
    keys = ["model", "bucket", "prompt_id"]
    asked = (
        measured.groupby(keys, observed=True, sort=False)["ok"]
        .agg(asked="size", answered="sum")
        .reset_index()
    )
    asked[keys] = asked[keys].astype(object)
    times = answers["times"].to_numpy(dtype=np.float64)
    right = answers["right"].to_numpy(dtype=np.float64)
    decided = ~np.isnan(right)
    reused = (
        answers["reused"].fillna(False).to_numpy(dtype=bool)
        if "reused" in answers
        else np.zeros(len(answers), dtype=bool)
    )
    correct = np.where(decided, times * np.nan_to_num(right), 0.0)
    unjudged = answers["unjudged"].to_numpy(dtype=bool)
    sums = pd.DataFrame(
        {
            "model": answers["model"].astype(object),
            "prompt_id": answers["prompt_id"].astype(object),
            "times": times,
            "decided": times * decided,
            "correct": correct,
            "correct_here": np.where(reused, 0.0, correct),
            "reused": reused.astype(np.float64),
            "scored": times * answers["score"].to_numpy(dtype=np.float64),
            "answers": 1.0,
            "without_verdict": (~decided).astype(np.float64),
            "unjudged": unjudged.astype(np.float64),
            "unjudged_here": np.where(reused, 0.0, times * unjudged),
            "cut": times * np.nan_to_num(answers["stop_reason_max_tokens"].to_numpy(dtype=np.float64)),
            **{flag: times * _flagged(answers, flag) for flag in FLAGS},
        }
    )
    summed = sums.groupby(["model", "prompt_id"], sort=False).sum().reset_index()
    if reused.any():
        asked = pd.concat([asked, _not_asked(answers.loc[reused], asked)], ignore_index=True)
    made = asked.merge(summed, on=["model", "prompt_id"], how="left")
    counts = [str(name) for name in sums if name not in ("model", "prompt_id", "scored")]
    made[counts] = made[counts].fillna(0.0)
    made["reused"] = made["reused"] > 0
    made["accuracy"] = made["correct"] / made["decided"].where(made["decided"] > 0)
    known = made["asked"] - made["unjudged_here"]
    made["accuracy_of_asked"] = (made["correct_here"] / known.where(known > 0)).clip(upper=1.0)
    made["metric_score"] = made["scored"] / made["times"].where(made["times"] > 0)
    made["source"] = [sources.get(prompt, prompt) for prompt in made["prompt_id"]]
    return made


def _flagged(answers: pd.DataFrame, flag: str) -> Floats:
    """1 where the score stage raised the flag, else 0."""
    if flag not in answers:
        return np.zeros(len(answers))
    return answers[flag].fillna(False).to_numpy(dtype=np.float64)


def _not_asked(reused: pd.DataFrame, asked: pd.DataFrame) -> pd.DataFrame:
    """Rows like those of `asked` for the prompts of reused answers that this run didn't ask itself."""
    there = set(zip(asked["model"], asked["prompt_id"], strict=True))
    prompts = reused[["model", "bucket", "prompt_id"]].drop_duplicates(["model", "prompt_id"])
    new = [key not in there for key in zip(prompts["model"], prompts["prompt_id"], strict=True)]
    return prompts.loc[new].astype(object).assign(asked=0, answered=0.0)


def weights_of(prompts: pd.DataFrame, shares: Mapping[str, float] | None) -> Floats | None:
    """The weight of each prompt in a mix of buckets, its bucket's share over its number of prompts.

    All the same without shares. None where the mix has a bucket without a prompt: then nothing can be said of it.
    """
    if shares is None:
        return np.full(len(prompts), 1.0 / len(prompts)) if len(prompts) else None
    codes, names = pd.factorize(prompts["bucket"])
    if not set(shares) <= set(names):
        return None
    counts = np.bincount(codes[codes >= 0], minlength=len(names))
    each = [shares.get(name, np.nan) / count for name, count in zip(names, counts, strict=True)]
    return np.array([*each, np.nan])[codes]  # the last is of no bucket


def rates(
    prompts: pd.DataFrame, shares: Mapping[str, float] | None, confidence: float, judged: bool
) -> dict[str, Value]:
    """The columns `assay.records.metrics.RATED` for rows of `rated_prompts` of one model.

    `shares` picks and weighs buckets; None takes all, pooled.
    """
    chosen = prompts if shares is None else prompts.loc[prompts["bucket"].isin(list(shares))]
    made: dict[str, Value] = {}
    for name, counted in (
        ("accuracy", "accuracy_n"),
        ("accuracy_of_asked", "accuracy_of_asked_n"),
        ("metric_score", None),
    ):
        there = chosen.loc[chosen[name].notna()]
        share, bounds, method = _mean(there, name, shares, confidence)
        made[name] = share
        if name == "accuracy":
            made["accuracy_interval"] = method
        made[f"{name}_low"] = None if bounds is None else bounds.low
        made[f"{name}_high"] = None if bounds is None else bounds.high
        if counted is not None:
            made[counted] = len(there)
    made["accuracy_n_reused"] = int((chosen["reused"] & chosen["accuracy"].notna()).sum())
    answered = float(chosen["times"].sum())
    made["answers"] = int(chosen["answers"].sum())
    made["answers_without_verdict"] = int(chosen["without_verdict"].sum()) if judged else 0
    made["answers_not_judged"] = int(chosen["unjudged"].sum())
    for share_of, column in _SKEW.items():
        made[share_of] = float(chosen[column].sum()) / answered if answered else None
    return made


def _mean(
    prompts: pd.DataFrame, name: str, shares: Mapping[str, float] | None, confidence: float
) -> tuple[float | None, Interval | None, str | None]:
    weights = weights_of(prompts, shares)
    if weights is None:
        return None, None, None
    values = prompts[name].to_numpy(dtype=np.float64)
    clusters = pd.factorize(prompts["source"])[0].astype(np.int64)
    share = min(1.0, max(0.0, float((weights * values).sum())))
    return share, *share_stats.of_prompts(values, clusters, confidence, weights)
