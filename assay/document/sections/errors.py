"""Errors, and what CloudWatch says of the same minutes."""

from typing import Any

from assay.document import provenance
from assay.document.reported import Reported
from assay.tables import cloudwatch


def values(run: Reported) -> dict[str, Any]:
    """Values of the section by name."""
    said = run.finished.cloudwatch
    return {
        "cloudwatch": cloudwatch.cloudwatch(said),
        "refused": [
            f"{one['model']}: {one['cloudwatch']['error']}"
            for one in provenance.without_private_parts(list(said))
            if "error" in one["cloudwatch"]
        ],
    }
