"""Accuracy by model and by prompt size, with intervals; and what a doubling of the prompt does within tasks."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter

from assay.figures import style
from assay.figures.settings import FigureSettings
from assay.tables.inputs import Inputs, column
from assay.tables.numbers import known, percent


def by_model_data(inputs: Inputs, settings: FigureSettings) -> pd.DataFrame:
    """Rows of model, accuracy, accuracy_low, accuracy_high, accuracy_n, metric_score, accuracy_by; and what people's labels
    make of it: corrected, corrected_low, corrected_high."""
    frame = _columns(inputs.models, ["model"], settings)
    found = inputs.corrected.drop_duplicates("model").set_index("model") if len(inputs.corrected) else None
    for name in ("corrected", "corrected_low", "corrected_high"):
        frame[name] = float("nan") if found is None else frame["model"].map(column(found, name))
    return frame


def by_prompt_size_data(inputs: Inputs, settings: FigureSettings) -> pd.DataFrame:
    """Rows of model, bucket, accuracy, accuracy_low, accuracy_high, accuracy_n, metric_score, accuracy_by, min_tokens,
    max_tokens; and, the same in all rows of a model, its trend within tasks: points_per_doubling, its ends, its n, and
    `trend`, which says whether it falls or rises, all models considered.
    """
    frame = _columns(inputs.accuracy, ["model", "bucket"], settings)
    sizes = {bucket.name: bucket for bucket in settings.buckets}
    frame = frame[frame["bucket"].isin(sizes)]
    order = {name: place for place, name in enumerate(sizes)}
    frame = frame.assign(
        min_tokens=[sizes[name].min for name in frame["bucket"]],
        max_tokens=[sizes[name].max for name in frame["bucket"]],
    )
    frame = frame.sort_values("bucket", key=lambda names: names.map(order), kind="stable").reset_index(
        drop=True
    )
    trends = inputs.trends
    pooled = trends.loc[trends["scope"] == "pooled"].set_index("model") if len(trends) else trends
    for name, of_trend in _TREND.items():
        frame[name] = frame["model"].map(column(pooled, of_trend)).astype("float64")
    frame["trend"] = frame["model"].map(pooled["trend"]) if len(trends) else None
    return frame


_TREND = {
    "points_per_doubling": "points_per_doubling",
    "points_per_doubling_low": "points_per_doubling_low",
    "points_per_doubling_high": "points_per_doubling_high",
    "trend_n": "n",
}


def _columns(frame: pd.DataFrame, keys: list[str], settings: FigureSettings) -> pd.DataFrame:
    values = ["accuracy", "accuracy_low", "accuracy_high", "accuracy_n", "metric_score"]
    taken = pd.DataFrame(
        {**{key: frame[key].astype(str) for key in keys}, **{name: column(frame, name) for name in values}}
    )
    taken["accuracy_by"] = frame["accuracy_by"] if "accuracy_by" in frame.columns else None
    order = {name: place for place, name in enumerate(settings.models)}
    taken = taken[taken["model"].isin(order)]
    return taken.sort_values("model", key=lambda names: names.map(order), kind="stable").reset_index(
        drop=True
    )


def by_model_finding(frame: pd.DataFrame, settings: FigureSettings) -> str:
    """The most and the least accurate model, and whether their intervals overlap."""
    rows = frame[frame["accuracy"].notna()].sort_values("accuracy", ascending=False, kind="stable")
    if rows.empty:
        return "No answer was scored, so there is no accuracy to show."
    best, worst = rows.iloc[0], rows.iloc[-1]
    metric = _metric(rows)
    if metric is None:
        text = f"{best['model']} answers {percent(best['accuracy'])} of its prompts correctly{_between(best, settings)}"
    else:
        by = "the judges' ratings" if metric == "ratings" else f"the dataset's own metric ({metric})"
        text = f"By {by}, {best['model']} scores {percent(best['accuracy'])}{_between(best, settings)}"
    if len(rows) == 1:
        return text + "." + _corrected_words(rows, settings)
    text += f", {worst['model']} {percent(worst['accuracy'])}{_between(worst, settings)}."
    if (
        known(best["accuracy_low"])
        and known(worst["accuracy_high"])
        and best["accuracy_low"] <= worst["accuracy_high"]
    ):
        text += " Even these two intervals overlap."
    return text + _corrected_words(rows, settings)


def _corrected_words(rows: pd.DataFrame, settings: FigureSettings) -> str:
    """The highest and the lowest of the corrected figures; nothing without people's labels."""
    found = rows[rows["corrected"].notna()].sort_values("corrected", ascending=False, kind="stable")
    if found.empty:
        return ""
    ends = found if len(found) == 1 else found.iloc[[0, -1]]
    told = [
        f"{row['model']} {percent(row['corrected'])}{_ends(row['corrected_low'], row['corrected_high'], settings)}"
        for row in ends.to_dict("records")
    ]
    return f" Corrected by people's labels: {', '.join(told)}."


def _metric(rows: pd.DataFrame) -> str | None:
    """What accuracy is a score by: ratings, or a metric without judges. Their mean is no share of right answers."""
    named = [name for name in rows["accuracy_by"] if isinstance(name, str) and name != "panel"]
    return named[0] if named else None


def _label(rows: pd.DataFrame) -> str:
    metric = _metric(rows)
    return "accuracy" if metric is None else f"score by {metric}"


def _between(row: "pd.Series[float]", settings: FigureSettings) -> str:
    return _ends(row["accuracy_low"], row["accuracy_high"], settings)


def _ends(low: float, high: float, settings: FigureSettings) -> str:
    if not (known(low) and known(high)):
        return ""
    return f" ({percent(settings.confidence)} interval {percent(low)} to {percent(high)})"


def _hover(row: "pd.Series[Any]") -> str:
    where = f" in bucket {row['bucket']}" if "bucket" in row.index else ""
    ends = style.interval(row["accuracy_low"], row["accuracy_high"], percent)
    n = f"; n = {row['accuracy_n']:,.0f}" if known(row["accuracy_n"]) else ""
    return f"{row['model']}{where}: {percent(row['accuracy'])}{ends}{n}"


def by_prompt_size_finding(frame: pd.DataFrame, settings: FigureSettings) -> str:
    """What prompt size does within tasks, for the model of which it does most; over buckets, where nobody knows."""
    rows = frame[frame["accuracy"].notna()]
    if rows.empty:
        return "No answer was scored, so there is no accuracy to show."
    trends = rows.loc[rows["points_per_doubling_low"].notna()].drop_duplicates("model")
    if len(trends):
        shown = trends.loc[trends["trend"].isin(["falls", "rises"])]
        if shown.empty:
            return (
                f"Within tasks, {'the' if len(trends) == 1 else 'no'} model's {_label(rows)} is "
                f"{'not ' if len(trends) == 1 else ''}shown to change with prompt size."
            )
        row = shown.sort_values("points_per_doubling", key=abs, ascending=False, kind="stable").iloc[0]
        ends = f"{row['points_per_doubling_low']:+.1f} to {row['points_per_doubling_high']:+.1f}"
        return (
            f"Within tasks, {_label(rows)} of {row['model']} changes by {row['points_per_doubling']:+.1f} percentage points "
            f"where a prompt is twice as long ({percent(settings.confidence)} interval {ends})."
        )
    changes = []
    for model, of_model in rows.groupby("model", sort=False):
        first, last = of_model.iloc[0], of_model.iloc[-1]
        if first["bucket"] != last["bucket"]:
            changes.append((abs(last["accuracy"] - first["accuracy"]), str(model), first, last))
    if not changes:
        best = rows.sort_values("accuracy", ascending=False, kind="stable").iloc[0]
        return f"In bucket {best['bucket']}, {best['model']} has the highest {_label(rows)}, {percent(best['accuracy'])}."
    size, model, first, last = max(changes, key=lambda found: found[0])
    if size == 0:
        return f"From bucket {first['bucket']} to {last['bucket']} no model's {_label(rows)} changes."
    return (
        f"From bucket {first['bucket']} to {last['bucket']}, {_label(rows)} changes most for {model}: from "
        f"{percent(first['accuracy'])} to {percent(last['accuracy'])}."
    )


def draw_by_model(frame: pd.DataFrame, settings: FigureSettings) -> Figure:
    """A point with its interval for each model, most accurate first; the dataset's own metric as an open diamond, and
    what people's labels make of it as a star below."""
    rows = frame[frame["accuracy"].notna() | frame["metric_score"].notna()]
    rows = rows.sort_values("accuracy", ascending=False, kind="stable", na_position="last").reset_index(
        drop=True
    )
    figure, axes = style.panels(1, 1, max(1.2, 0.42 * len(rows) + 0.6))
    panel = axes[0][0]
    if rows.empty:
        style.nothing(panel, "no answer was scored")
        return figure
    for height, (_, row) in enumerate(rows.iterrows()):
        shade = style.colour(settings.models, row["model"])
        if known(row["accuracy_low"]) and known(row["accuracy_high"]):
            panel.hlines(height, row["accuracy_low"], row["accuracy_high"], color=shade, linewidth=2.2)
        if known(row["accuracy"]):
            style.series(
                panel,
                [row["accuracy"]],
                [height],
                settings.models,
                str(row["model"]),
                [_hover(row)],
                markersize=7,
            )
        if known(row["metric_score"]):
            panel.plot(
                row["metric_score"],
                height,
                marker="D",
                color=style.MUTED,
                markerfacecolor="none",
                markersize=6,
            )
        if known(row["corrected"]):
            panel.hlines(
                height + 0.24, row["corrected_low"], row["corrected_high"], color=style.INK, linewidth=1.4
            )
            (point,) = panel.plot(
                row["corrected"], height + 0.24, marker="*", color=style.INK, markersize=7, linestyle="none"
            )
            ends = style.interval(row["corrected_low"], row["corrected_high"], percent)
            style.hover(
                point, [f"{row['model']}, corrected by people's labels: {percent(row['corrected'])}{ends}"]
            )
        n = f"n = {int(row['accuracy_n']):,}" if known(row["accuracy_n"]) else "n unknown"
        panel.text(
            1.02, height, f"{percent(row['accuracy'])}\n{n}", va="center", fontsize=9, linespacing=1.05
        )
    panel.set_yticks(range(len(rows)), list(rows["model"]))
    panel.set_ylim(len(rows) - 0.4, -0.6)
    panel.set_xlim(0, 1)
    panel.grid(visible=False, axis="y")
    panel.grid(visible=True, axis="x")
    panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value * 100:.0f} %"))
    panel.set_xlabel(_label(rows))
    handles = [
        Line2D([], [], linestyle="none", marker=mark, color=ink, markerfacecolor=face, label=words)
        for name, mark, ink, face, words in (
            ("metric_score", "D", style.MUTED, "none", "the dataset's own metric"),
            ("corrected", "*", style.INK, style.INK, "corrected by people's labels"),
        )
        if rows[name].notna().any()
    ]
    if handles:
        figure.legend(handles=handles, loc="outside upper left", ncols=2)
    return figure


def draw_by_prompt_size(frame: pd.DataFrame, settings: FigureSettings) -> Figure:
    """Buckets along x, models beside each other in each; below, each model's trend within tasks."""
    rows = frame[frame["accuracy"].notna()]
    trends = rows.loc[rows["points_per_doubling_low"].notna()].drop_duplicates("model")
    lines = max(1, len(trends))
    heights: dict[str, Any] = (
        {"gridspec_kw": {"height_ratios": [2.9, 0.3 * lines + 0.5]}} if len(trends) else {}
    )
    figure, axes = style.panels(2 if len(trends) else 1, 1, 2.9, **heights)
    if len(trends):
        figure.set_size_inches(style.WIDTH, 2.9 + 0.3 * lines + 0.5 + 1.3)
        _draw_trends(axes[1][0], trends, settings)
    panel = axes[0][0]
    if rows.empty:
        style.nothing(panel, "no answer was scored")
        return figure
    names = [bucket.name for bucket in settings.buckets]
    shown = [model for model in settings.models if model in set(rows["model"])]
    for model in shown:
        line = rows[rows["model"] == model]
        x = style.beside(names, line["bucket"], shown, model)
        style.series(
            panel,
            x,
            line["accuracy"],
            settings.models,
            model,
            [_hover(row) for _, row in line.iterrows()],
            linewidth=1.2,
            markersize=5,
        )
        style.bars(panel, "y", x, line["accuracy_low"], line["accuracy_high"], settings.models, model)
    style.name_buckets(panel, names)
    panel.set_ylim(0, 1.02)
    panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value * 100:.0f} %"))
    panel.set_ylabel(_label(rows))
    style.model_legend(figure, settings.models, shown)
    return figure


def _draw_trends(panel: Axes, trends: pd.DataFrame, settings: FigureSettings) -> None:
    """A point with its interval for each model; 0 is no effect of prompt size."""
    shown = [model for model in settings.models if model in set(trends["model"])]
    panel.axvline(0, color=style.MUTED, linewidth=0.9)
    for row in trends.to_dict("records"):
        height = shown.index(row["model"])
        shade = style.colour(settings.models, row["model"])
        panel.hlines(
            height,
            row["points_per_doubling_low"],
            row["points_per_doubling_high"],
            color=shade,
            linewidth=2.2,
        )
        mark = style.marker(settings.models, row["model"])
        panel.plot(row["points_per_doubling"], height, marker=mark, color=shade, markersize=6)
        panel.text(
            1.02,
            height,
            f"{row['points_per_doubling']:+.1f}",
            transform=panel.get_yaxis_transform(),
            va="center",
            fontsize=9,
        )
    panel.set_yticks(range(len(shown)), [style.short(model, 22) for model in shown])
    panel.set_ylim(len(shown) - 0.4, -0.6)
    panel.grid(visible=False, axis="y")
    panel.grid(visible=True, axis="x")
    panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:+.3g}" if value else "0"))
    panel.set_xlabel("within tasks: percentage points where the prompt is twice as long")
