"""Accuracy: by model, pair, task and prompt size; who judged it, and what of it other runs paid for."""

from typing import Any

from assay.document.inputs import Finished
from assay.document.reported import Reported, summed
from assay.tables import accuracy, models
from assay.tables import run as run_tables
from assay.tables.inputs import column


def values(run: Reported) -> dict[str, Any]:
    """Values of the section by name."""
    statuses = run.finished.verdict_statuses
    return {
        **accuracy.section(run.finished.accuracy_tables, run.inputs, run.settings),
        "table": models.accuracy(run.inputs, run.shown.models),
        "reused": _reused(run.finished),
        "not_judged": run_tables.not_judged(run.inputs, statuses),
        "unparseable": summed(statuses, "unparseable"),
        "failed": summed(statuses, "failed"),
        "verdicts": sum(summed(statuses, name) for name in run_tables.ASKED),
    }


def _reused(finished: Finished) -> dict[str, Any]:
    """What was taken from other runs: prompts by model, and verdicts."""
    rows = finished.tables.models
    prompts = column(rows, "accuracy_n_reused_all_buckets").fillna(0)
    return {
        "prompts": [
            {
                "model": row["model"],
                "n": int(n),
                "of": int(row["accuracy_n_all_buckets"]),
                "runs": row["reused_from"],
            }
            for row, n in zip(rows.to_dict("records"), prompts, strict=True)
            if n
        ],
        "verdicts": summed(finished.verdict_statuses, "reused"),
    }
