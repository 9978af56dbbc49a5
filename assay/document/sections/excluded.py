"""What was left out of the figures, and why."""

from collections.abc import Iterator
from typing import Any

from assay.document.reported import Reported, summed, total
from assay.tables import run as run_tables
from assay.tables.choice import joined
from assay.tables.inputs import column
from assay.tables.numbers import count


def values(run: Reported) -> dict[str, Any]:
    """Values of the section by name."""
    every = list(_left_out(run))
    found = [one for one in every if one.number]
    return {
        "table": run_tables.left_out(found) if found else None,
        "none_of": joined([one.what for one in every if not one.number], "or"),
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
    left_out = int(column(cells, "n_left_out").sum())
    invalid = cells["status"].eq("invalid") if "status" in cells else cells["n"].isna()
    distorted = left_out + int(column(cells, "n")[invalid].sum())
    sent = total(column(models, "requests_sent").tolist())
    if sent is not None:
        yield run_tables.LeftOut(
            "requests of warm-up and filler, and tries that were repeated",
            max(0, int(sent) - measured - left_out),
            "they bring the load up, keep it up, or gave way to a later try",
            "every figure but the cost of the run and errors over time",
        )
    if finished.searches:
        yield run_tables.LeftOut(
            "requests of the search for the highest rate",
            summed(finished.searches, "requests"),
            "they were sent at rates that the search came to",
            "every figure but the search's own and its cost",
        )
    yield run_tables.LeftOut(
        "requests that failed",
        measured - int(column(cells, "n_ok").sum()),
        "they have no latency",
        "latencies of answered requests; limits take them as infinitely late",
    )
    yield run_tables.LeftOut(
        "requests of blocks that the client itself had distorted",
        distorted,
        "their latency is not the service's",
        "every figure of latency and throughput",
    )
    if run.benchmark.judges is not None:
        statuses = finished.verdict_statuses
        unread, lost = summed(statuses, "unparseable"), summed(statuses, "failed")
        yield run_tables.LeftOut(
            "verdicts that could not be read or had",
            unread + lost,
            f"{count(unread)} unreadable, {count(lost)} not to be had",
            "the majority: each counts as no verdict in the panel's quorum",
        )
        yield run_tables.LeftOut(
            "answers that were not judged",
            int(column(models, "answers_not_judged").fillna(0).sum()),
            "the judging was capped or ended early, or a judge wasn't to be had",
            "accuracy",
        )
    aside = [str(entry["model"]) for entry in run.decision["models"] if entry["qualifies"] == "not_evaluated"]
    yield run_tables.LeftOut(
        "models that were not evaluated",
        len(aside),
        joined(aside),
        "the choice: a model that lacks a figure is not beaten",
    )
