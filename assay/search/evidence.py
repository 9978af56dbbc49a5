"""What one rate of a search shows: from the records of its requests to whether the limits are kept.

The figures and the limits are those of every other open loop (`assay.records.sampled`, `assay.decision.limits`).
"""

import json
import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from assay.decision.limits import check, qualifies
from assay.decision.settings import Limits
from assay.records import reading, sampled
from assay.records.attempts import write
from assay.records.measured import Measured
from assay.schedule.level import open_at
from assay.stats.distributions import normal_quantile
from assay.stats.interval import tail
from assay.stats.quantiles import least_n

ROOM = 2
"""So many times the fewest requests that could show a limit kept: else a single slow one would leave it open."""

FIGURES = (
    "n",
    "n_ok",
    "error_rate",
    "error_rate_low",
    "error_rate_high",
    "achieved_rps",
    *(
        f"{latency}_from_intended_ms_p{percent}_all{end}"
        for latency in ("ttft", "e2e")
        for percent in sampled.PERCENTILES
        for end in ("", "_low", "_high")
    ),
)
"""Columns of the table of cells that are told of each rate."""

OUTCOMES = {"yes": "kept", "no": "missed", "undecided": "undecided", "not_evaluated": "not_evaluated"}


def enough(limits: Limits, confidence: float) -> int:
    """How many requests of a bucket it takes to show that limits are kept, with some room.

    A percentile takes as many as its interval needs to have an upper end; an error rate without any error so many
    that the upper end of Wilson's interval, z^2 / (n + z^2), is at the limit.
    """
    z = normal_quantile(1.0 - tail(confidence))
    fewest = [1]
    for name, bound in limits.on_service.items():
        if "_ms_p" in name:
            fewest.append(least_n(int(name.rsplit("_p", 1)[1]) / 100, confidence))
        elif bound.max:
            fewest.append(math.ceil(z * z * (1.0 - bound.max) / bound.max))
    return ROOM * max(fewest)


def evidence(
    rows: Sequence[Mapping[str, Any]],
    checks: Mapping[str, Mapping[str, Any]],
    rate_rps: float,
    shares: Mapping[str, float],
    limits: Limits,
    confidence: float,
) -> dict[str, Any]:
    """Outcome, reason, figures and limits of one rate, as plain values: what is infinite or unknown is null.

    `rows` are its records, `checks` the self-check's verdicts by bucket, `shares` those of the dataset of interest. A rate that the
    client spoilt is `not_evaluated`, whatever its figures are.
    """
    model = str(rows[0]["model"])
    with tempfile.TemporaryDirectory(prefix="assay-search-") as folder:
        path = Path(folder) / "records.parquet"
        write(path, rows)
        measured = Measured(reading.read_records([path]), {}, {})
    sample = measured.sample(model, open_at(rate_rps), shares, confidence)
    figures = {one.name: one.function(sample) for one in sampled.SAMPLED if one.function is not None}
    checked = check(limits, {**figures, "rate_rps": rate_rps}, confidence)
    spoilt = "; ".join(f"{bucket}: {cell['reason']}" for bucket, cell in checks.items() if not cell["valid"])
    unknown = [limit.metric for limit in checked if limit.state == "not_evaluated"]
    outcome = OUTCOMES["not_evaluated" if spoilt else qualifies(checked)]
    reason = spoilt or (f"{unknown[0]} is unknown" if outcome == "not_evaluated" else None)
    errors = json.loads(str(figures["errors"]))
    return {
        "outcome": outcome,
        "reason": reason,
        **{name: _plain(figures[name]) for name in FIGURES},
        "errors": errors,
        "limits": [{name: _plain(value) for name, value in asdict(limit).items()} for limit in checked],
    }


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
