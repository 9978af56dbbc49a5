"""People's labels: where they are, how many answers are drawn for them, how exact they are to make accuracy."""

from pathlib import Path

from assay.judging.settings import VerdictKind
from assay.prompts.settings import BucketName
from assay.records.settings import shares
from assay.settings import Count, Label, Positive, Settings, Share, Whole
from assay.stopping.settings import Points


class Labels(Settings):
    """What people say of answers that were drawn at random: the judges' errors are measured by it."""

    path: Path | None = None
    """A CSV file of labels; by default `results/<run>/labels/labels.csv`, which `snakemake label` writes."""
    n: Count = 300
    """Answers to draw, of all models together. More keep those that were drawn before."""
    half_width: Points = "5 points"
    """How exact each model's corrected accuracy is to be: the half-width of its interval."""


class Drawing(Settings):
    """What the stage that draws answers to label has to know."""

    dataset_of_interest: BucketName | dict[BucketName, Positive]
    seed: Whole
    n: Count
    """Answers in the sheet to fill in."""

    @property
    def shares(self) -> dict[str, float]:
        """Share of the traffic that each bucket of interest stands for; they sum to 1."""
        return shares(self.dataset_of_interest)


class PageSettings(Settings):
    """What the labelling page has to know: how many answers, what is said of them, and how exact they are to make accuracy."""

    dataset_of_interest: BucketName | dict[BucketName, Positive]
    seed: Whole
    n: Count
    judges: tuple[Label, ...] = ()
    verdict: VerdictKind = "correctness"
    half_width: Points = "5 points"
    confidence: Share = 0.95

    @property
    def shares(self) -> dict[str, float]:
        """Share of the traffic that each bucket of interest stands for; they sum to 1."""
        return shares(self.dataset_of_interest)
