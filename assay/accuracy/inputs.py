"""What the tables of accuracy are made from, read once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa

from assay.accuracy.settings import AccuracySettings
from assay.prices.book import Price
from assay.prices.snapshot import read as read_prices
from assay.records import reading
from assay.records.metrics import RATINGS
from assay.records.rated import panel_of, rated_answers

_RATINGS = {metric.name: pa.string() if metric.kind == "text" else pa.float64() for metric in RATINGS}


@dataclass(frozen=True, slots=True)
class Inputs:
    """The answers of all models, what judges say of them, and how each model did on each prompt."""

    settings: AccuracySettings
    ratings: pd.DataFrame
    """Rows of the table `ratings`: one per model and prompt."""
    answers: pd.DataFrame
    """Rows of the score stage (`reading.ANSWERS`), with `right` and `unjudged` (`assay.records.rated`)."""
    verdicts: pd.DataFrame
    """Rows of the judge stage (`reading.VERDICTS`); none without judges."""
    panel: pd.DataFrame | None
    """Rows of `assay.judging.panel.panel_table`; None without judges."""
    prices: Mapping[str, Price]
    """By model id."""
    labels: Path | None = None
    """People's labels, where there are any."""
    sample: Path | None = None
    """The answers that were drawn for people to label."""


def read(
    settings: AccuracySettings,
    ratings: Path,
    answers: Sequence[Path],
    verdicts: Sequence[Path],
    prices: Path,
    labels: Path | None = None,
    sample: Path | None = None,
) -> Inputs:
    """Read them. InputError names the file that can't be used."""
    found = reading.read(answers, reading.ANSWERS, ("model", "answer_id", "prompt_id", "times", "score"))
    said = reading.read(verdicts, reading.VERDICTS, ("model", "judge", "answer_id", "prompt_id", "verdict"))
    panel = panel_of(said, [judge.label for judge in settings.judges]) if settings.judges else None
    return Inputs(
        settings,
        reading.read([ratings], _RATINGS, ("model", "prompt_id", "bucket", "accuracy")),
        rated_answers(found, panel),
        said,
        panel,
        read_prices(prices),
        labels,
        sample,
    )
