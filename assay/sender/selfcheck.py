"""What the client did to its own measurement: event-loop lag, CPU, garbage collection, lateness of dispatch, the canary.

Watches one stretch of sending from inside, and sums up the part of it in which requests were on their way. What is
bad enough to count is left to `assay.measurement.validity`.
"""

import asyncio
import gc
import math
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from time import perf_counter_ns
from types import TracebackType
from typing import Any, Self

from assay.sender.canary import Canary
from assay.sender.timeline import Timeline

PERIOD_S = 0.02
"""How often the event loop is asked how late it is."""

TIMER_S = 0.001
"""An idle event loop may be late by so much: the operating system's wait is asked for in whole milliseconds."""


class SelfCheck:
    """An async context manager around a stretch of sending. Afterwards `note` says how the client did.

    Whoever sends calls `sent` with the timeline of each attempt that has ended.
    """

    def __init__(self, canary: Canary | None = None) -> None:
        self._canary = canary
        self._wall_less_perf_ns = time.time_ns() - perf_counter_ns()
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._lags: list[tuple[int, float, int]] = []
        self._pauses: list[tuple[int, float]] = []
        self._pause_began = 0
        self._late: list[float] = []
        self._first_ns: int | None = None
        self._last_ns: int | None = None

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        gc.callbacks.append(self._collecting)
        self._sleep()
        if self._canary is not None:
            self._canary.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        gc.callbacks.remove(self._collecting)
        if self._canary is None:
            return
        if kind is None:
            await self._canary.stop()
        else:
            self._canary.drop()

    def sent(self, timeline: Timeline) -> None:
        """Take note of an attempt: the time it spans is watched, and so is how late it left."""
        began, ended = timeline.dispatched_ns, timeline.ended_ns
        if began is not None:
            self._first_ns = began if self._first_ns is None else min(began, self._first_ns)
            if timeline.intended_ns is not None and timeline.launched_ns is not None:
                # What waited longer, for a place in flight, waited for the service.
                self._late.append((timeline.launched_ns - timeline.intended_ns) / 1e6)
        if ended is not None:
            self._last_ns = ended if self._last_ns is None else max(ended, self._last_ns)

    def note(self) -> dict[str, Any]:
        """The figures, of the time from the first dispatch to the last end. Null is what couldn't be seen in it.

        Latenesses and pauses are in ms; `cpu_share` is CPU time of this process over time, so that 1 is one core.
        """
        first_ns = self._first_ns or 0
        # A pause that had begun before the first dispatch counts from there on.
        lags = [min(lag, (at_ns - first_ns) / 1e6) for at_ns, lag, _ in self._lags if self._watched(at_ns)]
        cpu = [(at_ns, cpu_ns) for at_ns, _, cpu_ns in self._lags if self._watched(at_ns)]
        pauses = [pause for at_ns, pause in self._pauses if self._watched(at_ns)]
        heard = self._canary.errors if self._canary is not None else []
        errors = [error for at_ns, error in heard if self._watched(at_ns)]
        return {
            "client_lag_ms_p99": _percentile(lags, 99),
            "client_lag_ms_max": _percentile(lags, 100),
            "canary_n": len(errors),
            "canary_error_ms_p50": _percentile(errors, 50),
            "canary_error_ms_p99": _percentile(errors, 99),
            "cpu_share": _share(cpu),
            "gc_pauses": len(pauses),
            "gc_pause_ms_max": _percentile(pauses, 100) if pauses else 0.0,
            "schedule_error_ms_p99": _percentile(self._late, 99),
            "began_utc": self._utc(self._first_ns),
            "ended_utc": self._utc(self._last_ns),
        }

    def _watched(self, at_ns: int) -> bool:
        return (
            self._first_ns is not None
            and self._last_ns is not None
            and self._first_ns <= at_ns <= self._last_ns
        )

    def _utc(self, perf_ns: int | None) -> str | None:
        if perf_ns is None:
            return None
        return datetime.fromtimestamp((perf_ns + self._wall_less_perf_ns) / 1e9, UTC).isoformat()

    def _sleep(self) -> None:
        self._due = self._loop.time() + PERIOD_S
        self._timer = self._loop.call_at(self._due, self._wake)

    def _wake(self) -> None:
        late_s = max(0.0, self._loop.time() - self._due - TIMER_S)
        self._lags.append((perf_counter_ns(), late_s * 1e3, time.process_time_ns()))
        self._sleep()

    def _collecting(self, phase: str, _: Mapping[str, int]) -> None:
        now = perf_counter_ns()
        if phase == "start":
            self._pause_began = now
        else:
            self._pauses.append((now, (now - self._pause_began) / 1e6))


_BEST = {"canary_n": min, "began_utc": min}
"""What of several notes isn't the highest: the fewest events heard, and the earliest beginning."""


def worst(notes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Several notes about one cell as one: each figure is the worst of theirs, null where none has it."""
    found: dict[str, Any] = {}
    for name in SelfCheck().note():
        values = [note[name] for note in notes if note.get(name) is not None]
        found[name] = _BEST.get(name, max)(values) if values else None
    return found


def _percentile(values: Sequence[float], percent: int) -> float | None:
    """The smallest value that at least that share of the values lies at or below; null if there is none."""
    if not values:
        return None
    return round(sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)], 3)


def _share(cpu: Sequence[tuple[int, int]]) -> float | None:
    """CPU time over time, of (time, CPU time) in ns; null under two samples."""
    if len(cpu) < 2:
        return None
    (began, cpu_began), (ended, cpu_ended) = cpu[0], cpu[-1]
    return round((cpu_ended - cpu_began) / (ended - began), 3)
