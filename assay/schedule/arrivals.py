"""When requests arrive in an open loop: times fixed in advance from a seed, whatever the service does.

Each kind answers `at(index)`: the time of arrival number `index` (0, 1, ...), in seconds. A longer run has the times of
the shorter one and more.
"""

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
