"""The method and what it can't tell."""

from collections.abc import Iterable, Sequence
from typing import Any

from assay.document.reported import Reported, summed
from assay.tables import numbers
from assay.tables.inputs import column


def values(run: Reported) -> dict[str, Any]:
    """Values of the section by name."""
    statuses = run.finished.statuses
    return {
        "client_lag_ms_p99": _most(column(run.inputs.cells, "client_lag_ms_p99").tolist()),
        "connections": _connections(statuses),
        "interrupted": sum(int(status.get("sittings") or 1) > 1 for status in statuses),
        "jobs": len(statuses),
    }


def _connections(statuses: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """How many connections the invoke jobs opened; least and most of their median times, None where none is known."""
    told = [status.get("connections") or {} for status in statuses]
    ends: dict[str, Any] = {"opened": summed(told, "opened")}
    for name in ("connect_ms_p50", "tls_ms_p50"):
        medians = [job[name] for job in told if job.get(name) is not None]
        ends[name] = (min(medians), max(medians)) if medians else None
    return ends


def _most(values: Iterable[float]) -> float | None:
    """The highest of those that are known; None if none is."""
    return max((value for value in values if numbers.known(value)), default=None)
