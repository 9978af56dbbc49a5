"""How much load a cell is put under."""

from typing import Annotated, Any

from pydantic import Field, model_validator

from assay.bedrock.settings import Retry, Timeouts
from assay.schedule.arrivals import Kind
from assay.sender.settings import SelfCheckLimits
from assay.settings import Count, Number, Positive, Settings, Whole

Rate = Annotated[Positive, Field(ge=0.001, le=100_000)]
"""Requests per second: at least one in 1,000 s."""

REQUESTS = 40
"""Measured requests of a cell where neither their number nor a duration is given."""


class RampLoad(Settings):
    """An open loop whose rate of arrivals runs evenly from one to another: where do latency and errors take off?

    It is never what limits or the decision are about, and its answers don't count for accuracy.
    """

    from_rps: Rate
    """Requests per second at its beginning, and in its warm-up."""
    to_rps: Rate
    """Requests per second at its end. It may be the lower of the two."""
    duration_s: Annotated[Positive, Field(le=86_400)]
    """Seconds from the one to the other, in each block."""

    @property
    def ends(self) -> tuple[float, float]:
        """Both rates."""
        return self.from_rps, self.to_rps

    @property
    def requests(self) -> float:
        """How many arrive in the mean."""
        return (self.from_rps + self.to_rps) / 2 * self.duration_s


class Search(Settings):
    """A search for the highest rate of arrivals at which a model still keeps the limits, on the dataset of interest.

    It tries open loops at one rate after the other. Its answer is a bracket: the highest rate that kept the limits, and
    the lowest that missed them. Limits on latencies and on the error rate count; the others don't depend on the rate.
    """

    start_rps: Rate = 1.0
    """The first rate. It is doubled until one misses a limit, or halved (down to a 16th) until one keeps them all."""
    probe_s: Positive = 60.0
    """Least time for which a rate is tried, so that quotas that are counted by the minute bite. The simulator may do with
    less. A rate is tried for longer where so few requests could not show that the limits are kept."""
    ratio: Annotated[Positive, Field(ge=1.01, le=10)] = 1.2
    """The search ends where the rate that missed is at most so many times the rate that kept."""
    max_requests: Count = 5000
    """Most requests that the search sends to a model, warm-up and filler included; retries come on top."""
    pause_s: Annotated[Number, Field(ge=0)] = 60.0
    """Rest between two rates on Bedrock, so that a quota which one has used up is whole again for the next."""


class Load(Settings):
    """Load of the cells: closed loops with so many requests in flight, and open loops with so many a second."""

    concurrency: tuple[Count, ...] = (1, 4, 16)
    """Closed loops: requests in flight, a cell for each level. By default none where `rates_rps` are given."""
    rates_rps: tuple[Rate, ...] = ()
    """Open loops: requests that arrive each second, a cell for each rate, however long the answers take."""
    ramps: tuple[RampLoad, ...] = ()
    """Open loops whose rate runs from one to another, beside those levels."""
    arrivals: Kind = "poisson"
    """How requests arrive in open loops: `poisson` (independent of each other, as from many users) or `constant`."""
    requests: Count | None = None
    """Measured requests of a cell, by default 40. They go through the bucket's prompts in order, and begin again after
    the last."""
    duration_s: Positive | None = None
    """In place of `requests`: seconds for which a cell's requests are measured, spread over its blocks."""
    warmup: Whole = 2
    """Warm-up of closed loops: requests per request in flight before a cell is measured. They are sent, recorded and paid
    for, never measured."""
    warmup_s: Annotated[Number, Field(ge=0)] = 5.0
    """Warm-up of open loops: seconds of arrivals at the cell's own rate before it is measured."""
    max_in_flight: Count = 256
    """Most requests of an open loop in flight at once. What arrives beyond waits, and its waiting counts."""
    workers: Count | None = None
    """Processes that send a cell's requests; by default as many as its load takes (one for each 128 in flight, or 400
    requests per second), at most one a core. Cells with a `duration_s` have one."""
    blocks: Count = 1
    """Blocks that a cell's requests are spread over."""
    timeouts: Timeouts = Timeouts()
    """When a request is given up."""
    retry: Retry = Retry()
    """None by default: while measuring, a failed request is a result."""
    self_check: SelfCheckLimits = SelfCheckLimits()
    """When the client itself has spoilt a cell."""
    search: Search | None = None
    """A search for the highest rate that keeps the limits. None unless it is given; `{}` takes its defaults."""

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, data: Any) -> Any:
        """What is left out follows from what is given."""
        if not isinstance(data, dict):
            return data
        made = dict(data)
        if made.get("rates_rps") and "concurrency" not in made:
            made["concurrency"] = ()
        if made.get("requests") is None and made.get("duration_s") is None:
            made["requests"] = REQUESTS
        return made
