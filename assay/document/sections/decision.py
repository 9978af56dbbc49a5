"""The decision in detail: limits, pairs, margins, the incumbent, what would change it, by bucket, by load, and since when."""

from typing import Any

from assay.document import provenance
from assay.document.reported import Reported
from assay.tables import choice, models
from assay.tables.metrics import metric_name


def values(run: Reported) -> dict[str, Any]:
    """Values of the section by name. The templates call them `choice`, since `decision` is what the decide stage wrote."""
    found = run.decision
    metric = str(found.get("objective_metric"))
    told = found.get("registered")
    return {
        "objective_metric": metric_name(metric),
        "latency_metric": metric_name(run.benchmark.decision.latency),
        "limits": models.limits(found),
        "comparisons": models.comparisons(found, metric),
        "equivalence": choice.equivalence(found),
        "incumbent": choice.incumbent(found),
        "what_would_change": choice.what_would_change(found),
        "by_bucket": choice.by_bucket(found),
        "levels": choice.levels(found),
        "dominance": choice.dominance(found),
        # Its keys stand in backquotes there: text is shown as it is.
        "registered": {
            **told,
            "sentence": told["sentence"].replace("`", ""),
            "first_request_utc": provenance.clock(told.get("first_request_utc")),
        }
        if told
        else None,
        "changes": choice.changes(found.get("registered")),
    }
