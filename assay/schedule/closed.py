"""The closed loop: a fixed number of requests in flight, the next one sent when one ends."""

from dataclasses import dataclass
from typing import Literal

Role = Literal["warmup", "measured", "filler"]


@dataclass(slots=True)
class ClosedLoop:
    """Says what the next free slot sends: first the warm-up, then what is measured, then filler.

    Filler keeps the load up until the last measured request ends: without it, the last requests would run with
    fewer beside them. There is never more filler than measured requests, so that one slow straggler can't cost
    without end.
    """

    warmup: int
    """Warm-up requests in all."""
    measured: int
    """Measured requests in all."""

    def next(self, sent: int, measured_in_flight: int) -> Role | None:
        """The role of the request that follows `sent` others; null when there is nothing more to send."""
        if self.measured == 0:
            return None
        if sent < self.warmup:
            return "warmup"
        if sent < self.warmup + self.measured:
            return "measured"
        if measured_in_flight and sent < self.warmup + 2 * self.measured:
            return "filler"
        return None
