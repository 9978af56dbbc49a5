"""What the tables of accuracy are made from, read once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from assay.accuracy.settings import AccuracySettings
from assay.prices.book import Price
from assay.prices.snapshot import read as read_prices
from assay.records import reading
from assay.records.metrics import RATINGS
from assay.records.rated import panel_of, rated_answers

_CHINESE_OR_KANA = r"\x{3040}-\x{30ff}\x{3400}-\x{4dbf}\x{4e00}-\x{9fff}"
_WORD = f"[{_CHINESE_OR_KANA}]|[^\\s{_CHINESE_OR_KANA}]+"
"""What stands between spaces; in writing that has none, each character."""

_RATINGS = {metric.name: pa.string() if metric.kind == "text" else pa.float64() for metric in RATINGS}


@dataclass(frozen=True, slots=True)
class Inputs:
    """The answers of all models, what judges say of them, and how each model did on each prompt."""

    settings: AccuracySettings
    ratings: pd.DataFrame
    """Rows of the table `ratings`: one per model and prompt."""
    answers: pd.DataFrame
    """Rows of the score stage (`reading.ANSWERS`), with `right` and `unjudged` (`assay.records.rated`), and `words`: how many
    the text has."""
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
    with_text = {**reading.ANSWERS, "text": pa.string()}
    found = reading.read(answers, with_text, ("model", "answer_id", "prompt_id", "times", "score"))
    found["words"] = word_counts(found.pop("text"))
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


def word_counts(texts: "pd.Series[str]") -> NDArray[np.float64]:
    """How many words each text has; in writing without spaces between words, characters. NaN where there is no text."""
    counted = pc.count_substring_regex(pa.array(texts, type=pa.string(), from_pandas=True), pattern=_WORD)
    return np.asarray(counted.to_numpy(zero_copy_only=False), dtype=np.float64)
