"""What judges' verdicts cost."""

import pandas as pd

from assay.prices.book import Price, Usage, cost_usd


def verdict_cost_usd(verdicts: pd.DataFrame, price: Price) -> float | None:
    """Dollars of asking one judge for these verdicts; None where a reply's tokens or the price are unknown, or where the
    price is by the hour.

    Tries that broke off without telling their tokens aren't in it: `tries_cost_unknown` counts them. A row whose tokens are
    those of several replies (a repair, a second asking) is priced as so many replies of equal size, since a price may
    rise above so many tokens of one request.
    """
    if not price.known:
        return None if len(verdicts) else 0.0
    told = (verdicts["verdict"] != "failed") | verdicts["input_tokens"].notna()
    replied = verdicts.loc[told, ["input_tokens", "output_tokens"]]
    if replied.isna().any(axis=None):
        return None
    several = pd.Series(1, index=verdicts.index)
    if price.thresholds and "verdict_again" in verdicts:
        several += verdicts["repaired"].astype(bool) * 1 + verdicts["verdict_again"].notna() * 1
    costs = [
        _cost(int(tokens_in), int(tokens_out), price, replies)
        for (tokens_in, tokens_out), replies in zip(
            replied.itertuples(index=False, name=None), several.loc[told].tolist(), strict=True
        )
    ]
    known = [cost for cost in costs if cost is not None]
    return float(sum(known)) if len(known) == len(costs) else None


def _cost(tokens_in: int, tokens_out: int, price: Price, replies: int) -> float | None:
    """Dollars of so many replies of equal size."""
    if replies == 1:
        return cost_usd(Usage(tokens_in, tokens_out), price)
    each = cost_usd(Usage(round(tokens_in / replies), round(tokens_out / replies)), price)
    return None if each is None else replies * each
