"""The share of measured requests that failed, by kind of error, model and load."""

import json
from collections import Counter

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from assay.figures import style
from assay.figures.settings import FigureSettings
from assay.schedule.level import level_of
from assay.tables.inputs import Inputs, column
from assay.tables.numbers import percent

_COLOURS = ("#d55e00", "#0072b2", "#b97a00", "#b0578d", "#009e73", "#3f9bd1", style.INK, style.FAINT)
_HATCHES = ("", "////", "....")
"""Of the first kinds, of those that get a colour for the second time, and so on."""


def data(inputs: Inputs, settings: FigureSettings) -> pd.DataFrame:
    """Rows of model, load, kind, requests, n, share: counts pooled over the buckets.

    A model and load without any error has one row, with no kind and a share of 0.
    """
    cells = inputs.cells.assign(n=column(inputs.cells, "n").fillna(0))
    rows: list[dict[str, object]] = []
    for model in settings.models:
        of_model = cells[cells["model"] == model]
        by_load = {str(load): here for load, here in of_model.groupby("load", sort=False)}
        for load, here in sorted(by_load.items(), key=lambda each: level_of(each[0]).rank):
            n = int(here["n"].sum())
            kinds: Counter[str] = Counter()
            for text in here["errors"] if "errors" in here.columns else ():
                if isinstance(text, str) and text:
                    kinds.update({str(kind): int(times) for kind, times in json.loads(text).items() if times})
            common = {"model": model, "load": load}
            for kind, times in sorted(kinds.items(), key=lambda item: (-item[1], item[0])) or [("", 0)]:
                rows.append(
                    {**common, "kind": kind, "requests": times, "n": n, "share": times / n if n else None}
                )
    return pd.DataFrame(rows, columns=["model", "load", "kind", "requests", "n", "share"])


def finding(frame: pd.DataFrame, settings: FigureSettings) -> str:
    """How many failed in all, the most frequent kind, and where the share is highest."""
    places = frame.drop_duplicates(["model", "load"])
    n, failed = int(places["n"].sum()), int(frame["requests"].sum())
    if n == 0:
        return "No request was measured."
    if failed == 0:
        return f"None of {n:,} measured requests failed."
    kinds = frame.groupby("kind")["requests"].sum().sort_values(ascending=False, kind="stable")
    shares = frame.groupby(["model", "load"], sort=False).agg(failed=("requests", "sum"), n=("n", "first"))
    worst = (shares["failed"] / shares["n"]).sort_values(ascending=False, kind="stable")
    model, load = worst.index[0]
    return (
        f"{failed:,} of {n:,} measured requests failed ({percent(failed / n)}); the most frequent kind is "
        f"{kinds.index[0]} ({int(kinds.iloc[0]):,}). The highest share is {percent(worst.iloc[0])}, of {model} at "
        f"{level_of(str(load)).words}."
    )


def _kinds(frame: pd.DataFrame) -> tuple[list[str], list[str]]:
    """The kinds that are told apart, the most frequent first, and those that are drawn as "other kinds".

    There are others only where kinds outnumber colours. First told apart are those that make most of some bar; and as
    many are as it takes until the others together are nowhere the largest part.
    """
    failed = frame[frame["requests"] > 0]
    parts = failed.pivot_table(index="kind", columns=["model", "load"], values="requests", aggfunc="sum")
    parts = parts.fillna(0.0)
    totals = parts.sum(axis=1).sort_values(ascending=False, kind="stable")
    kinds = [str(kind) for kind in totals.index]
    if len(kinds) <= len(_COLOURS):
        return kinds, []
    of_bar = (parts / parts.sum()).max(axis=1)
    wanted = sorted(kinds, key=lambda kind: (-float(of_bar[kind]), kinds.index(kind)))
    shown = next(
        count
        for count in range(len(_COLOURS) - 1, len(kinds) + 1)
        if (parts.loc[wanted[count:]].sum() <= parts.loc[wanted[:count]].max()).all()
    )
    named = set(wanted[:shown])
    return [kind for kind in kinds if kind in named], [kind for kind in kinds if kind not in named]


def draw(frame: pd.DataFrame, settings: FigureSettings) -> Figure:
    """A stacked bar for each model and load."""
    places = list(frame.drop_duplicates(["model", "load"])[["model", "load", "n"]].itertuples(index=False))
    figure, axes = style.panels(1, 1, max(1.7, (0.3 if len(places) <= 24 else 0.22) * len(places) + 0.4))
    panel = axes[0][0]
    if not places:
        style.nothing(panel, "no request was measured")
        return figure
    named, rest = _kinds(frame)
    totals = [0.0] * len(places)
    for kind_place, group in enumerate([[kind] for kind in named] + ([rest] if rest else [])):
        shares = [
            float(
                frame[
                    (frame["model"] == place.model)
                    & (frame["load"] == place.load)
                    & frame["kind"].isin(group)
                ]["share"].sum()
            )
            for place in places
        ]
        drawn = panel.barh(
            range(len(places)),
            shares,
            left=totals,
            height=0.66,
            color=_COLOURS[kind_place % len(_COLOURS)],
            hatch=_HATCHES[kind_place // len(_COLOURS) % len(_HATCHES)],
            edgecolor=style.PAPER,
            linewidth=0.5,
            label=group[0] if len(group) == 1 else "other kinds",
        )
        words = group[0] if len(group) == 1 else "other kinds"
        for bar, place, share in zip(drawn, places, shares, strict=True):
            style.hover(
                bar,
                [
                    f"{place.model} at {level_of(str(place.load)).words}: {words}, {percent(share)} of {place.n:,}"
                ],
            )
        totals = [total + share for total, share in zip(totals, shares, strict=True)]
    most = max(totals)
    for height, (place, total) in enumerate(zip(places, totals, strict=True)):
        text = percent(total) if total else "0 %"
        panel.text(total + max(most, 0.01) * 0.015, height, f"{text} of {place.n:,}", va="center", fontsize=9)
    panel.set_yticks(
        range(len(places)), [f"{place.model}, {level_of(str(place.load)).words}" for place in places]
    )
    panel.set_ylim(max(len(places), 3) - 0.5, -0.5)  # a single bar isn't a block
    panel.grid(visible=False, axis="y")
    panel.grid(visible=True, axis="x")
    panel.set_xlim(0, max(most * 1.3, 0.01))
    panel.xaxis.set_major_locator(MaxNLocator(5))
    panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value * 100:.3g} %"))
    panel.set_xlabel("share of measured requests that failed")
    if named:
        figure.legend(loc="outside upper left", ncols=3, columnspacing=1.4)
    return figure
