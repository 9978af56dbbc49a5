"""Two models on the prompts that both were rated on: the one comparison of accuracy that the decision and the tables share.

Leaves to others: the test itself (`assay.stats.paired`), how many pairs are tested at once, and what follows.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from assay.records.rated import weights_of
from assay.stats import paired


def compared(
    first: pd.DataFrame,
    second: pd.DataFrame,
    column: str,
    shares: Mapping[str, float] | None,
    confidence: float,
) -> tuple[paired.Compared | None, int]:
    """How far `column` of the first model lies from that of the second, prompts paired, and on how many prompts.

    `first` and `second` are a model's rows by prompt, with prompt_id, bucket, source and `column`; prompts that lack a value
    for either are left out. `shares` picks and weighs buckets; None takes all, pooled. None where fewer than 2 documents
    are left, or where the mix has a bucket without a prompt.
    """
    columns = ["prompt_id", column]
    both = first.loc[first[column].notna(), [*columns, "bucket", "source"]].merge(
        second.loc[second[column].notna(), columns], on="prompt_id", suffixes=("", "_second")
    )
    if shares is not None:
        both = both.loc[both["bucket"].isin(list(shares))]
    weights = weights_of(both, shares)
    if weights is None:
        return None, len(both)
    found = paired.compared(
        both[column].to_numpy(dtype=np.float64),
        both[f"{column}_second"].to_numpy(dtype=np.float64),
        pd.factorize(both["source"])[0].astype(np.int64),
        confidence,
        weights,
    )
    return found, len(both)
