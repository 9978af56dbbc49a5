"""The panel held against people."""

from typing import Any

from assay.document.reported import Reported
from assay.tables import people


def values(run: Reported) -> dict[str, Any]:
    """Values of the section by name."""
    return people.section(run.finished.accuracy_tables, run.settings)
