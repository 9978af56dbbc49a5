"""A level of load, and its name in paths and tables: `c8` is a closed loop, `r2.5` an open one."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from assay.errors import InputError


@dataclass(frozen=True, slots=True)
class Level:
    """Requests kept in flight, or requests that arrive each second: one of the two."""

    concurrency: int | None
    rate_rps: float | None

    @property
    def name(self) -> str:
        """Such as `c8` or `r2.5`."""
        return f"c{self.concurrency}" if self.rate_rps is None else f"r{self.rate_rps:g}"

    @property
    def words(self) -> str:
        """Such as "8 in flight" or "2.5 requests per second"."""
        if self.rate_rps is None:
            return f"{self.concurrency} in flight"
        return "1 request per second" if self.rate_rps == 1 else f"{self.rate_rps:g} requests per second"

    @property
    def rank(self) -> tuple[bool, float]:
        """Closed loops come before open ones, each in rising order."""
        return self.rate_rps is not None, self.rate_rps or self.concurrency or 0


def closed(concurrency: int) -> Level:
    """A closed loop."""
    return Level(concurrency, None)


def open_at(rate_rps: float) -> Level:
    """An open loop."""
    return Level(None, rate_rps)


def levels(concurrency: Iterable[int], rates_rps: Iterable[float]) -> dict[str, Level]:
    """Levels by name: closed loops first, then open ones, each in rising order."""
    found = sorted([*map(closed, concurrency), *map(open_at, rates_rps)], key=lambda level: level.rank)
    return {level.name: level for level in found}


def level_of(name: str) -> Level:
    """The level that a load's name stands for."""
    found = re.fullmatch(r"c(\d+)|r(\d+(?:\.\d+)?(?:e[+-]?\d+)?)", name)
    if found is None:
        raise InputError(
            f"load {name!r}: expected c and the number of requests in flight, such as c8, or r and the requests per "
            "second, such as r2.5"
        )
    return closed(int(found[1])) if found[1] else open_at(float(found[2]))


def of_interest(
    concurrency: Iterable[int],
    rates_rps: Iterable[float],
    at_concurrency: int | None,
    at_rate_rps: float | None,
) -> Level:
    """The level that the decision is about: the one asked for, by default the highest closed loop, else rate.

    `concurrency` and `rates_rps` are the measured levels; where there are none, a closed loop of 1 is as good as any.
    """
    if at_rate_rps is not None:
        return open_at(at_rate_rps)
    if at_concurrency is not None:
        return closed(at_concurrency)
    highest = max(concurrency, default=None)
    fastest = max(rates_rps, default=None)
    return open_at(fastest) if highest is None and fastest is not None else closed(highest or 1)
