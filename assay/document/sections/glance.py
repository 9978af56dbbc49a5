"""The models at a glance: the headline, limit by limit, pair by pair."""

from typing import Any

from assay.document.reported import Reported
from assay.document.sections.verdict import OBJECTIVES
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
        "limits": models.limits(run.decision),
        "comparisons": models.comparisons(run.decision, OBJECTIVES[run.benchmark.decision.objective]),
        "unpriced": prices.unpriced(run.models),
    }
