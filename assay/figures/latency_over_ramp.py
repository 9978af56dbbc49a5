"""Latency and errors of ramps against the rate at which requests arrived at that moment."""

from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from assay.figures import style
from assay.figures.settings import FigureSettings
from assay.schedule.level import level_of
from assay.tables.inputs import Inputs, column
from assay.tables.numbers import number, percent

_PERCENTILES = (("e2e_from_intended_ms_p50", "-"), ("e2e_from_intended_ms_p95", (0, (3, 2))))
_VALUES = (
    "rate_rps_from",
    "rate_rps_to",
    "n",
    "n_ok",
    "error_rate",
    *(f"{name}_from_intended_ms_{percentile}" for name in ("ttft", "e2e") for percentile in ("p50", "p95")),
)


def data(inputs: Inputs, settings: FigureSettings) -> pd.DataFrame:
    """Rows of the table of ramps in the order of the benchmark, with `rate_rps`, the middle of each slice."""
    ramps = inputs.ramps
    names = ["model", "bucket", "load"]
    if not len(ramps):
        return pd.DataFrame(columns=[*names, "rate_rps", *_VALUES])
    made = ramps[names].astype(str).assign(**{name: column(ramps, name) for name in _VALUES})
    made.insert(3, "rate_rps", (made["rate_rps_from"] + made["rate_rps_to"]) / 2)
    models, buckets = list(settings.models), [bucket.name for bucket in settings.buckets]
    made = made[made["model"].isin(models) & made["bucket"].isin(buckets)]
    keys = made.assign(
        _bucket=made["bucket"].map(buckets.index),
        _load=made["load"].map(lambda load: level_of(load).rank),
        _model=made["model"].map(models.index),
    )
    keys = keys.sort_values(["_bucket", "_load", "_model", "rate_rps"], kind="stable")
    return keys.drop(columns=["_bucket", "_load", "_model"]).reset_index(drop=True)


def finding(frame: pd.DataFrame, settings: FigureSettings) -> str:
    """How median latency and errors differ between the lowest and the highest rate, in the first panel."""
    if frame.empty:
        return "No request of a ramp was measured."
    names = [name for name in settings.buckets_of_interest if name in set(frame["bucket"])]
    here = frame[frame["bucket"] == (names[0] if names else frame["bucket"].iloc[0])]
    here = here[here["load"] == here["load"].iloc[0]]
    parts = []
    for model, rows in here.groupby("model", sort=False):
        low, high = rows.iloc[0], rows.iloc[-1]
        latency = " to ".join(_ms(row["e2e_from_intended_ms_p50"]) for row in (low, high))
        errors = " to ".join(percent(float(row["error_rate"])) for row in (low, high))
        parts.append(
            f"{model}, from about {low['rate_rps']:.3g} to {high['rate_rps']:.3g} requests per second: median "
            f"{latency}, failed {errors}"
        )
    return f"In bucket {here['bucket'].iloc[0]}, by the rate of arrivals: {'; '.join(parts)}."


def _ms(value: float) -> str:
    return "no answer" if pd.isna(value) else f"{number(value)} ms"


def draw(frame: pd.DataFrame, settings: FigureSettings) -> Figure:
    """A row for each bucket and ramp: end-to-end latency from when requests were due, and the share that failed."""
    places = list(frame[["bucket", "load"]].drop_duplicates().itertuples(index=False, name=None))
    figure, axes = style.panels(max(1, len(places)), 2, 2.15, 1.6)
    if not places:
        for panel in axes[0]:
            style.nothing(panel, "no request was measured")
        return figure
    for (latency, errors), (bucket, load), below in zip(axes, places, [*places[1:], None], strict=True):
        here = frame[(frame["bucket"] == bucket) & (frame["load"] == load)]
        latency.set_title(f"{style.short(bucket, 14)}: end to end")
        errors.set_title(f"{style.short(bucket, 14)}: failed")
        for model in [name for name in settings.models if name in set(here["model"])]:
            rows = here[here["model"] == model]
            told = rows.to_dict("records")
            for name, line in _PERCENTILES:
                main = line == "-"
                known = rows[rows[name].notna()]
                style.series(
                    latency,
                    known["rate_rps"],
                    known[name].astype(float),
                    settings.models,
                    model,
                    [_hover(row, _ms(row[name])) for row in told if not pd.isna(row[name])],
                    filled=main,
                    linestyle=line,
                    linewidth=1.8 if main else 1.0,
                    markersize=4.5 if main else 3.5,
                )
            style.series(
                errors,
                rows["rate_rps"],
                rows["error_rate"],
                settings.models,
                model,
                [_hover(row, f"{percent(float(row['error_rate']))} failed") for row in told],
                markersize=4.5,
            )
        values = pd.concat([here[name] for name, _ in _PERCENTILES]).dropna()
        if values.empty:
            style.nothing(latency, "no data")
        else:
            style.log_scale(latency, list(values))
        latency.set_ylabel("ms (log)")
        most = max(float(here["error_rate"].max()) * 1.1, 0.01)
        errors.set_ylim(-0.05 * most, most)  # a marker at 0 is whole
        errors.yaxis.set_major_locator(MaxNLocator(4))
        errors.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value * 100:.3g} %"))
        ends = level_of(load).ramp
        for panel in (latency, errors):
            if ends is not None and not (panel is latency and values.empty):
                panel.set_xlim(min(ends), max(ends))
            if below is None or below[1] != load:
                panel.set_xlabel("requests per second" + (", falling" if ends and ends[0] > ends[1] else ""))
    kinds = [
        Line2D([], [], color=style.MUTED, linestyle="-", label="median"),
        Line2D([], [], color=style.MUTED, linestyle=(0, (3, 2)), label="95th percentile"),
    ]
    style.model_legend(figure, settings.models, list(dict.fromkeys(frame["model"])), kinds)
    return figure


def _hover(row: dict[Any, Any], said: str) -> str:
    return f"{row['model']} in bucket {row['bucket']}, at about {row['rate_rps']:.3g} requests per second: {said}; n = {row['n']:,.0f}"
