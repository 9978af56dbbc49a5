"""What the run was estimated to cost before anything was bought, beside what it then cost, by model and by judge."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from assay.tables.inputs import Inputs
from assay.tables.markdown import Column, Markdown, table
from assay.tables.numbers import UNKNOWN, dollars, known

Row = dict[str, Any]


def estimated(estimate: Mapping[str, Any], inputs: Inputs, judges: pd.DataFrame) -> Markdown | None:
    """One row for each model and judge, and one for all of them. None where the run has no estimate of them."""
    real = {("model", row["model"]): row.get("cost_usd") for row in inputs.models.to_dict("records")}
    real |= {("judge", row["judge"]): row.get("cost_usd") for row in judges.to_dict("records")}
    rows: list[Row] = [
        {
            "name": row["label"],
            "asked": row["plan_usd"],
            "real": real[row["kind"], row["label"]],
            "hourly": row.get("usd_per_hour") is not None,
        }
        for row in estimate.get("rows", ())
        if (row["kind"], row["label"]) in real
    ]
    if not rows:
        return None
    by_tokens = [row for row in rows if not row["hourly"]]
    if by_tokens:
        name = "all of these" if len(by_tokens) == len(rows) else "all that is paid by tokens"
        real_usd = _total(row["real"] for row in by_tokens)
        rows.append({"name": name, "asked": _sum(by_tokens), "real": real_usd, "hourly": False})
    columns: list[Column[Row]] = [
        Column("model or judge", lambda row: row["name"], "left"),
        Column("estimated (USD)", lambda row: _said(row, _span)),
        Column("at most (USD)", lambda row: _said(row, lambda asked: dollars(asked["at_most"]))),
        Column("cost (USD)", lambda row: _said(row, lambda _: dollars(row["real"]))),
        Column(
            "the estimate held",
            lambda row: UNKNOWN if row["hourly"] else place(row["asked"], row["real"]),
            "left",
        ),
    ]
    return table(columns, rows)


def place(asked: Mapping[str, float] | None, real: Any) -> str:
    """Where a cost lies, seen from its estimate."""
    if asked is None or not known(real):
        return UNKNOWN
    if float(real) < asked["low"]:
        return "it cost less"
    return "yes" if float(real) <= asked["high"] else "it cost more"


def _said(row: Row, words: Callable[[Mapping[str, float]], str]) -> str:
    if row["hourly"]:
        return "by the hour"
    return "unknown" if row["asked"] is None else words(row["asked"])


def _span(asked: Mapping[str, float]) -> str:
    return f"{dollars(asked['low'])} to {dollars(asked['high'])}"


def _sum(rows: list[Row]) -> dict[str, float] | None:
    if any(row["asked"] is None for row in rows):
        return None
    return {end: sum(row["asked"][end] for row in rows) for end in ("low", "high", "at_most")}


def _total(costs: Any) -> float | None:
    found = list(costs)
    return sum(map(float, found)) if all(known(cost) for cost in found) else None
