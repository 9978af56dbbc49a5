"""The table of prompt caching: lines of the benchmark that ask the same model cold and warm, side by side."""

from collections.abc import Mapping, Sequence
from typing import Any

from assay.bedrock.settings import Inference, Model
from assay.schedule.level import level_of
from assay.tables.inputs import Inputs
from assay.tables.markdown import Column, Markdown, table
from assay.tables.numbers import UNKNOWN, count, dollars, known, number

Row = dict[str, Any]

_COST = "cost_usd_per_10k_transactions"


def pairs(models: Sequence[Model], defaults: Inference) -> list[tuple[str, str]]:
    """Labels of the lines that differ in nothing but `cache`: the cold one, the warm one."""

    def asks(model: Model) -> dict[str, Any]:
        alike = model.model_copy(update={"inference": model.inference.over(defaults)})
        return alike.model_dump(exclude={"label", "cache"})

    return [
        (cold.label, warm.label)
        for cold in models
        for warm in models
        if (cold.cache, warm.cache) == ("cold", "warm") and asks(cold) == asks(warm)
    ]


def caching(inputs: Inputs, lines: Sequence[tuple[str, str]], buckets: Sequence[str]) -> Markdown | None:
    """One row for each pair, bucket and load: time to first token, cached tokens, and what a warm cache saves."""
    cells = inputs.cells
    rows: list[Row] = []
    for cold, warm in lines:
        for bucket in buckets:
            here = cells.loc[cells["bucket"] == bucket]
            alone = _by_load(here.loc[here["model"] == cold])
            cached = _by_load(here.loc[here["model"] == warm])
            rows += [
                {"cold": cold, "warm": warm, "bucket": bucket, "load": load, "a": row, "b": cached[load]}
                for load, row in alone.items()
                if load in cached
            ]
    if not rows:
        return None
    columns: list[Column[Row]] = [
        Column("cold", lambda row: row["cold"], "left"),
        Column("warm", lambda row: row["warm"], "left"),
        Column("bucket", lambda row: row["bucket"], "left"),
        Column("load", lambda row: level_of(row["load"]).words, "left"),
        Column("TTFT p50 cold (ms)", lambda row: number(row["a"].get("ttft_ms_p50"))),
        Column("TTFT p50 warm (ms)", lambda row: number(row["b"].get("ttft_ms_p50"))),
        Column("tokens read from the cache", lambda row: count(row["b"].get("cache_read_tokens"))),
        Column("tokens written to it", lambda row: count(row["b"].get("cache_write_tokens"))),
        Column("saved per 10,000 transactions", _saved),
    ]
    return table(columns, rows)


def _by_load(cells: Any) -> dict[str, Mapping[str, Any]]:
    return {row["load"]: row for row in cells.to_dict("records")}


def _saved(row: Row) -> str:
    """What the warm line costs less than the cold one, in dollars; negative where it costs more."""
    cold, warm = row["a"].get(_COST), row["b"].get(_COST)
    return dollars(float(cold) - float(warm)) if known(cold) and known(warm) else UNKNOWN
