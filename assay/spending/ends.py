"""What isn't known yet: a low and a high end, the middle of what is likely between them, and the most it can be."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

WIDEST = 3.0
"""The high end of what is shown is at most so many times the low end."""


@dataclass(frozen=True, slots=True)
class Ends:
    """A quantity of at least 0: its ends, the median of what is thought likely, and what it can't exceed."""

    low: float = 0.0
    middle: float = 0.0
    high: float = 0.0
    at_most: float = 0.0

    def __add__(self, other: "Ends") -> "Ends":
        return Ends(
            self.low + other.low,
            self.middle + other.middle,
            self.high + other.high,
            self.at_most + other.at_most,
        )

    def __mul__(self, factor: float) -> "Ends":
        return Ends(self.low * factor, self.middle * factor, self.high * factor, self.at_most * factor)

    def times(self, other: "Ends") -> "Ends":
        """The product, end by end."""
        return Ends(
            self.low * other.low,
            self.middle * other.middle,
            self.high * other.high,
            self.at_most * other.at_most,
        )

    def at_least(self, other: "Ends") -> "Ends":
        """The greater of the two, end by end."""
        return Ends(
            max(self.low, other.low),
            max(self.middle, other.middle),
            max(self.high, other.high),
            max(self.at_most, other.at_most),
        )

    def narrowed(self) -> "Ends":
        """The same with ends at most `WIDEST` apart: around the middle, as far as the ends leave room.

        Where the ends lie further apart, what is shown is the part of that range whose two ends are the middle divided
        and multiplied by the square root of `WIDEST`. What can't be exceeded stays beside it.
        """
        if self.high <= self.low * WIDEST:
            return self
        reach = math.sqrt(WIDEST)
        low, high = max(self.low, self.middle / reach), min(self.high, self.middle * reach)
        return Ends(low, self.middle, high, self.at_most)


def exactly(value: float) -> Ends:
    """What is known."""
    return Ends(value, value, value, value)


def between(low: float, high: float, at_most: float | None = None) -> Ends:
    """Ends of which only the order of magnitude is known: the middle is that of the logarithms.

    The prior is uniform on the logarithmic scale (Jeffreys, Theory of Probability, 1939, section 3.1), cut off at the
    ends; its median is their geometric mean. A low end below 1 counts as 1 there, or as the high end where that is less.
    """
    begin = max(low, min(1.0, high))
    return Ends(low, math.sqrt(begin * high), high, high if at_most is None else at_most)


def total(parts: Iterable[Ends]) -> Ends:
    """The sum. Ends that are each at most `WIDEST` apart stay so."""
    made = Ends()
    for part in parts:
        made += part
    return made


NOTHING = Ends()
"""None of it."""
