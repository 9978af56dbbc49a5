"""What the estimate is told: every part of the benchmark that decides what is sent, and to whom."""

from typing import Annotated

from pydantic import Field, StrictBool

from assay.bedrock.settings import Endpoint, Inference, Model, Quota, Retry
from assay.judging.settings import Judge, VerdictKind
from assay.prompts.settings import BucketName, Tokenizer
from assay.records.settings import shares
from assay.schedule.settings import Load
from assay.settings import Count, Edition, Positive, Settings, Share, Whole
from assay.spending.settings import Budget
from assay.stopping.settings import Stop


class Panel(Settings):
    """The judges, and how they are asked."""

    panel: tuple[Judge, ...]
    inference: Inference
    concurrency: Count
    retry: Retry
    quota: Quota = Quota()
    verdict: VerdictKind = "correctness"
    abstention: StrictBool = False
    repair: StrictBool = True
    asked_twice: Whole = 0


class EstimateJob(Settings):
    """Settings of the estimate."""

    run: Edition
    endpoint: Endpoint
    tokenizer: Tokenizer
    models: tuple[Model, ...]
    inference: Inference
    """Defaults of the models."""
    load: Load
    judges: Panel | None = None
    quotas: dict[str, Quota] = Field(default_factory=dict)
    budget: Budget = Budget()
    preflight: StrictBool = True
    stop: Stop | None = None
    dataset_of_interest: BucketName | dict[BucketName, Positive]
    traffic: dict[BucketName, Positive] | None = None
    """Weights of buckets that models are compared by; by default those of the dataset of interest."""
    level_of_interest: str
    """Name of the load that the decision is about."""
    confidence: Annotated[Share, Field(gt=0, lt=1)] = 0.95

    @property
    def shares(self) -> dict[str, float]:
        """Share of each bucket of interest, by which limits are checked; they sum to 1."""
        return shares(self.dataset_of_interest)

    @property
    def objective_shares(self) -> dict[str, float]:
        """Share of each bucket by which models are compared; they sum to 1."""
        return shares(self.dataset_of_interest if self.traffic is None else self.traffic)
