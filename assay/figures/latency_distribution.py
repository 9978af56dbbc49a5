"""The distribution of latency on the dataset of interest, at the load of the decision: how many were answered by when."""

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter

from assay.figures import latencies, style
from assay.figures.settings import FigureSettings
from assay.tables.inputs import Inputs, column
from assay.tables.numbers import number, percent

_COLUMNS = ("model", "load", "metric", "share", "latency_ms", "n", "error_rate")
_MARKED = (0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)
"""Shares of requests at which a line has its marker, so that lines can be told apart in grey."""


def data(inputs: Inputs, settings: FigureSettings) -> pd.DataFrame:
    """Rows of metric, model and share, at the load of the decision: the latency within which so many were answered; and the
    model's error rate there.

    In an open loop from when a request was due. The time per output token is there only where a limit is on it.
    """
    found = inputs.distribution
    if not len(found):
        return pd.DataFrame(columns=list(_COLUMNS))
    of_loop = {
        name: latencies.column(f"{name}_p50", settings.level.rate_rps is not None).removesuffix("_p50")
        for name in latencies.NAMES
    }
    limited = {latencies.parts(metric)[0] for metric in latencies.limited(settings)}
    names = ["e2e_ms", "ttft_ms", *(["tpot_ms"] if "tpot_ms" in limited else [])]
    order = {name: place for place, name in enumerate(settings.models)}
    here = found[(found["load"] == settings.level.name) & found["model"].isin(order)]
    parts = []
    for name in names:
        rows = here[here["metric"] == of_loop[name]].assign(metric=name)
        parts.append(rows.sort_values("model", key=lambda models: models.map(order), kind="stable"))
    made = pd.concat(parts, ignore_index=True)
    made = made.assign(**{name: column(made, name) for name in ("share", "latency_ms", "n")})
    failed = dict(zip(inputs.models["model"], column(inputs.models, "error_rate"), strict=True))
    return made.assign(error_rate=made["model"].map(failed).astype("float64"))[list(_COLUMNS)]


def _at(rows: pd.DataFrame, share: float) -> float:
    found = rows.loc[np.isclose(rows["share"], share), "latency_ms"]
    return float(found.iloc[0]) if len(found) else math.nan


def finding(frame: pd.DataFrame, settings: FigureSettings) -> str:
    """By when half and 95 % of the requests were answered, by the fastest and the slowest model."""
    rows = frame[frame["metric"] == "e2e_ms"]
    if rows.empty:
        return "No request was measured at the load of the decision."
    told = []
    for model in [name for name in settings.models if name in set(rows["model"])]:
        here = rows[rows["model"] == model]
        told.append((_at(here, 0.5), model, _at(here, 0.95)))
    first, last = min(told), max(told)
    text = "No model answered half of its requests."
    if math.isfinite(first[0]):
        text = f"Half of the requests were answered {_when(first[0])} by {first[1]}"
        text += f", and {_when(last[0])} by {last[1]}" if last[1] != first[1] else ""
        text += f"; 95 % {_when(first[2])}" + (f" and {_when(last[2])}" if last[1] != first[1] else "") + "."
    shares = rows.drop_duplicates("model").set_index("model")["error_rate"]
    failed = [f"{percent(shares[model])} of {model}" for _, model, _ in told if shares[model] > 0]
    text += f" Never answered: {', '.join(failed)}." if failed else ""
    unknown = [name for name in settings.models if name not in set(rows["model"])]
    return text + (f" No latency counts of {', '.join(unknown)}." if unknown else "")


def _when(value: float) -> str:
    return "never" if math.isinf(value) else f"within {number(value)} ms"


def draw(frame: pd.DataFrame, settings: FigureSettings) -> Figure:
    """A panel for each latency, a line for each model; limits as a time within which a share has to be answered."""
    names = list(dict.fromkeys(frame["metric"]))
    figure, axes = style.panels(max(1, len(names)), 1, 2.6)
    if not names:
        style.nothing(axes[0][0], "no request was measured at the load of the decision")
        return figure
    due = " from due" if settings.level.rate_rps is not None else ""
    for name, (panel,) in zip(names, axes, strict=True):
        _panel(panel, frame[frame["metric"] == name], name, settings)
        panel.set_title(
            f"{latencies.NAMES[name]}{due if name != 'tpot_ms' else ''}, at {settings.level.words}"
        )
        panel.set_xlabel("ms (log scale)")
    figure.supylabel("requests answered within that time", fontsize=10)
    style.model_legend(figure, settings.models, list(dict.fromkeys(frame["model"])))
    return figure


def _panel(panel: Axes, rows: pd.DataFrame, name: str, settings: FigureSettings) -> None:
    finite = rows[np.isfinite(rows["latency_ms"]) & rows["latency_ms"].gt(0)]
    limits = [metric for metric in latencies.limited(settings) if latencies.parts(metric)[0] == name]
    panel.set_ylim(0, 1.03)
    panel.yaxis.set_major_locator(FixedLocator([0, 0.25, 0.5, 0.75, 0.95]))
    panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value * 100:.0f} %"))
    panel.grid(visible=True, axis="both")
    if finite.empty:
        style.nothing(panel, "no request was answered")
        return
    edges = [latencies.most(settings, metric) or 0.0 for metric in limits]
    low = min([float(finite["latency_ms"].min()), *edges]) / 1.15
    high = max([float(finite["latency_ms"].max()), *edges]) * 1.15
    panel.set_xscale("log")
    panel.set_xlim(low, high)
    style.log_ticks(panel.xaxis, low, high)
    style.plain(panel.xaxis)
    for metric, most in zip(limits, edges, strict=True):
        share = latencies.parts(metric)[1] / 100
        style.within(panel, most, share, f"limit p{100 * share:.0f}")
    for model in [each for each in settings.models if each in set(rows["model"])]:
        line = finite[finite["model"] == model]
        if line.empty:
            continue
        n = line["n"].iloc[0]
        marks = [place for place, share in enumerate(line["share"]) if np.isclose(share, _MARKED).any()]
        told = [
            f"{model}: {percent(share)} within {number(latency)} ms; n = {n:,.0f}"
            for share, latency in zip(line["share"], line["latency_ms"], strict=True)
        ]
        style.series(
            panel,
            line["latency_ms"],
            line["share"],
            settings.models,
            model,
            [told[place] for place in marks],
            markevery=marks,
            drawstyle="steps-post",
            markersize=4.5,
        )
