"""The judges as instruments."""

from typing import Any

from assay.document import provenance
from assay.document.reported import Reported
from assay.tables import judges


def values(run: Reported) -> dict[str, Any]:
    """Values of the section by name."""
    finished = run.finished
    said = provenance.without_private_parts(list(finished.verdict_statuses))
    return judges.section(finished.accuracy_tables, said, run.settings)
