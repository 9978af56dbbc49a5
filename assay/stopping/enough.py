"""Whether enough is known of a cell, so that no further block of it is measured: a pure function of the blocks so far.

The intervals are those of the tables, by the same code: what ends a cell is what the report then shows. Looking at the
width of an interval, and never at what lies in it, costs little coverage as long as the spread between blocks has been
seen often enough: so a cell has `LEAST_BLOCKS` before it may end (benchmarks/stopping.py holds the simulations).

Leaves to others: where the ledger's files are.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.ledger.ledger import Ledger
from assay.measurement.job import Job, cells, self_checks
from assay.measurement.records import records
from assay.measurement.settled import settled
from assay.measurement.validity import verdicts
from assay.records.sample import Attempts, Requests, Sample
from assay.records.sampled import error_rate_interval
from assay.sender.settings import SelfCheckLimits
from assay.stopping.settings import LEAST_BLOCKS, CellWidths, fraction
from assay.stopping.standing import stop_note

Reader = Callable[[int], Ledger | None]
"""The ledger of a block of the same model and load; None where there is none."""

Floats = NDArray[np.float64]


def stopped(job: Job, stop: CellWidths, limits: SelfCheckLimits, ledger_of: Reader) -> dict[str, str]:
    """The buckets of which this job's block isn't measured, each with the reason.

    A bucket of which the block was begun is finished. What was noted once for the same widths holds.
    """
    here = ledger_of(job.load.block)
    noted = {} if here is None else _noted(here, job, stop)
    begun = set() if here is None else _begun(job, here)
    found: dict[str, str] = {}
    waiting = [bucket for bucket in job.prompts if bucket not in begun]
    rows = _earlier(job, limits, ledger_of) if any(bucket not in noted for bucket in waiting) else None
    for bucket in waiting:
        reason = noted.get(bucket)
        if reason is None and rows is not None and bucket in rows:
            reason = enough(rows[bucket], stop, job.load.blocks)
        if reason is not None:
            found[bucket] = reason
    return found


def enough(rows: Sequence[Mapping[str, Any]], stop: CellWidths, planned: int) -> str | None:
    """Why these records of measured requests of a cell are enough; None where they aren't.

    `planned` is how many blocks there were to be.
    """
    sample = sample_of(rows, stop.confidence)
    count = len(sample.blocks)
    if sample.n < stop.min_requests or count < LEAST_BLOCKS:
        return None
    reached = []
    for name, asked in stop.widths.items():
        width = half_width(sample, name)
        if width is None or not width <= fraction(asked):
            return None
        unit = "points" if name == "error_rate" else "%"
        reached.append(f"{name} is known to {100 * width:.2g} {unit} ({asked} asked)")
    return f"{', '.join(reached)}, from {sample.n} requests in {count} of {planned} blocks"


def half_width(sample: Sample, name: str) -> float | None:
    """Half the interval: of a latency over its value, of the error rate as it is. None without an interval."""
    if name == "error_rate":
        bounds = error_rate_interval(sample)
        return None if bounds is None else (bounds.high - bounds.low) / 2.0
    latency, percent = name.rsplit("_p", 1)
    p = int(percent) / 100
    value = sample.quantile(f"{latency}_ms", p, False)
    found = sample.quantile_ends(f"{latency}_ms", p, False).interval()
    if found is None or value is None or not 0 < value < math.inf:
        return None
    return (found.high - found.low) / 2.0 / value


def sample_of(rows: Sequence[Mapping[str, Any]], confidence: float) -> Sample:
    """Records of measured requests of one cell as a sample, for its latencies and its error rate and nothing else."""
    count = len(rows)
    weight = np.full(count, 1.0 / max(count, 1))
    block = np.array([row["block"] for row in rows], dtype=np.int64)
    ok = np.array([bool(row["ok"]) for row in rows], dtype=np.bool_)
    unknown = np.full(count, math.nan)
    requests = Requests(
        weight=weight,
        block=block,
        ok=ok,
        error=np.array([row["error"] for row in rows], dtype=object),
        dispatched_s=unknown,
        ttft_ms=_column(rows, "ttft_ms"),
        e2e_ms=_column(rows, "e2e_ms"),
        tpot_ms=_column(rows, "tpot_ms"),
        service_latency_ms=unknown,
        input_tokens=unknown,
        output_tokens=unknown,
        cache_read_tokens=unknown,
        cache_write_tokens=unknown,
        user_wait_ms=unknown,
    )
    attempts = Attempts(
        weight=weight,
        answer_weight=weight,
        block=block,
        answered=ok.astype(np.float64),
        throttled=np.zeros(count, dtype=np.bool_),
        slot_ms=unknown,
        tokens=unknown,
        cost_usd=unknown,
        cost_known=np.zeros(count, dtype=np.bool_),
        source=np.zeros(count, dtype=np.int64),
    )
    return Sample(None, confidence, requests, attempts)


def _noted(ledger: Ledger, job: Job, stop: CellWidths) -> dict[str, str]:
    return {
        str(line["stopped"]): str(line["because"])
        for line in ledger.notes
        if "stopped" in line
        and stop_note(line["stopped"], line["because"], job.asked.edition, stop).items() <= line.items()
    }


def _begun(job: Job, ledger: Ledger) -> set[str]:
    """Buckets of which this block holds an answer already."""
    kept = settled(ledger)
    return {
        bucket
        for bucket, cell in cells(job, ledger).items()
        if any(position.key in kept for position in cell.known)
    }


def _earlier(job: Job, limits: SelfCheckLimits, ledger_of: Reader) -> dict[str, list[dict[str, Any]]] | None:
    """The measured requests of all earlier blocks by bucket, without those that the client spoilt a block of.

    None where an earlier block has no ledger: a job that runs alone has nothing to go by.
    """
    rows: dict[str, list[dict[str, Any]]] = {bucket: [] for bucket in job.prompts}
    spoilt: set[str] = set()
    for block in range(job.load.block):
        ledger = ledger_of(block)
        if ledger is None:
            return None
        then = replace(job, load=job.load.model_copy(update={"block": block}))
        made = records(then, ledger)
        checks = verdicts(self_checks(then, ledger), made, limits)
        spoilt |= {bucket for bucket, check in checks.items() if not check["valid"]}
        for row in made:
            if row["role"] == "measured":
                rows[row["bucket"]].append(row)
    return {bucket: found for bucket, found in rows.items() if found and bucket not in spoilt}


def _column(rows: Sequence[Mapping[str, Any]], name: str) -> Floats:
    return np.array([math.nan if row[name] is None else float(row[name]) for row in rows], dtype=np.float64)
