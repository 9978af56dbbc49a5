"""The report of a run that never was: its tables, figures and document, as the stages before rendering leave them."""

import fcntl
import json
import os
import shutil
from pathlib import Path
from typing import Any

import finished_run
import pytest

from assay.document import report
from assay.document.inputs import RunFiles, read
from assay.document.render import Parts, render
from assay.document.reported import Reported
from assay.document.settings import ReportSettings
from assay.figures.catalogue import FIGURES, write
from assay.figures.settings import FigureSettings
from assay.tables import inputs

PARTS = Path(__file__).resolve().parents[1] / "report"


def rendered_document(factory: pytest.TempPathFactory) -> Path:
    """The document of an example, with its figures and the HTML, Markdown and PDF that the bundled pandoc makes of it.

    It is made once for all tests, whichever process they run in: leave it as it is.
    """
    base = factory.getbasetemp()
    place = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "made-document"
    place.mkdir(exist_ok=True)
    with (place / "lock").open("w") as lock, pytest.MonkeyPatch.context() as patch:
        fcntl.flock(lock, fcntl.LOCK_EX)
        qmd = place / "run" / "report" / "report.qmd"
        if not (place / "done").exists():
            without_quarto(patch)
            _draw(place / "run")
            render_beside(make_document(place / "run"))
            (place / "done").touch()
    return qmd


def _draw(folder: Path) -> None:
    paths = finished_run.write(folder)
    tables = inputs.read(
        *(paths[name] for name in ("cells", "models", "accuracy", "decision", "periods", "ramps")),
        **{name: paths.get(name) for name in inputs.OF_SOME_FIGURES},
    )
    settings = FigureSettings.model_validate(finished_run.figure_settings())
    for name in FIGURES:
        write(
            name, tables, settings, *(folder / "figures" / f"{name}.{end}" for end in ("svg", "png", "csv"))
        )


def make_document(
    folder: Path,
    figures: Path | None = None,
    benchmark: dict[str, Any] | None = None,
    changes: dict[str, Any] | None = None,
) -> Path:
    """Write a run's tables and the filled document below `folder`, with a copy of `figures`; the document's path.

    `changes` are keys of its JSON files that have other values, by the file's name. Figures don't follow them.
    """
    if figures is not None:
        shutil.copytree(figures, folder / "figures")
    paths = finished_run.write(folder)
    for name, change in (changes or {}).items():
        found = json.loads(paths[name].read_text(encoding="utf-8"))
        paths[name].write_text(json.dumps(found | change), encoding="utf-8")
    tables = ("cells", "models", "accuracy", "periods", "ramps")
    documents = ("decision", "prices", "source", "buckets", "estimate")
    files = RunFiles(
        **{name: paths[name] for name in (*tables, *documents)},
        of_accuracy=tuple(paths[name] for name in finished_run.OF_ACCURACY),
        of_requests=tuple(paths[name] for name in finished_run.OF_REQUESTS),
        statuses=(paths["status"],),
        verdict_statuses=(paths["verdict_status"],),
        figures=tuple(folder / "figures" / f"{name}.svg" for name in FIGURES),
    )
    qmd = folder / "report" / "report.qmd"
    qmd.parent.mkdir(exist_ok=True)
    whole = ReportSettings.model_validate(
        {"benchmark": benchmark or finished_run.benchmark(), "commands": ["make report"]}
    )
    made = {"versions": {"assay": "0.1.0"}, "commit": None}
    values = report.context(Reported(whole, read(files), made), report.figure_links(files.figures, qmd))
    qmd.write_text(report.fill(PARTS / "report.qmd.j2", values), encoding="utf-8")
    return qmd


def render_beside(qmd: Path) -> None:
    """Render `qmd` to HTML, Markdown and PDF beside it."""
    markdown, html, pdf = (qmd.with_suffix(ending) for ending in (".md", ".html", ".pdf"))
    render(qmd, Parts.of(PARTS.iterdir()), markdown, html, pdf)


def without_quarto(patch: pytest.MonkeyPatch) -> None:
    """Whatever is installed: the bundled pandoc renders."""
    kept = [
        part for part in os.environ["PATH"].split(os.pathsep) if shutil.which("quarto", path=part) is None
    ]
    patch.setenv("PATH", os.pathsep.join(kept))
