"""The table of what an answer costs: a transaction, a correct answer, one within the limits, a month of the traffic."""

from collections.abc import Sequence
from typing import Any

from assay.tables.inputs import Inputs
from assay.tables.markdown import Column, Markdown, table, with_interval
from assay.tables.models import cost_of_transactions, metric_of
from assay.tables.numbers import count, dollars, known, percent

Row = dict[str, Any]

_CORRECT = "cost_usd_per_10k_correct_answers"
_WITHIN = f"{_CORRECT}_within_limits"
_TRANSACTIONS = "cost_usd_per_10k_transactions"
_MONTH = "cost_usd_per_month"


def _rows(inputs: Inputs, models: Sequence[str]) -> list[Row]:
    found = inputs.models
    return [
        {str(name): value for name, value in row.items()}
        for model in models
        for row in found[found["model"] == model].to_dict("records")
    ]


def costs(inputs: Inputs, models: Sequence[str], *, limits: bool, traffic: bool) -> Markdown:
    """One row for each model, on the dataset of interest.

    `limits` says whether there is a limit on a latency, `traffic` whether the benchmark has a traffic: without them, what
    is about them is left out. With ratings, and without judges, it is points of score that are paid for, and no answer is called correct.
    """
    metric = metric_of(inputs)
    good = "correct answers" if metric is None else f"points of score ({metric})"
    share = "correct of measured requests" if metric is None else f"score ({metric}) of measured requests"
    columns: list[Column[Row]] = [
        Column("model", lambda row: row["model"], "left"),
        Column(
            "USD per 10,000 transactions", lambda row: _ranged(row, _TRANSACTIONS, cost_of_transactions(row))
        ),
        Column(f"USD per 10,000 {good}", lambda row: _ranged(row, _CORRECT, _none(row, "correct_share"))),
        Column(share, lambda row: _share(row, "correct_share")),
    ]
    if limits:
        columns += [
            Column(
                f"USD per 10,000 {good} within the limits",
                lambda row: _ranged(row, _WITHIN, _none(row, "goodput_share")),
            ),
            Column(f"{share}, within the limits", lambda row: _share(row, "goodput_share")),
        ]
    if traffic:
        columns.append(Column("USD per month of the traffic", lambda row: _ranged(row, _MONTH, "unknown")))
    columns.append(Column("n", lambda row: count(row.get("n"))))
    return table(columns, _rows(inputs, models))


def notes(inputs: Inputs, models: Sequence[str]) -> list[str]:
    """What there is to say of a month's cost, by model."""
    return [
        f"{row['model']}: {row['cost_usd_per_month_note']}"
        for row in _rows(inputs, models)
        if isinstance(row.get("cost_usd_per_month_note"), str)
    ]


def _ranged(row: Row, name: str, otherwise: str) -> Markdown | str:
    if not known(row.get(name)):
        return otherwise
    low, high = row.get(f"{name}_low"), row.get(f"{name}_high")
    # From 0 on, or without an upper end, is an interval too; one end alone is none.
    return with_interval(dollars(row.get(name)), dollars(low), dollars(high))


def _share(row: Row, name: str) -> Markdown:
    ends = (row.get(f"{name}_low"), row.get(f"{name}_high"))
    return with_interval(percent(row.get(name)), *map(percent, ends))


def _none(row: Row, share: str) -> str:
    """Why there is no cost of a correct answer."""
    found = row.get(share)
    return "none" if known(found) and not float(found or 0) else "unknown"
