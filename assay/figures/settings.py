"""What the figures have to know of the benchmark."""

from pydantic import Field

from assay.decision.settings import Limits
from assay.prompts.settings import Bucket, BucketName
from assay.schedule.level import Level
from assay.settings import Count, Label, Positive, Settings, Share


class FigureSettings(Settings):
    """Order of models and buckets (which fixes colours and panels), and what the decision is about."""

    models: tuple[Label, ...] = Field(min_length=1)
    """Labels in the order of the benchmark file: a model keeps its colour in every figure."""
    buckets: tuple[Bucket, ...] = Field(min_length=1)
    dataset_of_interest: BucketName | dict[BucketName, Positive]
    concurrency: Count | None = None
    """The closed loop that the decision is about."""
    rate_rps: Positive | None = None
    """The open loop that it is about, in place of a closed one."""
    limits: Limits = Limits()
    confidence: Share = 0.95
    """Of the intervals in the tables."""
    simulated: bool
    """Whether the requests went to the simulator: then every figure says so."""

    @property
    def level(self) -> Level:
        """The level that the decision is about."""
        return Level(None if self.rate_rps is not None else self.concurrency, self.rate_rps)

    @property
    def buckets_of_interest(self) -> tuple[str, ...]:
        """Names of the buckets that the decision is about."""
        interest = self.dataset_of_interest
        return (interest,) if isinstance(interest, str) else tuple(interest)
