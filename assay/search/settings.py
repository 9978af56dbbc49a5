"""What one search is told: its own part of the benchmark."""

from typing import Annotated

from pydantic import Field

from assay.bedrock.settings import Endpoint, Inference, Model, Retry, Timeouts
from assay.decision.settings import Limits
from assay.measurement.plan import JobLoad
from assay.prompts.settings import BucketName
from assay.records.settings import shares
from assay.schedule.arrivals import Kind
from assay.schedule.settings import Search
from assay.sender.settings import SelfCheckLimits
from assay.settings import Count, Edition, Number, Positive, Settings, Share


class OpenLoops(Settings):
    """What all rates that are tried have in common."""

    arrivals: Kind
    warmup_s: Annotated[Number, Field(ge=0)]
    max_in_flight: Count
    workers: Count | None = None
    timeouts: Timeouts
    retry: Retry
    self_check: SelfCheckLimits = SelfCheckLimits()

    def at(self, rate_rps: float, requests: int, filler: int | None = None) -> JobLoad:
        """The load of one rate."""
        return JobLoad(
            rate_rps=rate_rps,
            arrivals=self.arrivals,
            requests=requests,
            warmup_s=self.warmup_s,
            max_in_flight=self.max_in_flight,
            workers=self.workers,
            filler=filler,
            block=0,
            blocks=1,
        )


class SearchJob(Settings):
    """Settings of one model's search. `inference` is complete, `limits` are only those that a rate can break."""

    run: Edition
    endpoint: Endpoint
    model: Model
    inference: Inference
    search: Search
    load: OpenLoops
    limits: Limits
    dataset_of_interest: BucketName | dict[BucketName, Positive]
    confidence: Annotated[Share, Field(gt=0, lt=1)]

    @property
    def shares(self) -> dict[str, float]:
        """Share of the traffic that each bucket of interest stands for; they sum to 1."""
        return shares(self.dataset_of_interest)
