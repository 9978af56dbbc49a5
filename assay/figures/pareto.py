"""Cost, latency and accuracy two at a time: which models no other one dominates, and who dominates the rest."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from assay.figures import latencies, style
from assay.figures.settings import FigureSettings
from assay.tables.inputs import Inputs
from assay.tables.numbers import UNKNOWN, dollars, known, number, percent

ASPECTS = ("cost", "latency", "accuracy")
PANELS = (("latency", "cost"), ("cost", "accuracy"), ("latency", "accuracy"))
ALL = "all three"
_VALUES = tuple(f"{aspect}{end}" for aspect in ASPECTS for end in ("", "_low", "_high"))
_COLUMNS = (
    "model", "aspects", "qualifies", "chosen", "on_frontier", "dominated_by", "surely_dominated_by",
    *(f"{aspect}_metric" for aspect in ASPECTS), *_VALUES,
)  # fmt: skip


def data(inputs: Inputs, settings: FigureSettings) -> pd.DataFrame:
    """Rows of two aspects (`latency, cost`) or all three, and model: whether it is the choice, and on their frontier, which models dominate
    it by their figures, and which do so surely; and each aspect's metric and figure, with its interval."""
    pareto = inputs.decision.get("pareto") or {}
    points = {point["model"]: point for point in pareto.get("points") or []}
    names = pareto.get("metrics") or {}
    found = {f"{panel['x']}, {panel['y']}": panel for panel in pareto.get("panels") or []}
    found[ALL] = pareto.get("all_three") or {}
    rows = []
    for aspects in () if not points else (*(f"{x}, {y}" for x, y in PANELS), ALL):
        panel = found.get(aspects, {})
        dominated = {entry["model"]: entry for entry in panel.get("dominated") or []}
        for model in settings.models:
            point = points.get(model, {"qualifies": "not_evaluated"})
            by = dominated.get(model, {})
            rows.append(
                {
                    "model": model,
                    "aspects": aspects,
                    "qualifies": point.get("qualifies"),
                    "chosen": model == inputs.decision.get("model"),
                    "on_frontier": model in (panel.get("frontier") or []),
                    "dominated_by": ", ".join(by.get("by") or []),
                    "surely_dominated_by": ", ".join(by.get("sure_by") or []),
                    **{f"{aspect}_metric": names.get(aspect) for aspect in ASPECTS},
                    **{name: _number(point.get(name)) for name in _VALUES},
                }
            )
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def _number(value: Any) -> float:
    return float(value) if known(value) else float("nan")


def finding(frame: pd.DataFrame, settings: FigureSettings) -> str:
    """Who is on the frontier of all three, and who dominates each of the others."""
    rows = frame[frame["aspects"] == ALL]
    on = [str(model) for model in rows.loc[rows["on_frontier"], "model"]]
    if not on:
        return "Of no model are cost, latency and accuracy all known."
    parts = [
        f"On cost, latency and accuracy together, no model dominates {_listed(on, 'or')}."
        if len(on) > 1
        else f"No model dominates {on[0]} on cost, latency and accuracy together."
    ]
    for row in rows.to_dict("records"):
        if sure := _names(row["surely_dominated_by"]):
            parts.append(f"{row['model']} is surely dominated by {_listed(sure, 'and')}.")
        elif by := _names(row["dominated_by"]):
            parts.append(
                f"By the figures, {row['model']} is dominated by {_listed(by, 'and')}, which is not sure."
            )
    unknown = [
        str(row["model"])
        for row in rows.to_dict("records")
        if not all(known(row[aspect]) for aspect in ASPECTS)
    ]
    if unknown:
        parts.append(f"Of {_listed(unknown, 'and')}, not all of them are known.")
    return " ".join(parts)


def _names(text: str) -> list[str]:
    return text.split(", ") if text else []


def _listed(names: list[str], word: str) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {word} {names[-1]}"


def draw(frame: pd.DataFrame, settings: FigureSettings) -> Figure:
    """Latency along the left column, cost and accuracy up; the key says who is dominated by whom."""
    figure, axes = style.panels(2, 2, 2.75)
    places = {"latency, cost": axes[0][0], "latency, accuracy": axes[1][0], "cost, accuracy": axes[1][1]}
    shown = frame[frame["aspects"] == ALL]
    if not any(_drawn(shown, x, y).any() for x, y in PANELS):
        for panel in (axes[0][1], *places.values()):
            panel.set_axis_off()
        axes[0][0].text(0, 0.5, "of no model are two of cost, latency and accuracy known", color=style.MUTED)
        return figure
    for x, y in PANELS:
        panel = places[f"{x}, {y}"]
        panel.grid(visible=True, axis="both")
        for aspect, axis in ((x, "x"), (y, "y")):
            _scale(panel, shown, aspect, axis, settings)
        rows = frame[frame["aspects"] == f"{x}, {y}"]
        _points(panel, rows[_drawn(rows, x, y)], x, y, settings)
        style.better(panel, up=y == "accuracy")
    axes[0][0].tick_params(axis="x", labelbottom=False)
    axes[1][1].tick_params(axis="y", labelleft=False)
    metric = {aspect: shown[f"{aspect}_metric"].iloc[0] for aspect in ASPECTS}
    axes[1][0].set_xlabel(_label("latency", metric))
    axes[1][1].set_xlabel(_label("cost", metric))
    axes[0][0].set_ylabel(_label("cost", metric))
    axes[1][0].set_ylabel(_label("accuracy", metric))
    _key(axes[0][1], shown, settings)
    return figure


def _drawn(frame: pd.DataFrame, x: str, y: str) -> "pd.Series[bool]":
    """Models of which both are known, and finite."""
    return frame[[x, y]].map(math.isfinite).all(axis=1)


def _label(aspect: str, metric: Mapping[str, Any]) -> str:
    name = _limited_as(metric[aspect])
    if aspect == "latency" and "_ms_p" in name:
        kind, percent_of = latencies.parts(name)
        due = " from due" if "_from_intended" in str(metric[aspect]) else ""
        return f"{latencies.SHORT[kind]}{due}, {latencies.percentile(percent_of)} (ms)"
    if aspect == "cost":
        per = "transactions" if "transactions" in name else "correct answers"
        return f"USD per 10,000 {per}"
    return aspect


def _limited_as(metric: Any) -> str:
    """What limits call a metric: in an open loop the decision names it by when it is counted from."""
    return str(metric or "").replace("_from_intended", "").removesuffix("_all")


def _points(panel: Axes, rows: pd.DataFrame, x: str, y: str, settings: FigureSettings) -> None:
    front = rows[rows["on_frontier"]].sort_values(x, kind="stable")
    panel.plot(front[x], front[y], color=style.MUTED, linewidth=1.0, drawstyle="steps-post", zorder=1.2)
    for row in rows.to_dict("records"):
        model = str(row["model"])
        for axis, along, here in (("x", x, y), ("y", y, x)):
            ends = ([row[f"{along}_low"]], [row[f"{along}_high"]])
            style.bars(panel, axis, [row[here]], *ends, settings.models, model)
        style.series(
            panel,
            [row[x]],
            [row[y]],
            settings.models,
            model,
            [_hover(row, x, y)],
            filled=not row["dominated_by"],
            markersize=7.5,
            linestyle="none",
        )


def _scale(panel: Axes, rows: pd.DataFrame, aspect: str, axis: str, settings: FigureSettings) -> None:
    """The reach of an axis: from 0 for what is paid and waited for, as much as is seen for accuracy; with its limit."""
    found = np.concatenate([rows[f"{aspect}{end}"].to_numpy(dtype=float) for end in ("", "_low", "_high")])
    values = found[np.isfinite(found)]
    if not len(values):
        return
    set_limits = panel.set_xlim if axis == "x" else panel.set_ylim
    formatted = panel.xaxis if axis == "x" else panel.yaxis
    bound = getattr(settings.limits, _limited_as(rows[f"{aspect}_metric"].iloc[0]), None)
    limit = None if bound is None else bound.max if bound.max is not None else bound.min
    if aspect == "accuracy":
        low, high = min([*values, *([limit] if limit else [])]), float(values.max())
        gap = max(0.02, 0.08 * (high - low))
        set_limits(low - gap, min(1.0, high) + gap)
        formatted.set_major_formatter(
            FuncFormatter(lambda value, _: f"{value * 100:.3g} %" if 0 <= value <= 1 else "")
        )
    else:
        most = float(values.max())
        # A limit far beyond what was measured would squeeze everything else.
        seen = limit if limit is not None and limit <= 2.5 * most else 0.0
        set_limits(-0.04 * most, 1.1 * max(most, seen) or 1.0)
        style.plain(formatted)
    formatted.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
    if limit is not None:
        style.limit(panel, axis, limit, "")


def _hover(row: Mapping[Any, Any], x: str, y: str) -> str:
    parts = [f"{aspect} {_figure(aspect, row[aspect])}{_ends(aspect, row)}" for aspect in (x, y)]
    sure, by = row["surely_dominated_by"], row["dominated_by"]
    dominated = f"; surely dominated by {sure}" if sure else f"; dominated by {by}, not surely" if by else ""
    return f"{row['model']}: {', '.join(parts)}{dominated}"


def _figure(aspect: str, value: Any) -> str:
    if not known(value):
        return UNKNOWN
    if aspect == "cost":
        return dollars(value)
    return percent(value) if aspect == "accuracy" else f"{number(value)} ms"


def _ends(aspect: str, row: Mapping[Any, Any]) -> str:
    return style.interval(row[f"{aspect}_low"], row[f"{aspect}_high"], lambda value: _figure(aspect, value))


def _key(panel: Axes, rows: pd.DataFrame, settings: FigureSettings) -> None:
    """Each model with its marker and what all three aspects together say of it."""
    panel.set_axis_off()
    entries = []
    for row in rows.to_dict("records"):
        sure, by = _names(row["surely_dominated_by"]), _names(row["dominated_by"])
        if not all(known(row[aspect]) for aspect in ASPECTS):
            words = "not evaluated" if row["qualifies"] == "not_evaluated" else "not all is known"
        elif sure:
            words = f"surely dominated by {_few(sure)}"
        elif by:
            words = f"perhaps dominated by {_few(by)}"
        else:
            words = "dominated by none"
        if state := {"no": "misses a limit", "undecided": "limits undecided"}.get(str(row["qualifies"])):
            words += f"\n{state}"
        name = style.short(str(row["model"]), 18)
        entries.append(
            (
                str(row["model"]),
                f"{name}, the choice" if row["chosen"] else name,
                words,
                bool(row["on_frontier"]),
            )
        )
    style.key(panel, "All three together (dashed: limits)", entries, settings.models)


def _few(names: list[str]) -> str:
    return style.short(names[0], 16) + (f" + {len(names) - 1}" if len(names) > 1 else "")
