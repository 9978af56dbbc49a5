"""What was left out of the figures, and why."""

from collections.abc import Iterator
from typing import Any

from assay.document.reported import Reported, summed, total
from assay.tables import run as run_tables
from assay.tables.inputs import column
from assay.tables.numbers import count


def values(run: Reported) -> dict[str, Any]:
    """Values of the section by name."""
    return {
        "table": run_tables.left_out(list(_left_out(run))),
        "incomplete": run_tables.incomplete(run.inputs),
        "ended_early": run_tables.ended_early(run.inputs),
        "not_held": run_tables.not_held(run.inputs),
        "data_warnings": [
            *run.finished.buckets.get("warnings", []),
            *run.finished.source.get("warnings", []),
        ],
    }


def _left_out(run: Reported) -> Iterator[run_tables.LeftOut]:
    """Everything that was sent or said and isn't in all figures, with how much of it there is."""
    cells, models, finished = run.inputs.cells, run.inputs.models, run.finished
    measured = int(column(cells, "n").sum())
    failed = measured - int(column(cells, "n_ok").sum())
    distorted = int(column(cells, "n_left_out").sum())
    sent = total(column(models, "requests_sent").tolist())
    if sent is not None:
        yield run_tables.LeftOut(
            "warm-up, filler, and tries that were repeated",
            count(max(0, sent - measured - distorted)),
            "they bring the load up, keep it up, or gave way to a later try",
            "every figure but the cost of the run and errors over time",
        )
    yield run_tables.LeftOut(
        "requests that failed",
        count(failed),
        "they have no latency",
        "percentiles of answered requests; where a limit is checked they count as infinitely late",
    )
    yield run_tables.LeftOut(
        "requests of blocks that the client itself had distorted",
        count(distorted),
        "their latency is not the service's",
        "every figure of latency and throughput",
    )
    if run.benchmark.judges is not None:
        statuses = finished.verdict_statuses
        unread, lost = summed(statuses, "unparseable"), summed(statuses, "failed")
        yield run_tables.LeftOut(
            "verdicts that could not be read or had",
            count(unread + lost),
            f"{count(unread)} unreadable, {count(lost)} not to be had",
            "they count as no verdict in the panel's quorum",
        )
        yield run_tables.LeftOut(
            "answers that were not judged",
            count(int(column(models, "answers_not_judged").fillna(0).sum())),
            "the judging was capped or stopped, or a judge wasn't to be had",
            "accuracy",
        )
    aside = [entry["model"] for entry in run.decision["models"] if entry["qualifies"] == "not_evaluated"]
    yield run_tables.LeftOut(
        "models that were not evaluated",
        count(len(aside)),
        ", ".join(map(str, aside)) or "none",
        "the choice: a model without a figure that it needs is not beaten",
    )
