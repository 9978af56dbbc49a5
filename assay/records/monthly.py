"""What a month of the user's traffic costs with each model, from what its requests cost in the run.

A transaction of the traffic costs what an answered request of the same mix of buckets cost; a month has 730 hours.
Provisioned throughput costs its hours, whether or not they are used. Leaves to others: prices, and what a request costs.
"""

from collections.abc import Mapping, Sequence

from assay.decision.settings import HOURS_PER_MONTH, Traffic
from assay.records.measured import Measured
from assay.records.metric import Value
from assay.records.sample import Sample
from assay.records.sampled import cost_per_10k_interval, transactions_per_minute, usd_per_transaction
from assay.schedule.level import Level

COLUMNS = (
    "cost_usd_per_month",
    "cost_usd_per_month_low",
    "cost_usd_per_month_high",
    "cost_usd_per_month_note",
)

_MINUTES_PER_MONTH = HOURS_PER_MONTH * 60


def month(
    model: str,
    measured: Measured,
    level: Level,
    traffic: Traffic | None,
    shares: Mapping[str, float],
    confidence: float,
) -> dict[str, Value]:
    """The columns `COLUMNS`; all null without traffic.

    `shares` are those of the traffic's buckets and sum to 1. Where the cost is unknown, the note says why; where it is known,
    the note warns if the load that was measured carries less than the traffic needs.
    """
    row: dict[str, Value] = dict.fromkeys(COLUMNS)
    if traffic is None:
        return row
    sample = measured.sample(model, level, shares, confidence)
    if sample.usd_per_hour is not None:
        cost = sample.usd_per_hour * HOURS_PER_MONTH
        return {**row, **_figures(cost, cost, cost), "cost_usd_per_month_note": _too_little(sample, traffic)}
    each, bounds = usd_per_transaction(sample), cost_per_10k_interval(sample)
    if each is None:
        alone = {bucket: measured.sample(model, level, [bucket], confidence) for bucket in shares}
        return {**row, "cost_usd_per_month_note": _why(alone, level)}
    low, high = (None, None) if bounds is None else (bounds.low / 10_000, bounds.high / 10_000)
    ends = [None if end is None else end * traffic.monthly for end in (low, high)]
    return {
        **row,
        **_figures(each * traffic.monthly, *ends),
        "cost_usd_per_month_note": _too_little(sample, traffic),
    }


def _figures(cost: float, low: float | None, high: float | None) -> dict[str, Value]:
    return dict(zip(COLUMNS[:3], (cost, low, high), strict=True))


def _why(alone: Mapping[str, Sample], level: Level) -> str:
    """Why a mix has no cost."""
    for what, missing in (
        ("no request was measured", [bucket for bucket, sample in alone.items() if not sample.n]),
        ("nothing was answered", [bucket for bucket, sample in alone.items() if not sample.n_ok]),
    ):
        if missing:
            return f"{what} at {level.words} in {_listed(missing)}"
    return "the price is unknown"


def _listed(buckets: Sequence[str]) -> str:
    return f"bucket{'' if len(buckets) == 1 else 's'} {', '.join(buckets)}"


def _too_little(sample: Sample, traffic: Traffic) -> str | None:
    """A warning where what was measured carries less than the traffic: only of provisioned throughput, which doesn't grow."""
    if sample.usd_per_hour is None:
        return None
    needed = traffic.monthly / _MINUTES_PER_MONTH
    carried = transactions_per_minute(sample)
    if carried is None:
        return f"whether it carries the {needed:.3g} transactions per minute is unknown: no throughput was measured"
    if carried >= needed:
        return None
    return (
        f"it carried {carried:.3g} transactions per minute at the load that was measured, of the {needed:.3g} that the "
        "traffic has: more model units, or a higher load, would have to be measured"
    )
