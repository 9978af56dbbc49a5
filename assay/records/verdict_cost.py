"""What judges' verdicts cost."""

import pandas as pd

from assay.prices.book import Price, Usage, cost_usd


def verdict_cost_usd(verdicts: pd.DataFrame, price: Price) -> float | None:
    """Dollars of asking one judge for these verdicts; None where a reply's tokens or the price are unknown, or where the
    price is by the hour.

    Tries that broke off without telling their tokens aren't in it: `tries_cost_unknown` counts them.
    """
    if not price.known:
        return None if len(verdicts) else 0.0
    told = (verdicts["verdict"] != "failed") | verdicts["input_tokens"].notna()
    replied = verdicts.loc[told, ["input_tokens", "output_tokens"]]
    if replied.isna().any(axis=None):
        return None
    costs = [
        cost_usd(Usage(int(tokens_in), int(tokens_out)), price)
        for tokens_in, tokens_out in replied.itertuples(index=False, name=None)
    ]
    known = [cost for cost in costs if cost is not None]
    return float(sum(known)) if len(known) == len(costs) else None
