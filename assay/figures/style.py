"""One look for all figures: sizes, colours, markers, labels, and files that are the same bytes every time.

Colours are those of Okabe and Ito (https://jfly.uni-koeln.de/color/), which people with any kind of colour
blindness can tell apart; each model has a marker of its own too, so that a print in grey can be read. What is
drawn is each figure's business.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any, cast

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import XAxis, YAxis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.text import Annotation
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter, NullLocator
from matplotlib.transforms import Bbox

from assay.figures import svg as svg_file
from assay.tables.numbers import known
from assay.whole import whole, write_text

WIDTH = 5.4
"""Inches. With text of 10 points, this can still be read when a phone shows it 370 pixels wide."""

PAPER = "#ffffff"
INK = "#222222"
MUTED = "#666666"
GRID = "#dddddd"
LIMIT = "#a30000"
FAINT = "#7a7a7a"

_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#b0578d", "#3f9bd1", "#b97a00", INK, FAINT)
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")

DARK = {
    PAPER: "#15181c",  # that of the page (report/style.css)
    INK: "#e6e9ec",
    MUTED: "#a3adb8",
    GRID: "#39414a",
    LIMIT: "#ff8f85",
    FAINT: "#98a2ac",
    "#0072b2": "#4aa3df",
    "#d55e00": "#ff8a3d",
    "#009e73": "#2fc79a",
    "#b0578d": "#dd8fbf",
    "#3f9bd1": "#8ccbf2",
    "#b97a00": "#e0ab3c",
}
"""What each colour becomes on a dark screen. A colour that isn't here stays: see `ON_LIGHT`."""

ON_LIGHT, ON_DARK = "#212121", "#fefefe"
"""Ink on a shade that is the same on every screen, such as the cells of a heat map."""

_STYLE: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 10,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 9.5,
    "ytick.labelsize": 9.5,
    "text.color": INK,
    "lines.linewidth": 1.8,
    "lines.markersize": 5.5,
    "legend.frameon": False,
    "legend.fontsize": 9.5,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "text.parse_math": False,  # a dollar sign is money
    "svg.fonttype": "path",  # the same shapes wherever it is shown
    "svg.hashsalt": "assay",
}


@contextmanager
def styled() -> Iterator[None]:
    """Draw within this."""
    with mpl.rc_context(cast(Any, _STYLE)):
        yield


MOST_HEIGHT = 11.0
"""Inches: what a page of paper can show without its text becoming too small."""


def panels(
    rows: int, columns: int, height: float, least: float | None = None, **options: Any
) -> tuple[Figure, list[list[Axes]]]:
    """A figure of `rows` x `columns` panels, each row `height` inches high, and its axes by row and column.

    Where the figure would be higher than a page, rows are lower, but never lower than `least`.
    """
    if least is not None:
        height = max(least, min(height, (MOST_HEIGHT - 0.9) / rows))
    figure = Figure(figsize=(WIDTH, height * rows + 0.9), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, squeeze=False, **options)
    return figure, [list(row) for row in axes]


def colour(models: Sequence[str], model: str) -> str:
    """The colour of a model: by its place in the benchmark file, in every figure the same."""
    return _COLOURS[models.index(model) % len(_COLOURS)]


def marker(models: Sequence[str], model: str) -> str:
    """The marker of a model."""
    return _MARKERS[models.index(model) % len(_MARKERS)]


def short(text: str, most: int) -> str:
    """`text`, its middle left out where it has more than `most` characters."""
    keep = (most - 1) // 2
    return text if len(text) <= most else f"{text[: most - 1 - keep]}…{text[-keep:]}"


def asked(value: float) -> str:
    """A number as somebody wrote it, thousands apart."""
    return f"{value:,.6g}"


def plain(axis: Any) -> None:
    """Numbers along an axis as people write them: no powers of ten, thousands apart."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: asked(value)))


def log_ticks(axis: XAxis | YAxis, low: float, high: float) -> None:
    """Readable ticks of a logarithmic axis that runs from `low` to `high`; along x fewer, since they lie side by side."""
    subs = (1.0, 2.0, 5.0) if isinstance(axis, XAxis) else (1.0, 2.0, 3.0, 5.0, 7.0)
    axis.set_major_locator(LogLocator(base=10, subs=(1.0, 3.0) if high / low > 30 else subs))
    axis.set_minor_formatter(NullFormatter())
    axis.set_minor_locator(NullLocator())


def log_scale(axes: Axes, values: Sequence[float], ends: Sequence[float] = ()) -> None:
    """A logarithmic y axis with readable ticks that covers the positive `values`; linear if there are none.

    And `ends` of intervals, unless they reach further than the values by more than their half: a few wide intervals would
    squeeze all else.
    """
    positive = [value for value in values if 0 < value < float("inf")]
    if not positive:
        axes.set_yticks([])
        return
    least, most = min(positive) / 1.5, max(positive) * 1.5
    positive += [min(max(end, least), most) for end in ends if 0 < end < float("inf")]
    axes.set_yscale("log")
    low, high = min(positive), max(positive)
    axes.set_ylim(low / 1.35, high * 1.35)
    log_ticks(axes.yaxis, low, high)
    plain(axes.yaxis)


def levels(axes: Axes, loads: Sequence[float]) -> None:
    """The x axis of levels of load: evenly spaced in doublings, a tick at each level."""
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_locator(FixedLocator([float(level) for level in loads]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axes.set_xlim(min(loads) / 1.3, max(loads) * 1.3)


def model_legend(
    figure: Figure, models: Sequence[str], shown: Sequence[str], extra: Sequence[Line2D] = ()
) -> None:
    """Names of the models above the panels, and what the kinds of line mean."""
    handles = [
        Line2D([], [], color=colour(models, name), marker=marker(models, name), label=name)
        for name in models
        if name in shown
    ]
    columns = 2 if max((len(name) for name in shown), default=0) > 24 else 3
    figure.legend(handles=[*handles, *extra], loc="outside upper left", ncols=columns, columnspacing=1.4)


Point = tuple[float, float, str, str]
"""x, y, a text and its colour."""


def name_lines(
    figure: Figure,
    panels_of: Sequence[Axes],
    models: Sequence[str],
    shown: Sequence[str],
    extra: Sequence[Line2D] = (),
) -> None:
    """Names of the models at the ends of their lines where there is room in every panel, else above the panels.

    A line's label tells whose it is. Call it when everything else is drawn and the axes have their limits.
    """
    made: list[Annotation] = []
    fits = True
    for axes in panels_of:
        around: list[Point] = []
        ends: dict[str, Point] = {}
        for line in axes.get_lines():
            name = str(line.get_label())
            if name in shown:
                points = [(float(x), float(y), name, INK) for x, y in np.asarray(line.get_xydata())]
                around += points
                ends[name] = points[-1]
        labels, clear = name_points(axes, list(ends.values()), around)
        made += labels
        fits = fits and clear
    if fits and not extra:
        return
    for label in made:
        label.remove()
    model_legend(figure, models, shown, extra)


def name_points(
    axes: Axes, points: Sequence[Point], around: Sequence[Point] = ()
) -> tuple[list[Annotation], bool]:
    """Write a text beside each point (x, y, text, colour): where there is room, clear of points, of those `around`, and of
    texts. The texts, and whether all of them found such a place.

    Call it when everything else is drawn and the axes have their limits.
    """
    figure = axes.figure.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()  # so that the axes have their place
    frame = axes.get_window_extent().padded(6)
    taken = [
        Bbox.from_bounds(x - 6, y - 6, 12, 12)
        for x, y in (axes.transData.transform((x, y)) for x, y, _, _ in [*points, *around])
    ]
    taken += [text.get_window_extent() for text in axes.texts]
    made: list[Annotation] = []
    clear = True
    for x, y, text, shade in points:
        label = axes.annotate(
            text, (x, y), xytext=(0, 0), textcoords="offset points", fontsize=9.5, color=shade, zorder=5
        )
        _haloed(label)
        found: list[tuple[int, int]] = []
        for place, offset in enumerate(_PLACES):
            _put(label, offset)
            room = label.get_window_extent().padded(1)
            outside = not (
                frame.x0 <= room.x0 and room.x1 <= frame.x1 and frame.y0 <= room.y0 and room.y1 <= frame.y1
            )
            found.append((3 * outside + sum(bool(room.overlaps(other)) for other in taken), place))
        overlaps, best = min(found)
        _put(label, _PLACES[best])
        taken.append(label.get_window_extent())
        made.append(label)
        clear = clear and not overlaps
    return made, clear


def _put(label: Annotation, offset: tuple[int, int]) -> None:
    across, up = offset
    label.set_horizontalalignment("left" if across > 0 else "right" if across < 0 else "center")
    label.set_verticalalignment("center" if up == 0 else "bottom" if up > 0 else "top")
    label.xyann = (across, up)


def hover(artist: Artist, words: Sequence[str]) -> None:
    """What the pointer is told over the marks of `artist`, one after the other."""
    svg_file.words_for(artist, words)


def interval(low: float, high: float, written: Callable[[float], str]) -> str:
    """An interval in words, with a space before it; nothing where it isn't known."""
    if not (known(low) and known(high)):
        return ""
    return f" (interval {written(low)} to {written(high)})"


def series(
    axes: Axes,
    x: Iterable[float],
    y: Iterable[float],
    models: Sequence[str],
    model: str,
    words: Sequence[str],
    *,
    filled: bool = True,
    **options: Any,
) -> None:
    """Points of a model and the line through them, in its colour, with its marker; `words` are told point by point.

    What can't be drawn is left out: what isn't finite, and on a logarithmic axis what isn't positive.
    """
    points = [(float(a), float(b)) for a, b in zip(x, y, strict=True)]
    scales = (axes.get_xscale(), axes.get_yscale())
    there = [
        all(math.isfinite(at) and (at > 0 or scale != "log") for at, scale in zip(point, scales, strict=True))
        for point in points
    ]
    if len(words) == len(points):
        words = [said for said, drawn in zip(words, there, strict=True) if drawn]
    points = [point for point, drawn in zip(points, there, strict=True) if drawn]
    if not points:
        return
    shade = colour(models, model)
    look: dict[str, Any] = {
        "color": shade,
        "marker": marker(models, model),
        "markerfacecolor": shade if filled else PAPER,
    }
    (line,) = axes.plot(*zip(*points, strict=True), **(look | options))
    if words:
        hover(line, words)


def bars(
    axes: Axes,
    along: str,
    at: Iterable[float],
    low: Iterable[float],
    high: Iterable[float],
    models: Sequence[str],
    model: str,
) -> None:
    """Intervals of a model along `x` or `y`, where both ends are finite."""
    draw = axes.hlines if along == "x" else axes.vlines
    ends = [(a, b, c) for a, b, c in zip(at, low, high, strict=True) if math.isfinite(b) and math.isfinite(c)]
    if ends:
        places, lows, highs = zip(*ends, strict=True)
        draw(places, lows, highs, color=colour(models, model), linewidth=1.3, alpha=0.7, zorder=1.8)


def limit(axes: Axes, axis: str, value: float, words: str = "limit") -> None:
    """A limit on `x` or `y` as a dashed line across that axis, named at its end if it can be seen."""
    line, (low, high) = (axes.axvline, axes.get_xlim()) if axis == "x" else (axes.axhline, axes.get_ylim())
    if not low <= value <= high:
        return
    line(value, color=LIMIT, linewidth=1.2, linestyle=(0, (5, 2)), zorder=1.5)
    place: dict[str, Any] = (
        {"xy": (value, 1), "xycoords": axes.get_xaxis_transform(), "xytext": (3, -2), "va": "top"}
        if axis == "x"
        else {"xy": (0, value), "xycoords": axes.get_yaxis_transform(), "xytext": (3, 2), "va": "bottom"}
    )
    _haloed(axes.annotate(words, textcoords="offset points", fontsize=8.5, color=LIMIT, **place))


def within(axes: Axes, most: float, share: float, words: str) -> None:
    """A limit on a distribution: the corner that lines have to pass above, `share` of the requests within `most`."""
    low = axes.get_xlim()[0]
    axes.plot(
        [most, most, low], [0, share, share], color=LIMIT, linewidth=1.2, linestyle=(0, (5, 2)), zorder=1.5
    )
    _haloed(
        axes.annotate(
            words,
            (most, 0.02),
            xytext=(-3, 0),
            textcoords="offset points",
            ha="right",
            fontsize=8.5,
            color=LIMIT,
        )
    )


def infinity(axes: Axes) -> float:
    """Make room at the top of a logarithmic y axis for what is infinitely late, and say so there; its height."""
    low, high = axes.get_ylim()
    # No figure stands beside what has none.
    axes.yaxis.set_major_locator(FixedLocator([tick for tick in axes.get_yticks() if low <= tick <= high]))
    height: float = high * (high / low) ** 0.12
    axes.set_ylim(low, height * (high / low) ** 0.1)
    axes.axhline(height, color=GRID, linewidth=0.9, linestyle=(0, (1, 2)), zorder=0.5)
    axes.annotate(
        "∞ (failed)", (0, height), xycoords=axes.get_yaxis_transform(), xytext=(3, 2), textcoords="offset points",
        fontsize=8.5, color=MUTED,
    )  # fmt: skip
    return height


def better(axes: Axes, *, up: bool) -> None:
    """Say above a panel in which of its corners the better models are: left, and up or down."""
    axes.set_title(f"{'↖' if up else '↙'} better", fontsize=8.5, fontweight="normal", color=MUTED, pad=3)


def key(axes: Axes, title: str, entries: Sequence[tuple[str, str, str, bool]], models: Sequence[str]) -> None:
    """A list of models (label, name to show, words of one line or two, whether its marker is filled) in a panel of its own."""
    lines = sum(2.3 + words.count("\n") for _, _, words, _ in entries)
    step = min(0.068, 0.9 / max(lines, 1))
    size = min(8.5, 8.5 * step / 0.05)  # of 2.5 inches in height
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.text(0, 1, title, fontsize=9, va="top", color=MUTED)
    y = 0.9
    for model, name, words, filled in entries:
        series(axes, [0.04], [y - 0.5 * step], models, model, [], filled=filled, markersize=7)
        axes.text(0.1, y, name, fontsize=size + 1, va="top")
        axes.text(0.1, y - 1.15 * step, words, fontsize=size, va="top", color=MUTED, linespacing=1.1)
        y -= step * (2.3 + words.count("\n"))


def beside(places: Sequence[str], at: Iterable[str], shown: Sequence[str], model: str) -> list[float]:
    """Where the points of `model` stand along an axis of named places, beside those of the other models `shown`."""
    step = min(0.14, 0.72 / max(len(shown), 1))
    shift = step * (shown.index(model) - (len(shown) - 1) / 2)
    return [places.index(name) + shift for name in at]


def name_buckets(axes: Axes, names: Sequence[str]) -> None:
    """The x axis of buckets: a name at each, slanted where they would meet."""
    slanted = max(map(len, names)) * len(names) > 64
    axes.set_xticks(
        range(len(names)), list(names), rotation=35 if slanted else 0, ha="right" if slanted else "center"
    )
    axes.set_xlim(-0.6, len(names) - 0.4)
    axes.set_xlabel("bucket of prompt size")


def _haloed(text: Annotation) -> Annotation:
    """Readable over lines."""
    text.set_path_effects([withStroke(linewidth=3, foreground=PAPER)])
    return text


_PLACES = (
    (0, 7),
    (8, 0),
    (0, -7),
    (-8, 0),
    (7, 5),
    (-7, 5),
    (7, -5),
    (-7, -5),
    (7, 16),
    (-7, 16),
    (7, -16),
    (-7, -16),
)
"""Places of a text around its point, in points, best first."""


def nothing(axes: Axes, text: str) -> None:
    """Say in the panel why it is empty."""
    axes.grid(visible=False)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=MUTED, wrap=True)


def mark_simulated(figure: Figure) -> None:
    """Say below the figure that its data are simulated, so that it can't travel without saying so."""
    figure.supxlabel(
        "Simulated endpoint: says nothing about Amazon Bedrock", fontsize=8.5, color=LIMIT, x=0.99, ha="right"
    )


def save(figure: Figure, svg: Path, png: Path, name: str, title: str, description: str) -> None:
    """Write both files, each whole or not at all, without date or version: the same data give the same bytes."""
    with styled():
        drawn = StringIO()
        figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
        write_text(svg, svg_file.rewritten(drawn.getvalue(), name, description, DARK))
        with whole(png) as temporary:
            figure.savefig(temporary, format="png", dpi=200, metadata={"Software": None, "Title": title})
