"""The table of what cost what: tokens in and out, the prompt cache, what failed, warm-up, filler, judging.

Of two things: of the run, which is every request that a model was sent and every verdict on its answers; and of 10,000
transactions on the dataset of interest. What preflight and a search for the highest rate cost stands elsewhere.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from assay.prices.book import Price, Usage, parts_usd
from assay.records.measured import Measured
from assay.records.metric import Value
from assay.records.sampled import usd_per_transaction
from assay.schedule.level import Level

TOKENS = ("input", "output", "cache_read", "cache_write")
"""The parts of an answered request."""

_RUN = (*TOKENS, "failed", "warmup", "filler", "judging")
_TRANSACTIONS = (*TOKENS, "failed")

Row = dict[str, Value]


def cost_rows(
    measured: Measured,
    prices: Mapping[str, Price],
    level: Level,
    shares: Mapping[str, float],
    models: Iterable[Mapping[str, Value]],
) -> list[Row]:
    """Rows of `assay.records.metrics.COST_PARTS`: by model, the run's before those of 10,000 transactions.

    `prices` are by the models' labels, `shares` those of the buckets of interest, `models` the rows of the table of models. A
    part that cost nothing is 0; one of which it isn't known what it cost is null, and so are all of a model without a price.
    """
    rows: list[Row] = []
    for about in models:
        model = str(about["model"])
        price = prices.get(model, Price())
        here = measured.records.loc[measured.records["model"] == model]
        told = about["judge_cost_usd"]
        judging = float(told) if isinstance(told, int | float) else None
        run: dict[str, float | None] = dict.fromkeys(_RUN) | {"judging": judging}
        each: dict[str, float | None] = dict.fromkeys(_TRANSACTIONS)
        if price.known:
            parts = _parts(here, price)
            run |= _of_run(here, parts)
            each |= _of_transactions(here, parts, level, shares)
        for scope, found in (("run", run), ("transactions", each)):
            rows.extend(
                {"model": model, "scope": scope, "part": part, "cost_usd": usd} for part, usd in found.items()
            )
        if price.usd_per_hour is not None:
            usd = usd_per_transaction(measured.sample(model, level, shares, 0.95))
            hours = None if usd is None else usd * 10_000
            rows.append({"model": model, "scope": "transactions", "part": "hours", "cost_usd": hours})
    return rows


def _parts(records: pd.DataFrame, price: Price) -> NDArray[np.float64]:
    """Dollars of each record by part of its tokens, shape (records, 4); NaN where they aren't known."""
    names = [f"{name}_tokens" for name in TOKENS]
    usage = records[names].drop_duplicates()
    found = [_priced(row, price) for row in usage.itertuples(index=False, name=None)]
    told = usage.assign(**{part: [row[place] for row in found] for place, part in enumerate(TOKENS)})
    return records[names].merge(told, on=names, how="left")[list(TOKENS)].to_numpy(dtype=np.float64)


def _priced(tokens: tuple[Any, ...], price: Price) -> tuple[float, ...]:
    usage = Usage(*(None if count != count else int(count) for count in tokens))
    return parts_usd(usage, price) or (float("nan"),) * len(TOKENS)


def _of_run(records: pd.DataFrame, parts: NDArray[np.float64]) -> dict[str, float | None]:
    role = records["role"].astype(object).to_numpy()
    ok = records["ok"].fillna(False).to_numpy(dtype=bool)
    cost = records["cost_usd"].to_numpy(dtype=np.float64)
    measured = np.isin(role, ["measured", "superseded"])
    answered = measured & ok
    made: dict[str, float | None] = {name: _sum(parts[answered, place]) for place, name in enumerate(TOKENS)}
    # Of what failed, and of what only kept the load up, as much as is known: the table of models counts the rest.
    return made | {
        "failed": float(np.nansum(cost[measured & ~ok])),
        "warmup": float(np.nansum(cost[role == "warmup"])),
        "filler": float(np.nansum(cost[~measured & (role != "warmup")])),
    }


def _of_transactions(
    records: pd.DataFrame, parts: NDArray[np.float64], level: Level, shares: Mapping[str, float]
) -> dict[str, float | None]:
    counted = records["role"].isin(["measured", "superseded"]) & (
        records["load"].astype(object) == level.name
    )
    counted &= ~records["spoilt"]
    bucket = records["bucket"].astype(object).to_numpy()
    ok = records["ok"].fillna(False).to_numpy(dtype=bool)
    last = (records["role"] == "measured").to_numpy(dtype=bool)
    totals = np.zeros(len(TOKENS) + 1)
    for name, share in shares.items():
        here = counted.to_numpy(dtype=bool) & (bucket == name)
        answered = here & ok & last
        if not answered.any():
            return {}
        weight = share / answered.sum() * 10_000
        totals[:-1] += weight * parts[answered].sum(axis=0)
        totals[-1] += weight * np.nansum(records["cost_usd"].to_numpy(dtype=np.float64)[here & ~answered])
    return {name: _sum(totals[place : place + 1]) for place, name in enumerate(_TRANSACTIONS)}


def _sum(usd: NDArray[np.float64]) -> float | None:
    total = float(usd.sum())
    return None if np.isnan(total) else total
