"""The table of ratings: how each model did on each prompt. All that is said of accuracy is made from it.

Leaves to others: how answers become right or wrong (`rated`), what follows from it (`assay.accuracy`).
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from assay.records.metric import Value
from assay.records.metrics import RATINGS

SKEW = {
    "cut_share": "cut",
    "empty_share": "empty",
    "refusal_share": "refusal_suspected",
    "injection_share": "injection_suspected",
}
"""Shares of a prompt's answers, and the column of `rated_prompts` that counts each."""


def rating_rows(
    by_prompt: pd.DataFrame, prompts: pd.DataFrame, models: Sequence[str]
) -> list[dict[str, Value]]:
    """One row per model and prompt, models in the order given and prompts in theirs; columns `metrics.RATINGS`.

    `by_prompt` are rows of `rated.rated_prompts`; `prompts` those of the bucket stage.
    """
    known = prompts[["prompt_id", "dataset", "language", "tokens", "length"]]
    made = by_prompt.merge(known, on="prompt_id", how="left")
    given = made["times"].where(made["times"] > 0)
    for share, column in SKEW.items():
        made[share] = made[column] / given
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


def _value(value: object, count: bool) -> Value:
    if value is None or value != value:
        return None
    if isinstance(value, str):
        return value
    return int(value) if count else float(value)  # type: ignore[call-overload, arg-type]
