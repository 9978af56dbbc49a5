"""What stands around a decision: who is dominated by whom, and what other limits would make of the same figures.

Joins the decision that was made (`decided`) to `pareto` and `sensitivity`, which know nothing of records. Leaves to others:
the decision itself, JSON (`decide`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from assay.decision import aspects, pareto, sensitivity
from assay.decision.compare import Comparison
from assay.decision.decided import Adjust, Decided, decided, objective
from assay.decision.evidence import Evidence
from assay.decision.recommend import Recommendation
from assay.decision.settings import Aspect, Limits
from assay.decision.stage import Choice


def evaluated(made: Decided) -> list[str]:
    """Models of which something can be said, whether they keep the limits or not."""
    return [model.model for model in made.candidates if model.qualifies != "not_evaluated"]


def frontiers(
    settings: Choice,
    evidence: Evidence,
    made: Decided,
    comparisons: Mapping[Aspect, Sequence[Comparison]],
) -> dict[str, Any]:
    """Cost, latency and accuracy of the models that were evaluated, on the mix that they are compared on: see `pareto`.

    `comparisons` are those of `evaluated` models.
    """
    level = settings.level
    models = set(evaluated(made))
    points = [
        pareto.Point(
            model.model,
            model.qualifies,
            {
                aspect: objective(
                    made.measure.aspect(aspect), evidence, model.model, level, made.objective_shares
                )
                for aspect in pareto.ASPECTS
            },
        )
        for model in made.candidates
        if model.model in models
    ]
    metrics = aspects.metrics(made.measure, level.rate_rps is not None)
    return pareto.pareto(points, comparisons, metrics, evidence.confidence)


def other_limits(settings: Choice, evidence: Evidence, made: Decided, adjust: Adjust) -> list[dict[str, Any]]:
    """What the answer would be under other limits: see `sensitivity`. `adjust` is for tests that are made once."""

    def under(limits: Limits) -> Recommendation:
        return decided(
            settings,
            evidence,
            made.shares,
            limits,
            objective_shares=made.objective_shares,
            adjust=adjust,
        ).found

    ends: dict[tuple[str, str | None], list[sensitivity.Ends]] = {}
    for model in made.candidates:
        for limit in model.limits:
            ends.setdefault((limit.metric, limit.bucket), []).append((limit.low, limit.high))
    return sensitivity.what_would_change(made.limits, ends, made.found, under)
