"""The table of the distribution of latency: how late so many per cent of the requests were, by model and load.

Over all measured requests of the dataset of interest, one that failed being infinitely late. It describes what was measured:
what can be said of the service, with an interval, stands in the other tables.
"""

from collections.abc import Iterator, Mapping, Sequence

from assay.records.measured import Measured
from assay.records.metric import Value
from assay.schedule.level import Level

POINTS = (*(point / 100 for point in range(1, 100)), 0.995, 0.999, 1.0)
"""The shares of requests at which latency is told."""

CLOSED = ("ttft_ms", "e2e_ms", "tpot_ms")
OPEN = ("ttft_from_intended_ms", "e2e_from_intended_ms", *CLOSED)


def distribution_rows(
    measured: Measured,
    models: Sequence[str],
    levels: Mapping[str, Level],
    shares: Mapping[str, float],
    confidence: float,
) -> Iterator[dict[str, Value]]:
    """Rows of `assay.records.metrics.DISTRIBUTION`: by model, load, latency, then rising.

    `shares` are those of the buckets of interest and sum to 1. A load without a measured request in one of them has no row,
    nor has a ramp, which is no one load, nor a latency that no request has.
    """
    for model in models:
        for load, level in levels.items():
            if level.ramp is not None:
                continue
            sample = measured.sample(model, level, shares, confidence)
            for metric in CLOSED if level.rate_rps is None else OPEN:
                if sample.quantile(metric, 1.0, True) is None:
                    continue
                for point in POINTS:
                    yield {
                        "model": model,
                        "load": load,
                        "metric": metric,
                        "share": point,
                        "latency_ms": sample.quantile(metric, point, True),
                        "n": sample.n,
                    }
