"""Latency by load and bucket, and what a warm prompt cache does to it."""

from typing import Any

from assay.document.reported import Reported
from assay.figures.by_concurrency import MOST_ROWS
from assay.tables import caching


def values(run: Reported) -> dict[str, Any]:
    """Values of the section by name."""
    pairs = caching.pairs(run.benchmark.models, run.benchmark.inference)
    return {
        "both": len(run.buckets) <= MOST_ROWS,
        "caching": caching.caching(run.inputs, pairs, run.buckets),
    }
