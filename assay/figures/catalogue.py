"""All figures by name: their title, the data they show, what the data say, and how they are drawn."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from assay.figures import (
    accuracy,
    accuracy_by_task,
    by_concurrency,
    cost_breakdown,
    errors,
    judges_agreement,
    latency_against_throughput,
    latency_by_bucket,
    latency_distribution,
    latency_over_ramp,
    pareto,
    style,
    throttles_over_time,
)
from assay.figures.settings import FigureSettings
from assay.spreadsheet import as_text
from assay.tables.inputs import Inputs


@dataclass(frozen=True, slots=True)
class Drawing:
    """One figure: `data` picks it from the tables, `finding` says it in words (the alt text), `draw` draws it."""

    title: str
    data: Callable[[Inputs, FigureSettings], pd.DataFrame]
    finding: Callable[[pd.DataFrame, FigureSettings], str]
    draw: Callable[[pd.DataFrame, FigureSettings], Figure]


FIGURES: dict[str, Drawing] = {
    "latency_against_throughput": Drawing(
        "Latency against throughput",
        latency_against_throughput.data,
        latency_against_throughput.finding,
        latency_against_throughput.draw,
    ),
    "pareto": Drawing("Cost, latency and accuracy", pareto.data, pareto.finding, pareto.draw),
    "latency_distribution": Drawing(
        "Distribution of latency",
        latency_distribution.data,
        latency_distribution.finding,
        latency_distribution.draw,
    ),
    "latency_by_bucket": Drawing(
        "Latency by bucket", latency_by_bucket.data, latency_by_bucket.finding, latency_by_bucket.draw
    ),
    "latency_by_concurrency": Drawing(
        "Latency by concurrency and bucket",
        by_concurrency.latency_data,
        by_concurrency.latency_finding,
        by_concurrency.draw_latency,
    ),
    "latency_by_rate": Drawing(
        "Latency by rate of arrivals and bucket",
        partial(by_concurrency.latency_data, loop=by_concurrency.OPEN),
        partial(by_concurrency.latency_finding, loop=by_concurrency.OPEN),
        partial(by_concurrency.draw_latency, loop=by_concurrency.OPEN),
    ),
    "latency_over_ramp": Drawing(
        "Latency and errors over ramps, by rate of arrivals",
        latency_over_ramp.data,
        latency_over_ramp.finding,
        latency_over_ramp.draw,
    ),
    "throughput_by_concurrency": Drawing(
        "Throughput by concurrency and bucket",
        by_concurrency.throughput_data,
        by_concurrency.throughput_finding,
        by_concurrency.draw_throughput,
    ),
    "errors": Drawing("Errors by kind, model and load", errors.data, errors.finding, errors.draw),
    "throttles_over_time": Drawing(
        "Throttles and other errors over time",
        throttles_over_time.data,
        throttles_over_time.finding,
        throttles_over_time.draw,
    ),
    "accuracy_by_model": Drawing(
        "Accuracy by model", accuracy.by_model_data, accuracy.by_model_finding, accuracy.draw_by_model
    ),
    "accuracy_by_prompt_size": Drawing(
        "Accuracy by prompt size",
        accuracy.by_prompt_size_data,
        accuracy.by_prompt_size_finding,
        accuracy.draw_by_prompt_size,
    ),
    "accuracy_by_task": Drawing(
        "Accuracy by model and task", accuracy_by_task.data, accuracy_by_task.finding, accuracy_by_task.draw
    ),
    "judges_agreement": Drawing(
        "Agreement between judges", judges_agreement.data, judges_agreement.finding, judges_agreement.draw
    ),
    "cost_breakdown": Drawing(
        "What the money went for", cost_breakdown.data, cost_breakdown.finding, cost_breakdown.draw
    ),
}


OF_SOME_RUNS = frozenset(
    {
        "latency_by_concurrency",
        "throughput_by_concurrency",
        "latency_by_rate",
        "latency_over_ramp",
        "judges_agreement",
    }
)
"""Figures that a run without closed loops, open ones, ramps, or several judges doesn't have."""


def alternative_text(name: str, inputs: Inputs, settings: FigureSettings) -> str:
    """What figure `name` shows, for who can't see it: its title and its finding."""
    drawing = FIGURES[name]
    return f"{drawing.title}. {drawing.finding(drawing.data(inputs, settings), settings)}"


def write(name: str, inputs: Inputs, settings: FigureSettings, svg: Path, png: Path, csv: Path) -> None:
    """Write figure `name` and the data it shows. A figure without data says so in its panel."""
    drawing = FIGURES[name]
    frame = drawing.data(inputs, settings)
    with style.styled():
        figure = drawing.draw(frame, settings)
        if settings.simulated:
            style.mark_simulated(figure)
        style.save(figure, svg, png, name, drawing.title, alternative_text(name, inputs, settings))
    csv.parent.mkdir(parents=True, exist_ok=True)
    temporary = csv.with_name(f".{csv.name}.tmp")
    texts = frame.select_dtypes(exclude="number")
    frame.assign(**{str(name): texts[name].map(as_text) for name in texts}).to_csv(
        temporary, index=False, lineterminator="\n"
    )
    temporary.replace(csv)
