"""A level of load, and its name in paths and tables: `c8` is a closed loop, `r2.5` an open one, `ramp1-20` a ramp."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from assay.errors import InputError


@dataclass(frozen=True, slots=True)
class Level:
    """Requests kept in flight, requests that arrive each second, or a ramp between two such rates: one of the three."""

    concurrency: int | None
    rate_rps: float | None
    ramp: tuple[float, float] | None = None
    """The rates at its beginning and at its end."""

    @property
    def name(self) -> str:
        """Such as `c8`, `r2.5` or `ramp1-20`."""
        if self.ramp is not None:
            return f"ramp{self.ramp[0]:g}-{self.ramp[1]:g}"
        return f"c{self.concurrency}" if self.rate_rps is None else f"r{self.rate_rps:g}"

    @property
    def words(self) -> str:
        """Such as "8 in flight", "2.5 requests per second" or "a ramp from 1 to 20 requests per second"."""
        if self.ramp is not None:
            return f"a ramp from {self.ramp[0]:g} to {self.ramp[1]:g} requests per second"
        if self.rate_rps is None:
            return f"{self.concurrency} in flight"
        return "1 request per second" if self.rate_rps == 1 else f"{self.rate_rps:g} requests per second"

    @property
    def rank(self) -> tuple[int, float, float]:
        """Closed loops come before open ones, and those before ramps, each in rising order."""
        if self.ramp is not None:
            return 2, *self.ramp
        return (0, self.concurrency or 0, 0.0) if self.rate_rps is None else (1, self.rate_rps, 0.0)


def closed(concurrency: int) -> Level:
    """A closed loop."""
    return Level(concurrency, None)


def open_at(rate_rps: float) -> Level:
    """An open loop."""
    return Level(None, rate_rps)


def ramp(from_rps: float, to_rps: float) -> Level:
    """An open loop whose rate runs from one to another."""
    return Level(None, None, (from_rps, to_rps))


def levels(
    concurrency: Iterable[int], rates_rps: Iterable[float], ramps: Iterable[tuple[float, float]] = ()
) -> dict[str, Level]:
    """Levels by name: closed loops first, then open ones, then ramps, each in rising order."""
    each = [*map(closed, concurrency), *map(open_at, rates_rps), *(ramp(*ends) for ends in ramps)]
    found = sorted(each, key=lambda level: level.rank)
    return {level.name: level for level in found}


def level_of(name: str) -> Level:
    """The level that a load's name stands for."""
    number = r"(\d+(?:\.\d+)?(?:e[+-]?\d+)?)"
    found = re.fullmatch(rf"c(\d+)|r{number}|ramp{number}-{number}", name)
    if found is None:
        raise InputError(
            f"load {name!r}: expected c and the number of requests in flight, such as c8, r and the requests per "
            "second, such as r2.5, or ramp and two such rates, such as ramp1-20"
        )
    if found[3]:
        return ramp(float(found[3]), float(found[4]))
    return closed(int(found[1])) if found[1] else open_at(float(found[2]))


def of_interest(
    concurrency: Iterable[int],
    rates_rps: Iterable[float],
    at_concurrency: int | None,
    at_rate_rps: float | None,
    arriving_rps: float | None = None,
) -> Level:
    """The level that the decision is about: the one asked for, by default the highest closed loop, else rate.

    `concurrency` and `rates_rps` are the measured levels; where there are none, a closed loop of 1 is as good as any.
    `arriving_rps` is the rate of the traffic that the decision is for: where no level is asked for, it is about the lowest
    measured rate that carries it, if there is one.
    """
    rates_rps = tuple(rates_rps)
    if at_rate_rps is not None:
        return open_at(at_rate_rps)
    if at_concurrency is not None:
        return closed(at_concurrency)
    carrying = [rate for rate in rates_rps if arriving_rps is not None and rate >= arriving_rps]
    if carrying:
        return open_at(min(carrying))
    highest = max(concurrency, default=None)
    fastest = max(rates_rps, default=None)
    return open_at(fastest) if highest is None and fastest is not None else closed(highest or 1)
