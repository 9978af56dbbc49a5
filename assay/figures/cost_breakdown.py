"""What the money went for: of 10,000 transactions on the dataset of interest, and of the whole run."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from assay.figures import style
from assay.figures.settings import FigureSettings
from assay.tables.inputs import Inputs, column
from assay.tables.numbers import dollars, known, percent

SCOPES = {"transactions": "10,000 transactions", "run": "the whole run"}
PARTS = {
    "input": ("input", "#0072b2", ""),
    "output": ("output", "#3f9bd1", "////"),
    "cache_read": ("cache read", "#009e73", ""),
    "cache_write": ("cache write", "#009e73", "++++"),
    "hours": ("hours", "#b97a00", ""),
    "failed": ("failed and retried", "#d55e00", "xxxx"),
    "warmup": ("warm-up", style.FAINT, ""),
    "filler": ("filler", style.FAINT, "...."),
    "judging": ("judging", "#b0578d", "\\\\\\\\"),
}
"""Words, colour and hatch of each part, in the order of the bars."""


def data(inputs: Inputs, settings: FigureSettings) -> pd.DataFrame:
    """Rows of scope, model and part, in dollars (null where unknown); parts that cost nothing anywhere left out."""
    found = inputs.cost_parts
    if not len(found):
        return pd.DataFrame(columns=["scope", "model", "part", "cost_usd"])
    order = {name: place for place, name in enumerate(settings.models)}
    made = found[found["model"].isin(order) & found["part"].isin(PARTS) & found["scope"].isin(SCOPES)]
    made = made.assign(cost_usd=column(made, "cost_usd"))[["scope", "model", "part", "cost_usd"]]
    spent = {part for part, usd in made.groupby("part")["cost_usd"].max().items() if usd > 0}
    made = made[made["part"].isin(spent | {"input", "output"})]
    keys = made.assign(
        _scope=made["scope"].map(list(SCOPES).index),
        _model=made["model"].map(order),
        _part=made["part"].map(list(PARTS).index),
    )
    keys = keys.sort_values(["_scope", "_model", "_part"], kind="stable")
    return keys.drop(columns=["_scope", "_model", "_part"]).reset_index(drop=True)


def _totals(frame: pd.DataFrame, scope: str) -> "pd.Series[float]":
    """Dollars by model, NaN where none of its parts is known."""
    here = frame[frame["scope"] == scope]
    return here.groupby("model", sort=False)["cost_usd"].sum(min_count=1)


def finding(frame: pd.DataFrame, settings: FigureSettings) -> str:
    """The cheapest and the dearest transactions; and what most of the run's cost was for (a verdict on an answer that
    several models gave is counted with each, so there is no sum of the run)."""
    parts = []
    each = _totals(frame, "transactions").dropna()
    if len(each):
        cheapest, dearest = str(each.idxmin()), str(each.idxmax())
        text = f"10,000 transactions cost {dollars(each[cheapest])} with {cheapest}"
        text += f" and {dollars(each[dearest])} with {dearest}" if dearest != cheapest else ""
        here = frame[(frame["scope"] == "transactions") & (frame["model"] == dearest)]
        most = here.sort_values("cost_usd", ascending=False, kind="stable").iloc[0]
        share = float(most["cost_usd"]) / float(each[dearest]) if each[dearest] else 0.0
        parts.append(
            f"{text}, of which {percent(share)} {'is' if dearest == cheapest else 'are'} for {PARTS[most['part']][0]}."
        )
    run = frame[(frame["scope"] == "run") & frame["cost_usd"].notna()]
    total = float(run["cost_usd"].sum())
    if total > 0:
        by_part = (
            run.groupby("part", sort=False)["cost_usd"].sum().sort_values(ascending=False, kind="stable")
        )
        parts.append(
            f"Most of what the run spent on these models, as far as it is known, was for {PARTS[str(by_part.index[0])][0]} "
            f"({percent(float(by_part.iloc[0]) / total)})."
        )
    unknown = [name for name in settings.models if name in set(frame["model"]) - set(each.index)]
    if unknown:
        parts.append(f"What transactions of {', '.join(unknown)} cost is unknown.")
    return " ".join(parts) or "No cost is known."


def draw(frame: pd.DataFrame, settings: FigureSettings) -> Figure:
    """A stacked bar for each model in each scope, with its total."""
    models = [name for name in settings.models if name in set(frame["model"])]
    figure, axes = style.panels(2, 1, max(1.1, 0.34 * len(models) + 0.55))
    for (panel,), (scope, words) in zip(axes, SCOPES.items(), strict=True):
        panel.set_title(words)
        _panel(panel, frame[frame["scope"] == scope], models, bool(frame["cost_usd"].notna().any()))
    axes[-1][0].set_xlabel("US dollars")
    shown = [part for part in PARTS if part in set(frame["part"])]
    handles = [
        Patch(
            facecolor=PARTS[part][1],
            hatch=PARTS[part][2],
            edgecolor=style.PAPER,
            linewidth=0.5,
            label=PARTS[part][0],
        )
        for part in shown
    ]
    if models:
        figure.legend(handles=handles, loc="outside upper left", ncols=3, columnspacing=1.4)
    return figure


def _panel(panel: Axes, rows: pd.DataFrame, models: list[str], any_known: bool) -> None:
    if not models or not any_known:
        style.nothing(panel, "no cost is known")
        return
    totals: dict[str, float] = dict.fromkeys(models, 0.0)
    for part, (words, shade, hatch) in PARTS.items():
        for row in rows[rows["part"] == part].to_dict("records"):
            usd = row["cost_usd"]
            if not (known(usd) and usd > 0):
                continue
            (bar,) = panel.barh(
                models.index(row["model"]), usd, left=totals[row["model"]], height=0.62, color=shade,
                hatch=hatch, edgecolor=style.PAPER, linewidth=0.5,
            )  # fmt: skip
            style.hover(bar, [f"{row['model']}, {words}: {dollars(usd)}"])
            totals[row["model"]] += usd
    most = max(totals.values())
    for height, model in enumerate(models):
        nothing_known = rows.loc[rows["model"] == model, "cost_usd"].isna().all()
        text = "unknown" if nothing_known else dollars(totals[model])
        panel.text(totals[model] + 0.015 * (most or 1), height, text, va="center", fontsize=9)
    panel.set_yticks(range(len(models)), [style.short(model, 24) for model in models])
    panel.set_ylim(max(len(models), 2) - 0.5, -0.5)
    panel.set_xlim(0, (most or 1) * 1.2)
    panel.grid(visible=False, axis="y")
    panel.grid(visible=True, axis="x")
    panel.xaxis.set_major_locator(MaxNLocator(5))
    panel.xaxis.set_major_formatter(FuncFormatter(_axis(most)))


def _axis(most: float) -> Any:
    return lambda value, _: "$0" if not value else dollars(value) if most < 4 else f"${value:,.6g}"
