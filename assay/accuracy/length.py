"""Whether a judge's verdicts move with the length of an answer where the other judges' don't.

The slope of what a judge says over the logarithm of an answer's words, among answers of the same model on which the others
agree: of verdicts, answers that their majority calls the same; of ratings, what their mean explains is taken out of both
first (Frisch and Waugh 1933; Lovell 1963). It is no proof of a bias: a longer answer may be better or worse in ways that only
this judge sees. Nor is a slope of 0 proof of none: where all judges favour length alike, nobody stands out.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from assay.accuracy.votes import Votes
from assay.stats.trend import Trend, within

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


def length_trend(votes: Votes, judge: int, others: Floats, confidence: float) -> tuple[int, Trend | None]:
    """Over how many answers it was seen, and by how much (0 to 1) what a judge says rises with every doubling of the words.

    `others` is what the rest of the panel says of each answer. Answers without a word have no doubling, and are left out.
    """
    words = votes.answers["words"].to_numpy(dtype=np.float64)
    said = votes.said[:, judge]
    here = ~(np.isnan(said) | np.isnan(others)) & (words > 0)
    if not here.any():
        return 0, None
    x, y, level = np.log2(words[here]), said[here], others[here]
    model = pd.factorize(votes.answers["model"].to_numpy()[here])[0].astype(np.int64)
    if votes.kind == "correctness":
        strata = model * 2 + level.astype(np.int64)
    else:
        strata, beside = model, _from_means(level, model)
        spread = float(beside @ beside)
        if spread > 1e-9 * len(x):
            x, y = (
                values - beside * float(beside @ _from_means(values, model)) / spread for values in (x, y)
            )
    return int(here.sum()), within(x, y, strata, votes.clusters[here], confidence)


def _from_means(values: Floats, groups: Codes) -> Floats:
    means = np.bincount(groups, weights=values) / np.maximum(np.bincount(groups), 1)
    return np.asarray(values - means[groups])
