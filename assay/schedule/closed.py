"""The closed loop: a fixed number of requests in flight, the next one sent when one ends."""

from dataclasses import dataclass, field

from assay.schedule.step import Step

STAGGER_S = 0.005
"""Between the first requests of two slots, so that they don't arrive, and end, in step."""

LONGEST_STAGGER_S = 0.25
"""Between the first slot's and the last slot's first request, however many slots there are."""


@dataclass(slots=True)
class ClosedLoop:
    """Says what the next free slot sends: first the warm-up, then what is measured, then filler.

    Filler keeps the load up until the last measured request ends: without it, the last requests would run with
    fewer beside them. There is never more filler than measured requests, or than twice `concurrency` where that is
    more (so that few requests at a high level have others beside them at all): one slow straggler can't cost without
    end.
    """

    concurrency: int
    """Slots: requests in flight."""
    warmup: int
    """Warm-up requests in all."""
    measured: int | None
    """Measured requests in all; null: as many as `duration_s` has room for."""
    duration_s: float | None = None
    """How long requests are measured, from the first measured one on; null: as long as `measured` take."""
    _began_s: float | None = field(default=None, init=False)
    _given: int = field(default=0, init=False)

    def next(self, elapsed_s: float, sent: int, measured_in_flight: int) -> Step | None:
        """See assay.schedule.step. The first request of each slot has a time, so that the slots start staggered."""
        if self.measured == 0 or (self.duration_s is not None and self.duration_s <= 0):
            return None
        at_s = (
            sent * min(STAGGER_S, LONGEST_STAGGER_S / self.concurrency) if sent < self.concurrency else None
        )
        if sent < self.warmup:
            return Step("warmup", at_s)
        if self._wants_measured(elapsed_s):
            self._given += 1
            return Step("measured", at_s)
        if measured_in_flight and sent < self.warmup + self._given + max(self._given, 2 * self.concurrency):
            return Step("filler", at_s)
        return None

    def _wants_measured(self, elapsed_s: float) -> bool:
        if self._began_s is None:
            self._began_s = elapsed_s
        in_time = self.duration_s is None or elapsed_s - self._began_s < self.duration_s
        return in_time and (self.measured is None or self._given < self.measured)
