"""How many requests a model works on at once, and the queue before it."""

from collections import deque
from collections.abc import Callable

from assay.simulator.behaviour import Capacity


class Slots:
    """First come, first served. `begin` callbacks are called when a slot is free, at once if there is one."""

    def __init__(self, capacity: Capacity) -> None:
        self._capacity = capacity
        self._busy = 0
        self._queue: deque[Callable[[], None]] = deque()

    def has_room(self) -> bool:
        """Whether one more request can be worked on, or wait."""
        slots, queue = self._capacity.slots, self._capacity.queue
        return slots is None or self._busy < slots or queue is None or len(self._queue) < queue

    def enter(self, begin: Callable[[], None]) -> None:
        """Begin, now or when its turn comes. Every one that began has to `leave`."""
        if self._capacity.slots is None or self._busy < self._capacity.slots:
            self._busy += 1
            begin()
        else:
            self._queue.append(begin)

    def withdraw(self, begin: Callable[[], None]) -> bool:
        """Leave the queue. False if it had begun already."""
        if begin in self._queue:
            self._queue.remove(begin)
            return True
        return False

    def leave(self) -> None:
        """Free a slot, for the first in the queue if there is one."""
        if self._queue:
            self._queue.popleft()()
        else:
            self._busy -= 1
