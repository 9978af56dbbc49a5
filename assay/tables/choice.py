"""Tables of the decision: what each model's place in it is, what would change it, how it is by bucket and by load, how models
stand against the incumbent and on the Pareto frontiers.

Every word is about what `decision.json` says; nothing is decided here.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from assay.schedule.level import closed, level_of, open_at
from assay.tables.markdown import Column, Markdown, escape, table
from assay.tables.metrics import (
    STATES,
    asked,
    difference,
    figure,
    margin,
    metric_name,
    state,
)
from assay.tables.numbers import UNKNOWN, decimal, known

Row = dict[str, Any]

_BOUNDS = {"max": "at most", "min": "at least"}
_SIGNS = {"yes": "✓", "no": "✗", "undecided": "?", "not_evaluated": "—"}


_COMPARED = {
    "cheapest": "cost",
    "cheapest_success": "cost per correct answer",
    "fastest": "latency",
    "most_accurate": "accuracy",
    "weighted": "the weighted score",
}


def joined(names: Sequence[str], last: str = "and") -> str:
    """`a, b and c`."""
    return f"{', '.join(names[:-1])} {last} {names[-1]}" if len(names) > 1 else "".join(names)


def place(decision: Mapping[str, Any], entry: Mapping[str, Any]) -> Markdown:
    """The place of a model in the choice, in words: chosen, tied, out and by which limits, beaten by whom."""
    model = entry.get("model")
    words = _place(decision, entry, str(model))
    return Markdown(f"{words}, in use now") if model == _incumbent(decision) else words


def _place(decision: Mapping[str, Any], entry: Mapping[str, Any], model: str) -> Markdown:
    candidates = [name for name in decision.get("candidates") or [] if name != model]
    chosen = decision.get("model") if decision.get("answer") == "winner" else None
    if model == chosen:
        return Markdown("**the choice**")
    if model in (decision.get("as_good") or []):
        return escape(
            f"as good as {chosen}, within the margin" if chosen else "equally good, within the margin"
        )
    if entry.get("qualifies") == "not_evaluated":
        return escape("not evaluated")
    limits = entry.get("limits") or []
    if entry.get("qualifies") == "no":
        return escape(f"out: misses {_named(limits, 'missed')}")
    told = {
        pair["b"] if pair["a"] == model else pair["a"]: pair["better"]
        for pair in decision.get("comparisons") or []
        if model in (pair["a"], pair["b"]) and pair.get("better") is not None
    }
    by = _COMPARED.get(str(decision.get("objective")))
    than = f" by {by}" if by else ""
    beaten = sorted(other for other, better in told.items() if better == other)
    if model in (decision.get("candidates") or []):
        tie = "equally good as" if decision.get("answer") == "equivalent" else "not told apart from"
        open_limits = _named(limits, "undecided")
        level = [name for name in candidates if name not in told]
        ahead = [name for name in candidates if told.get(name) == model]
        behind = [name for name in candidates if name in beaten]
        parts = [f"undecided on {open_limits}"] if open_limits else []
        parts += [f"{tie} {joined(level)}"] if level else []
        parts += [f"better than {joined(ahead)}{than}"] if ahead else []
        parts += [f"worse than {joined(behind)}{than}"] if behind else []
        return escape("; ".join(parts) or "the only one left")
    if beaten:
        return escape(f"worse than {joined(beaten)}{than}")
    return escape(
        f"undecided on {_named(limits, 'undecided')}" if _named(limits, "undecided") else "not chosen"
    )


def _named(limits: Sequence[Mapping[str, Any]], wanted: str) -> str:
    return joined(
        [
            metric_name(limit["metric"], limit.get("bucket"))
            for limit in limits
            if limit.get("state") == wanted
        ]
    )


def _incumbent(decision: Mapping[str, Any]) -> str | None:
    return (decision.get("incumbent") or {}).get("model")


def answer(found: Mapping[str, Any]) -> str:
    """What one choice came to, in few words."""
    names = joined([str(name) for name in found.get("candidates") or []])
    match found.get("answer"):
        case "winner":
            return str(found.get("model"))
        case "equivalent":
            return f"{names}: equally good"
        case "undecided":
            return f"undecided: {names}" if names else "undecided"
        case "none_qualifies":
            return "none qualifies"
        case _:
            return "not evaluated"


def by_bucket(decision: Mapping[str, Any]) -> Markdown | None:
    """One row for each bucket: its choice, and of each model whether it keeps the limits there, and its figure.

    None where there is no decision by bucket.
    """
    rows: list[Row] = decision.get("by_bucket") or []
    if not rows:
        return None
    metric = str(decision.get("objective_metric"))
    labels = [str(entry["model"]) for entry in rows[0]["models"]]

    def of_model(label: str) -> Column[Row]:
        def cell(row: Row) -> str:
            entry: Row = next((one for one in row["models"] if one["model"] == label), {})
            sign = _SIGNS.get(str(entry.get("qualifies")), "—")
            value = figure(metric, entry.get("objective_value"))
            return sign if value == UNKNOWN else f"{sign} {value}"

        return Column(label, cell)

    def choice(row: Row) -> Markdown:
        words = escape(answer(row))
        as_good = [str(name) for name in row.get("as_good") or []]
        bold = Markdown(f"**{words}**") if row.get("answer") == "winner" else words
        return Markdown(f"{bold} {escape(f'(as good: {joined(as_good)})')}") if as_good else bold

    columns: list[Column[Row]] = [
        Column("bucket", lambda row: row["bucket"], "left"),
        Column("the choice", choice, "left"),
        *(of_model(label) for label in labels),
    ]
    return table(columns, rows)


def what_would_change(decision: Mapping[str, Any]) -> Markdown | None:
    """One row for each limit and range of it that has an answer of its own. None without limits, or where none changes anything."""
    rows: list[Row] = [
        {**limit, **part}
        for limit in decision.get("what_would_change") or []
        if len(limit.get("ranges") or []) > 1
        for part in limit["ranges"]
    ]
    if not rows:
        return None
    columns: list[Column[Row]] = [
        Column("limit", lambda row: metric_name(row["metric"], row.get("bucket")), "left"),
        Column(
            "asked now",
            lambda row: f"{_BOUNDS.get(row.get('bound', ''), '')} {asked(row['metric'], row.get('limit'))}",
        ),
        Column("if it were", _range),
        Column("the choice would be", _then, "left"),
    ]
    return table(columns, rows)


def _then(row: Row) -> Markdown:
    words = escape(answer(row))
    return Markdown(f"**{words}** \\(as it is\\)") if row.get("current") else words


def _range(row: Row) -> str:
    low, high = row.get("from"), row.get("to")
    start, end = figure(row["metric"], low), figure(row["metric"], high)
    if not known(low) and not known(high):
        return "anything"
    if not known(low) or float(low or 0) == 0:
        return f"up to {end}" if known(high) else "anything"
    return f"{start} to {end}" if known(high) else f"{start} or more"


def changing(decision: Mapping[str, Any]) -> list[str]:
    """The sentences of limits of which another bound would change the answer."""
    return [
        str(limit["sentence"])
        for limit in decision.get("what_would_change") or []
        if len(limit.get("ranges") or []) > 1 and limit.get("sentence")
    ]


def levels(decision: Mapping[str, Any]) -> Markdown | None:
    """One row for each model, a column for each load: whether every limit is kept there. None without limits."""
    entries: list[Row] = [entry for entry in decision.get("models") or [] if entry.get("levels")]
    if not entries:
        return None
    loads = sorted(
        {level["load"] for entry in entries for level in entry["levels"]},
        key=lambda load: level_of(load).rank,
    )

    def at(load: str) -> Column[Row]:
        def cell(row: Row) -> Markdown:
            states = {level["load"]: level["state"] for level in row["levels"]}
            return state(states.get(load, "not_evaluated"), STATES)

        return Column(level_of(load).words, cell, "left")

    columns: list[Column[Row]] = [
        Column("model", lambda row: row["model"], "left"),
        *(at(load) for load in loads),
    ]
    if any(level_of(load).rate_rps is None for load in loads):
        columns.append(Column("highest that keeps, in flight", _highest_closed))
    if any(level_of(load).rate_rps is not None for load in loads):
        columns.append(Column("highest that keeps, requests per second", _highest_open))
    return table(columns, entries)


def _highest_closed(row: Row) -> str:
    found = row.get("highest_concurrency")
    return UNKNOWN if found is None else closed(found).words.removesuffix(" in flight")


def _highest_open(row: Row) -> str:
    found = row.get("highest_rate_rps")
    return UNKNOWN if found is None else open_at(found).words.removesuffix(" requests per second")


_AGAINST = {
    "non_inferior": "not worse",
    "inferior": "worse",
    "undecided": "undecided",
    "not_evaluated": "not evaluated",
}
_COLOURS = {"non_inferior": "met", "inferior": "missed", "undecided": "undecided"}


def incumbent(decision: Mapping[str, Any]) -> Markdown | None:
    """One row for each other model and aspect: how far it is from the model in use, and whether that is within the margin."""
    told = decision.get("incumbent")
    if not told:
        return None
    rows: list[Row] = [
        {**aspect, "model": entry["model"], "verdict": entry["verdict"]}
        for entry in told.get("against") or []
        for aspect in (entry.get("aspects") or [{}])
    ]
    if not rows:
        return None
    columns: list[Column[Row]] = [
        Column("model", lambda row: row["model"], "left"),
        Column("over all", lambda row: _against(row.get("verdict")), "left"),
        Column("aspect", lambda row: _aspect(row), "left"),
        Column("in this aspect", lambda row: _against(row.get("state"), bool(row.get("superior"))), "left"),
        Column(f"difference from {told['model']}", lambda row: _interval(row)),
        Column("may be worse by", lambda row: margin(row.get("margin"), row.get("unit"))),
    ]
    return table(columns, rows)


def _aspect(row: Row) -> str:
    return metric_name(row["metric"]) if row.get("metric") else row.get("aspect", UNKNOWN)


def _against(found: Any, superior: bool = False) -> Markdown | str:
    if found is None:
        return UNKNOWN
    words = "better" if superior else _AGAINST.get(str(found), str(found))
    return state(
        _COLOURS.get(str(found), "not_evaluated"), {_COLOURS.get(str(found), "not_evaluated"): words}
    )


def _interval(row: Row) -> Markdown | str:
    ends = [difference(row.get(name), row.get("unit")) for name in ("difference", "low", "high")]
    if ends[0] == UNKNOWN:
        return UNKNOWN
    return Markdown(f"{escape(ends[0])} [\\({_to(row)}\\)]{{.interval}}")


def _to(row: Row) -> Markdown:
    """The ends of an interval, one of which may be open."""
    low, high = (difference(row.get(name), row.get("unit")) for name in ("low", "high"))
    if UNKNOWN not in (low, high):
        return escape(f"{low.removesuffix(' points').removesuffix(' %')} to {high}")
    if high != UNKNOWN:
        return escape(f"at most {high}")
    return escape(f"at least {low}" if low != UNKNOWN else "no interval")


def equivalence(decision: Mapping[str, Any]) -> Markdown | None:
    """One row for each pair that was tested for being equally good. None where no margin is set."""
    rows: list[Row] = [
        {**row, "unit": row.get("unit") or ("absolute" if row.get("aspect") == "accuracy" else "relative")}
        for row in decision.get("equivalence") or []
    ]
    if not rows:
        return None
    columns: list[Column[Row]] = [
        Column("models", lambda row: f"{row['a']} minus {row['b']}", "left"),
        Column("compared by", lambda row: row.get("aspect", UNKNOWN), "left"),
        Column("the difference lies in", lambda row: _to(row)),
        Column("margin", lambda row: margin(row.get("margin"), row.get("unit"))),
        Column("p of this pair", lambda row: p_value(row.get("p"))),
        Column(
            "within the margin",
            lambda row: (
                state("met", {"met": "equally good"})
                if row.get("equivalent")
                else state("undecided", {"undecided": "not shown"})
            ),
            "left",
        ),
    ]
    return table(columns, rows)


def p_value(value: Any) -> str:
    """A p value to three decimals."""
    return "under 0.001" if known(value) and float(value) < 0.001 else decimal(value, 3)


def dominance(decision: Mapping[str, Any]) -> Markdown | None:
    """One row for each model: on which Pareto frontiers it lies, and by whom it is dominated, how surely."""
    found = decision.get("pareto") or {}
    panels = [*(found.get("panels") or []), *([found["all_three"]] if found.get("all_three") else [])]
    rows = [str(point["model"]) for point in found.get("points") or []]
    if not panels or not rows:
        return None

    def on(panel: Mapping[str, Any]) -> Column[str]:
        ends = [panel.get("x"), panel.get("y")]
        name = f"{ends[0]} and {ends[1]}" if all(ends) else "all three"
        return Column(name, lambda model: _dominated(panel, model), "left")

    columns: list[Column[str]] = [Column("model", lambda model: model, "left"), *map(on, panels)]
    return table(columns, rows)


def _dominated(panel: Mapping[str, Any], model: str) -> Markdown:
    if model in (panel.get("frontier") or []):
        return Markdown("[on the frontier]{.state-met}")
    entry = next((one for one in panel.get("dominated") or [] if one["model"] == model), None)
    if entry is None:
        return escape(UNKNOWN)
    sure = [str(name) for name in entry.get("sure_by") or []]
    maybe = [str(name) for name in entry.get("by") or [] if name not in sure]
    parts = [f"surely by {joined(sure)}"] if sure else []
    parts += [f"{'by the figures also' if sure else 'perhaps'} by {joined(maybe)}"] if maybe else []
    return escape("; ".join(parts))


def changes(registered: Mapping[str, Any] | None) -> Markdown | None:
    """One row for each part of the rule that changed after the first request. None where nothing did."""
    rows: list[Row] = (registered or {}).get("changes") or []
    if not rows:
        return None
    columns: list[Column[Row]] = [
        Column("part of the rule", lambda row: row["key"], "left"),
        Column("when the first request was sent", lambda row: _said(row.get("then")), "left"),
        Column("now", lambda row: _said(row.get("now")), "left"),
    ]
    return table(columns, rows)


def _said(value: Any) -> str:
    if value is None:
        return "not set"
    if isinstance(value, list):
        return ", ".join(map(_said, value)) or "none"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)
