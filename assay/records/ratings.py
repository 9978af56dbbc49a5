"""The table of ratings: how each model did on each prompt. All that is said of accuracy is made from it.

Leaves to others: how answers become right or wrong (`rated`), what follows from it (`assay.accuracy`).
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from assay.records.metrics import RATINGS, Value

_FLAGS = {
    "empty": "empty_share",
    "refusal_suspected": "refusal_share",
    "injection_suspected": "injection_share",
}


def rating_rows(
    by_prompt: pd.DataFrame, prompts: pd.DataFrame, answers: pd.DataFrame, models: Sequence[str]
) -> list[dict[str, Value]]:
    """One row per model and prompt, models in the order given and prompts in theirs; columns `metrics.RATINGS`.

    `by_prompt` are rows of `rated.rated_prompts`; `prompts` those of the bucket stage; `answers` those of the score stage.
    """
    known = prompts[["prompt_id", "dataset", "language", "tokens", "length"]]
    made = by_prompt.merge(known, on="prompt_id", how="left").merge(
        _flagged(answers), on=["model", "prompt_id"], how="left"
    )
    made["cut_share"] = made["cut"] / made["times"].where(made["times"] > 0)
    made["n_reused"] = made["reused"].astype(np.int64)
    made = made.rename(columns={"unjudged": "not_judged"})
    order = {prompt: place for place, prompt in enumerate(prompts["prompt_id"])}
    place = {model: number for number, model in enumerate(models)}
    made = made.assign(_model=made["model"].map(place), _prompt=made["prompt_id"].map(order))
    made = made.sort_values(["_model", "_prompt"], kind="stable")
    counts = ("tokens", "length", "asked", "answered", "n_reused", "answers", "without_verdict", "not_judged")
    rows: list[dict[str, Value]] = [
        {str(name): _value(value, name in counts) for name, value in row.items()}
        for row in made[[metric.name for metric in RATINGS]].to_dict("records")
    ]
    return rows


def _flagged(answers: pd.DataFrame) -> pd.DataFrame:
    """By model and prompt: the share of answers, each as often as it was given, that carry each flag."""
    times = answers["times"].to_numpy(dtype=np.float64)
    parts = {"model": answers["model"].astype(object), "prompt_id": answers["prompt_id"].astype(object)}
    flags = {name: times * answers[name].fillna(False).to_numpy(dtype=np.float64) for name in _FLAGS}
    sums = pd.DataFrame({**parts, **flags, "_times": times}).groupby(["model", "prompt_id"], sort=False).sum()
    shares = sums[list(_FLAGS)].div(sums["_times"].where(sums["_times"] > 0), axis=0)
    return shares.rename(columns=_FLAGS).reset_index()


def _value(value: object, count: bool) -> Value:
    if value is None or value != value:
        return None
    if isinstance(value, str):
        return value
    return int(value) if count else float(value)  # type: ignore[call-overload, arg-type]
