"""Fills the report's template: one static Quarto document whose every number comes from the files of the run.

The templates hold the words, one for each section; `assay.document.sections` has a module for each, which hands it the
values. Text is escaped wherever a template puts it, unless it is Markdown that `assay.tables` made. Rendering is left to
`assay.document.render`.
"""

import json
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from assay.document import provenance
from assay.document.inputs import RunFiles, read
from assay.document.reported import Reported, interest
from assay.document.sections import (
    accuracy,
    costs,
    decision,
    errors,
    excluded,
    glance,
    instrument,
    judges,
    latency,
    measured,
    method,
    people,
    search,
    spending,
    verdict,
)
from assay.document.sections import provenance as recreated
from assay.document.settings import ReportSettings
from assay.document.template import fill as fill
from assay.document.template import header
from assay.errors import InputError
from assay.figures.catalogue import FIGURES, OF_SOME_RUNS, alternative_text
from assay.tables import models as model_tables
from assay.tables.choice import joined
from assay.tables.markdown import Markdown, attribute, page_link
from assay.whole import write_text

SECTIONS: Mapping[str, Callable[[Reported], dict[str, Any] | None]] = {
    "verdict": verdict.values,
    "glance": glance.values,
    "choice": decision.values,
    "costs": costs.values,
    "latency": latency.values,
    "search": search.values,
    "accuracy": accuracy.values,
    "judges": judges.values,
    "people": people.values,
    "errors": errors.values,
    "excluded": excluded.values,
    "measured": measured.values,
    "instrument": instrument.values,
    "spending": spending.values,
    "method": method.values,
    "provenance": recreated.values,
}
"""What the templates call each section's values by. A section whose words need nothing of its own has none."""


MOST_NAMED = 3
"""Of more buckets than this, the dataset of interest is told once, and not in every caption."""


def write(
    settings: ReportSettings,
    files: RunFiles,
    template: Path,
    project: Path,
    version: str,
    qmd: Path,
    verdict_line: Path,
    record: Path,
) -> None:
    """Write the document to `qmd`, its one-line verdict to `verdict_line`, and where it comes from as JSON to `record`.

    `project` is the folder of the code, asked for its commit; `version` is Assay's own. Raises InputError for a
    file of the run, or a template, that can't be used.
    """
    finished = read(files)
    made = {"versions": provenance.versions(version), "commit": provenance.commit(project)}
    run = Reported(settings, finished, made)
    filled = context(run, figure_links(files.figures, qmd))
    line = " ".join(filter(None, [filled["verdict"]["sentence"], filled["judges"]["warning"]]))
    origin = json.dumps(recreated.record(run), ensure_ascii=False, indent=2, allow_nan=False)
    for path, content in (
        (qmd, fill(template, filled)),
        (verdict_line, line + "\n"),
        (record, origin + "\n"),
    ):
        write_text(path, content)


def figure_links(files: Iterable[Path], qmd: Path) -> dict[str, str]:
    """Of each figure, how the document refers to it: relative, without ending, so that each format takes its own."""
    links = {path.stem: os.path.relpath(path.with_suffix(""), qmd.parent) for path in files}
    if missing := [name for name in FIGURES if name not in links and name not in OF_SOME_RUNS]:
        raise InputError(
            f"--figures: {missing[0]} is missing; expected a file of each of {', '.join(FIGURES)}"
        )
    return {name: Path(link).as_posix() for name, link in links.items()}


def context(run: Reported, links: dict[str, str]) -> dict[str, Any]:
    """Everything that the templates put in place: what all of them share, and each section's own under its name."""
    benchmark, shown = run.benchmark, run.shown
    mix = interest(benchmark.dataset_of_interest, run.buckets)
    return {
        "benchmark": run.public,
        "page_link": page_link,
        "header": header(run.title, benchmark.report.author, simulated=shown.simulated),
        "simulated": shown.simulated,
        "decision": run.decision,
        "interest": mix,
        "interest_words": joined(mix) if len(mix) <= MOST_NAMED else f"a mix of {len(mix)} buckets",
        "level": shown.level.words,
        "open_loop": shown.level.rate_rps is not None,
        "confidence": shown.confidence,
        "metric": model_tables.metric_of(run.inputs),
        "judges_labels": [judge.label for judge in run.panel],
        "figures": {
            name: _figure(links[name], alternative_text(name, run.inputs, shown), name)
            for name in FIGURES
            if name in links
        },
        "findings": {
            name: drawing.finding(drawing.data(run.inputs, shown), shown)
            for name, drawing in FIGURES.items()
            if name in links
        },
        **{name: values(run) for name, values in SECTIONS.items()},
    }


def _figure(link: str, text: str, name: str) -> Markdown:
    """The part of an image after its caption: where it is, its identifier, its alternative text."""
    return Markdown(f'({link}){{#fig-{name.replace("_", "-")} fig-alt="{attribute(text)}"}}')
