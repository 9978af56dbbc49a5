"""The table `differences`: every two models on the same prompts, and whether they can be told apart.

Over the dataset of interest as the decision sees it and over all prompts; of what both answered and of what both were
asked. The comparison itself is the one that the decision makes where the most accurate model is asked for
(`assay.records.pairs`): same prompts, same difference, same test. Leaves to others: what follows from it.
"""

from collections.abc import Mapping
from itertools import combinations

import pandas as pd

from assay.accuracy.inputs import Inputs
from assay.records.metric import Metric, Value
from assay.records.pairs import compared
from assay.stats.multiplicity import holm
from assay.stats.paired import Compared, prompts_needed

MOST = 1_000_000
"""More prompts than this aren't named as what would tell two models apart."""

TELLS = "better"
ALIKE = "can't be told apart"
UNTESTED = "not compared"

COLUMNS: tuple[Metric, ...] = (
    Metric("a", "", "the first model of the pair", "text"),
    Metric("b", "", "the second", "text"),
    Metric(
        "over",
        "",
        "interest: the dataset of interest, each bucket with its share; all: every prompt, each counting the same",
        "text",
    ),
    Metric(
        "of",
        "",
        "answered: prompts that both answered; asked: prompts that both were asked, failures being wrong",
        "text",
    ),
    Metric("n", "prompts", "prompts that both have", "count"),
    Metric("documents", "documents", "source documents of these prompts: they are the clusters", "count"),
    Metric("a_better", "prompts", "those on which a's answers are the better ones", "count"),
    Metric("b_better", "prompts", "those on which b's are", "count"),
    Metric("difference", "percentage points", "accuracy of a less that of b, prompt by prompt"),
    Metric("difference_low", "percentage points", "lower end of its interval, for this pair alone"),
    Metric("difference_high", "percentage points", "upper end of its interval, for this pair alone"),
    Metric(
        "test",
        "",
        "mcnemar: the exact test, where every prompt has a document of its own and is right or wrong; else the signs of "
        "the documents' differences: sign_flip_exact where all were counted, sign_flip_drawn where 9,999 were drawn",
        "text",
    ),
    Metric("p", "", "two-sided p value of no difference"),
    Metric("p_adjusted", "", "by Holm's method over all pairs"),
    Metric(
        "better", "", "the model that is better, where p_adjusted is at most 1 less the confidence", "text"
    ),
    Metric("verdict", "", f"{TELLS}, {ALIKE}, or {UNTESTED} where fewer than 2 documents are shared", "text"),
    Metric(
        "more_prompts",
        "prompts",
        "about how many more would tell these two apart with a power of .8 at the adjusted level, if they differ as seen "
        f"here; null where they don't, where it is told, and beyond {MOST:,}",
        "count",
    ),
)

Row = dict[str, Value]

_OF: Mapping[str, str] = {"answered": "accuracy", "asked": "accuracy_of_asked"}


def rows(inputs: Inputs) -> list[Row]:
    """Rows of the table: every pair in the order of the benchmark, for each `over` and `of`."""
    settings = inputs.settings
    labels = [model.label for model in settings.models]
    ratings = inputs.ratings.assign(
        **{name: pd.factorize(inputs.ratings[name])[0] for name in ("prompt_id", "source")}
    )
    by_model: dict[str, pd.DataFrame] = {label: ratings.loc[ratings["model"] == label] for label in labels}
    made: list[Row] = []
    for over, shares in (("interest", settings.shares), ("all", None)):
        for of, column in _OF.items():
            pairs = list(combinations(labels, 2))
            found = [
                compared(by_model[a], by_model[b], column, shares, settings.confidence) for a, b in pairs
            ]
            adjusted = holm([1.0 if one is None else one.difference.p for one, _ in found])
            for (a, b), (one, n), p in zip(pairs, found, adjusted, strict=True):
                row: Row = {"a": a, "b": b, "over": over, "of": of, "n": n}
                made.append(row | _row(a, b, one, p, settings.confidence, len(pairs)))
    return made


def _row(a: str, b: str, found: Compared | None, p_adjusted: float, confidence: float, tests: int) -> Row:
    if found is None:
        return {"verdict": UNTESTED}
    difference = found.difference
    told = p_adjusted <= 1.0 - confidence and difference.value != 0
    wanted = (
        None
        if told
        else prompts_needed(
            found.n,
            difference.value,
            difference.standard_error,
            confidence,
            tests,
            documents=found.clusters,
        )
    )
    return {
        "documents": found.clusters,
        "a_better": found.a_better,
        "b_better": found.b_better,
        "difference": 100 * difference.value,
        "difference_low": 100 * difference.interval.low,
        "difference_high": 100 * difference.interval.high,
        "test": found.test,
        "p": difference.p,
        "p_adjusted": p_adjusted,
        "better": (a if difference.value > 0 else b) if told else None,
        "verdict": TELLS if told else ALIKE,
        "more_prompts": None if wanted is None or wanted > MOST else max(1, wanted - found.n),
    }
