"""The open loop: requests leave at times fixed in advance, however long the answers take."""

from dataclasses import dataclass, field

from assay.schedule.arrivals import Arrivals, count_within
from assay.schedule.step import Step


@dataclass(slots=True)
class OpenLoop:
    """Says what arrives next: first the warm-up, then what is measured, then filler.

    Filler comes at the same rate until the last measured request has ended, and there is never more of it than
    measured requests, or than `filler` where that is less.
    """

    warming: Arrivals
    """Arrivals of the warm-up, which ends after `warmup_s`."""
    arrivals: Arrivals
    """Arrivals of what is measured, and of the filler after it, counted from the end of the warm-up."""
    measured: int
    """Measured requests in all."""
    warmup_s: float = 0.0
    """How long warm-up requests arrive before the first measured one may."""
    filler: int | None = None
    """Most filler, where it is to be less."""
    _warmup: int = field(init=False)

    def __post_init__(self) -> None:
        self._warmup = count_within(self.warming, self.warmup_s)

    def next(self, elapsed_s: float, sent: int, measured_in_flight: int) -> Step | None:
        """See assay.schedule.step. The time gone by doesn't matter: every arrival has its own."""
        if self.measured == 0:
            return None
        if sent < self._warmup:
            return Step("warmup", self.warming.at(sent))
        index = sent - self._warmup
        at_s = self.warmup_s + self.arrivals.at(index)
        if index < self.measured:
            return Step("measured", at_s)
        most = self.measured if self.filler is None else min(self.measured, self.filler)
        if measured_in_flight and index < self.measured + most:
            return Step("filler", at_s)
        return None
