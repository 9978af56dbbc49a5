"""The table `trends`: how accuracy changes with every doubling of the prompt, within each task.

Buckets of prompt size hold other tasks, so accuracy over all prompts of a bucket says little of what size does. Here prompts
are compared with others of their own set only: set by set, and pooled over sets with a level of its own for each.

Size is counted in doublings (log2 of the prompt's tokens): prompts span two or three orders of magnitude, a thousand tokens
more are much to a prompt of 500 and nothing to one of 30,000, and on that scale the few longest prompts don't carry the line
alone. A trend warns; nothing is corrected for it, and nothing is deleted.

Leaves to others: the regression and its interval (`assay.stats.trend`).
"""

import numpy as np
import pandas as pd

from assay.accuracy.inputs import Inputs
from assay.records.metric import Metric, Value
from assay.stats import trend
from assay.stats.multiplicity import holm

LEAST_DOCUMENTS = 20
"""Below, no trend is given: the intervals aren't held to their claim there."""

LEAST_DOUBLINGS = 0.5
"""Between the 5th and the 95th percentile of prompt size, within sets: below, prompts are all of about one size."""

COLUMNS: tuple[Metric, ...] = (
    Metric("model", "", "the model's label in the benchmark", "text"),
    Metric("scope", "", "set, or pooled: over all sets, each with a level of its own", "text"),
    Metric("name", "", "the set, or all sets", "text"),
    Metric("sets", "sets", "how many sets it is of: those with 2 prompts or more", "count"),
    Metric("n", "prompts", "prompts with an answer that has a verdict", "count"),
    Metric("documents", "documents", "source documents of these prompts: they are the clusters", "count"),
    Metric("tokens_p5", "tokens", "size of the prompts, 5th percentile"),
    Metric("tokens_p95", "tokens", "size of the prompts, 95th percentile"),
    Metric("accuracy", "share", "mean over these prompts"),
    Metric(
        "points_per_doubling",
        "percentage points",
        "by how much accuracy changes where the prompt is twice as long, among prompts of the same set; null where there "
        "are too few documents or sizes, which `reason` tells; without an interval where every prompt has the same accuracy",
    ),
    Metric(
        "points_per_doubling_low", "percentage points", "lower end of its interval, clustered by document"
    ),
    Metric(
        "points_per_doubling_high", "percentage points", "upper end of its interval, clustered by document"
    ),
    Metric("p", "", "two-sided p value of no trend"),
    Metric(
        "p_adjusted",
        "",
        "by Holm's method over all rows of this scope: sets of all models, or all models pooled",
    ),
    Metric(
        "trend", "", "falls or rises where p_adjusted is below 1 less the confidence, else none shown", "text"
    ),
    Metric("reason", "", "why there is no trend, or no interval of it", "text"),
)

Row = dict[str, Value]


def rows(inputs: Inputs) -> list[Row]:
    """Rows of the table: of each model the pooled trend, then that of each set."""
    settings = inputs.settings
    known = inputs.ratings.loc[
        inputs.ratings["accuracy"].notna() & (inputs.ratings["tokens"].astype("float64") > 0)
    ]
    made: list[Row] = []
    for model in settings.models:
        mine = known.loc[known["model"] == model.label]
        mine = mine.assign(dataset=mine["dataset"].fillna(""))
        made.append(
            {"model": model.label, "scope": "pooled", "name": "all sets", **_trend(mine, settings.confidence)}
        )
        for name, of_set in mine.groupby("dataset", sort=False):
            made.append(
                {
                    "model": model.label,
                    "scope": "set",
                    "name": str(name),
                    **_trend(of_set, settings.confidence),
                }
            )
    for scope in ("pooled", "set"):
        tested = [row for row in made if row["scope"] == scope and row["p"] is not None]
        for row, p in zip(tested, holm([float(row["p"] or 0.0) for row in tested]), strict=True):
            row["p_adjusted"] = p
            slope = float(row["points_per_doubling"] or 0.0)
            shown = p <= 1.0 - settings.confidence
            row["trend"] = ("falls" if slope < 0 else "rises") if shown else "none shown"
    return made


def _trend(prompts: pd.DataFrame, confidence: float) -> Row:
    """Everything of a row but what it is about and what depends on other rows."""
    sizes = prompts["dataset"].value_counts()
    used = prompts.loc[prompts["dataset"].map(sizes) > 1] if len(sizes) > 1 else prompts
    tokens = used["tokens"].to_numpy(dtype=np.float64)
    strata = pd.factorize(used["dataset"])[0].astype(np.int64)
    row: Row = {
        "sets": int(used["dataset"].nunique()),
        "n": len(used),
        "documents": int(used["source"].nunique()),
        "tokens_p5": float(np.percentile(tokens, 5)) if len(tokens) else None,
        "tokens_p95": float(np.percentile(tokens, 95)) if len(tokens) else None,
        "accuracy": float(used["accuracy"].mean()) if len(used) else None,
        "points_per_doubling": None,
        "points_per_doubling_low": None,
        "points_per_doubling_high": None,
        "p": None,
        "p_adjusted": None,
        "trend": None,
        "reason": None,
    }
    documents = used["source"].nunique()
    if documents - used["dataset"].nunique() + 1 < LEAST_DOCUMENTS:
        return row | {
            "reason": f"fewer than {LEAST_DOCUMENTS} documents{' beyond one for each further set' if len(sizes) > 1 else ''}"
        }
    doublings = np.log2(tokens)
    own = doublings - (np.bincount(strata, weights=doublings) / np.bincount(strata))[strata]
    if float(np.ptp(np.percentile(own, [5, 95]))) < LEAST_DOUBLINGS:
        return row | {"reason": "prompts of a set are all of about one size"}
    if float(np.ptp(used["accuracy"].to_numpy(dtype=np.float64))) == 0:
        return row | {"points_per_doubling": 0.0, "reason": "every prompt has the same accuracy"}
    found = trend.within(
        doublings,
        used["accuracy"].to_numpy(dtype=np.float64),
        strata,
        pd.factorize(used["source"])[0].astype(np.int64),
        confidence,
    )
    if found is None:
        return row | {"reason": "one document carries it alone"}
    return row | {
        "points_per_doubling": 100 * found.slope,
        "points_per_doubling_low": 100 * found.interval.low,
        "points_per_doubling_high": 100 * found.interval.high,
        "p": found.p,
    }
