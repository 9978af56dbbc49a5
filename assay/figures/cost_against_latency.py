"""What a model costs against how long it takes, with its accuracy beside it: on the dataset of interest."""

from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from assay.figures import style
from assay.figures.settings import FigureSettings
from assay.schedule.level import level_of
from assay.tables.inputs import Inputs, of_interest
from assay.tables.numbers import dollars, known, number, percent

_LATENCIES = {
    f"{metric}_{percentile}": f"{name}, {words}"
    for metric, name in (("e2e_ms", "end-to-end latency"), ("ttft_ms", "time to first token"))
    for percentile, words in (("p50", "median"), ("p95", "95th percentile"), ("p99", "99th percentile"))
}
_COST = "cost_usd_per_10k_transactions"


def data(inputs: Inputs, settings: FigureSettings) -> pd.DataFrame:
    """Rows of model, metric, latency_ms, low_ms, high_ms, cost_usd_per_10k_transactions, accuracy,
    accuracy_by, load.

    The latency is the first that the benchmark sets a limit on, else the median end-to-end latency, at the level
    that the decision is about.
    """
    metric = next((name for name in _LATENCIES if getattr(settings.limits, name, None)), "e2e_ms_p50")
    rows = []
    for model in settings.models:
        figures = of_interest(inputs, model, settings.buckets_of_interest, settings.level)
        rows.append(
            {
                "model": model,
                "metric": metric,
                "latency_ms": _number(figures, metric),
                "low_ms": _number(figures, f"{metric}_low"),
                "high_ms": _number(figures, f"{metric}_high"),
                _COST: _number(figures, _COST),
                "accuracy": _number(figures, "accuracy"),
                "accuracy_by": figures.get("accuracy_by"),
                "load": settings.level.name,
            }
        )
    return pd.DataFrame(rows)


def _number(figures: dict[str, Any], name: str) -> float:
    value = figures.get(name)
    return float(value) if value is not None and known(value) else float("nan")


def finding(frame: pd.DataFrame, settings: FigureSettings) -> str:
    """The cheapest and the fastest model, or that they are one; and whose cost is unknown."""
    timed = frame[frame["latency_ms"].notna()]
    priced = frame[frame[_COST].notna()]
    parts = []
    if not priced.empty:
        cheapest = priced.sort_values(_COST, kind="stable").iloc[0]
        parts.append(f"{cheapest['model']} costs least, {dollars(cheapest[_COST])} per 10,000 transactions.")
    if not timed.empty:
        fastest = timed.sort_values("latency_ms", kind="stable").iloc[0]
        what = _LATENCIES[fastest["metric"]]
        parts.append(f"{fastest['model']} is the fastest ({what}: {number(fastest['latency_ms'])} ms).")
    unknown = [str(name) for name in frame[frame[_COST].isna()]["model"]]
    if unknown:
        parts.append(f"The cost of {', '.join(unknown)} is unknown.")
    return " ".join(parts) or "Neither cost nor latency is known for any model."


def draw(frame: pd.DataFrame, settings: FigureSettings) -> Figure:
    """A point for each model, named, with its accuracy; limits as lines."""
    figure, axes = style.panels(1, 1, 3.2)
    panel = axes[0][0]
    shown = frame[frame["latency_ms"].notna() & frame[_COST].notna()]
    left_out = [str(model) for model in frame["model"] if model not in set(shown["model"])]
    if shown.empty:
        style.nothing(panel, "cost or latency is unknown for every model")
        return figure
    metric = str(shown["metric"].iloc[0])
    for _, row in shown.iterrows():
        shade = style.colour(settings.models, row["model"])
        if known(row["low_ms"]) and known(row["high_ms"]):
            panel.hlines(row[_COST], row["low_ms"], row["high_ms"], color=shade, linewidth=1.4, alpha=0.7)
        panel.plot(
            row["latency_ms"],
            row[_COST],
            marker=style.marker(settings.models, row["model"]),
            color=shade,
            markersize=8,
        )
    panel.grid(visible=True, axis="both")
    right = max(shown["latency_ms"].max(), shown["high_ms"].max() if shown["high_ms"].notna().any() else 0)
    top = shown[_COST].max()
    panel.set_xlim(0, right * 1.15)
    panel.set_ylim(-0.05 * top, top * 1.25 or 1)
    for bound, line, end in (
        (getattr(settings.limits, metric, None), panel.axvline, right * 1.15),
        (settings.limits.cost_usd_per_10k_transactions, panel.axhline, top * 1.25),
    ):
        value = bound and (bound.max if bound.max is not None else bound.min)
        if value and value <= end * 1.6:
            line(value, color=style.LIMIT, linewidth=1.2, linestyle=(0, (5, 2)))
            if line == panel.axvline:
                panel.set_xlim(0, max(end, value * 1.05))
                panel.text(value, panel.get_ylim()[1], " limit", color=style.LIMIT, fontsize=9, va="top")
            else:
                panel.set_ylim(-0.05 * top, max(end, value * 1.08))
                panel.text(0, value, " limit", color=style.LIMIT, fontsize=9, va="bottom")
    style.plain(panel.xaxis)
    panel.yaxis.set_major_formatter(
        FuncFormatter(lambda value, _: dollars(value) if top < 4 else f"${value:,.6g}")
    )
    level = level_of(str(shown["load"].iloc[0]))
    panel.set_xlabel(f"{_LATENCIES[metric]} at {level.words} (ms)")
    panel.set_ylabel("US dollars per 10,000 transactions")
    if left_out:
        panel.set_title(
            f"Not shown, since cost or latency is unknown: {', '.join(left_out)}",
            fontweight="normal",
            fontsize=9,
        )
    points = [
        (row["latency_ms"], row[_COST], _words(row), style.colour(settings.models, row["model"]))
        for _, row in shown.iterrows()
    ]
    bars = [
        (row["low_ms"], row["high_ms"], row[_COST])
        for _, row in shown.iterrows()
        if known(row["low_ms"]) and known(row["high_ms"])
    ]
    style.name_points(panel, points, bars)
    return figure


def _words(row: "pd.Series[Any]") -> str:
    if not known(row["accuracy"]):
        return str(row["model"])
    by = row["accuracy_by"]
    words = by if isinstance(by, str) and by != "panel" else "correct"
    words = "by ratings" if by == "ratings" else words
    return f"{row['model']}, {percent(row['accuracy'])} {words}"
