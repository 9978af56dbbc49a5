"""Which rate is tried next, when the highest rate that still keeps the limits is looked for.

Knows nothing of servers or limits: it is told of each rate how it went. What it finds is a bracket and not a point: the
highest rate that kept the limits and the lowest that missed them.
"""

import math
from dataclasses import dataclass, field
from typing import Literal

Outcome = Literal["kept", "missed", "undecided"]
Ended = Literal["narrow", "undecided", "range"]

HIGHEST_RPS = 100_000.0
"""No higher rate is tried."""

FALL = 16
"""Nor one below the start rate over this."""


@dataclass(slots=True)
class Bracket:
    """Doubles the rate until one misses (or halves it until one keeps), then tries the geometric middle.

    A rate that was undecided is no end of the bracket. It stands between them, and what is left on either side of it is
    searched on. Every rate has four significant digits, and none is tried twice.
    """

    start_rps: float
    ratio: float
    """At least 1.01. A bracket whose upper end is at most so many times its lower end is narrow enough."""
    kept_rps: float | None = field(default=None, init=False)
    """Highest rate that kept the limits."""
    missed_rps: float | None = field(default=None, init=False)
    """Lowest rate that missed them."""
    _undecided: list[float] = field(default_factory=list, init=False)

    def next(self) -> float | None:
        """The rate to try; null when there is nothing more to try. Always inside the bracket."""
        kept, missed, between = self.kept_rps, self.missed_rps, self._undecided
        if kept is None and missed is None and not between:
            return four_digits(self.start_rps)
        if missed is None:
            up = four_digits(2 * max(between, default=kept or 0.0))
            if up <= HIGHEST_RPS:
                return up
        if kept is None:
            down = four_digits(min(between, default=missed or 0.0) / 2)
            if down >= self.start_rps / FALL:
                return down
        gaps = [
            (low, high)
            for low, high in ((kept, min(between, default=missed)), (max(between, default=kept), missed))
            if low is not None and high is not None and high > low * self.ratio
        ]
        if not gaps:
            return None
        low, high = max(gaps, key=lambda gap: gap[1] / gap[0])
        return four_digits(math.sqrt(low * high))

    def tell(self, rate_rps: float, outcome: Outcome) -> None:
        """How a rate went. ValueError for one outside the bracket, which could only contradict it."""
        if not (self.kept_rps or 0.0) < rate_rps < (self.missed_rps or math.inf):
            raise ValueError(f"{rate_rps:g} is outside the bracket from {self.kept_rps} to {self.missed_rps}")
        if outcome == "undecided":
            self._undecided.append(rate_rps)
        elif outcome == "kept":
            self.kept_rps = rate_rps
            self._undecided = [rate for rate in self._undecided if rate > rate_rps]
        else:
            self.missed_rps = rate_rps
            self._undecided = [rate for rate in self._undecided if rate < rate_rps]

    @property
    def undecided_rps(self) -> list[float]:
        """Rates inside the bracket that were tried and left open, in rising order."""
        return sorted(self._undecided)

    @property
    def ended(self) -> Ended:
        """Why there is nothing more to try: narrow enough, held open by undecided rates, or at the end of the range."""
        if self.kept_rps is None or self.missed_rps is None:
            return "range"
        return "narrow" if self.missed_rps <= self.kept_rps * self.ratio else "undecided"


def four_digits(rate_rps: float) -> float:
    """A rate as it is tried, so that its name says all of it."""
    return float(f"{rate_rps:.4g}")
