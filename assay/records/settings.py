"""What the aggregate stage has to know of the benchmark."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from assay.decision.settings import Traffic
from assay.prices.book import Price
from assay.prompts.settings import BucketName
from assay.settings import Count, Label, Positive, Settings, Share


class Named(Settings):
    """A model or judge: the label it has in tables, and what its price depends on."""

    label: Label
    id: Annotated[str, StringConstraints(min_length=1)]
    service_tier: Literal["default", "priority", "flex", "reserved"] | None = None
    """As the requests ask for it."""
    latency: Literal["standard", "optimized"] | None = None
    """As the requests ask for it."""

    def price_in(self, prices: Mapping[str, Price]) -> Price:
        """The price of this line's requests, from prices by model id."""
        return prices.get(self.id, Price()).of_line(self.service_tier, self.latency)


def prices_of(lines: Iterable[Named], prices: Mapping[str, Price]) -> dict[str, Price]:
    """Prices by label, from those by model id: two lines of one id can differ in tier, and so in price."""
    return {line.label: line.price_in(prices) for line in lines}


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
    latency_limits: dict[str, Positive] = Field(default_factory=dict)
    """What the latency of a single request may be, by name (`ttft_ms`, `e2e_ms`, `tpot_ms`), for its answer to be within the
    limits."""
    traffic: Traffic | None = None
    """The traffic that a month's cost is told of."""

    @property
    def shares_of_traffic(self) -> dict[str, float]:
        """Share of the traffic that each bucket has: by default that of the dataset of interest."""
        given = None if self.traffic is None else self.traffic.buckets
        return shares(self.dataset_of_interest if given is None else given)

    @property
    def shares(self) -> dict[str, float]:
        """Share of the traffic that each bucket of interest stands for; they sum to 1."""
        return shares(self.dataset_of_interest)


def shares(interest: str | dict[str, float]) -> dict[str, float]:
    """Shares of the buckets of interest, from one name or from weights of any sum."""
    weights = {interest: 1.0} if isinstance(interest, str) else interest
    total = sum(weights.values())
    return {bucket: weight / total for bucket, weight in weights.items()}
