"""A thin stream to a simulator whose true write times are known: how late this very process reads, under any load.

The simulator serves the canary alone. One request at a time goes to it from the event loop that also measures, over
the same connection and answer code, and each event's read stamp is held against the time at which the simulator
wrote it. Nothing of it is paid for, and none of it is in the ledger. What the errors mean is left to `selfcheck`.
"""

import asyncio
import json
import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from assay.bedrock.address import Address, parsed
from assay.bedrock.eventstream import Frame
from assay.bedrock.request import Line, body
from assay.bedrock.settings import Inference, Model, Timeouts
from assay.bedrock.signing import Credentials, SigV4
from assay.sender.answer import Answer
from assay.sender.connection import Connection
from assay.sender.sender import request_bytes
from assay.sender.timeline import Timeline
from assay.simulator import credentials as simulated

log = logging.getLogger(__name__)

MODEL_ID = "canary"

BEHAVIOUR: dict[str, Any] = {
    "models": {
        MODEL_ID: {
            "kind": "model",
            "latency": {
                "base_ms": 20,
                "per_1k_input_tokens_ms": 0,
                "jitter": 0.5,
                "tokens_per_s": 40,
                "token_jitter": 0.5,
            },
            "reasoning_tokens": 12,
        }
    }
}
"""What the canary's simulator does: about 6 events in 150 ms, then the next request.

So thin that it takes about a hundredth of a core on either side. The jitter keeps its events from falling into step
with anything else that is periodic.
"""

_LINE = Line(
    Model(label="canary", id=MODEL_ID),
    Inference(max_tokens=6, temperature=0.0),
)
_TIMEOUTS = Timeouts(connect_s=5.0, first_byte_s=10.0, gap_s=10.0, total_s=20.0)
_FAILURES = 3
"""So many requests of the canary that fail in a row end it: its simulator is gone."""
_ACCOUNT_S = 0.5
"""Longest wait for the simulator's own account of the last request. It is written microseconds after its last event."""


class _Heard(Answer):
    """An answer that keeps the read stamp of each event."""

    __slots__ = ("stamps",)

    def __init__(self) -> None:
        super().__init__(True, Timeline())
        self.stamps: list[int] = []

    def _event(self, frame: Frame, stamp: int) -> None:
        self.stamps.append(stamp)
        super()._event(frame, stamp)


class Canary:
    """The stream. `start` and `stop` it around what is to be watched, then ask for its `errors`."""

    def __init__(self, address: Address, journal: Path) -> None:
        keys = Credentials(simulated.ACCESS_KEY_ID, simulated.SECRET_ACCESS_KEY)
        self._address = address
        self._signer = SigV4(lambda: keys, simulated.REGION)
        self._journal = journal
        self._read_to = 0
        self._stopping = False
        self._task: asyncio.Task[None] | None = None
        self._heard: dict[str, list[int]] = {}
        self._errors: list[tuple[int, float]] = []

    def start(self) -> None:
        """Begin to send, in the running event loop."""
        self._stopping = False
        self._heard = {}
        self._errors = []
        self._task = asyncio.create_task(self._sing())

    async def stop(self) -> None:
        """Follow the request in flight to its end, and read the simulator's account of all of them."""
        self._stopping = True
        if self._task is not None:
            await self._task
        for _ in range(int(_ACCOUNT_S / 0.005)):
            self._match()
            if not self._heard:
                return
            await asyncio.sleep(0.005)

    def drop(self) -> None:
        """End at once. What the simulator has accounted for counts."""
        if self._task is not None:
            self._task.cancel()
        self._match()

    @property
    def errors(self) -> list[tuple[int, float]]:
        """Of each write of the simulator since `start`: when it was (perf_counter_ns), and how much later it was read, in ms.

        Events that were written together are one.
        """
        return self._errors

    async def _sing(self) -> None:
        connection: Connection | None = None
        failures = 0
        try:
            while not self._stopping and failures < _FAILURES:
                if connection is None or not connection.usable:
                    connection = await self._open()
                failures = failures + 1 if connection is None or not await self._ask(connection) else 0
            if failures:
                log.warning("the canary fell silent: how late this process reads isn't known from here on")
        finally:
            if connection is not None:
                connection.close()

    async def _open(self) -> Connection | None:
        try:
            return await Connection.open(self._address, _TIMEOUTS, None)
        except (OSError, TimeoutError):
            return None

    async def _ask(self, connection: Connection) -> bool:
        content = body(_LINE, "How late is it?", None, "")
        host = self._address.host_header
        request = request_bytes(host, _LINE.path, self._signer.headers(host, _LINE.path, content), content)
        heard = _Heard()
        await connection.ask(request, heard, _TIMEOUTS)
        outcome = heard.outcome
        if outcome.request_id is not None and heard.stamps:
            self._heard[outcome.request_id] = heard.stamps
        return outcome.error is None

    def _match(self) -> None:
        """Hold what was heard against what was written since the last look."""
        with self._journal.open("rb") as file:
            file.seek(self._read_to)
            new = file.read()
        whole = new.rfind(b"\n") + 1
        self._read_to += whole
        for raw in new[:whole].splitlines():
            line = json.loads(raw)
            stamps = self._heard.pop(line["id"], None) if line["event"] == "ended" else None
            if stamps is None:
                continue
            before = 0
            for written, read in zip(line["events_ns"], stamps, strict=False):
                if written != before:
                    # The simulator stamps after its write, so a quick reader can be a few microseconds early.
                    self._errors.append((written, max(0.0, (read - written) / 1e6)))
                before = written


@contextmanager
def started() -> Iterator[Canary]:
    """A canary with a simulator of its own, which ends when the block is left, and its journal with it."""
    from assay.simulator.process import SimulatorProcess

    with tempfile.TemporaryDirectory(prefix="assay-canary-") as folder:
        behaviour, journal = Path(folder, "behaviour.yaml"), Path(folder, "journal.jsonl")
        behaviour.write_text(json.dumps(BEHAVIOUR), encoding="utf-8")
        journal.touch()
        with SimulatorProcess.started(behaviour=behaviour, journal=journal) as process:
            yield Canary(parsed(process.url, simulated.REGION, "simulator"), journal)
