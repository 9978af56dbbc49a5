"""What the aggregate stage has to know of the benchmark."""

from typing import Annotated

from pydantic import Field, StringConstraints

from assay.prompts.settings import BucketName
from assay.settings import Count, Label, Positive, Settings, Share


class Named(Settings):
    """A model or judge: the label it has in tables, and the id that prices are looked up by."""

    label: Label
    id: Annotated[str, StringConstraints(min_length=1)]


class Aggregation(Settings):
    """Settings of the aggregate stage."""

    dataset_of_interest: BucketName | dict[BucketName, Positive]
    concurrency: Count | None = None
    """The closed loop that the table of models is about; by default the highest that was measured."""
    rate_rps: Positive | None = None
    """The open loop that it is about, in place of a closed one; by default the highest where there is no closed one."""
    models: Annotated[tuple[Named, ...], Field(min_length=1)]
    judges: tuple[Named, ...] = ()
    confidence: Share = 0.95

    @property
    def shares(self) -> dict[str, float]:
        """Share of the traffic that each bucket of interest stands for; they sum to 1."""
        return shares(self.dataset_of_interest)


def shares(interest: str | dict[str, float]) -> dict[str, float]:
    """Shares of the buckets of interest, from one name or from weights of any sum."""
    weights = {interest: 1.0} if isinstance(interest, str) else interest
    total = sum(weights.values())
    return {bucket: weight / total for bucket, weight in weights.items()}
