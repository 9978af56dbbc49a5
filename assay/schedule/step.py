"""The one question that every schedule answers: what is sent next, when, and is it over?

Schedules know nothing of servers, clocks or requests: they are told the time gone by, and how much was sent.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

Role = Literal["warmup", "measured", "filler"]


@dataclass(frozen=True, slots=True)
class Step:
    """What is sent next, and when."""

    role: Role
    at_s: float | None
    """Seconds after the beginning; null: as soon as there is a place for it."""


class Schedule(Protocol):
    """When to send, and as what."""

    def next(self, elapsed_s: float, sent: int, measured_in_flight: int) -> Step | None:
        """The step after `sent` others, `elapsed_s` seconds after the beginning; null when it is over.

        `measured_in_flight` are the measured requests that have not ended yet, those that wait for their time
        included. It only matters after the last measured one: filler goes on until that has ended.
        """
        ...
