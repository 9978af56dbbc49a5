"""A model's accuracy by a part of the panel beside that by the whole, on the same prompts.

A tie counts as half a correct answer here. Without one of three judges the other two are split on the very answers that it
decided: were ties left out, as elsewhere, no judge would ever seem to matter. What part, and why, is the caller's (`families`,
`left_out`).
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from assay.accuracy.inputs import Inputs
from assay.accuracy.votes import Votes
from assay.records.metric import Metric, Value
from assay.records.rated import weights_of
from assay.stats.paired import share_difference

Floats = NDArray[np.float64]

_TIE = 0.5

COLUMNS: tuple[Metric, ...] = (
    Metric("judges_left", "judges", "on the panel without them", "count"),
    Metric("judges_left_working", "judges", "those of them that work (see the table judges)", "count"),
    Metric(
        "quorum",
        "",
        "yes where those that are left and work are still more than half of the whole panel, else no",
        "text",
    ),
    Metric(
        "n",
        "prompts",
        "of the dataset of interest, with an accuracy by the whole panel and without them",
        "count",
    ),
    Metric("accuracy", "share", "by the whole panel, on these prompts; a tie counts as half"),
    Metric(
        "accuracy_without",
        "share",
        "by the judges that are left, by their own majority (or mean) and quorum; a tie counts as half",
    ),
    Metric("difference", "share", "accuracy - accuracy_without, prompt by prompt"),
    Metric("difference_low", "share", "lower end of its interval, paired and clustered by source document"),
    Metric("difference_high", "share", "upper end of its interval"),
)


def without(inputs: Inputs, found: Votes, model: str, left_out: Sequence[bool]) -> dict[str, Value]:
    """The columns `COLUMNS` for a model and the judges that are left out, of the panel in its order."""
    kept = [not out for out in left_out]
    working = sum(keep and works is not False for keep, works in zip(kept, found.working, strict=True))
    made: dict[str, Value] = {
        "judges_left": sum(kept),
        "judges_left_working": working,
        "quorum": "yes" if 2 * working > len(kept) else "no",
        "n": 0,
    }
    if not any(kept):
        return made
    both = _by_prompt(inputs, found, model, found.by([True] * len(kept), _TIE), found.by(kept, _TIE))
    made["n"] = len(both)
    weights = weights_of(both, inputs.settings.shares)
    if weights is None or not len(both):
        return made
    whole, part = (both[name].to_numpy(dtype=np.float64) for name in ("whole", "part"))
    made |= {
        "accuracy": float((weights * whole).sum()),
        "accuracy_without": float((weights * part).sum()),
        "difference": float((weights * (whole - part)).sum()),
    }
    clusters = pd.factorize(both["source"])[0].astype(np.int64)
    apart = share_difference(whole, part, clusters, inputs.settings.confidence, weights)
    if apart is not None:
        made |= {"difference_low": apart.interval.low, "difference_high": apart.interval.high}
    return made


def _by_prompt(inputs: Inputs, found: Votes, model: str, whole: Floats, part: Floats) -> pd.DataFrame:
    """The model's prompts of interest that have an accuracy both ways: bucket, source, whole, part."""
    prompts = inputs.ratings
    prompts = prompts.loc[
        prompts["model"].eq(model) & prompts["bucket"].isin(list(inputs.settings.shares)),
        ["prompt_id", "bucket", "source"],
    ]
    mine = found.answers["model"].eq(model).to_numpy()
    times = found.answers["times"].to_numpy(dtype=np.float64)[mine]
    sums: dict[str, object] = {"prompt_id": found.answers["prompt_id"].to_numpy()[mine]}
    for name, right in (("whole", whole[mine]), ("part", part[mine])):
        sums[f"{name}_decided"] = times * ~np.isnan(right)
        sums[f"{name}_right"] = times * np.nan_to_num(right)
    summed = pd.DataFrame(sums).groupby("prompt_id", sort=False).sum().reset_index()
    made = prompts.merge(summed, on="prompt_id", how="inner")
    made = made.loc[(made["whole_decided"] > 0) & (made["part_decided"] > 0)]
    return pd.DataFrame(
        {
            "bucket": made["bucket"].astype(object),
            "source": made["source"].fillna(made["prompt_id"]).astype(object),
            "whole": made["whole_right"] / made["whole_decided"],
            "part": made["part_right"] / made["part_decided"],
        }
    )
