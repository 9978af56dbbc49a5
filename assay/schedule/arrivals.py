"""When requests arrive in an open loop: times fixed in advance from a seed, whatever the service does.

Each kind answers `at(index)`: the time of arrival number `index` (0, 1, ...), in seconds. A longer run has the times of
the shorter one and more.
"""

import math
import random
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Literal, Protocol

Kind = Literal["poisson", "constant"]


class Arrivals(Protocol):
    """Times of arrivals, in rising order."""

    def at(self, index: int) -> float:
        """Seconds until arrival number `index`, counted from 0."""
        ...


@dataclass(frozen=True, slots=True)
class Constant:
    """Arrivals at equal distances, the first at 0."""

    rate_rps: float

    def at(self, index: int) -> float:
        """See Arrivals."""
        return index / self.rate_rps


@dataclass(slots=True)
class Poisson:
    """Independent arrivals: the gaps are exponential, drawn from `seed`, and so is the time until the first."""

    rate_rps: float
    seed: str
    _times_s: list[float] = field(default_factory=list, init=False)
    _draw: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._draw = random.Random(self.seed)

    def at(self, index: int) -> float:
        """See Arrivals."""
        while len(self._times_s) <= index:
            last = self._times_s[-1] if self._times_s else 0.0
            self._times_s.append(last + self._draw.expovariate(self.rate_rps))
        return self._times_s[index]


@dataclass(frozen=True, slots=True)
class Ramp:
    """Arrivals whose rate runs evenly from one to another, and stays there.

    Arrival i comes when as many are to be expected as `units`, arrivals at a rate of 1, have for a time: the time of unit
    arrival i through the inverse of the cumulative rate. So Poisson units make a Poisson process of changing rate (Cinlar,
    Introduction to Stochastic Processes, 1975, section 4.7), constant ones arrivals that move closer.
    """

    units: Arrivals
    """Arrivals at a rate of 1 per second."""
    from_rps: float
    to_rps: float
    duration_s: float
    """After which the second rate is reached."""
    skipped: int = 0
    """So many arrivals are left out, and time is counted from the first that isn't."""

    def at(self, index: int) -> float:
        """See Arrivals."""
        return self._time_s(self.units.at(self.skipped + index)) - self._begins_s

    def rate_rps(self, seconds: float) -> float:
        """The rate at a time; before the first arrival may come it is that of the beginning."""
        part = min(1.0, (self._begins_s + max(0.0, seconds)) / self.duration_s)
        return self.from_rps + part * (self.to_rps - self.from_rps)

    @property
    def _begins_s(self) -> float:
        return self._time_s(self.units.at(self.skipped)) if self.skipped else 0.0

    def _time_s(self, expected: float) -> float:
        """When so many arrivals are to be expected: the inverse of from t + (to - from) / duration t^2 / 2."""
        whole = (self.from_rps + self.to_rps) / 2 * self.duration_s
        if expected >= whole:
            return self.duration_s + (expected - whole) / self.to_rps
        growth = (self.to_rps - self.from_rps) / self.duration_s
        # The root in this form loses no digits where the rate hardly changes, or doesn't.
        now_rps = math.sqrt(max(0.0, self.from_rps**2 + 2 * growth * expected))
        return 2 * expected / (self.from_rps + now_rps)


@dataclass(frozen=True, slots=True)
class Every:
    """Each `of`-th of other arrivals, from number `first` on: what one of several workers sends."""

    all: Arrivals
    first: int
    of: int

    def at(self, index: int) -> float:
        """See Arrivals."""
        return self.all.at(self.first + index * self.of)


def arrivals(kind: Kind, rate_rps: float, seed: str) -> Arrivals:
    """Arrivals of a kind at a rate. Constant ones need no seed."""
    return Constant(rate_rps) if kind == "constant" else Poisson(rate_rps, seed)


def count_within(times: Arrivals, seconds: float) -> int:
    """How many arrivals there are before `seconds`."""
    more = 1
    while times.at(more) < seconds:
        more *= 2
    return bisect_left(range(more + 1), seconds, key=times.at)
