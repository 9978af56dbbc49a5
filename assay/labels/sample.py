"""Which answers people are asked to label: drawn at random, in an order that more labels only extend.

Prompts come in the order in which the bucket stage drew them, which depends on the seed and on nothing that was measured;
buckets of interest take turns in proportion to their weights. Of each prompt, each model's answer comes next to the others',
in an order that tells nothing of the models: a text that several gave is one item, and of a model that gave several to one
prompt one is drawn, in proportion to how often it was given. Leaves to others: the file (`labels`), what the labels say
(`assay.accuracy.corrected`).
"""

import hashlib
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from assay.labels.labels import SAMPLE_COLUMNS, item_of, write_rows

COLUMNS = ("place", "item", "answer_id", "prompt_id", "bucket", "question", "references", "answer")
"""Of the whole order. `place` counts items from 0, `references` is a list."""


def drawn(answers: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Of each model and prompt the one answer that stands for it: the rows of `answers` (of the score stage) drawn.

    In proportion to `times`, by an exponential clock that runs from the seed and the answer alone (the smallest of -log(u) /
    times wins; Efraimidis and Spirakis 2006): so it is the same whatever else is in the run, and models that gave the same
    texts equally often have the same one drawn. The order of the rows stays.
    """
    if answers.empty:
        return answers
    uniform = {answer: _uniform(f"{seed}\0drawn\0{answer}") for answer in answers["answer_id"].unique()}
    rings = [
        -math.log(uniform[answer]) / max(float(times), 1e-9)
        for answer, times in zip(answers["answer_id"], answers["times"], strict=True)
    ]
    clocks = answers.assign(_rings=rings)
    first = clocks.groupby(["model", "prompt_id"], sort=False)["_rings"].idxmin()
    return answers.loc[sorted(first)]


def sample(
    answers: pd.DataFrame, prompts: pd.DataFrame, shares: Mapping[str, float], seed: int
) -> pd.DataFrame:
    """All items of the buckets of interest in the order in which they are to be labelled; columns `COLUMNS`.

    `answers` are rows of the score stage of all models (with a unique index), `prompts` those of the bucket stage (prompt_id,
    bucket, position), `shares` the weights of the buckets of interest.
    """
    ours = answers.loc[answers["bucket"].isin(list(shares))]
    order = _order(prompts, shares)
    items = drawn(ours, seed).drop_duplicates("answer_id")
    items = items.loc[items["prompt_id"].isin(order.keys())]
    turn = [
        (order[prompt], hashlib.sha256(f"{seed}\0turn\0{answer}".encode()).digest())
        for prompt, answer in zip(items["prompt_id"], items["answer_id"], strict=True)
    ]
    items = items.iloc[sorted(range(len(items)), key=turn.__getitem__)].reset_index(drop=True)
    return pd.DataFrame(
        {
            "place": range(len(items)),
            "item": [item_of(answer) for answer in items["answer_id"]],
            "answer_id": items["answer_id"].astype(object),
            "prompt_id": items["prompt_id"].astype(object),
            "bucket": items["bucket"].astype(object),
            "question": items["question"].fillna("").astype(object),
            "references": [[] if found is None else list(found) for found in items["answers"]],
            "answer": items["text"].fillna("").astype(object),
        },
        columns=list(COLUMNS),
    )


def first(items: pd.DataFrame, n: int) -> pd.DataFrame:
    """The first `n` items of the order, and those after them that answer the same prompt as the last one."""
    if n >= len(items):
        return items
    last = items["prompt_id"].iloc[n - 1]
    more = items.iloc[n:]
    same = int((more["prompt_id"] == last).cumprod().sum())
    return items.iloc[: n + same]


def write_sample(path: Path, items: pd.DataFrame) -> None:
    """Items as a CSV file with a column for the label: to be filled in, in a spreadsheet, and handed in.

    What the rows say of label, labeler and note is written as it is; by default they are blank.
    """
    write_rows(path, SAMPLE_COLUMNS, [_row(item) for item in items.to_dict("records")])


def _row(item: Mapping[Any, Any]) -> dict[str, object]:
    return {
        "item": item["item"],
        "question": item["question"],
        "references": "\n".join(str(reference) for reference in item["references"]),
        "answer": item["answer"],
        **{name: item.get(name, "") for name in ("label", "labeler", "note")},
    }


def _order(prompts: pd.DataFrame, shares: Mapping[str, float]) -> dict[str, tuple[float, int, int]]:
    """When each prompt of interest has its turn: its place in its bucket over the bucket's weight, smallest first."""
    bucket_order = {bucket: number for number, bucket in enumerate(shares)}
    found: dict[str, tuple[float, int, int]] = {}
    for prompt, bucket, position in zip(
        prompts["prompt_id"], prompts["bucket"], prompts["position"], strict=True
    ):
        if bucket in bucket_order:
            turn = (float(position) + 0.5) / shares[bucket]
            found[prompt] = (turn, bucket_order[bucket], int(position))
    return found


def _uniform(text: str) -> float:
    """A number from 0 to 1, both excluded, that a hash of the text gives."""
    drawn_bits = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 11
    return (drawn_bits + 0.5) / 2.0**53
