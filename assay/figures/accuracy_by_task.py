"""Accuracy of each model in each set: a heat map in which every cell says its figure."""

import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from assay.figures import style
from assay.figures.settings import FigureSettings
from assay.tables.inputs import Inputs, column
from assay.tables.markdown import shown
from assay.tables.numbers import known, percent

MOST_SETS = 40
"""More than these, by their number of prompts, aren't drawn; the table has them all."""

_COLOURS = LinearSegmentedColormap.from_list("accuracy", ["#f2f6fa", "#0a70b0", "#00314e"])
"""One hue from light to dark, which reads alike with any kind of colour blindness, and in grey. The same on dark screens."""

COLUMNS = ("set", "benchmark", "model", "accuracy", "accuracy_low", "accuracy_high", "accuracy_n", "score_by")


def data(inputs: Inputs, settings: FigureSettings) -> pd.DataFrame:
    """Rows of set and model with accuracy, its interval and n; sets in the order of the table, models in that of the benchmark."""
    tasks = inputs.tasks
    if not len(tasks):
        return pd.DataFrame(columns=list(COLUMNS))
    whole = tasks.loc[(tasks["scope"] == "set") & tasks["part_by"].isna()].reset_index(drop=True)
    # Names are the data's: a control character would make no SVG, and a line end two rows.
    whole = whole.assign(name=[" ".join(shown(str(name)).split()) for name in whole["name"]])
    by = dict(zip(inputs.models["model"], inputs.models.get("accuracy_by", []), strict=False))
    names = list(dict.fromkeys(whole["name"].astype(str)))
    counts = column(whole, "accuracy_n").groupby(whole["name"].astype(str)).sum()
    most = set(sorted(names, key=lambda name: (-counts[name], names.index(name)))[:MOST_SETS])
    made = pd.DataFrame(
        {
            "set": whole["name"].astype(str),
            "benchmark": whole["benchmark"],
            "model": whole["model"].astype(str),
            **{name: column(whole, name) for name in COLUMNS[3:7]},
            "score_by": [_metric(by.get(model)) for model in whole["model"]],
        }
    )
    order = {name: place for place, name in enumerate(settings.models)}
    made = made.loc[made["model"].isin(order) & made["set"].isin(most)]
    places = [(names.index(row["set"]), order[row["model"]]) for row in made.to_dict("records")]
    return made.iloc[sorted(range(len(made)), key=places.__getitem__)].reset_index(drop=True)


def _metric(name: object) -> str | None:
    """What accuracy is a score by: ratings, or a metric without judges."""
    return name if isinstance(name, str) and name != "panel" else None


def _label(frame: pd.DataFrame) -> str:
    by = frame["score_by"].dropna()
    if by.empty:
        return "accuracy"
    return "score by the judges' ratings" if by.eq("ratings").any() else "score by the dataset's own metric"


def finding(frame: pd.DataFrame, settings: FigureSettings) -> str:
    """Where the models lie farthest apart, and how often each is ahead."""
    rows = frame.loc[frame["accuracy"].notna()]
    if rows.empty:
        return "No answer was scored, so there is no accuracy to show."
    if rows["model"].nunique() < 2:
        ordered = rows.sort_values("accuracy", kind="stable")
        low, high = ordered.iloc[0], ordered.iloc[-1]
        if rows["set"].nunique() < 2:
            return f"In {high['set']}, {high['model']} has the {_label(rows)} {percent(high['accuracy'])}."
        return (
            f"{high['model']} does best in {high['set']} ({percent(high['accuracy'])}) and worst in {low['set']} "
            f"({percent(low['accuracy'])})."
        )
    spread = rows.groupby("set", sort=False)["accuracy"].agg(lambda values: float(np.ptp(values)))
    widest = str(spread.idxmax())
    here = rows.loc[rows["set"] == widest].sort_values("accuracy", kind="stable")
    low, high = here.iloc[0], here.iloc[-1]
    sets = rows["set"].nunique()
    if not spread[widest] > 0:
        return f"In none of {sets} sets do the models differ." if sets > 1 else "The models don't differ."
    where = f"Of {sets} sets, the models lie farthest apart in {widest}" if sets > 1 else f"In {widest}"
    return (
        f"{where}: {high['model']} has {percent(high['accuracy'])}, {low['model']} {percent(low['accuracy'])}"
        f"{'' if sets > 1 else f' ({_label(rows)})'}."
    )


def _light(shade: tuple[float, ...]) -> bool:
    """Whether dark ink has more contrast on it than white: by relative luminance, as WCAG 2 defines it."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in shade[:3]]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] > 0.213


def draw(frame: pd.DataFrame, settings: FigureSettings) -> Figure:
    """Sets down, models across; dark is high. Each cell says its per cent; a dash where there is no figure."""
    sets = list(dict.fromkeys(frame["set"]))
    models = [model for model in settings.models if model in set(frame["model"])]
    figure, axes = style.panels(1, 1, max(1.0, 0.3 * len(sets) + 0.5))
    panel = axes[0][0]
    if frame["accuracy"].isna().all():
        style.nothing(panel, "no answer was scored")
        return figure
    size = 9.0 if len(models) <= 6 else 7.5
    for row in frame.to_dict("records"):
        x, y = models.index(row["model"]), sets.index(row["set"])
        value = row["accuracy"]
        if not known(value):
            panel.text(x, y, "—", ha="center", va="center", fontsize=size, color=style.MUTED)
            continue
        shade = _COLOURS(value)
        cell = panel.add_patch(
            Rectangle((x - 0.5, y - 0.5), 1, 1, facecolor=shade, edgecolor=style.PAPER, linewidth=1)
        )
        ends = style.interval(row["accuracy_low"], row["accuracy_high"], percent)
        n = f"; n = {row['accuracy_n']:,.0f}" if known(row["accuracy_n"]) else ""
        style.hover(cell, [f"{row['model']}, {row['set']}: {percent(value)}{ends}{n}"])
        ink = style.ON_LIGHT if _light(shade) else style.ON_DARK
        panel.text(x, y, f"{100 * value:.0f}", ha="center", va="center", fontsize=size, color=ink)
    longest = max(map(len, models)) * len(models) > 40
    panel.set_xticks(
        range(len(models)),
        [style.short(model, 24) for model in models],
        rotation=35 if longest else 0,
        ha="left" if longest else "center",
    )
    panel.set_yticks(range(len(sets)), [style.short(name, 28) for name in sets])
    panel.xaxis.tick_top()
    panel.tick_params(length=0)
    panel.set_xlim(-0.5, len(models) - 0.5)
    panel.set_ylim(len(sets) - 0.5, -0.5)
    panel.grid(visible=False)
    for spine in panel.spines.values():
        spine.set_visible(False)
    panel.set_xlabel(f"{_label(frame)}, in per cent")
    return figure
