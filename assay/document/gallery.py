"""The gallery: reports of finished runs as files to look at in the project's own documentation.

A run's report stands there in every form, with its figures and with pictures of the page. Leaves to others: the runs
themselves, and what takes the pictures (`scripts/gallery.py`).
"""

import csv
import json
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from assay.errors import InputError

PAGES = ("report.md", "report.html", "report.pdf", "mistakes.md")
"""What is shown of a run's `report/`. The HTML page and the PDF hold their figures; the Markdown page links them."""

COLOURS = 128
"""Of a picture in the gallery. Figures and pages have few, and a palette makes their files a third as large."""

_MARKS = re.compile(r"([\\`*_\[\]<>#|~$&])")
"""What Markdown would take for more than itself, in a line of text."""

_LINK = re.compile(r"\]\(([^)\s]+)")
_FIGURE = re.compile(r"\]\(\.\./figures/")


@dataclass(frozen=True, slots=True)
class Shot:
    """A window that a page is looked at through, in CSS pixels."""

    name: str
    width: int
    height: int
    dark: bool

    @property
    def words(self) -> str:
        """What it shows."""
        return f"{self.width} pixels wide, {'dark' if self.dark else 'light'}"


SHOTS = (
    Shot("desktop", 1280, 1100, False),
    Shot("desktop_dark", 1280, 1100, True),
    Shot("phone", 390, 844, False),
    Shot("phone_dark", 390, 844, True),
)

FIGURES = ("latency_against_throughput", "pareto")
"""What the gallery's page shows of a report's figures."""

Photograph = Callable[[Path, Shot, Path], None]
"""Takes a picture (PNG) of a page through a window: page, window, file to write."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A run in the gallery."""

    name: str
    title: str
    sentence: str
    """What the decision says."""
    models: int
    buckets: int
    loads: int
    figures: Mapping[str, str]
    """Those figures of `FIGURES` that its report has, with their alternative texts as Markdown."""


def show(run: Path, gallery: Path, photograph: Photograph) -> Shown:
    """Put the finished run in the folder `run` into the folder `gallery`, in place of what is there of it.

    InputError if the run isn't finished, or if its pages link what isn't shown.
    """
    needed = [
        run / "provenance.json",
        run / "decision" / "decision.json",
        run / "tables" / "cells.csv",
        *(run / "report" / page for page in PAGES),
    ]
    for path in needed:
        if not path.exists():
            raise InputError(f"{path}: not found, so {run} isn't a finished run; run its benchmark first")
    folder, made = gallery / run.name, gallery / f".{run.name}"
    shutil.rmtree(made, ignore_errors=True)
    (made / "figures").mkdir(parents=True)
    for page in PAGES:
        if page.endswith(".md"):
            text = (run / "report" / page).read_text(encoding="utf-8")
            (made / page).write_text(_FIGURE.sub("](figures/", text), encoding="utf-8")
        else:
            shutil.copyfile(run / "report" / page, made / page)
    for figure in sorted(run.glob("figures/*.png")):
        if f"/{figure.name}" in (made / "report.md").read_text(encoding="utf-8"):
            smaller(figure, made / "figures" / figure.name)
    for shot in SHOTS:
        taken = made / f"{shot.name}.png"
        photograph(made / "report.html", shot, taken)
        smaller(taken, taken)
    for page in (page for page in PAGES if page.endswith(".md")):
        _check_links(made, page)
    shutil.rmtree(folder, ignore_errors=True)
    made.replace(folder)
    decision = json.loads((run / "decision" / "decision.json").read_text(encoding="utf-8"))
    cells = _columns(run / "tables" / "cells.csv")
    report = (folder / "report.md").read_text(encoding="utf-8")
    told = {name: re.search(rf"!\[([^\n]*)\]\(figures/{name}\.png", report) for name in FIGURES}
    return Shown(
        name=run.name,
        title=json.loads((run / "provenance.json").read_text(encoding="utf-8"))["run"]["title"],
        sentence=decision["sentence"],
        models=len(cells["model"]),
        buckets=len(cells["bucket"]),
        loads=len(cells["load"]),
        figures={name: found[1] for name, found in told.items() if found is not None},
    )


def page(runs: Sequence[Shown]) -> str:
    """The gallery's page, for a file beside the folder `gallery`."""
    parts = [
        "# Gallery",
        "Reports as Assay makes them. Both benchmarks run on the [simulator](simulator.md): what they say of a model was "
        "written into a file before, so that you can see whether the report finds it out, and nothing in them says anything about a "
        "real model. `make gallery` runs both and makes this page and its files again.",
    ]
    for run in runs:
        at = f"gallery/{run.name}"
        size = f"{run.models} models, {run.buckets} prompt sizes, {run.loads} loads"
        parts += [
            f"## {_escaped(run.title)}",
            f"{size}. Its answer: {_escaped(run.sentence)}",
            f"The report as [Markdown]({at}/report.md), [HTML]({at}/report.html) (one file: save it and open it), "
            f"[PDF]({at}/report.pdf); [mistakes to look at]({at}/mistakes.md).",
            *(
                f"![The first page of this report, {shot.words}]({at}/{shot.name}.png)"
                for shot in SHOTS
                if shot.name in ("desktop", "phone_dark")
            ),
            *(f"![{words}]({at}/figures/{name}.png)" for name, words in run.figures.items()),
            "The page too: "
            + ", ".join(
                f"[{shot.words}]({at}/{shot.name}.png)"
                for shot in SHOTS
                if shot.name not in ("desktop", "phone_dark")
            )
            + ".",
        ]
    return "\n\n".join(parts) + "\n"


def smaller(picture: Path, out: Path) -> None:
    """Write a PNG with a palette of few colours, and without what doesn't show."""
    with Image.open(picture) as opened:
        reduced = opened.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    reduced.save(out, optimize=True)


def _escaped(text: str) -> str:
    return _MARKS.sub(r"\\\1", " ".join(text.split()))


def _columns(table: Path) -> dict[str, set[str]]:

    found: dict[str, set[str]] = {}
    with table.open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            for name in ("model", "bucket", "load"):
                found.setdefault(name, set()).add(row[name])
    return found


def _check_links(folder: Path, page: str) -> None:
    text = (folder / page).read_text(encoding="utf-8")
    for target in _LINK.findall(text):
        path = target.split("#")[0]
        if path and "://" not in path and not (folder / path).exists():
            raise InputError(f"{folder / page}: links {target}, which isn't in the gallery")
