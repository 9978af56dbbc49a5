"""How far judges agree: each pair and all together, plainly and beyond chance, with intervals."""

from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from assay.figures import style
from assay.figures.settings import FigureSettings
from assay.tables.inputs import Inputs, column
from assay.tables.numbers import decimal, known, percent

_MEASURES = {
    "raw": ("same verdict (share)", "o", style.INK, True),
    "kappa": ("kappa", "D", "#0072b2", False),
    "ac1": ("AC1", "s", "#d55e00", True),
}
_VALUES = tuple(f"{measure}{end}" for measure in _MEASURES for end in ("", "_low", "_high"))
EVERYONE = "all judges"


def data(inputs: Inputs, settings: FigureSettings) -> pd.DataFrame:
    """Rows of judge and other, all judges together first, then pairs from the lowest kappa up: n, and each measure with its
    interval. `said` is whether they gave verdicts or ratings."""
    found = inputs.agreement
    if not len(found):
        return pd.DataFrame(columns=["judge", "other", "said", "n", *_VALUES])
    by = inputs.models["accuracy_by"] if "accuracy_by" in inputs.models.columns else pd.Series(dtype="object")
    made = pd.DataFrame({"judge": found["judge"].astype(str), "other": found["other"]})
    made["said"] = "ratings" if by.eq("ratings").any() else "verdicts"
    for name in ("n", *_VALUES):
        made[name] = column(found, name)
    whole = made["other"].isna()
    made.loc[whole, "judge"] = EVERYONE
    pairs = made[~whole].sort_values("kappa", kind="stable", na_position="last")
    return pd.concat([made[whole], pairs], ignore_index=True)


def _name(row: dict[Any, Any]) -> str:
    return str(row["judge"]) if not isinstance(row["other"], str) else f"{row['judge']} and {row['other']}"


def finding(frame: pd.DataFrame, settings: FigureSettings) -> str:
    """How often judges say the same and what is left of it beyond chance; and the pair that agrees least."""
    rows = [row for row in frame.to_dict("records") if known(row["raw"])]
    if not rows:
        return "No two judges gave verdicts on the same answers."
    what = "rating" if rows[0]["said"] == "ratings" else "verdict"
    first = rows[0]
    who = "two judges" if first["judge"] == EVERYONE else f"{first['judge']} and {first['other']}"
    text = f"On {first['n']:,.0f} answers, {who} give the same {what} in {percent(first['raw'])} of cases"
    text += (
        f" (kappa {decimal(first['kappa'])}, {_chance(first)} {decimal(first['ac1'])})."
        if known(first["kappa"])
        else "."
    )
    pairs = [row for row in rows if isinstance(row["other"], str) and known(row["kappa"])]
    if len(pairs) > 1:
        text += (
            f" {pairs[0]['judge']} and {pairs[0]['other']} agree least: kappa {decimal(pairs[0]['kappa'])}."
        )
    return text


def _chance(row: dict[Any, Any]) -> str:
    return "AC2" if row["said"] == "ratings" else "AC1"


def draw(frame: pd.DataFrame, settings: FigureSettings) -> Figure:
    """A row for each pair, three marks in each."""
    rows = [row for row in frame.to_dict("records") if any(known(row[measure]) for measure in _MEASURES)]
    figure, axes = style.panels(1, 1, max(1.3, 0.46 * len(rows) + 0.5))
    panel = axes[0][0]
    if not rows:
        style.nothing(panel, "no two judges gave verdicts on the same answers")
        return figure
    for height, row in enumerate(rows):
        for place, (measure, (words, mark, shade, filled)) in enumerate(_MEASURES.items()):
            value, y = row[measure], height + 0.22 * (place - 1)
            if not known(value):
                continue
            low, high = row[f"{measure}_low"], row[f"{measure}_high"]
            if known(low) and known(high):
                panel.hlines(y, low, high, color=shade, linewidth=1.5, alpha=0.8)
            (point,) = panel.plot(
                value, y, marker=mark, color=shade, markerfacecolor=shade if filled else style.PAPER,
                markersize=5.5, linestyle="none",
            )  # fmt: skip
            called = _chance(row) if measure == "ac1" else words
            ends = style.interval(low, high, decimal)
            style.hover(point, [f"{_name(row)}: {called} {decimal(value)}{ends}; n = {row['n']:,.0f}"])
    panel.set_yticks(
        range(len(rows)),
        [
            f"{style.short(_name(row), 34)}\nn = {row['n']:,.0f}" if known(row["n"]) else _name(row)
            for row in rows
        ],
    )
    panel.set_ylim(len(rows) - 0.45, -0.55)
    lows = [float(row[name]) for row in rows for name in _VALUES if known(row[name])]
    panel.set_xlim(min(0.0, *lows) - 0.02, 1.02)
    panel.grid(visible=False, axis="y")
    panel.grid(visible=True, axis="x")
    panel.set_xlabel(f"1 is full agreement;\nof kappa and {_chance(rows[0])}, 0 is agreement by chance")
    handles = [
        Line2D([], [], linestyle="none", marker=mark, color=shade, markerfacecolor=shade if filled else style.PAPER,
               label=_chance(rows[0]) if measure == "ac1" else words)
        for measure, (words, mark, shade, filled) in _MEASURES.items()
    ]  # fmt: skip
    figure.legend(handles=handles, loc="outside upper left", ncols=3, columnspacing=1.4)
    return figure
