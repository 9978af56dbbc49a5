"""Lets requests leave at their own times, however long the answers to those before take.

A request is made and signed before its time comes. Where every place is taken it waits, and its intended time
stays: what a user would have waited is in its latency (no coordinated omission).
"""

import asyncio
from collections import deque
from collections.abc import Callable
from time import perf_counter_ns

from assay.sender.sender import Done, Intended, Planned, Sender, Take

AHEAD_S = 0.25
"""How long before its time a request is made: enough for a burst, too little for its signature to grow old."""


Wanted = Callable[[Planned], bool]
"""Asked when a request is about to leave: what isn't wanted any more stays."""


async def run_open(sender: Sender, most: int, spare: int, take: Take, done: Done, wanted: Wanted) -> None:
    """Send each request that `take` gives at its `at_s`, until `take` gives none, and follow each to its end.

    At most `most` are in flight. `spare` connections are kept open beyond those in use. Raises SetupError as
    `Sender.run` does.
    """
    await sender.open(range(min(spare, most)))
    await sender.undisturbed([_Run(sender, most, spare, take, done, wanted).run()])


class _Run:
    """The state of one run. For the arguments see `run_open`."""

    def __init__(self, sender: Sender, most: int, spare: int, take: Take, done: Done, wanted: Wanted) -> None:
        self._sender = sender
        self._most = most
        self._spare = spare
        self._take = take
        self._done = done
        self._wanted: Wanted = lambda planned: sender.lost is None and wanted(planned)
        self._slots = min(spare, most)
        self._free = list(range(self._slots))
        self._full: deque[tuple[Planned, int]] = deque()
        """What waits for a place, each with the time at which the client came to it."""
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """Send everything, and return when all of it has ended."""
        self._loop = asyncio.get_running_loop()
        # A little in the future, so that the first arrivals too are made before their time.
        self._began_s = self._loop.time() + AHEAD_S
        self._began_ns = perf_counter_ns() + int(AHEAD_S * 1e9)
        try:
            async with asyncio.TaskGroup() as self._group:
                while self._sender.lost is None and (planned := self._take()) is not None:
                    await self._near(planned)
                    if self._wanted(planned):
                        self._set(planned)
                while self._timers:
                    await self._change(None)
        finally:
            for timer in self._timers.values():
                timer.cancel()

    async def _near(self, planned: Planned) -> None:
        """Wait until it is time to make a request, or until it isn't wanted any more."""
        while self._wanted(planned):
            early_s = self._due_s(planned) - AHEAD_S - self._loop.time()
            if early_s <= 0:
                return
            await self._change(early_s)

    async def _change(self, longest_s: float | None) -> None:
        """Wait until something was sent or has ended, `longest_s` at most."""
        self._changed.clear()
        try:
            async with asyncio.timeout(longest_s):
                await self._changed.wait()
        except TimeoutError:
            return

    def _due_s(self, planned: Planned) -> float:
        return self._began_s + (planned.at_s or 0.0)

    def _set(self, planned: Planned) -> None:
        request = self._sender.request(planned, 1)
        due_s = self._due_s(planned)
        self._timers[planned.key] = self._loop.call_at(due_s, self._launch, planned, request)

    def _launch(self, planned: Planned, request: bytes) -> None:
        """Its time has come."""
        del self._timers[planned.key]
        self._changed.set()
        now_ns = perf_counter_ns()
        if not self._wanted(planned):
            return
        if not self._free and self._slots == self._most:
            self._full.append((planned, now_ns))
            return
        if not self._free:
            self._free.append(self._slots)  # its connection is opened by the request
            self._slots += 1
        self._group.create_task(self._use(self._free.pop(), planned, now_ns, request))
        if len(self._free) < self._spare and self._slots < self._most:
            self._group.create_task(self._open_another())

    async def _open_another(self) -> None:
        slot = self._slots
        self._slots += 1
        await self._sender.open([slot])
        self._free.append(slot)
        self._hand_on()

    async def _use(self, slot: int, planned: Planned, launched_ns: int, request: bytes | None) -> None:
        intended = Intended(self._began_ns + int((planned.at_s or 0.0) * 1e9), launched_ns, request)
        await self._sender.carry_at(slot, planned, intended, self._done)
        self._free.append(slot)
        self._hand_on()
        self._changed.set()

    def _hand_on(self) -> None:
        """Give a place that became free to what waits."""
        while self._full and self._free:
            planned, launched_ns = self._full.popleft()
            if self._wanted(planned):
                self._group.create_task(self._use(self._free.pop(), planned, launched_ns, None))
