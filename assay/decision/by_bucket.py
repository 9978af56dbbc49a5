"""The decision for each bucket by itself: what to use if all traffic were like this one.

The limits on the dataset of interest are held against the bucket, with those on this bucket and without those on others. Each
is a decision by itself, at the confidence of the benchmark: of many buckets some may err. What holds for all traffic is said
by the main decision.

Leaves to others: the rule (`decided`), words and JSON (`decide`).
"""

from collections.abc import Sequence

from assay.decision.compare import at_once
from assay.decision.decided import Adjust, Decided, decided
from assay.decision.evidence import Evidence
from assay.decision.settings import Limits
from assay.decision.stage import Choice


def buckets_of(evidence: Evidence) -> list[str]:
    """Every bucket that was measured, in the order of the table of cells."""
    return [str(bucket) for bucket in dict.fromkeys(evidence.cells["bucket"])]


def by_bucket(
    settings: Choice, evidence: Evidence, buckets: Sequence[str], adjust: Adjust = at_once
) -> dict[str, Decided]:
    """The rule, applied to each of `buckets` at the level of the decision."""
    return {
        bucket: decided(settings, evidence, {bucket: 1.0}, limits_on(settings.limits, bucket), adjust=adjust)
        for bucket in buckets
    }


def limits_on(limits: Limits, bucket: str) -> Limits:
    """Those that hold where all traffic is of one bucket."""
    there = {name: bounds for name, bounds in limits.buckets.items() if name == bucket}
    return limits.model_copy(update={"buckets": there})
