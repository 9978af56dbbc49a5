"""The table of what CloudWatch says of the models, beside what the run itself saw."""

from collections.abc import Sequence
from typing import Any

from assay.tables.markdown import Column, Markdown, table
from assay.tables.numbers import count, number

Row = dict[str, Any]


def cloudwatch(found: Sequence[dict[str, Any]]) -> Markdown | None:
    """Two rows for each model that CloudWatch told something of: by CloudWatch, and by the run. None without any."""
    rows = [
        {"model": one["model"], "by": by, **one[name]}
        for one in found
        if "error" not in one["cloudwatch"]
        for by, name in (("CloudWatch", "cloudwatch"), ("this run", "ours"))
    ]
    if not rows:
        return None
    columns: list[Column[Row]] = [
        Column("model", lambda row: row["model"], "left"),
        Column("counted by", lambda row: row["by"], "left"),
        Column("answered", lambda row: count(row["Invocations"])),
        Column("throttled", lambda row: count(row["InvocationThrottles"])),
        Column("client errors", lambda row: count(row["InvocationClientErrors"])),
        Column("server errors", lambda row: count(row["InvocationServerErrors"])),
        Column("input tokens", lambda row: count(row["InputTokenCount"])),
        Column("output tokens", lambda row: count(row["OutputTokenCount"])),
        Column("mean latency (ms)", lambda row: number(row["latency_ms_mean"])),
    ]
    return table(columns, rows)
