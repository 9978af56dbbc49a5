"""The instrument: how large the client's own error was."""

from typing import Any

from assay.document.reported import Reported
from assay.tables import instrument


def values(run: Reported) -> dict[str, Any]:
    """Values of the section by name."""
    return {
        "table": instrument.instrument(run.inputs, run.shown.models),
        "error_ms": instrument.worst_error_ms(run.inputs),
        "held": instrument.held(run.inputs),
        "most_share": instrument.MOST_SHARE,
    }
