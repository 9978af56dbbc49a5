"""One look for all figures: sizes, colours, markers, labels, and files that are the same bytes every time.

Colours are those of Okabe and Ito (https://jfly.uni-koeln.de/color/), which people with any kind of colour
blindness can tell apart; each model has a marker of its own too, so that a print in grey can be read. What is
drawn is each figure's business.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.text import Annotation
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter, NullLocator
from matplotlib.transforms import Bbox

from assay.whole import whole

WIDTH = 5.4
"""Inches. With text of 10 points, this can still be read when a phone shows it 370 pixels wide."""

INK = "#222222"
MUTED = "#666666"
GRID = "#dddddd"
LIMIT = "#a30000"

_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#b0578d", "#3f9bd1", "#b97a00", "#222222", "#7a7a7a")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")

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


def panels(rows: int, columns: int, height: float, **options: Any) -> tuple[Figure, list[list[Axes]]]:
    """A figure of `rows` x `columns` panels, each row `height` inches high, and its axes by row and column."""
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


def plain(axis: Any) -> None:
    """Numbers along an axis as people write them: no powers of ten, thousands apart."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))


def log_scale(axes: Axes, values: Sequence[float]) -> None:
    """A logarithmic y axis with readable ticks that covers the positive `values`; linear if there are none."""
    positive = [value for value in values if 0 < value < float("inf")]
    if not positive:
        axes.set_yticks([])
        return
    axes.set_yscale("log")
    low, high = min(positive), max(positive)
    axes.set_ylim(low / 1.35, high * 1.35)
    wide = high / low > 30
    axes.yaxis.set_major_locator(LogLocator(base=10, subs=(1.0, 3.0) if wide else (1.0, 2.0, 3.0, 5.0, 7.0)))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_minor_locator(NullLocator())
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


def name_points(
    axes: Axes,
    points: Sequence[tuple[float, float, str, str]],
    bars: Sequence[tuple[float, float, float]] = (),
) -> None:
    """Write a text beside each point (x, y, text, colour): where there is room, clear of other points and texts.

    `bars` (from x, to x, y) are horizontal lines that no text should lie on.

    Call it when everything else is drawn and the axes have their limits.
    """
    figure = axes.figure.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()  # so that the axes have their place
    frame = axes.get_window_extent().padded(6)
    taken = [
        Bbox.from_bounds(x - 6, y - 6, 12, 12)
        for x, y in (axes.transData.transform((x, y)) for x, y, _, _ in points)
    ]
    for low, high, y in bars:
        (left, height), (right, _) = axes.transData.transform([(low, y), (high, y)])
        taken.append(Bbox.from_extents(left, height - 2, right, height + 2))
    for x, y, text, shade in points:
        label = axes.annotate(
            text, (x, y), xytext=(0, 0), textcoords="offset points", fontsize=9.5, color=shade, zorder=5
        )
        label.set_path_effects([withStroke(linewidth=3, foreground="white")])
        found: list[tuple[int, int]] = []
        for place, offset in enumerate(_PLACES):
            _put(label, offset)
            room = label.get_window_extent().padded(1)
            outside = not (
                frame.x0 <= room.x0 and room.x1 <= frame.x1 and frame.y0 <= room.y0 and room.y1 <= frame.y1
            )
            found.append((3 * outside + sum(bool(room.overlaps(other)) for other in taken), place))
        _put(label, _PLACES[min(found)[1]])
        taken.append(label.get_window_extent())


def _put(label: Annotation, offset: tuple[int, int]) -> None:
    across, up = offset
    label.set_horizontalalignment("left" if across > 0 else "right" if across < 0 else "center")
    label.set_verticalalignment("center" if up == 0 else "bottom" if up > 0 else "top")
    label.xyann = (across, up)


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


def save(figure: Figure, svg: Path, png: Path, title: str, description: str) -> None:
    """Write both files, each whole or not at all, without date or version: the same data give the same bytes."""
    for path, options in (
        (
            svg,
            {
                "format": "svg",
                "metadata": {"Date": None, "Creator": None, "Title": title, "Description": description},
            },
        ),
        (png, {"format": "png", "dpi": 200, "metadata": {"Software": None, "Title": title}}),
    ):
        with whole(path) as temporary, styled():
            figure.savefig(temporary, **options)
