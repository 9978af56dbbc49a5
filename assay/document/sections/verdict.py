"""The verdict box: the choice in a sentence, its reasons, and what it is about."""

from typing import Any

from assay.document.reported import Reported
from assay.tables import models

OBJECTIVES = {
    "cheapest": "cost_usd_per_10k_transactions",
    "fastest": "e2e_ms_p50",
    "most_accurate": "accuracy",
}
"""What each objective compares."""


def values(run: Reported) -> dict[str, Any]:
    """Values of the section by name."""
    return {
        "sentence": one_line(run.decision),
        "objective_metric": models.METRICS[OBJECTIVES[run.benchmark.decision.objective]],
    }


def one_line(decision: dict[str, Any]) -> str:
    """The recommendation on one line of plain text."""
    return " ".join(str(decision.get("sentence", "")).split())
