"""Latency against throughput on the dataset of interest: a line for each model, a point for each load, limits drawn."""

import math
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from assay.figures import latencies, style
from assay.figures.settings import FigureSettings
from assay.schedule.level import level_of
from assay.tables.inputs import Inputs, column
from assay.tables.numbers import known, number, percent

MOST_PANELS = 3
_OPEN: Any = (0, (1.5, 1.2))

_COLUMNS = (
    "model", "load", "metric", "latency_ms", "latency_ms_low", "latency_ms_high",
    "transactions_per_minute", "transactions_per_minute_low", "transactions_per_minute_high", "error_rate", "n",
)  # fmt: skip


def metrics(inputs: Inputs, settings: FigureSettings) -> list[str]:
    """The latencies that have a limit; without any, the one that the decision is about and its 95th percentile."""
    if found := latencies.limited(settings):
        return found[:MOST_PANELS]
    main = str(inputs.decision.get("latency_metric") or "e2e_ms_p50")
    return list(dict.fromkeys([main, "e2e_ms_p95"]))


def data(inputs: Inputs, settings: FigureSettings) -> pd.DataFrame:
    """Rows of metric, model and load, in the order of the benchmark: latency over all requests (infinite where so many
    failed) with its interval, transactions per minute with theirs, error_rate and n."""
    loads = inputs.loads
    if not len(loads):
        return pd.DataFrame(columns=list(_COLUMNS))
    made = []
    for metric in metrics(inputs, settings):
        for model in settings.models:
            here = loads.loc[loads["model"] == model]
            for place in sorted(here.index, key=lambda index: level_of(str(here.at[index, "load"])).rank):
                row = here.loc[[place]]
                load = str(row["load"].iloc[0])
                name = latencies.column(metric, level_of(load).rate_rps is not None, failures=True)
                values = {
                    "latency_ms": name,
                    **{f"latency_ms_{end}": f"{name}_{end}" for end in ("low", "high")},
                    **{known_as: known_as for known_as in _COLUMNS[6:]},
                }
                figures = {known_as: float(column(row, at).iloc[0]) for known_as, at in values.items()}
                made.append({"model": model, "load": load, "metric": metric, **figures})
    return pd.DataFrame(made, columns=list(_COLUMNS))


def finding(frame: pd.DataFrame, settings: FigureSettings) -> str:
    """Who completes most at the level of the decision and how late it is; and, with a limit, who serves most within it."""
    shown = frame[frame["transactions_per_minute"].notna() & frame["latency_ms"].notna()]
    if shown.empty:
        return "No load has both a throughput and a latency."
    metric = str(shown["metric"].iloc[0])
    rows = shown[shown["metric"] == metric]
    what, most = latencies.words(metric), latencies.most(settings, metric)
    if most is not None:
        within = rows[rows["latency_ms"] <= most]
        if within.empty:
            return f"At no load does a model keep a {what} of at most {style.asked(most)} ms."
        best = within.sort_values("transactions_per_minute", ascending=False, kind="stable").iloc[0]
        text = (
            f"With a {what} of at most {style.asked(most)} ms, {best['model']} completes most: "
            f"{number(best['transactions_per_minute'])} transactions per minute at {level_of(best['load']).words}."
        )
        never = [name for name in settings.models if name in set(rows["model"]) - set(within["model"])]
        return text + (
            f" {_listed(never)} {'exceeds' if len(never) == 1 else 'exceed'} it at every load."
            if never
            else ""
        )
    top = rows.sort_values("transactions_per_minute", ascending=False, kind="stable").iloc[0]
    late = (
        "more than half of its requests failed"
        if math.isinf(top["latency_ms"])
        else f"{number(top['latency_ms'])} ms"
    )
    return (
        f"{top['model']} completes most, {number(top['transactions_per_minute'])} transactions per minute at "
        f"{level_of(top['load']).words}; its {what} there: {late}."
    )


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def draw(frame: pd.DataFrame, settings: FigureSettings) -> Figure:
    """A panel for each latency; infinite latency at the top, as such."""
    shown = frame[frame["transactions_per_minute"].gt(0) & frame["latency_ms"].notna()]
    names = list(dict.fromkeys(shown["metric"]))
    figure, axes = style.panels(max(1, len(names)), 1, 2.7, sharex=True)
    if not names:
        style.nothing(axes[0][0], "no load has both a throughput and a latency")
        return figure
    x = shown["transactions_per_minute"]
    wide = float(x.max()) > 12 * float(x.min())
    for metric, (panel,) in zip(names, axes, strict=True):
        _panel(panel, shown[shown["metric"] == metric], metric, settings, wide)
    at, rates = _levels(set(shown["load"]))
    axes[-1][0].set_xlabel(
        "transactions completed per minute"
        + ("" if at and rates else f"\n(points, in this order: {at or rates})")
    )
    panels = [panel for (panel,) in axes]
    kinds = []
    if at and rates:
        looks: dict[str, Any] = {at: "-", f"{rates}, from due": _OPEN}
        kinds = [
            Line2D([], [], color=style.MUTED, linestyle=line, label=f"points: {words}")
            for words, line in looks.items()
        ]
    style.name_lines(figure, panels, settings.models, list(dict.fromkeys(shown["model"])), kinds)
    return figure


def _levels(loads: set[str]) -> tuple[str, str]:
    """What the points along a line are, in this order, of closed loops and of open ones; empty where there are none."""
    levels = sorted(map(level_of, loads), key=lambda level: level.rank)
    at = [f"{level.concurrency:,}" for level in levels if level.concurrency is not None]
    rates = [f"{level.rate_rps:g}" for level in levels if level.rate_rps is not None]
    return (
        f"{', '.join(at)} in flight" if at else "",
        f"{', '.join(rates)} requests per second" if rates else "",
    )


def _panel(panel: Axes, rows: pd.DataFrame, metric: str, settings: FigureSettings, wide: bool) -> None:
    most = latencies.most(settings, metric)
    finite = rows["latency_ms"][np.isfinite(rows["latency_ms"])]
    style.log_scale(panel, [*finite, *([most] if most else [])])
    ceiling = style.infinity(panel) if np.isinf(rows["latency_ms"]).any() else math.inf
    name, percent_of = latencies.parts(metric)
    panel.set_title(f"{latencies.percentile(percent_of)} of {latencies.NAMES[name]}")
    panel.set_ylabel("ms (log scale)")
    if wide:
        panel.set_xscale("log")
        style.log_ticks(
            panel.xaxis,
            float(rows["transactions_per_minute"].min()),
            float(rows["transactions_per_minute"].max()),
        )
    else:
        panel.set_xlim(0, float(rows["transactions_per_minute"].max()) * 1.12)
    style.plain(panel.xaxis)
    panel.grid(visible=True, axis="both")
    if most:
        style.limit(panel, "y", most, f"limit {style.asked(most)} ms")
    bound = settings.limits.transactions_per_minute
    if bound is not None and bound.min is not None:
        style.limit(panel, "x", bound.min, f"limit {style.asked(bound.min)}/min")
    for model in settings.models:
        for open_loop in (False, True):
            line = rows[(rows["model"] == model) & rows["load"].str.startswith("r").eq(open_loop)]
            if line.empty:
                continue
            style.series(
                panel,
                line["transactions_per_minute"],
                line["latency_ms"].clip(upper=ceiling),
                settings.models,
                model,
                [_hover(row) for row in line.to_dict("records")],
                linestyle=_OPEN if open_loop else "-",
                label=model,
            )
            style.bars(
                panel,
                "y",
                line["transactions_per_minute"],
                line["latency_ms_low"],
                line["latency_ms_high"],
                settings.models,
                model,
            )


def _hover(row: dict[Any, Any]) -> str:
    metric = str(row["metric"])
    late = "infinitely late" if math.isinf(row["latency_ms"]) else f"{number(row['latency_ms'])} ms"
    ends = style.interval(row["latency_ms_low"], row["latency_ms_high"], number)
    failed = f", {percent(row['error_rate'])} failed" if known(row["error_rate"]) else ""
    return (
        f"{row['model']} at {level_of(row['load']).words}: {number(row['transactions_per_minute'])} transactions per minute, "
        f"{latencies.words(metric)} {late}{ends}{failed}; n = {row['n']:,.0f}"
    )
