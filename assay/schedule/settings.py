"""How much load a cell is put under."""

from typing import Annotated

from pydantic import Field

from assay.bedrock.settings import Retry, Timeouts
from assay.sender.settings import SelfCheckLimits
from assay.settings import Count, Settings, Whole


class Load(Settings):
    """Load of the cells: closed loops, each with a fixed number of requests in flight."""

    concurrency: Annotated[tuple[Count, ...], Field(min_length=1)] = (1, 4, 16)
    """Requests in flight, a cell for each level."""
    requests: Count = 40
    """Measured requests of a cell. They go through the bucket's prompts in order, and begin again after the last."""
    warmup: Whole = 2
    """Warm-up requests per request in flight before a cell is measured: sent, recorded and paid for, never measured."""
    blocks: Count = 1
    """Blocks that a cell's requests are spread over."""
    timeouts: Timeouts = Timeouts()
    """When a request is given up."""
    retry: Retry = Retry()
    """None by default: while measuring, a failed request is a result."""
    self_check: SelfCheckLimits = SelfCheckLimits()
    """When the client itself has spoilt a cell."""
