"""What a person reads while requests are sent: whole lines, each of which says whose it is.

Many jobs share the screen, so nothing is overwritten and no line needs the one before it.
"""

import asyncio
import logging
import statistics
from collections import Counter
from time import perf_counter

from assay.bedrock.errors import THROTTLED
from assay.sender.answer import Answer

log = logging.getLogger(__name__)

PERIOD_S = 5.0


class Progress:
    """Progress of one cell (or of one judge): counts what ended, and says so every few seconds."""

    def __init__(self, name: str, total: int | None) -> None:
        """`total` is null where nobody knows how many there will be."""
        self._name = name
        self._total = total
        self._ended = 0
        self._errors: Counter[str] = Counter()
        self._latency_ms: list[float] = []
        self._began = perf_counter()

    def count(self, answer: Answer) -> None:
        """A request that counts has ended."""
        self._ended += 1
        outcome, timeline = answer.outcome, answer.timeline
        if outcome.error is not None:
            self._errors["throttled" if outcome.error in THROTTLED else outcome.error] += 1
        first = timeline.first_text_ns or timeline.ended_ns
        if outcome.ok and first is not None and timeline.sent_ns is not None:
            self._latency_ms.append((first - timeline.sent_ns) / 1e6)

    async def every_few_seconds(self) -> None:
        """Say how far it is, until cancelled."""
        while True:
            await asyncio.sleep(PERIOD_S)
            self.say()

    def say(self) -> None:
        """Write one line."""
        taken = perf_counter() - self._began
        parts = [str(self._ended) if self._total is None else f"{self._ended}/{self._total}"]
        parts += [f"{count} {kind}" for kind, count in self._errors.most_common()]
        if self._latency_ms:
            parts.append(f"first text after {statistics.median(self._latency_ms):.0f} ms (median)")
        if self._total is None:
            parts.append(f"after {taken:.1f} s")
        elif self._ended >= self._total:
            parts.append(f"done in {taken:.1f} s")
        elif self._ended:
            parts.append(f"about {taken / self._ended * (self._total - self._ended):.0f} s left")
        log.info("%s: %s", self._name, ", ".join(parts))
