"""What the run was estimated to cost before anything was bought, beside what it then cost, by model and by judge."""

from collections.abc import Mapping
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
        {"name": row["label"], "asked": row["plan_usd"], "real": real[row["kind"], row["label"]]}
        for row in estimate.get("rows", ())
        if (row["kind"], row["label"]) in real
    ]
    if not rows:
        return None
    rows.append({"name": "all of these", "asked": _sum(rows), "real": _total(row["real"] for row in rows)})
    columns: list[Column[Row]] = [
        Column("model or judge", lambda row: row["name"], "left"),
        Column("estimated (USD)", lambda row: _span(row["asked"])),
        Column("at most (USD)", lambda row: dollars((row["asked"] or {}).get("at_most"))),
        Column("cost (USD)", lambda row: dollars(row["real"])),
        Column("the estimate held", lambda row: place(row["asked"], row["real"]), "left"),
    ]
    return table(columns, rows)


def place(asked: Mapping[str, float] | None, real: Any) -> str:
    """Where a cost lies, seen from its estimate."""
    if asked is None or not known(real):
        return UNKNOWN
    if float(real) < asked["low"]:
        return "it cost less"
    return "yes" if float(real) <= asked["high"] else "it cost more"


def _span(asked: Mapping[str, float] | None) -> str:
    return "unknown" if asked is None else f"{dollars(asked['low'])} to {dollars(asked['high'])}"


def _sum(rows: list[Row]) -> dict[str, float] | None:
    if any(row["asked"] is None for row in rows):
        return None
    return {end: sum(row["asked"][end] for row in rows) for end in ("low", "high", "at_most")}


def _total(costs: Any) -> float | None:
    found = list(costs)
    return sum(map(float, found)) if all(known(cost) for cost in found) else None
