"""What a run itself saw of a model, in the terms of CloudWatch, so that the two can stand side by side."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from statistics import fmean
from typing import Any

from assay.errors import InputError

_COLUMNS = (
    "dispatched_utc",
    "ok",
    "error",
    "http_status",
    "input_tokens",
    "output_tokens",
    "e2e_ms",
    "service_latency_ms",
)


def read(paths: Sequence[Path]) -> list[dict[str, Any]]:
    """The records of a model that this needs. InputError if a file is none of records."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows: list[dict[str, Any]] = []
    for path in paths:
        try:
            rows += pq.ParquetFile(path).read(columns=list(_COLUMNS)).to_pylist()
        except (OSError, pa.ArrowException) as error:
            raise InputError(f"{path}: expected records of an invoke job ({error})") from error
    return rows


def span(rows: Iterable[Mapping[str, Any]]) -> tuple[datetime, datetime]:
    """From the first request's dispatch to the last answer's end. InputError where nothing was sent."""
    known = [row for row in rows if row["dispatched_utc"] is not None]
    if not known:
        raise InputError("no request was sent, so there are no minutes to ask CloudWatch about")
    ends = (row["dispatched_utc"] + timedelta(milliseconds=row["e2e_ms"] or 0.0) for row in known)
    return min(row["dispatched_utc"] for row in known), max(ends)


def seen(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Counts of requests of all roles, by what CloudWatch calls them, and mean latencies of those that were answered."""
    answered = [row for row in rows if row["ok"]]
    refused = [row for row in rows if row["error"] != "throttling"]

    def status(first: int) -> int:
        return sum((row["http_status"] or 0) // 100 == first for row in refused)

    def mean(name: str) -> float | None:
        values = [row[name] for row in answered if row[name] is not None]
        return fmean(values) if values else None

    return {
        "Invocations": len(answered),
        "InvocationThrottles": len(rows) - len(refused),
        "InvocationClientErrors": status(4),
        "InvocationServerErrors": status(5),
        "InputTokenCount": sum(row["input_tokens"] or 0 for row in answered),
        "OutputTokenCount": sum(row["output_tokens"] or 0 for row in answered),
        "latency_ms_mean": mean("e2e_ms"),
        "service_latency_ms_mean": mean("service_latency_ms"),
    }
