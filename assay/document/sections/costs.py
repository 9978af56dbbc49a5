"""What an answer costs: a transaction, a correct answer, one within the limits, a month of the traffic."""

from collections.abc import Sequence
from typing import Any

from assay.decision.settings import Traffic
from assay.document.reported import Reported, interest
from assay.tables import costs, numbers

_LATENCIES = {"ttft_ms": "TTFT", "e2e_ms": "end-to-end latency", "tpot_ms": "time per output token"}


def values(run: Reported) -> dict[str, Any]:
    """Values of the section by name."""
    benchmark, models = run.benchmark, run.shown.models
    on_each = benchmark.limits.on_each_request
    return {
        "table": costs.costs(run.inputs, models, limits=bool(on_each), traffic=benchmark.traffic is not None),
        "parts": costs.parts(run.inputs, models),
        "request_limits": [
            f"{_LATENCIES[name]} at most {numbers.as_written(most)} ms" for name, most in on_each.items()
        ],
        "traffic": _traffic(benchmark.traffic, benchmark.dataset_of_interest, run.buckets),
        "month_notes": costs.notes(run.inputs, models),
    }


def _traffic(
    traffic: Traffic | None, buckets: str | dict[str, float], order: Sequence[str]
) -> dict[str, Any] | None:
    """The traffic in words: its transactions a month, its mix of buckets, and whether that is the dataset of interest's."""
    if traffic is None:
        return None
    named = interest(traffic.buckets or buckets, order)
    same = named == interest(buckets, order)
    return {"monthly": traffic.monthly, "buckets": named, "same": same}
