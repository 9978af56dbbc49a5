"""Tables of costs: what an answer costs, what it is made of, and what the run itself cost, part by part."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from assay.tables.inputs import Inputs
from assay.tables.markdown import Column, Markdown, table, with_interval
from assay.tables.models import cost_of_transactions, metric_of
from assay.tables.numbers import count, dollars, known, percent
from assay.tables.run import spent

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


PARTS = {
    "input": "input tokens",
    "output": "output tokens",
    "cache_read": "cache reads",
    "cache_write": "cache writes",
    "failed": "failed and retried",
    "warmup": "warm-up",
    "filler": "filler",
    "hours": "hours of provisioned throughput",
}
"""What a cost is made of, as the report calls it, in the order of the columns."""


def parts(inputs: Inputs, models: Sequence[str]) -> Markdown | None:
    """One row for each model: what 10,000 transactions on the dataset of interest cost, part by part.

    A part that cost nothing with any model is left out. None where nothing of it is known: the run has no such table, or
    nothing was answered.
    """
    found = _parts(inputs, "transactions")
    rows: list[Row] = [
        {"model": model, **found[model], "sum": _sum(found[model].values())}
        for model in models
        if model in found
    ]
    if not any(known(usd) for model in models for usd in found.get(model, {}).values()):
        return None
    columns: list[Column[Row]] = [
        Column("model", lambda row: row["model"], "left"),
        *_of_parts(rows),
        Column("together (USD per 10,000 transactions)", lambda row: _unknown(row["sum"])),
    ]
    return table(columns, rows)


def of_run(
    inputs: Inputs,
    models: Sequence[str],
    preflight: Mapping[tuple[str, str], float | None],
    searches: Mapping[str, float | None],
    judging: float | None,
) -> Markdown:
    """One row for each model and one for all: what the run spent on it, part by part, in US dollars.

    `preflight` is by role (`model`, `judge`) and label, `searches` by model; `judging` is what all verdicts cost, each answer
    counted once.
    """
    found = _parts(inputs, "run")
    about = {str(row["model"]): row for row in _rows(inputs, models)}
    rows: list[Row] = [
        {
            **found.get(model, {}),
            **{
                name: about[model].get(name)
                for name in (
                    "requests_sent",
                    "priced_by",
                    "cost_usd",
                    "cost_usd_at_most",
                    "requests_cost_unknown",
                    "judge_requests_cost_unknown",
                )
            },
            "model": model,
            "preflight": preflight.get(("model", model)),
            "search": searches.get(model),
            "judging": about[model].get("judge_cost_usd"),
        }
        for model in models
        if model in about
    ]
    last: Row = {
        name: _sum(row.get(name) for row in rows if row.get("priced_by") != "hour")
        for name in (*PARTS, "requests_sent", "search", "cost_usd", "cost_usd_at_most")
    }
    for name in ("requests_cost_unknown", "judge_requests_cost_unknown"):
        last[name] = sum(int(row[name]) for row in rows if known(row.get(name)))
    last |= {"model": "all", "judging": judging, "preflight": _sum(preflight.values())}
    every = [*rows, last] if len(rows) > 1 else rows
    columns: list[Column[Row]] = [
        Column("model", lambda row: row["model"], "left"),
        Column("requests sent", lambda row: count(row.get("requests_sent"))),
        *_of_parts([row for row in every if row.get("priced_by") != "hour"]),
        Column("asking in all (USD)", _asking),
        Column("cost not known of (requests)", lambda row: count(row.get("requests_cost_unknown"))),
        *([Column("preflight (USD)", _usd("preflight"))] if preflight else []),
        *([Column("search (USD)", _usd("search"))] if searches else []),
        Column(
            "judging its answers (USD)",
            lambda row: spent(row.get("judging"), row.get("judge_requests_cost_unknown")),
        ),
    ]
    return table(columns, every)


def _usd(name: str) -> Callable[[Row], str]:
    return lambda row: "by the hour" if row.get("priced_by") == "hour" else _unknown(row.get(name))


def _asking(row: Row) -> str:
    if row.get("priced_by") == "hour":
        return "by the hour"
    return spent(row.get("cost_usd"), row.get("requests_cost_unknown"), row.get("cost_usd_at_most"))


def _parts(inputs: Inputs, scope: str) -> dict[str, dict[str, float | None]]:
    """Dollars by model and part; None is unknown."""
    found: dict[str, dict[str, float | None]] = {}
    for row in inputs.cost_parts.to_dict("records"):
        if row["scope"] == scope and row["part"] in PARTS:
            usd = float(row["cost_usd"]) if known(row["cost_usd"]) else None
            found.setdefault(str(row["model"]), {})[str(row["part"])] = usd
    return found


def _of_parts(rows: Sequence[Row]) -> list[Column[Row]]:
    """A column for each part that cost something, or may have."""
    shown = [
        part
        for part in PARTS
        if any(part in row and (row[part] is None or row[part]) for row in rows if row.get("model") != "all")
    ]
    return [Column(f"{PARTS[part]} (USD)", _usd(part)) for part in shown]


def _unknown(value: Any) -> str:
    return dollars(value) if known(value) else "unknown"


def _sum(values: Iterable[Any]) -> float | None:
    """The sum; None where any is unknown."""
    found = list(values)
    return sum(map(float, found)) if all(known(value) for value in found) else None
