"""People's labels: where they are, how many answers are drawn for them, how exact they are to make accuracy."""

from pathlib import Path

from assay.settings import Count, Settings
from assay.stopping.settings import Points


class Labels(Settings):
    """What people say of answers that were drawn at random: the judges' errors are measured by it."""

    path: Path | None = None
    """A CSV file of labels; by default `results/<run>/labels/labels.csv`, which `snakemake label` writes."""
    n: Count = 300
    """Answers to draw, of all models together. More keep those that were drawn before."""
    half_width: Points = "5 points"
    """How exact each model's corrected accuracy is to be: the half-width of its interval."""
