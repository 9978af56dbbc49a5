"""What was left out of the figures, and why."""

from typing import Any

from assay.document.reported import Reported
from assay.tables import run as run_tables
from assay.tables.inputs import column


def values(run: Reported) -> dict[str, Any]:
    """Values of the section by name."""
    return {
        "incomplete": run_tables.incomplete(run.inputs),
        "ended_early": run_tables.ended_early(run.inputs),
        "not_held": run_tables.not_held(run.inputs),
        "requests": int(column(run.inputs.cells, "n_left_out").sum()),
        "data_warnings": [
            *run.finished.buckets.get("warnings", []),
            *run.finished.source.get("warnings", []),
        ],
    }
