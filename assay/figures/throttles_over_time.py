"""Throttles and other errors as the run went on: a panel for each model, shares of the attempts of each period."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from assay.figures import style
from assay.figures.settings import FigureSettings
from assay.tables.inputs import Inputs, column
from assay.tables.numbers import percent

_THROTTLED, _OTHERWISE, _ATTEMPTS = "#d55e00", "#0072b2", style.FAINT
_COLUMNS = ("start_s", "period_s", "attempts", "answered", "throttled", "failed_otherwise")


def data(inputs: Inputs, settings: FigureSettings) -> pd.DataFrame:
    """Rows of the table of periods, by model in the order of the benchmark, with shares of the attempts."""
    periods = inputs.periods
    if not len(periods):
        return pd.DataFrame(columns=["model", *_COLUMNS, "throttle_share", "other_share"])
    made = pd.DataFrame({"model": periods["model"]} | {name: column(periods, name) for name in _COLUMNS})
    made = made.fillna(dict.fromkeys(_COLUMNS, 0))
    attempts = made["attempts"].where(made["attempts"] > 0)
    made["throttle_share"] = made["throttled"] / attempts
    made["other_share"] = made["failed_otherwise"] / attempts
    made = made[made["model"].isin(list(settings.models))]
    rank = made["model"].map({model: place for place, model in enumerate(settings.models)})
    return made.assign(rank=rank).sort_values(["rank", "start_s"]).drop(columns="rank").reset_index(drop=True)


def finding(frame: pd.DataFrame, settings: FigureSettings) -> str:
    """How many attempts were throttled in all, and the period with the highest share of them."""
    attempts = int(frame["attempts"].sum())
    if not attempts:
        return "No attempt has a time."
    throttled, otherwise = int(frame["throttled"].sum()), int(frame["failed_otherwise"].sum())
    others = f"{otherwise:,} failed otherwise"
    if not throttled:
        return f"None of {attempts:,} attempts was throttled; {others}."
    worst = frame.sort_values("throttle_share", ascending=False, kind="stable").iloc[0]
    return (
        f"{throttled:,} of {attempts:,} attempts were throttled ({percent(throttled / attempts)}); {others}. The "
        f"highest share of throttles is {percent(float(worst['throttle_share']))}, of {worst['model']} in the "
        f"{_length(float(worst['period_s']))} that began {_after(float(worst['start_s']))} into the run."
    )


def draw(frame: pd.DataFrame, settings: FigureSettings) -> Figure:
    """Stacked shares in each period, and in grey how many attempts there were."""
    models = [model for model in settings.models if model in set(frame["model"])]
    figure, axes = style.panels(max(len(models), 1), 1, 1.25, sharex=True)
    if not models:
        style.nothing(axes[0][0], "no attempt has a time")
        return figure
    end = float((frame["start_s"] + frame["period_s"]).max())
    scale, unit = (1.0, "seconds") if end <= 120 else (60.0, "minutes") if end <= 7200 else (3600.0, "hours")
    most = float((frame["throttle_share"] + frame["other_share"]).max())
    for model, (panel,) in zip(models, axes, strict=True):
        here = frame[frame["model"] == model]
        left, width = here["start_s"].to_numpy() / scale, here["period_s"].to_numpy() / scale
        throttled = np.nan_to_num(here["throttle_share"].to_numpy(dtype=float))
        otherwise = np.nan_to_num(here["other_share"].to_numpy(dtype=float))
        stacked = (
            (panel.bar(left, throttled, width, align="edge", color=_THROTTLED), "throttled"),
            (
                panel.bar(
                    left,
                    otherwise,
                    width,
                    bottom=throttled,
                    align="edge",
                    color=_OTHERWISE,
                    hatch="////",
                    edgecolor=style.PAPER,
                    linewidth=0,
                ),
                "failed_otherwise",
            ),
        )
        for bars, kind in stacked:
            for bar, row in zip(bars, here.to_dict("records"), strict=True):
                style.hover(
                    bar,
                    [
                        f"{model}, {_after(row['start_s'])} into the run: {row[kind]:,.0f} of {row['attempts']:,.0f} attempts "
                        f"{kind.replace('_', ' ')}"
                    ],
                )
        panel.set_title(style.short(model, 48))
        panel.set_ylim(0, max(most * 1.1, 0.01))
        panel.set_xlim(0, end / scale)
        panel.yaxis.set_major_locator(MaxNLocator(3))
        panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value * 100:.3g} %"))
        beside = panel.twinx()
        beside.grid(visible=False)
        beside.step(
            [*left, left[-1] + width[-1]],
            [*here["attempts"], here["attempts"].iloc[-1]],
            where="post",
            color=_ATTEMPTS,
            linewidth=0.9,
        )
        beside.set_ylim(bottom=0)
        beside.yaxis.set_major_locator(MaxNLocator(3, integer=True))
        beside.tick_params(axis="y", colors=style.MUTED)
    axes[-1][0].set_xlabel(f"{unit} since the run's first request")
    figure.supylabel("share of attempts", fontsize=10)
    longest = float(frame["period_s"].max())
    figure.legend(
        handles=[
            Patch(color=_THROTTLED, label="throttled"),
            Patch(
                facecolor=_OTHERWISE,
                hatch="////",
                edgecolor=style.PAPER,
                linewidth=0,
                label="failed otherwise",
            ),
            Line2D([], [], color=_ATTEMPTS, linewidth=0.9, label=f"attempts in {_each(longest)} (right)"),
        ],
        loc="outside upper left",
        ncols=3,
        columnspacing=1.4,
    )
    return figure


def _length(seconds: float) -> str:
    return {1.0: "second", 60.0: "minute"}.get(seconds, f"period of {seconds:g} s")


def _each(seconds: float) -> str:
    return {1.0: "a second", 60.0: "a minute"}.get(seconds, f"{seconds:g} s")


def _after(seconds: float) -> str:
    return f"{seconds:g} s" if seconds < 120 else f"{seconds / 60:,.0f} min"
