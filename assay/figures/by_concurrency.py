"""Latency and throughput against the load, a panel for each bucket.

Closed loops are shown against their concurrency, open ones against their rate: these are figures of their own, since
latency counts from when a request was due there.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from assay.figures import latencies, style
from assay.figures.settings import FigureSettings
from assay.schedule.level import Level, closed, open_at
from assay.tables.inputs import Inputs, column
from assay.tables.numbers import number

_PERCENTILES = ("p50", "p95")


@dataclass(frozen=True, slots=True)
class Loop:
    """A kind of loop as it is shown: the column that tells its level, and the latencies that belong to it."""

    level: str
    latencies: Mapping[str, str]
    main: str
    """The latency that the finding is about."""
    label: str
    of: Callable[[float], Level]


CLOSED = Loop(
    "concurrency",
    {"ttft_ms": "TTFT", "e2e_ms": "end to end"},
    "e2e_ms",
    "requests in flight",
    lambda level: closed(int(level)),
)
OPEN = Loop(
    "rate_rps",
    {"ttft_from_intended_ms": "TTFT from due", "e2e_from_intended_ms": "end to end from due"},
    "e2e_from_intended_ms",
    "requests per second",
    open_at,
)


def latency_data(inputs: Inputs, settings: FigureSettings, loop: Loop = CLOSED) -> pd.DataFrame:
    """Rows of model, bucket, concurrency (or rate_rps), metric, percentile, value_ms, low_ms, high_ms, n_ok."""
    cells = inputs.cells[column(inputs.cells, loop.level).notna()]
    parts = []
    for metric in loop.latencies:
        for percentile in _PERCENTILES:
            name = f"{metric}_{percentile}"
            parts.append(
                pd.DataFrame(
                    {
                        "model": cells["model"].astype(str),
                        "bucket": cells["bucket"].astype(str),
                        loop.level: column(cells, loop.level).astype(int if loop is CLOSED else float),
                        "metric": metric,
                        "percentile": percentile,
                        "value_ms": column(cells, name),
                        "low_ms": column(cells, f"{name}_low"),
                        "high_ms": column(cells, f"{name}_high"),
                        "n_ok": column(cells, "n_ok"),
                    }
                )
            )
    return _in_order(pd.concat(parts, ignore_index=True), settings, loop, ["metric", "percentile"])


def throughput_data(inputs: Inputs, settings: FigureSettings) -> pd.DataFrame:
    """Rows of model, bucket, concurrency, transactions_per_minute with _low and _high, tokens_per_minute, n_ok."""
    cells = inputs.cells[inputs.cells["concurrency"].notna()]
    frame = pd.DataFrame(
        {
            "model": cells["model"].astype(str),
            "bucket": cells["bucket"].astype(str),
            "concurrency": cells["concurrency"].astype(int),
            **{
                f"transactions_per_minute{end}": column(cells, f"transactions_per_minute{end}")
                for end in ("", "_low", "_high")
            },
            "tokens_per_minute": column(cells, "tokens_per_minute"),
            "n_ok": column(cells, "n_ok"),
        }
    )
    return _in_order(frame, settings, CLOSED, [])


def _in_order(frame: pd.DataFrame, settings: FigureSettings, loop: Loop, more: list[str]) -> pd.DataFrame:
    """Rows in the order of the benchmark file; models and buckets that are not in it left out."""
    buckets = [bucket.name for bucket in settings.buckets]
    frame = frame[frame["model"].isin(settings.models) & frame["bucket"].isin(buckets)]
    places = {name: place for place, name in enumerate([*settings.models])}
    bucket_places = {name: place for place, name in enumerate(buckets)}
    keys = frame.assign(_model=frame["model"].map(places), _bucket=frame["bucket"].map(bucket_places))
    keys = keys.sort_values(["_bucket", *reversed(more), "_model", loop.level], kind="stable")
    return keys.drop(columns=["_model", "_bucket"]).reset_index(drop=True)


def _bucket_of_finding(frame: pd.DataFrame, settings: FigureSettings) -> str | None:
    """The bucket that a one-sentence finding is about: the first of interest that has data, else any that has."""
    with_data = list(dict.fromkeys(frame["bucket"]))
    return next((name for name in (*settings.buckets_of_interest, *with_data) if name in with_data), None)


def latency_finding(frame: pd.DataFrame, settings: FigureSettings, loop: Loop = CLOSED) -> str:
    """The lowest and highest median at the highest level, and whose tail grows most with the load."""
    e2e = frame[(frame["metric"] == loop.main) & frame["value_ms"].notna()]
    bucket = _bucket_of_finding(e2e, settings)
    if bucket is None:
        return "No request succeeded, so there is no latency to show."
    here = e2e[e2e["bucket"] == bucket]
    top = float(here[loop.level].max())
    at = loop.of(top).words
    medians = here[(here["percentile"] == "p50") & (here[loop.level] == top)].sort_values("value_ms")
    parts = []
    if len(medians) > 1:
        first, last = medians.iloc[0], medians.iloc[-1]
        parts.append(
            f"At {at} in bucket {bucket}, median end-to-end latency runs from "
            f"{number(first['value_ms'])} ms ({first['model']}) to {number(last['value_ms'])} ms ({last['model']})."
        )
    elif len(medians) == 1:
        only = medians.iloc[0]
        parts.append(
            f"At {at} in bucket {bucket}, the median end-to-end latency of {only['model']} is "
            f"{number(only['value_ms'])} ms."
        )
    growth = _growth(here[here["percentile"] == "p95"], "value_ms", loop)
    if growth:
        model, low, high, factor = growth
        parts.append(
            f"From {low:g} to {loop.of(high).words}, the 95th percentile changes most for {model}: "
            f"{factor:.3g} times what it was."
        )
    return " ".join(parts)


def throughput_finding(frame: pd.DataFrame, settings: FigureSettings) -> str:
    """Who completes most at the highest level, and how that compares with one level of concurrency less."""
    found = frame[frame["transactions_per_minute"].notna()]
    bucket = _bucket_of_finding(found, settings)
    if bucket is None:
        return "No transaction was completed, so there is no throughput to show."
    here = found[found["bucket"] == bucket]
    top = int(here["concurrency"].max())
    at_top = here[here["concurrency"] == top].sort_values("transactions_per_minute", ascending=False)
    best, worst = at_top.iloc[0], at_top.iloc[-1]
    text = (
        f"With {_in_flight(top)} in bucket {bucket}, {best['model']} completes "
        f"{number(best['transactions_per_minute'])} transactions per minute"
    )
    text += f" and {worst['model']} {number(worst['transactions_per_minute'])}." if len(at_top) > 1 else "."
    growth = _growth(here[here["model"] == best["model"]], "transactions_per_minute", CLOSED)
    if growth:
        _, low, high, factor = growth
        text += (
            f" That is {factor:.3g} times what {best['model']} completes with {low:g} in flight "
            f"({high / low:.3g} times the concurrency)."
        )
    return text


def _in_flight(level: int) -> str:
    return "1 request in flight" if level == 1 else f"{level} requests in flight"


def _growth(rows: pd.DataFrame, name: str, loop: Loop) -> tuple[str, float, float, float] | None:
    """The model whose `name` changed by the largest factor between its lowest and highest level, and both levels."""
    grown: list[tuple[str, float, float, float]] = []
    for model, of_model in rows.sort_values(loop.level).groupby("model", sort=False):
        first, last = of_model.iloc[0], of_model.iloc[-1]
        if first[loop.level] < last[loop.level] and first[name] > 0:
            grown.append(
                (
                    str(model),
                    float(first[loop.level]),
                    float(last[loop.level]),
                    float(last[name] / first[name]),
                )
            )
    return max(grown, key=lambda found: abs(math.log(found[3])) if found[3] > 0 else math.inf, default=None)


def draw_latency(frame: pd.DataFrame, settings: FigureSettings, loop: Loop = CLOSED) -> Figure:
    """A row for each bucket, a column for each kind of latency; medians solid, 95th percentiles dashed.

    Of more than `MOST_ROWS` buckets only the latency that a limit is on is drawn, else the end-to-end one: two buckets in a row.
    """
    buckets = list(dict.fromkeys(frame["bucket"])) or [settings.buckets[0].name]
    if len(buckets) > MOST_ROWS:
        figure, panels = _of_one_latency(frame, settings, loop, buckets)
    else:
        figure, panels = _of_each_latency(frame, loop, buckets)
    levels = sorted(set(frame[loop.level]))
    for panel, rows in panels:
        if rows["value_ms"].notna().any():
            _latency_panel(panel, rows, settings.models, loop)
            style.levels(panel, levels)
        else:
            panel.text(0.5, 0.5, "no data", transform=panel.transAxes, ha="center", color=style.MUTED)
    kinds = [
        Line2D([], [], color=style.MUTED, linestyle="-", label="median"),
        Line2D([], [], color=style.MUTED, linestyle=(0, (3, 2)), label="95th percentile"),
    ]
    style.model_legend(figure, settings.models, list(dict.fromkeys(frame["model"])), kinds)
    return figure


MOST_ROWS = 4

Panels = list[tuple[Axes, pd.DataFrame]]


def _of_each_latency(frame: pd.DataFrame, loop: Loop, buckets: Sequence[str]) -> tuple[Figure, Panels]:
    figure, axes = style.panels(len(buckets), len(loop.latencies), 2.15, sharex=True, sharey="row")
    panels: Panels = []
    for row, bucket in zip(axes, buckets, strict=True):
        in_bucket = frame[frame["bucket"] == bucket]
        for panel, (metric, name) in zip(row, loop.latencies.items(), strict=True):
            panel.set_title(f"{style.short(bucket, 14)}: {name}")
            panels.append((panel, in_bucket[in_bucket["metric"] == metric]))
        style.log_scale(row[0], *_reach(in_bucket))
        row[0].set_ylabel("ms (log scale)")
    for panel in axes[-1]:
        panel.set_xlabel(loop.label)
    return figure, panels


def _of_one_latency(
    frame: pd.DataFrame, settings: FigureSettings, loop: Loop, buckets: Sequence[str]
) -> tuple[Figure, Panels]:
    limited = [latencies.parts(metric)[0] for metric in latencies.limited(settings)]
    shown = [name for name in loop.latencies if name.replace("_from_intended", "") in limited]
    metric = loop.main if loop.main in shown or not shown else shown[0]
    figure, axes = style.panels(-(-len(buckets) // 2), 2, 2.15, 1.5, sharex=True, sharey=True)
    flat = [panel for row in axes for panel in row]
    of_metric = frame[frame["metric"] == metric]
    panels: Panels = []
    for panel, bucket in zip(flat, buckets, strict=False):
        panel.set_title(style.short(bucket, 24))
        panels.append((panel, of_metric[of_metric["bucket"] == bucket]))
    style.log_scale(flat[0], *_reach(of_metric))
    for panel in flat[len(buckets) :]:
        panel.set_axis_off()
    figure.supylabel(f"{loop.latencies[metric]}, ms (log scale)", fontsize=10)
    for panel in flat[len(buckets) - 2 : len(buckets)]:
        panel.set_xlabel(loop.label)
        panel.tick_params(axis="x", labelbottom=True)
    return figure, panels


def _reach(rows: pd.DataFrame) -> tuple[list[float], list[float]]:
    """What a panel has to show, and what it should show as far as there is room."""
    ends = rows[["low_ms", "high_ms"]].to_numpy(dtype="float64")
    return list(rows["value_ms"].astype(float)), list(ends[np.isfinite(ends)])


def _latency_panel(panel: Axes, rows: pd.DataFrame, models: Sequence[str], loop: Loop) -> None:
    shown = [name for name in models if name in set(rows["model"])]
    for place, model in enumerate(shown):
        shift = 1 + 0.05 * (place - (len(shown) - 1) / 2)
        for percentile in _PERCENTILES:
            line = rows[
                (rows["model"] == model) & (rows["percentile"] == percentile) & rows["value_ms"].notna()
            ]
            if line.empty:
                continue
            median = percentile == "p50"
            x = line[loop.level] * shift
            style.bars(panel, "y", x, line["low_ms"], line["high_ms"], models, model)
            style.series(
                panel,
                x,
                line["value_ms"],
                models,
                model,
                [_hover(row, loop) for row in line.to_dict("records")],
                filled=median,
                # Of many models, open markers of the tails would hide the medians.
                markersize=4.5 if median else 4.2 if len(shown) <= FEW else 2.2,
                linestyle="-" if median else (0, (3, 2)),
                linewidth=1.8 if median else 1.0,
            )


FEW = 3


def _hover(row: dict[Any, Any], loop: Loop) -> str:
    ends = style.interval(row["low_ms"], row["high_ms"], number)
    percent = int(str(row["percentile"]).removeprefix("p"))
    return (
        f"{row['model']} at {loop.of(row[loop.level]).words} in bucket {row['bucket']}: {loop.latencies[row['metric']]}, "
        f"{latencies.percentile(percent)} {number(row['value_ms'])} ms{ends}; n = {row['n_ok']:,.0f}"
    )


def draw_throughput(frame: pd.DataFrame, settings: FigureSettings) -> Figure:
    """A panel for each bucket, two beside each other; bars are intervals where the table has them."""
    buckets = list(dict.fromkeys(frame["bucket"])) or [settings.buckets[0].name]
    levels = sorted(set(frame["concurrency"]))
    columns = min(2, len(buckets))
    figure, axes = style.panels(-(-len(buckets) // columns), columns, 2.15, 1.5)
    flat = [panel for row in axes for panel in row]
    for panel, bucket in zip(flat, buckets, strict=False):
        rows = frame[(frame["bucket"] == bucket) & frame["transactions_per_minute"].notna()]
        panel.set_title(style.short(bucket, 24))
        if rows.empty:
            style.nothing(panel, "no transaction completed")
            continue
        for model in settings.models:
            line = rows[rows["model"] == model]
            if line.empty:
                continue
            low, high = (line[f"transactions_per_minute_{end}"] for end in ("low", "high"))
            style.bars(panel, "y", line["concurrency"], low, high, settings.models, model)
            style.series(
                panel,
                line["concurrency"],
                line["transactions_per_minute"],
                settings.models,
                model,
                [_done(row) for row in line.to_dict("records")],
            )
        style.levels(panel, levels)
        tops = rows[["transactions_per_minute", "transactions_per_minute_high"]].to_numpy(dtype="float64")
        panel.set_ylim(0, float(tops[np.isfinite(tops)].max()) * 1.12 or 1.0)
        style.plain(panel.yaxis)
        panel.set_xlabel("requests in flight")
    for panel in flat[len(buckets) :]:
        panel.set_axis_off()
    for row in axes:
        row[0].set_ylabel("transactions / min")
    style.model_legend(figure, settings.models, list(dict.fromkeys(frame["model"])))
    return figure


def _done(row: dict[Any, Any]) -> str:
    name = "transactions_per_minute"
    ends = style.interval(row[f"{name}_low"], row[f"{name}_high"], number)
    return (
        f"{row['model']} with {_in_flight(row['concurrency'])} in bucket {row['bucket']}: {number(row[name])} transactions "
        f"per minute{ends}; n = {row['n_ok']:,.0f}"
    )
