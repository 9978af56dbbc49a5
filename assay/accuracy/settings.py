"""What the accuracy stage has to know of the benchmark."""

from typing import Annotated

from pydantic import Field

from assay.judging.settings import Family, VerdictKind
from assay.prompts.settings import BucketName
from assay.records.settings import Named, shares
from assay.settings import Label, Positive, Settings, Share, Whole
from assay.stopping.settings import Points


class AccuracySettings(Settings):
    """Settings of the accuracy stage."""

    models: Annotated[tuple[Named, ...], Field(min_length=1)]
    judges: tuple[Named, ...] = ()
    families: dict[Label, Family] = Field(default_factory=dict)
    """Of models and judges, where the benchmark says so."""
    verdict: VerdictKind = "correctness"
    dataset_of_interest: BucketName | dict[BucketName, Positive]
    confidence: Share = 0.95
    seed: Whole
    half_width: Points = "5 points"
    """What the corrected accuracy of each model is to be known to."""

    @property
    def shares(self) -> dict[str, float]:
        """Share of the traffic that each bucket of interest stands for; they sum to 1."""
        return shares(self.dataset_of_interest)
