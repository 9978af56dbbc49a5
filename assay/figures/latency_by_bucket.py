"""Latency in each bucket of prompt sizes, at the load of the decision."""

import math
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from assay.figures import by_concurrency, latencies, style
from assay.figures.settings import FigureSettings
from assay.tables.inputs import Inputs
from assay.tables.numbers import number


def data(inputs: Inputs, settings: FigureSettings) -> pd.DataFrame:
    """Rows of model, bucket, metric, percentile, value_ms, low_ms, high_ms, n_ok, at the load of the decision."""
    loop = by_concurrency.CLOSED if settings.level.rate_rps is None else by_concurrency.OPEN
    frame = by_concurrency.latency_data(inputs, settings, loop)
    at = settings.level.concurrency if settings.level.rate_rps is None else settings.level.rate_rps
    here = frame[frame[loop.level] == at].drop(columns=loop.level)
    return here.assign(metric=here["metric"].str.replace("_from_intended", "")).reset_index(drop=True)


def finding(frame: pd.DataFrame, settings: FigureSettings) -> str:
    """Whose median end-to-end latency grows most from the bucket of the shortest prompts to that of the longest."""
    rows = frame[(frame["metric"] == "e2e_ms") & (frame["percentile"] == "p50") & frame["value_ms"].notna()]
    if rows.empty:
        return "No request succeeded at the load of the decision, so there is no latency to show."
    grown = []
    for model, of_model in rows.groupby("model", sort=False):
        first, last = of_model.iloc[0], of_model.iloc[-1]
        if first["bucket"] != last["bucket"] and first["value_ms"] > 0:
            grown.append((float(last["value_ms"] / first["value_ms"]), str(model), first, last))
    if not grown:
        row = rows.sort_values("value_ms", kind="stable").iloc[0]
        return f"In bucket {row['bucket']}, {row['model']} has the lowest median end-to-end latency, {number(row['value_ms'])} ms."
    factor, model, first, last = max(grown, key=lambda found: abs(math.log(found[0])))
    return (
        f"From bucket {first['bucket']} to {last['bucket']}, median end-to-end latency changes most for {model}: from "
        f"{number(first['value_ms'])} to {number(last['value_ms'])} ms, {factor:.3g} times as much."
    )


def draw(frame: pd.DataFrame, settings: FigureSettings) -> Figure:
    """A panel for each kind of latency; in each bucket the models beside each other."""
    names = list(dict.fromkeys(frame["metric"])) or ["e2e_ms"]
    figure, axes = style.panels(len(names), 1, 2.5, sharex=True)
    buckets = [bucket.name for bucket in settings.buckets]
    shown = [model for model in settings.models if model in set(frame["model"])]
    due = " from due" if settings.level.rate_rps is not None else ""
    for name, (panel,) in zip(names, axes, strict=True):
        rows = frame[(frame["metric"] == name) & frame["value_ms"].notna()]
        panel.set_title(f"{latencies.NAMES[name]}{due}, at {settings.level.words}")
        if rows.empty:
            style.nothing(panel, "no data")
            continue
        style.log_scale(panel, list(rows["value_ms"]), [*rows["low_ms"], *rows["high_ms"]])
        panel.set_ylabel("ms (log scale)")
        _panel(panel, rows, settings, buckets, shown)
    style.name_buckets(axes[-1][0], buckets)
    kinds = [
        Line2D([], [], color=style.MUTED, linestyle="none", marker="o", label="median"),
        Line2D(
            [],
            [],
            color=style.MUTED,
            linestyle="none",
            marker="o",
            markerfacecolor=style.PAPER,
            label="95th percentile",
        ),
    ]
    style.model_legend(figure, settings.models, shown, kinds)
    return figure


def _panel(
    panel: Axes, rows: pd.DataFrame, settings: FigureSettings, buckets: list[str], shown: list[str]
) -> None:
    for model in shown:
        for percentile, filled in (("p95", False), ("p50", True)):
            line = rows[(rows["model"] == model) & (rows["percentile"] == percentile)]
            x = style.beside(buckets, line["bucket"], shown, model)
            style.bars(panel, "y", x, line["low_ms"], line["high_ms"], settings.models, model)
            style.series(
                panel,
                x,
                line["value_ms"],
                settings.models,
                model,
                [_hover(row) for row in line.to_dict("records")],
                filled=filled,
                linestyle="-" if filled else "none",
                linewidth=0.8,
            )


def _hover(row: dict[Any, Any]) -> str:
    ends = style.interval(row["low_ms"], row["high_ms"], number)
    what = latencies.words(f"{row['metric']}_{row['percentile']}")
    return f"{row['model']} in bucket {row['bucket']}: {what} {number(row['value_ms'])} ms{ends}; n = {row['n_ok']:,.0f}"
