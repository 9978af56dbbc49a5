"""Tables with a row for each model: the headline, the limits, the comparisons, the judges' view of the answers."""

from collections.abc import Mapping, Sequence
from typing import Any

from assay.schedule.level import Level, closed, open_at
from assay.tables.choice import p_value, place
from assay.tables.inputs import Inputs, of_interest
from assay.tables.markdown import Column, Markdown, escape, table, with_interval
from assay.tables.metrics import METRICS, QUALIFIES, STATES, difference, figure, metric_name, state
from assay.tables.numbers import UNKNOWN, count, dollars, known, number, percent
from assay.tables.people import corrected_words

Row = dict[str, Any]


def headline(
    inputs: Inputs,
    models: Sequence[str],
    buckets: Sequence[str],
    level: Level,
    corrected: Mapping[str, Row] | None = None,
) -> Markdown:
    """One row for each model, on the dataset of interest. `corrected` are rows of that table by model."""
    judged = {entry["model"]: entry for entry in inputs.decision.get("models") or []}
    rows = [
        {
            **of_interest(inputs, model, buckets, level),
            "model": model,
            "qualifies": judged.get(model, {}).get("qualifies", ""),
            "place": place(inputs.decision, judged[model]) if model in judged else UNKNOWN,
            "up_to": _up_to(judged.get(model, {})),
            "by_people": (corrected or {}).get(model, {}),
        }
        for model in models
    ]
    chosen = inputs.decision.get("model") if inputs.decision.get("answer") == "winner" else None

    def ranged(metric: str) -> Column[Row]:
        return Column(
            f"{METRICS[metric]} (ms)".replace("end-to-end latency", "end to end"),
            lambda row: with_interval(
                number(row.get(metric)), number(row.get(f"{metric}_low")), number(row.get(f"{metric}_high"))
            ),
        )

    columns: list[Column[Row]] = [
        Column("model", lambda row: _model(row["model"], chosen), "left"),
        Column("place", lambda row: row["place"], "left"),
        Column(
            "keeps the limits",
            lambda row: state(row["qualifies"], QUALIFIES) if row["qualifies"] else UNKNOWN,
            "left",
        ),
        Column(
            "accuracy" if metric_of(inputs) is None else f"score ({metric_of(inputs)})",
            lambda row: with_interval(
                percent(row.get("accuracy")),
                percent(row.get("accuracy_low")),
                percent(row.get("accuracy_high")),
            ),
        ),
        *(
            [Column("accuracy, corrected by people's labels", lambda row: corrected_words(row["by_people"]))]
            if any(known(row["by_people"].get("corrected")) for row in rows)
            else []
        ),
        Column("USD per 10,000 transactions", lambda row: cost_of_transactions(row)),
        ranged("e2e_ms_p50"),
        ranged("e2e_ms_p95"),
        ranged("ttft_ms_p50"),
        ranged("ttft_ms_p95"),
        Column("the instrument's own error p99 (ms)", lambda row: number(row.get("canary_error_ms_p99"))),
        Column("failed", lambda row: percent(row.get("error_rate"))),
        Column("limits kept up to", lambda row: row["up_to"]),
        Column("transactions per minute", lambda row: number(row.get("transactions_per_minute"))),
        Column("requests measured", lambda row: count(row.get("n"))),
        Column("prompts scored", lambda row: count(row.get("accuracy_n"))),
    ]
    return table(columns, rows)


def _up_to(entry: Row) -> str:
    """The highest closed and open loop at which a model keeps the limits, in words."""
    concurrency, rate_rps = entry.get("highest_concurrency"), entry.get("highest_rate_rps")
    words = [] if concurrency is None else [closed(concurrency).words]
    words += [] if rate_rps is None else [open_at(rate_rps).words]
    return ", ".join(words) or UNKNOWN


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
        Column(
            "asked",
            lambda row: f"{ends.get(row.get('bound', ''), '')} {figure(row['metric'], row.get('limit'))}",
        ),
        Column(
            "found",
            lambda row: (
                f"unknown: {row['why']}"
                if row.get("why")
                else with_interval(
                    figure(row["metric"], row.get("value")),
                    figure(row["metric"], row.get("low")),
                    figure(row["metric"], row.get("high")),
                )
            ),
        ),
        Column("n", lambda row: count(row.get("n"))),
        Column("", lambda row: state(row.get("state", ""), STATES), "left"),
    ]
    if any(row.get("miss") for row in rows):
        columns.append(Column("misses by", _miss))
    return table(columns, rows)


def _miss(row: Row) -> Markdown | str:
    """How far a limit is missed, as a share of it."""
    miss = row.get("miss")
    if not miss or not known(miss.get("relative")):
        return UNKNOWN
    low, high = (percent(abs(miss[end])) if known(miss.get(end)) else UNKNOWN for end in ("low", "high"))
    return with_interval(percent(abs(miss["relative"])), low, high)


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
