"""The judges as instruments."""

from typing import Any

from assay.document.reported import Reported
from assay.tables import judges


def values(run: Reported) -> dict[str, Any]:
    """Values of the section by name."""
    finished = run.finished
    return judges.section(finished.accuracy_tables, finished.verdict_statuses, run.settings)
