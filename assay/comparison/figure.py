"""The figure of a comparison: by model, how far each figure lies from what it was, with its interval.

Figures over all buckets and loads; where a model has one bucket at one load, those. Relative differences only: shares have
their own unit and stand in the tables.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter

from assay.comparison.differences import ABSOLUTE, HIGHER_IS_BETTER
from assay.comparison.words import amount, bounds, metric_name
from assay.figures import style

NAME, TITLE = "differences", "Differences by model"

_STATES = {
    "regression": ("worse", "#d55e00", "v", True),
    "improvement": ("better", "#0072b2", "^", True),
    "not_shown": ("no difference shown", style.MUTED, "o", False),
    "not_tested": ("not tested", style.MUTED, "D", False),
}
"""Of each state its words, its colour, its marker, and whether that is filled: a print in grey tells them apart too."""


def shown(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The rows that the figure draws."""
    kept = []
    for model in dict.fromkeys(row["model"] for row in rows):
        mine = [row for row in rows if row["model"] == model and row["metric"] not in ABSOLUTE]
        for metric in dict.fromkeys(row["metric"] for row in mine):
            of = [row for row in mine if row["metric"] == metric]
            overall = [row for row in of if row["overall"]] or (of if len(of) == 1 else [])
            kept += [row for row in overall if row["difference"] is not None]
    return kept


def finding(rows: Sequence[Mapping[str, Any]]) -> str:
    """The largest difference of each state, in words."""
    if not rows:
        return "No figure could be compared."
    said = []
    for state in ("regression", "improvement", "not_shown", "not_tested"):
        mine = [row for row in rows if row["state"] == state]
        if mine:
            row = max(mine, key=lambda one: abs(one["difference"]))
            said.append(
                f"{_STATES[state][0].capitalize()}: {len(mine)} of {len(rows)}, most {metric_name(row['metric'])} of"
                f" {row['model']}, {amount(row)}{bounds(row)}."
            )
    return " ".join(said)


def draw(rows: Sequence[Mapping[str, Any]]) -> Figure:
    """A panel for each model, a line for each figure."""
    models = list(dict.fromkeys(row["model"] for row in rows))
    metrics = list(dict.fromkeys(row["metric"] for row in rows))
    figure, axes = style.panels(max(1, len(models)), 1, 0.27 * max(2, len(metrics)) + 0.45, sharex=True)
    if not rows:
        style.nothing(axes[0][0], "no figure could be compared")
        return figure
    ends = [abs(row[end]) for row in rows for end in ("difference", "low", "high") if row[end] is not None]
    # A wild interval must not squeeze the others.
    reach = min(max(0.01, *ends), 3 * max(max(abs(row["difference"]) for row in rows), 0.05))
    for (panel,), model in zip(axes, models, strict=True):
        panel.set_title(style.short(model, 44))
        panel.grid(visible=True, axis="x")
        panel.grid(visible=False, axis="y")
        panel.axvline(0, color=style.INK, linewidth=1)
        for row in (row for row in rows if row["model"] == model):
            _, colour, marker, filled = _STATES[row["state"]]
            height = metrics.index(row["metric"])
            if row["low"] is not None and row["high"] is not None:
                panel.hlines(height, row["low"], row["high"], color=colour, linewidth=2.2)
            face = colour if filled else style.PAPER
            (line,) = panel.plot(
                row["difference"], height, marker=marker, color=colour, markerfacecolor=face, clip_on=False
            )
            style.hover(line, [_hover(row)])
        panel.set_yticks(range(len(metrics)), [_label(metric) for metric in metrics])
        panel.set_ylim(len(metrics) - 0.5, -0.5)
        panel.set_xlim(-1.08 * reach, 1.08 * reach)
        panel.xaxis.set_major_formatter(
            FuncFormatter(lambda value, _: f"{'+' if value > 0 else ''}{100 * value:,.6g} %")
        )
    axes[-1][0].set_xlabel("difference from before")
    states = [state for state in _STATES if any(row["state"] == state for row in rows)]
    handles = [
        Line2D(
            [],
            [],
            color=colour,
            marker=marker,
            markerfacecolor=colour if filled else style.PAPER,
            label=words,
        )
        for words, colour, marker, filled in (_STATES[state] for state in states)
    ]
    figure.legend(handles=handles, loc="outside upper left", ncols=3, columnspacing=1.4)
    return figure


def _label(metric: str) -> str:
    short = {"cost_usd_per_10k_transactions": "cost", "transactions_per_minute": "throughput"}
    name = short.get(metric, metric_name(metric)).replace("end-to-end latency", "end to end")
    return f"{name} ({'higher' if metric in HIGHER_IS_BETTER else 'lower'} is better)"


def _hover(row: Mapping[str, Any]) -> str:
    return f"{row['model']}, {metric_name(row['metric'])}: {amount(row)}{bounds(row)}, {_STATES[row['state']][0]}"


def write(found: Mapping[str, Any], svg: Path, png: Path) -> None:
    """Write the figure of a comparison."""
    rows = shown(found["rows"])
    with style.styled():
        figure = draw(rows)
        if found["simulated"]:
            style.mark_simulated(figure)
        style.save(figure, svg, png, NAME, TITLE, f"{TITLE}. {finding(rows)}")
