"""The table `families`: judges of a model's own family, and its accuracy without them.

A judge favours its own family. Leaving judges out moves accuracy without any favour too, since smaller panels err otherwise
(`left_out` has each judge's part). So `favour` asks for the favour itself: whether these judges are milder to their own family
than they are to the models of others, as held against the other judges on the same answers (the self-preference of Zheng et
al. 2023, arXiv:2306.05685, and Panickssery et al. 2024, arXiv:2404.13076). Near 0 doesn't clear them: the others may share their
taste, and families that can't be told from ids aren't compared.
"""

import math

import numpy as np
from numpy.typing import NDArray

from assay.accuracy import recomputed
from assay.accuracy.inputs import Inputs
from assay.accuracy.votes import Votes, family_of, votes
from assay.records.metric import Metric, Value
from assay.stats.distributions import t_quantile
from assay.stats.interval import tail

COLUMNS: tuple[Metric, ...] = (
    Metric("model", "", "the model's label in the benchmark", "text"),
    Metric("model_id", "", "Bedrock model id, inference profile id or ARN", "text"),
    Metric(
        "family",
        "",
        "its family: as judges.families says, else as its id tells; null where neither does",
        "text",
    ),
    Metric("same_family", "", "the judges of that family, by label; null where there is none", "text"),
    Metric("same_family_n", "judges", "how many they are", "count"),
    Metric("family_unknown_n", "judges", "judges whose family isn't known: they may be of it too", "count"),
    Metric(
        "favour",
        "share",
        "how much milder these judges are than the other judges on the same answers, on this model's answers less on those of "
        "models of other families; null where there are none, or no other judge",
    ),
    Metric("favour_low", "share", "lower end of its interval, clustered by source document"),
    Metric("favour_high", "share", "upper end of its interval"),
    *recomputed.COLUMNS,
)

LEAST_DOCUMENTS = 20
"""With fewer clusters nothing is said of the error of a favour."""
_NOTHING = 1e-12


def rows(inputs: Inputs) -> list[dict[str, Value]]:
    """One row per model; none without judges. Where no judge is of its family, there is nothing to recompute."""
    if inputs.panel is None or not inputs.settings.judges:
        return []
    found = votes(inputs)
    given = inputs.settings.families
    families = [family_of(judge, given) for judge in found.judges]
    made: list[dict[str, Value]] = []
    for model in inputs.settings.models:
        mine = family_of(model, given)
        own = [mine is not None and one == mine for one in families]
        row: dict[str, Value] = {
            "model": model.label,
            "model_id": model.id,
            "family": mine,
            "same_family": ", ".join(
                judge.label for judge, same in zip(found.judges, own, strict=True) if same
            )
            or None,
            "same_family_n": sum(own),
            "family_unknown_n": sum(one is None for one in families),
        }
        if any(own):
            others = [
                line.label for line in inputs.settings.models if family_of(line, given) not in (None, mine)
            ]
            row |= _favour(found, model.label, others, own, inputs.settings.confidence)
            row |= recomputed.without(inputs, found, model.label, own)
        made.append(row)
    return made


def _favour(
    found: Votes, model: str, elsewhere: list[str], own: list[bool], confidence: float
) -> dict[str, Value]:
    """Mean distance of the `own` judges from the others on the model's answers, less that on those of the models elsewhere.

    By the jackknife over documents (Wolter 2007, chapter 4), which the models share: t with G - 1 degrees of freedom.
    """
    theirs = [not same for same in own]
    stated, away = ~np.isnan(found.said), found.answers["model"].isin(elsewhere).to_numpy()
    counts = [stated[:, chosen].sum(axis=1) for chosen in (own, theirs)]
    both = (counts[0] > 0) & (counts[1] > 0)
    here = both & found.answers["model"].eq(model).to_numpy()
    away = away & both
    if not here.any() or not away.any():
        return {"favour": None}
    mine, other = (
        np.nansum(found.said[:, chosen], axis=1) / np.maximum(n, 1)
        for chosen, n in zip((own, theirs), counts, strict=True)
    )
    apart = mine - other
    cluster = np.unique(found.clusters[here | away], return_inverse=True)[1]
    groups = int(cluster.max()) + 1
    sums = [
        np.bincount(cluster, weights=values[here | away], minlength=groups)
        for values in (here * apart, here.astype(np.float64), away * apart, away.astype(np.float64))
    ]
    value = float(_contrast(*(part.sum(keepdims=True) for part in sums))[0])
    without = _contrast(*(part.sum() - part for part in sums))
    if groups < LEAST_DOCUMENTS or not np.isfinite(without).all():
        return {"favour": value}
    error = math.sqrt(float(np.square(without - value).sum()) * (groups - 1) / groups)
    if error <= _NOTHING:  # judges that never differ show no spread to tell an error by
        return {"favour": value}
    half = t_quantile(1.0 - tail(confidence), groups - 1) * error
    return {"favour": value, "favour_low": value - half, "favour_high": value + half}


def _contrast(
    above: NDArray[np.float64],
    n: NDArray[np.float64],
    above_away: NDArray[np.float64],
    n_away: NDArray[np.float64],
) -> NDArray[np.float64]:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(above / n - above_away / n_away)
