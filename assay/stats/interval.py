"""The one noun that every method of this room answers with."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Interval:
    """A two-sided interval. An end may be infinite, which means "as late as can be", and never "unknown"."""

    low: float
    high: float


def tail(confidence: float) -> float:
    """The probability that a two-sided interval leaves out at each end."""
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence has to lie between 0 and 1, both excluded, not {confidence}")
    return (1.0 - confidence) / 2.0
