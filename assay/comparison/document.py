"""The page of a comparison: fills its template, in the style of the report. Words are the template's and those of `words`."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from assay.comparison import figure
from assay.comparison.changes import PARTS
from assay.comparison.differences import LATENCIES, OVERALL_WEIGHT
from assay.comparison.words import amount, cautions, interval_of, metric_name, place_of, value_of
from assay.document.template import fill, header
from assay.tables.markdown import Column, Markdown, attribute, escape, table, with_interval
from assay.tables.numbers import UNKNOWN, count, decimal, known
from assay.whole import write_text

Row = Mapping[str, Any]

STATES = {
    "regression": ("✗ worse", "missed"),
    "improvement": ("✓ better", "met"),
    "not_shown": ("no difference shown", "undecided"),
    "not_tested": ("not tested", "not-evaluated"),
}
"""Of each state its words, and the class of the report's states that colours them."""

MOST_ROWS = 120
"""Of each model's figures by bucket and load that the page shows; the CSV has all of them."""

_WIDEST = 120
"""Characters of a changed value that the page shows; the CSV has all of them."""


def write(found: Mapping[str, Any], template: Path, drawn: Path, qmd: Path, verdict: Path) -> None:
    """Write the page to `qmd` and its verdict to `verdict`. `drawn` is the figure, which the page refers to."""
    write_text(qmd, fill(template, context(found, os.path.relpath(drawn.with_suffix(""), qmd.parent))))
    write_text(verdict, found["verdict"]["sentence"] + "\n")


def context(found: Mapping[str, Any], link: str) -> dict[str, Any]:
    """Everything that the template puts in place. `link` leads to the figure, without ending."""
    rows = found["rows"]
    seen = figure.finding(figure.shown(rows))
    names = [
        " and ".join(run["name"] for run in found["sides"][side]["runs"]) for side in ("before", "after")
    ]
    return {
        **found,
        "header": header(f"{names[1]} against {names[0]}", simulated=found["simulated"]),
        "names": names,
        "cautions": cautions(found),
        "finding": seen,
        "figure": Markdown(f'({link}){{#fig-differences fig-alt="{attribute(f"{figure.TITLE}. {seen}")}"}}'),
        "overall": _table([row for row in rows if row["overall"]], overall=True),
        "by_model": [
            {
                "model": model,
                "rows": _table(mine[:MOST_ROWS]),
                "left_out": max(0, len(mine) - MOST_ROWS),
            }
            for model in found["models"]
            for mine in [_surest_first([r for r in rows if r["model"] == model and not r["overall"]])]
        ],
        "runs": _runs(found),
        "prompts_table": _prompts(found["prompts"]),
        "changed": [
            {"part": part, "n": len(mine), "rows": _changes(mine)}
            for part in PARTS
            if (mine := [change for change in found["changes"] if change["part"] == part])
        ],
        "percentiles": _joined(sorted({f"{int(100 * p)}th" for _, p in LATENCIES.values()})),
        "overall_weight": OVERALL_WEIGHT,
        "untested": sum(row["state"] == "not_tested" for row in rows),
    }


def _surest_first(rows: Sequence[Row]) -> Sequence[Row]:
    """In their order where all are shown; else those with the lowest p first, so that what is left out says least."""
    if len(rows) <= MOST_ROWS:
        return rows
    return sorted(rows, key=lambda row: (row["p"] is None, row["p"]))


def _table(rows: Sequence[Row], *, overall: bool = False) -> Markdown | None:
    """Rows of differences; None without any."""
    if not rows:
        return None
    model: Column[Row] = Column("model", lambda row: row["model"], "left")
    columns: list[Column[Row]] = [
        *([model] if overall else [Column("bucket and load", place_of, "left")]),
        Column("figure", lambda row: metric_name(row["metric"].removesuffix("_all")), "left"),
        Column("before", lambda row: value_of(row, "before")),
        Column("after", lambda row: value_of(row, "after")),
        Column("difference", _difference),
        Column("p, adjusted", lambda row: _p(row["p_adjusted"])),
        Column("says", _state, "left"),
        Column("n", _n),
    ]
    return table(columns, rows)


def _difference(row: Row) -> Markdown:
    return with_interval(amount(row), *(interval_of(row) or (UNKNOWN, UNKNOWN)))


def _p(value: Any) -> str:
    if not known(value):
        return UNKNOWN
    return "< 0.001" if value < 0.001 else decimal(value, 3)


def _state(row: Row) -> Markdown:
    words, kind = STATES[row["state"]]
    if row["state"] == "not_shown" and (row["low"] > 0 or row["high"] < 0):
        words = "not sure enough"
    why = f" ({escape(row['reason'])})" if row["difference"] is None and row["reason"] else ""
    return Markdown(f"[{escape(words)}]{{.state-{kind}}}{why}")


def _n(row: Row) -> str:
    if row["basis"] == "prompts":
        return f"{count(row['n_before'])} prompts"
    return f"{count(row['n_before'])}, {count(row['n_after'])} in {row['sittings_before']}, {row['sittings_after']}"


def _runs(found: Mapping[str, Any]) -> Markdown:
    rows = [(side, run) for side in ("before", "after") for run in found["sides"][side]["runs"]]
    named: list[tuple[str, Callable[[Row], Any], bool]] = [
        ("run", lambda run: run["name"], False),
        ("title", lambda run: run["title"], False),
        ("from, UTC", lambda run: _time(run["started_utc"]), False),
        ("to, UTC", lambda run: _time(run["ended_utc"]), False),
        ("blocks", lambda run: count(run["blocks"]), True),
        ("simulated", lambda run: "yes" if run["simulated"] else "no", False),
        ("commit", lambda run: (run["commit"] or UNKNOWN)[:12], False),
    ]
    columns: list[Column[tuple[str, Row]]] = [Column("side", lambda row: row[0], "left")]
    for name, of, right in named:
        columns.append(Column(name, lambda row, of=of: of(row[1]), "right" if right else "left"))  # type: ignore[misc]
    return table(columns, rows)


def _time(value: str | None) -> str:
    return UNKNOWN if value is None else value.removesuffix("Z").replace("T", " ")


def _prompts(rows: Sequence[Row]) -> Markdown:
    columns: list[Column[Row]] = [
        Column("bucket", lambda row: row["bucket"], "left"),
        Column("prompts before", lambda row: count(row["before"])),
        Column("prompts after", lambda row: count(row["after"])),
        Column("of both", lambda row: count(row["shared"])),
    ]
    return table(columns, rows)


def _changes(rows: Sequence[Row]) -> Markdown:
    columns: list[Column[Row]] = [
        Column("what", lambda row: row["key"], "left"),
        Column("before", lambda row: _shortened(row["before"]), "left"),
        Column("after", lambda row: _shortened(row["after"]), "left"),
    ]
    return table(columns, rows)


def _shortened(text: str) -> str:
    half = _WIDEST // 2
    return text if len(text) <= _WIDEST else f"{text[:half]} … {text[-half:]}"


def _joined(words: Sequence[str]) -> str:
    return " and ".join(words)
