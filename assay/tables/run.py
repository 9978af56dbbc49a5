"""Tables about the run itself: buckets, cells, judges, spending, what is incomplete, what the words mean."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from assay.judging.standing import ASKED as ASKED
from assay.schedule.level import level_of
from assay.tables.inputs import Inputs
from assay.tables.markdown import Column, Markdown, table, with_interval
from assay.tables.metrics import METRICS
from assay.tables.models import cost_of_transactions
from assay.tables.numbers import UNKNOWN, count, dollars, known, number

Row = dict[str, Any]


def _rows(frame: pd.DataFrame) -> list[Row]:
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def _unknown_cost(value: Any) -> str:
    return dollars(value) if known(value) else "unknown"


def spent(value: Any, unknown: Any, at_most: Any = None) -> str:
    """What was spent: a lower bound where of some requests it isn't known what they cost, and an upper one if there is one."""
    if not (known(value) and known(unknown) and float(unknown) > 0):
        return _unknown_cost(value)
    upper = f", at most {_unknown_cost(at_most)}" if known(at_most) else ""
    return f"at least {_unknown_cost(value)}{upper}"


def buckets(found: Sequence[Row]) -> Markdown:
    """One row for each bucket: its range, and how many prompts it has of those asked for."""
    columns: list[Column[Row]] = [
        Column("bucket", lambda row: row["name"], "left"),
        Column("from (tokens)", lambda row: count(row.get("min"))),
        Column("to below (tokens)", lambda row: count(row.get("max"))),
        Column("prompts asked for", lambda row: count(row.get("asked"))),
        Column("prompts drawn", lambda row: count(row.get("n"))),
        Column("available", lambda row: count(row.get("available"))),
    ]
    return table(columns, found)


def models(found: Sequence[Row]) -> Markdown:
    """One row for each model or judge: its id and what it was asked with."""
    columns: list[Column[Row]] = [
        Column("label", lambda row: row["label"], "left"),
        Column("model id", lambda row: row["id"], "left"),
        Column("API", lambda row: row["api"], "left"),
        Column("inference parameters", lambda row: row["inference"], "left"),
    ]
    return table(columns, found)


def cells(inputs: Inputs, models: Sequence[str], buckets: Sequence[str]) -> Markdown:
    """One row for each cell, the figures that most people look for."""
    order = {name: place for place, name in enumerate(models)}
    bucket_order = {name: place for place, name in enumerate(buckets)}
    rows = sorted(
        (row for row in _rows(inputs.cells) if row["model"] in order and row["bucket"] in bucket_order),
        key=lambda row: (order[row["model"]], bucket_order[row["bucket"]], level_of(row["load"]).rank),
    )

    def ranged(metric: str) -> Column[Row]:
        name = METRICS[metric].replace("end-to-end latency", "end to end")
        return Column(
            f"{name} (ms)",
            lambda row: with_interval(
                number(row.get(metric)), number(row.get(f"{metric}_low")), number(row.get(f"{metric}_high"))
            ),
        )

    columns: list[Column[Row]] = [
        Column("model", lambda row: row["model"], "left"),
        Column("bucket", lambda row: row["bucket"], "left"),
        Column("load", lambda row: level_of(row["load"]).words, "left"),
        Column("n", lambda row: count(row.get("n"))),
        Column("answered", lambda row: count(row.get("n_ok"))),
        ranged("ttft_ms_p50"),
        ranged("ttft_ms_p95"),
        ranged("e2e_ms_p50"),
        ranged("e2e_ms_p95"),
        Column("TPOT p50 (ms)", lambda row: number(row.get("tpot_ms_p50"))),
        Column("transactions per minute", lambda row: number(row.get("transactions_per_minute"))),
        Column("tokens per minute", lambda row: number(row.get("tokens_per_minute"))),
        Column("USD per 10,000", cost_of_transactions),
    ]
    return table(columns, rows)


_OF_A_CELL: tuple[Column[Row], ...] = (
    Column("model", lambda row: row["model"], "left"),
    Column("bucket", lambda row: row["bucket"], "left"),
    Column("load", lambda row: level_of(row["load"]).words, "left"),
    Column("requests measured", lambda row: count(row.get("n"))),
)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that stands in no figure, or not in all of them."""

    what: str
    number: int
    why: str
    of: str
    """Which figures it is left out of."""


def left_out(found: Sequence[LeftOut]) -> Markdown:
    """One row for each: what, how many, why, and which figures are without it."""
    columns: list[Column[LeftOut]] = [
        Column("what", lambda row: row.what, "left"),
        Column("how many", lambda row: count(row.number)),
        Column("why", lambda row: row.why, "left"),
        Column("left out of", lambda row: row.of, "left"),
    ]
    return table(columns, found)


def incomplete(inputs: Inputs) -> Markdown | None:
    """One row for each cell that is not complete, and why. None if all are."""
    rows = [row for row in _rows(inputs.cells) if row.get("status") not in (None, "complete")]
    if not rows:
        return None
    columns: list[Column[Row]] = [
        *_OF_A_CELL,
        Column("status", lambda row: row["status"], "left"),
        Column(
            "reason", lambda row: row["reason"] if isinstance(row.get("reason"), str) else UNKNOWN, "left"
        ),
    ]
    return table(columns, rows)


def ended_early(inputs: Inputs) -> Markdown | None:
    """One row for each cell of which later blocks weren't measured on purpose, and why. None if there is none."""
    rows = [row for row in _rows(inputs.cells) if isinstance(row.get("ended_early"), str)]
    if not rows:
        return None
    columns: list[Column[Row]] = [
        *_OF_A_CELL,
        Column("blocks measured", lambda row: count(row.get("blocks"))),
        Column("why", lambda row: row["ended_early"], "left"),
    ]
    return table(columns, rows)


def not_judged(inputs: Inputs, statuses: Sequence[Mapping[str, Any]]) -> list[str]:
    """A line for each model of whose answers some weren't judged, then one for each judging that left some out, and why."""
    rows = [row for row in _rows(inputs.models) if known(row.get("answers_not_judged"))]
    lines = [
        f"{row['model']}: accuracy is that of {count(row['answers'] - row['answers_not_judged'])} of "
        f"{count(row['answers'])} answers on the dataset of interest"
        for row in rows
        if row["answers_not_judged"]
    ]
    for status in statuses:
        if left := int(status.get("not_asked") or 0):
            asked = sum(int(status.get(name) or 0) for name in ASKED)
            why = f" ({status['reason']})" if status.get("reason") else ""
            lines.append(
                f"{status['judge']} was asked about {count(asked)} of {count(asked + left)} answers of "
                f"{status['model']}{why}"
            )
    return lines


HELD = 0.9
"""A closed loop holds its load if so much of it was in flight."""

_FULL = 10
"""Measured requests for each place in flight, in a block, from which on their number isn't what was missing."""


def not_held(inputs: Inputs) -> list[str]:
    """A line for each closed-loop cell that had clearly fewer requests in flight than were asked for."""
    lines = []
    for row in _rows(inputs.cells):
        asked, mean = row.get("concurrency"), row.get("in_flight_mean")
        if not (known(asked) and known(mean) and float(mean or 0) < HELD * float(asked or 0)):
            continue
        blocks = row.get("blocks")
        each = float(row.get("n") or 0) / (float(blocks or 1) if known(blocks) else 1.0)
        why = ": too few requests" if each < _FULL * float(asked or 0) else ""
        lines.append(
            f"{row['model']}, {row['bucket']}: asked for {count(asked)} in flight, held {number(mean)}{why}"
        )
    return lines


def pairs(found: Iterable[tuple[str, Any]], name: str, value: str) -> Markdown:
    """A table of names and values, the names under the header `name`."""
    columns: list[Column[tuple[str, Any]]] = [
        Column(name, lambda row: row[0], "left"),
        Column(value, lambda row: row[1] if row[1] not in (None, "") else UNKNOWN, "left"),
    ]
    return table(columns, found)
