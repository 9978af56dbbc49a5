"""All pairs of models by cost, by latency and by accuracy, whatever the objective is.

Each aspect's pairs are tested at once (Holm), as the objective's are. Leaves to others: what follows from it (`pareto`,
`incumbent`).
"""

from collections.abc import Mapping, Sequence
from itertools import combinations

from assay.decision.compare import ASPECTS, Comparison, Measure, judged
from assay.decision.evidence import Evidence, Shares
from assay.decision.settings import Aspect


def compared(
    measure: Measure, evidence: Evidence, models: Sequence[str], shares: Shares
) -> dict[Aspect, list[Comparison]]:
    """Every pair of `models` in every aspect, on a mix of buckets; `measure` says which latency is meant."""
    pairs = list(combinations(models, 2))
    made: dict[Aspect, list[Comparison]] = {}
    for aspect in ASPECTS:
        by = measure.aspect(aspect)
        found = [evidence.found(by, a, b, shares) for a, b in pairs]
        made[aspect] = judged(by, pairs, found, evidence.confidence)
    return made


def metrics(measure: Measure, open_loop: bool) -> Mapping[Aspect, str]:
    """The column that each aspect is about."""
    return {aspect: measure.aspect(aspect).figure(open_loop) for aspect in ASPECTS}
