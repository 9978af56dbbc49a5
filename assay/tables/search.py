"""The table of the searches for the highest rate that keeps the limits, and what they cost."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from assay.prices.book import Price
from assay.records.measured import Measured
from assay.records.reading import read_records
from assay.tables.markdown import Column, Markdown, table, with_interval
from assay.tables.metrics import METRICS, figure
from assay.tables.numbers import UNKNOWN, count, number, percent

Row = dict[str, Any]


def search(found: Sequence[dict[str, Any]]) -> Markdown | None:
    """Two rows for each model: the highest rate that kept the limits, and the lowest that missed them.

    None where nothing was searched.
    """
    if not found:
        return None
    rows: list[Row] = [
        {"model": one["model"], "end": words, **(one[end] or {})}
        for one in found
        for end, words in (("kept", "highest that kept"), ("missed", "lowest that missed"))
    ]
    columns: list[Column[Row]] = [
        Column("model", lambda row: row["model"], "left"),
        Column("end", lambda row: row["end"], "left"),
        Column("rate (requests/s)", lambda row: _rate(row.get("rate_rps"))),
        Column("n", lambda row: count(row.get("n"))),
        Column(
            "error rate",
            lambda row: with_interval(
                *(percent(row.get(name)) for name in ("error_rate", "error_rate_low", "error_rate_high"))
            ),
        ),
        *(_latency(words, name) for words, name in (("TTFT", "ttft"), ("end to end", "e2e"))),
        Column("limits", lambda row: "; ".join(map(_limit, row.get("limits") or [])) or UNKNOWN, "left"),
    ]
    return table(columns, rows)


def brackets(found: Sequence[dict[str, Any]]) -> list[str]:
    """A sentence for each model: its bracket, what stayed open in it, and why the search ended."""
    return [_bracket(one) for one in found]


def cost(
    found: Sequence[Mapping[str, Any]], records: Sequence[Path], prices: Mapping[str, Price]
) -> tuple[dict[str, float | None], int]:
    """Dollars of the search by model, None where its price is unknown; and of how many requests nobody knows what they cost.

    `prices` are by the models' labels.
    """
    measured = Measured(read_records(records), prices, {})
    unknown = sum(measured.spent_unknown(one["model"]) for one in found)
    return {str(one["model"]): measured.spent_usd(one["model"]) for one in found}, unknown


def _latency(words: str, name: str) -> Column[Row]:
    column = f"{name}_from_intended_ms_p{{}}_all"
    return Column(
        f"{words}, p50 and p95 (ms)",
        lambda row: f"{number(row.get(column.format(50)))} and {number(row.get(column.format(95)))}",
    )


def _rate(rate_rps: Any) -> str:
    return "not reached" if rate_rps is None else f"{rate_rps:g}"


def _limit(limit: Mapping[str, Any]) -> str:
    metric, value = limit["metric"], limit["value"]
    shown = "infinitely late" if value is None and limit["state"] == "missed" else figure(metric, value)
    return (
        f"{METRICS.get(metric, metric)} {shown} ({limit['state']}: at most {figure(metric, limit['limit'])})"
    )


def _bracket(one: Mapping[str, Any]) -> str:
    kept, missed = (None if one[end] is None else one[end]["rate_rps"] for end in ("kept", "missed"))
    if kept is not None and missed is not None:
        text = f"between {kept:g} and {missed:g} requests per second"
    elif kept is not None:
        text = f"at least {kept:g} requests per second; no rate that misses was found"
    elif missed is not None:
        text = f"under {missed:g} requests per second; no rate that keeps was found"
    else:
        text = "unknown: no rate was found that keeps the limits, and none that misses them"
    between = ", ".join(f"{rate:g}" for rate in one["undecided_rps"])
    text += f"; undecided at {between}" if between else ""
    last = one["probes"][-1] if one["probes"] else None
    why = f" ({last['reason']})" if one["ended"] == "not_evaluated" and last and last["reason"] else ""
    return (
        f"{one['model']}: {text}. After {count(one['requests'])} requests at {len(one['probes'])} rates, "
        f"{one['ended_because']}{why}."
    )
