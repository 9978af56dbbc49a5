"""The models at a glance: the headline table."""

from typing import Any

from assay.document.reported import Reported
from assay.tables import models, people, prices


def values(run: Reported) -> dict[str, Any]:
    """Values of the section by name."""
    shown = run.shown
    return {
        "headline": models.headline(
            run.inputs,
            shown.models,
            shown.buckets_of_interest,
            shown.level,
            people.by_model(run.finished.accuracy_tables),
        ),
        "unpriced": prices.unpriced(run.models),
    }
