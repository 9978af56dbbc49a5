"""Tables with a row for each model: the headline, the limits, the comparisons, the judges' view of the answers."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from assay.schedule.level import Level
from assay.tables.choice import p_value, place
from assay.tables.inputs import Inputs, of_interest
from assay.tables.markdown import Column, Markdown, escape, table, with_interval
from assay.tables.metrics import (
    METRICS,
    QUALIFIES,
    STATES,
    asked,
    difference,
    figure,
    metric_name,
    missed_by,
    state,
)
from assay.tables.numbers import UNKNOWN, count, dollars, known, number, percent
from assay.tables.people import corrected_words

Row = dict[str, Any]


OF_HEADLINE = ("e2e_ms_p50", "e2e_ms_p95", "ttft_ms_p50", "ttft_ms_p95")
"""Latencies that the headline has in any case; those that a limit or the choice is on stand beside them."""


def headline(
    inputs: Inputs,
    models: Sequence[str],
    buckets: Sequence[str],
    level: Level,
    corrected: Mapping[str, Row] | None = None,
) -> Markdown:
    """One row for each model, on the dataset of interest. `corrected` are rows of that table by model.

    Latencies are those that limits are held against: over all requests, one that failed being infinitely late, in an open
    loop from when it was due.
    """
    decision = inputs.decision
    judged = {entry["model"]: entry for entry in decision.get("models") or []}
    rows = [
        {
            **of_interest(inputs, model, buckets, level),
            "model": model,
            "entry": judged.get(model, {}),
            "by_people": (corrected or {}).get(model, {}),
        }
        for model in models
    ]
    chosen = decision.get("model") if decision.get("answer") == "winner" else None
    columns: list[Column[Row]] = [
        Column("model", lambda row: _model(row["model"], chosen), "left"),
        Column("place", lambda row: place(decision, row["entry"]) if row["entry"] else UNKNOWN, "left"),
        *([Column("keeps the limits", _keeps, "left")] if _limited(decision) else []),
        Column(
            "accuracy" if metric_of(inputs) is None else f"score ({metric_of(inputs)})",
            lambda row: _ranged(row, "accuracy", percent),
        ),
        *(
            [Column("accuracy, corrected by people's labels", lambda row: corrected_words(row["by_people"]))]
            if any(known(row["by_people"].get("corrected")) for row in rows)
            else []
        ),
        Column("USD per 10,000 transactions", _cost),
        *_of_objective(decision),
        *(_latency(metric, level) for metric in _latencies(decision)),
        Column("the instrument's own error p99 (ms)", lambda row: number(row.get("canary_error_ms_p99"))),
        Column("failed", lambda row: _ranged(row, "error_rate", percent)),
        Column("transactions per minute", lambda row: _ranged(row, "transactions_per_minute", number)),
        Column("requests measured", lambda row: count(row.get("n"))),
        Column("prompts scored", lambda row: count(row.get("accuracy_n"))),
    ]
    return table(columns, rows)


def _limited(decision: Mapping[str, Any]) -> bool:
    """Whether there is a limit to keep."""
    return any(entry.get("limits") for entry in decision.get("models") or [])


def _keeps(row: Row) -> Markdown | str:
    return state(row["entry"]["qualifies"], QUALIFIES) if row["entry"].get("qualifies") else UNKNOWN


def _cost(row: Row) -> Markdown | str:
    name = "cost_usd_per_10k_transactions"
    return _ranged(row, name, dollars) if known(row.get(name)) else cost_of_transactions(row)


def _ranged(row: Mapping[str, Any], name: str, words: Callable[[Any], str]) -> Markdown:
    return with_interval(*(words(row.get(f"{name}{end}")) for end in ("", "_low", "_high")))


def _of_objective(decision: Mapping[str, Any]) -> list[Column[Row]]:
    """What the choice is made by, where no other column has it."""
    metric = str(decision.get("objective_metric"))
    headers = {
        "cost_usd_per_10k_correct_answers": "USD per 10,000 correct answers",
        "weighted_score": "weighted score",
    }
    if metric not in headers:
        return []
    ends = ("objective_value", "objective_low", "objective_high")
    return [
        Column(
            headers[metric],
            lambda row: with_interval(*(figure(metric, row["entry"].get(name)) for name in ends)),
        )
    ]


def _latencies(decision: Mapping[str, Any]) -> list[str]:
    """Names of the latencies of the headline, in the order of all metrics."""
    limited = {
        limit["metric"]
        for entry in decision.get("models") or []
        for limit in entry.get("limits") or []
        if "_ms_p" in limit["metric"]
    }
    wanted = {*OF_HEADLINE, *limited, decision.get("latency_metric")}
    more = [name for name in METRICS if name in wanted and name not in OF_HEADLINE]
    return [*OF_HEADLINE, *more]


def _latency(metric: str, level: Level) -> Column[Row]:
    words = metric_name(metric).replace("end-to-end latency", "end to end")
    latency, percentile = metric.rsplit("_", 1)
    due = latency.replace("_ms", "_from_intended_ms") if level.rate_rps is not None else latency

    def cell(row: Row) -> Markdown:
        names = (f"{due}_{percentile}_all", f"{metric}_all", metric)
        return _ranged(row, next((name for name in names if known(row.get(name))), metric), number)

    return Column(f"{words} (ms)", cell)


def cost_of_transactions(row: Row) -> str:
    """Dollars per 10,000 transactions; where there are none, why not."""
    value = row.get("cost_usd_per_10k_transactions")
    if known(value):
        return dollars(value)
    return "nothing answered" if known(row.get("n_ok")) and not row.get("n_ok") else "unknown"


def _model(label: str, chosen: Any) -> Markdown:
    return Markdown(f"**{escape(label)}**") if label == chosen else escape(label)


def limits(decision: dict[str, Any]) -> Markdown | None:
    """One row for each model and limit: what was asked, what was found, whether it is met. None without limits."""
    rows: list[Row] = [
        {**limit, "model": entry["model"]}
        for entry in decision.get("models") or []
        for limit in entry.get("limits") or []
    ]
    if not rows:
        return None
    ends = {"max": "at most", "min": "at least"}
    columns: list[Column[Row]] = [
        Column("model", lambda row: row["model"], "left"),
        Column("limit", lambda row: metric_name(row["metric"], row.get("bucket")), "left"),
        Column("kept", lambda row: state(row.get("state", ""), STATES), "left"),
        Column(
            "asked",
            lambda row: f"{ends.get(row.get('bound', ''), '')} {asked(row['metric'], row.get('limit'))}",
        ),
        Column(
            "found",
            lambda row: (
                f"unknown: {row['why']}"
                if row.get("why")
                else with_interval(
                    _value(row),
                    figure(row["metric"], row.get("low")),
                    _upper(row),
                )
            ),
        ),
        Column("n", lambda row: count(row.get("n"))),
    ]
    if any(row.get("miss") for row in rows):
        columns.append(Column("misses by", _miss))
    return table(columns, rows)


def _value(row: Row) -> str:
    """What was found; JSON has no infinity, but says it in words."""
    said = row.get("value_in_words")
    return figure(row["metric"], row.get("value")) if known(row.get("value")) else str(said or UNKNOWN)


def _upper(row: Row) -> str:
    """The upper end of what was found. JSON has no infinity: a latency with a lower end alone may be infinitely late."""
    if "_ms_p" in row["metric"] and known(row.get("low")) and not known(row.get("high")):
        return "infinitely late"
    return figure(row["metric"], row.get("high"))


def _miss(row: Row) -> Markdown | str:
    """How far a limit is missed, with the nearer end of the interval first."""
    if row.get("state") != "missed":
        return UNKNOWN
    ends = ("low", "high") if row.get("bound") == "max" else ("high", "low")
    said = (missed_by(row["metric"], row["bound"], row["limit"], row.get(end)) for end in ("value", *ends))
    return with_interval(*said)


def comparisons(decision: dict[str, Any], metric: str) -> Markdown | None:
    """One row for each pair of models that was compared by the objective. None if there was none."""
    rows: list[Row] = decision.get("comparisons") or []
    if not rows:
        return None
    columns: list[Column[Row]] = [
        Column("models", lambda row: f"{row['a']} minus {row['b']}", "left"),
        Column(
            f"difference in {metric_name(metric)}",
            lambda row: with_interval(
                figure(metric, row.get("difference")),
                figure(metric, row.get("low")),
                figure(metric, row.get("high")),
            ),
        ),
        Column(
            "relative difference",
            lambda row: with_interval(
                *(
                    difference(row.get(name), "relative")
                    for name in ("relative", "relative_low", "relative_high")
                )
            ),
        ),
        Column("adjusted p", lambda row: p_value(row.get("p_adjusted"))),
    ]
    return table(columns, rows)


def metric_of(inputs: Inputs) -> str | None:
    """What accuracy is a score by: ratings, or without judges the metric. None where it is a share of right answers."""
    return _metric(inputs.models.get("accuracy_by", []))


def _metric(names: Any) -> str | None:
    return next((name for name in names if isinstance(name, str) and name != "panel"), None)


def _score_of(words: str, rows: Sequence[Any]) -> str:
    """A column's name; a mean of ratings, or without judges of the metric, is not called correct."""
    metric = _metric([row.get("accuracy_by") for row in rows])
    return words if metric is None else f"score ({metric}), {words.removeprefix('correct ')}"


def accuracy(inputs: Inputs, models: Sequence[str]) -> Markdown:
    """One row for each model: of its answers and of all asked, and the dataset's own metric."""
    rows = [
        row for model in models for row in inputs.models[inputs.models["model"] == model].to_dict("records")
    ]
    columns: list[Column[Any]] = [
        Column("model", lambda row: row["model"], "left"),
        Column(
            _score_of("correct of answered", rows),
            lambda row: with_interval(
                percent(row.get("accuracy")),
                percent(row.get("accuracy_low")),
                percent(row.get("accuracy_high")),
            ),
        ),
        Column(
            _score_of("correct of asked", rows),
            lambda row: with_interval(
                percent(row.get("accuracy_of_asked")),
                percent(row.get("accuracy_of_asked_low")),
                percent(row.get("accuracy_of_asked_high")),
            ),
        ),
        Column("dataset's own metric", lambda row: percent(row.get("metric_score"))),
        Column("prompts", lambda row: count(row.get("accuracy_n"))),
    ]
    if any(known(row.get("accuracy_n_reused")) and row["accuracy_n_reused"] for row in rows):
        columns.append(
            Column("of which reused from other runs", lambda row: count(row.get("accuracy_n_reused")))
        )
    return table(columns, rows)
