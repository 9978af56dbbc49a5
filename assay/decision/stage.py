"""What the decide stage has to know of the benchmark."""

from typing import Annotated

from pydantic import Field

from assay.decision.settings import Decision, Limits
from assay.prompts.settings import BucketName
from assay.records.settings import shares
from assay.settings import Count, Positive, Settings


class Choice(Settings):
    """Settings of the decide stage."""

    limits: Limits = Limits()
    decision: Decision = Decision()
    dataset_of_interest: BucketName | dict[BucketName, Positive]
    concurrency: Annotated[tuple[Count, ...], Field(min_length=1)]
    """The levels that were measured."""

    @property
    def level(self) -> int:
        """The level that the decision is about."""
        return self.limits.concurrency or max(self.concurrency)

    @property
    def shares(self) -> dict[str, float]:
        """Share of the traffic that each bucket of interest stands for; they sum to 1."""
        return shares(self.dataset_of_interest)
