"""The highest rate that keeps the limits, where it was searched for."""

from typing import Any

from assay.document.reported import Reported, summed, total
from assay.tables import search


def values(run: Reported) -> dict[str, Any] | None:
    """Values of the section by name, with what the searches cost; None where nothing was searched."""
    finished = run.finished
    if not finished.searches:
        return None
    spent, unknown = run.searched
    return {
        "table": search.search(finished.searches),
        "brackets": search.brackets(finished.searches),
        "requests": summed(finished.searches, "requests"),
        "cost_usd": total(spent.values()),
        "cost_unknown": unknown,
    }
