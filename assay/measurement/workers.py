"""Measures a job's cells from several processes at once, where one would be too slow to stamp in time.

Each worker is a process with an event loop, a canary and a ledger file of its own, and takes its share of the slots (or
of the arrivals) and of the requests. They begin each cell together, and each keeps the load up until the last measured
request of all of them has ended. Their stamps are of one monotonic clock, and their ledger files are read as one.
"""

import asyncio
import logging
import math
import mmap
import multiprocessing
import os
import struct
import tempfile
import traceback
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from assay.bedrock.address import Address
from assay.bedrock.settings import Endpoint
from assay.errors import InputError
from assay.ledger.ledger import Ledger, opened, part
from assay.ledger.room import NoRoom
from assay.measurement.job import Cell, Job, Sat, measure_cells
from assay.measurement.plan import JobLoad
from assay.sender import canary
from assay.sender.allowance import Allowance, Capped
from assay.sender.sender import SetupError
from assay.sender.target import signer_for

log = logging.getLogger(__name__)

STREAMS_PER_WORKER = 128
"""Requests in flight that one process stamps well: docs/precision.md has the measurements."""

REQUESTS_PER_WORKER_RPS = 400.0
"""Requests per second that one process sends well."""

_LEFT = struct.Struct("=q")
"""What is left to measure: of each worker in turn, and after the last one whether nothing more may be sent."""


def workers_for(load: JobLoad) -> int:
    """How many processes a load takes: as many as are asked for, else enough, but not more than there are cores.

    A cell that is measured for a time and not for a number of requests takes one: its requests can't be shared out
    beforehand.
    """
    if load.duration_s is not None:
        return 1
    requests = load.requests if load.ramp is None else load.ramp.requests
    most = load.concurrency or max(1, int(requests or 1))
    if load.workers is not None:
        return min(load.workers, most)
    if load.concurrency is not None:
        wanted = math.ceil(load.concurrency / STREAMS_PER_WORKER)
    else:
        wanted = math.ceil(load.fastest_rps / REQUESTS_PER_WORKER_RPS)
    return max(1, min(wanted, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1, most))


@dataclass(slots=True)
class _Share:
    """One worker's part. What is left to measure stands in a small file that all workers map."""

    number: int
    of: int
    board: mmap.mmap

    def tell(self, left: int) -> None:
        """See assay.measurement.job.Share."""
        _LEFT.pack_into(self.board, self.number * _LEFT.size, left)

    def others(self) -> int:
        """See assay.measurement.job.Share."""
        return sum(
            _LEFT.unpack_from(self.board, number * _LEFT.size)[0]
            for number in range(self.of)
            if number != self.number
        )

    def end(self) -> None:
        """See assay.measurement.job.Share."""
        _LEFT.pack_into(self.board, self.of * _LEFT.size, 1)

    def ended(self) -> bool:
        """See assay.measurement.job.Share."""
        return bool(_LEFT.unpack_from(self.board, self.of * _LEFT.size)[0])


@dataclass(frozen=True, slots=True)
class _Work:
    """All that a worker needs to know. It crosses to another process, so it is plain data."""

    job: Job
    number: int
    of: int
    board: Path
    endpoint: Endpoint
    address: Address
    ledger: Path
    about: Mapping[str, str]
    sitting: str
    """The job's."""
    todo: dict[str, Cell]


@dataclass(frozen=True, slots=True)
class Workers:
    """Sends a job's requests from `count` processes. Call it as `assay.measurement.job.measure` does."""

    count: int
    endpoint: Endpoint

    def __call__(
        self, job: Job, ledger: Ledger, address: Address, todo: Mapping[str, Cell], sat: Sat
    ) -> None:
        """Send what is missing, and have the ledger know it. Raises SetupError and NoRoom as the sender does."""
        try:
            with ExitStack() as stack:
                self._measure(stack, job, ledger, address, todo, sat)
        finally:
            ledger.refresh()  # when the workers have ended, and so hold no lock

    def _measure(
        self,
        stack: ExitStack,
        job: Job,
        ledger: Ledger,
        address: Address,
        todo: Mapping[str, Cell],
        sat: Sat,
    ) -> None:
        board = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="assay-workers-"))) / "left"
        board.write_bytes(bytes((self.count + 1) * _LEFT.size))
        mapped = stack.enter_context(_mapped(board))
        shares = [
            {bucket: replace(one, missing=one.missing[number :: self.count]) for bucket, one in todo.items()}
            for number in range(self.count)
        ]
        team = [
            stack.enter_context(
                _Started(
                    _Work(
                        job,
                        number,
                        self.count,
                        board,
                        self.endpoint,
                        address,
                        part(ledger.path, number),
                        ledger.about,
                        ledger.sitting,
                        share,
                    )
                )
            )
            for number, share in enumerate(shares)
        ]
        for bucket in todo:
            for number, share in enumerate(shares):
                _LEFT.pack_into(mapped, number * _LEFT.size, len(share[bucket].missing))
            # A worker with nothing to measure in a cell passes over it.
            sending = [pipe for pipe, share in zip(team, shares, strict=True) if share[bucket].wanted]
            for pipe in sending:
                pipe.send(bucket)
            _heard(sending, sat)


def _mapped(path: Path) -> mmap.mmap:
    with path.open("r+b") as file:
        return mmap.mmap(file.fileno(), 0)


class _Started:
    """A worker process, and this end of the pipe to it. It ends when the pipe does, a killed parent's too."""

    def __init__(self, work: _Work) -> None:
        # A fresh interpreter: a fork would inherit threads' locks, and every open pipe.
        context = multiprocessing.get_context("spawn")
        self._ours, theirs = context.Pipe()
        self._process = context.Process(target=_run, args=(theirs, work), name=f"worker {work.number + 1}")
        self._process.start()
        theirs.close()

    def __enter__(self) -> Connection:
        return self._ours

    def __exit__(self, *_: object) -> None:
        self._ours.close()
        self._process.join()


def _heard(team: list[Connection], sat: Sat) -> None:
    """Listen to all workers until each is done with the cell. What they log is logged here, so the job's log has it."""
    busy = list(team)
    lost: Exception | None = None
    while busy:
        for ready in wait(busy):
            assert isinstance(ready, Connection)
            try:
                kind, value = ready.recv()
            except (EOFError, ConnectionResetError):  # which of them, the moment of its end decides
                raise InputError(
                    "a worker process was killed; perhaps there was too little memory (dmesg says so). Run again: nothing "
                    "that was answered is asked again"
                ) from None
            if kind == "log":
                log.log(*value)
            elif kind == "failed":
                raise RuntimeError(f"a worker process has failed:\n{value}")
            else:
                busy.remove(ready)
                if kind == "lost":
                    lost = SetupError(value)
                elif kind == "unusable":
                    lost = InputError(value)
                elif kind == "capped":
                    reason, sent = value
                    lost = Capped(reason)
                    sat.requests_sent += sent
                else:
                    sat.requests_sent += value
    if lost is not None:
        raise lost


class _ToParent(logging.Handler):
    """Hands log lines to the process that has the screen and the log file."""

    def __init__(self, pipe: Connection) -> None:
        super().__init__()
        self._pipe = pipe

    def emit(self, record: logging.LogRecord) -> None:
        """See logging.Handler."""
        self._pipe.send(("log", (record.levelno, "%s", record.getMessage())))


def _run(pipe: Connection, work: _Work) -> None:
    """The worker process."""
    logging.basicConfig(level=logging.INFO, handlers=[_ToParent(pipe)])
    try:
        with (
            opened(work.ledger, work.about, work.sitting) as ledger,
            canary.started() as bird,
            _mapped(work.board) as board,
            work.job.allowance() as allowance,
        ):
            share = _Share(work.number, work.of, board)
            try:
                asyncio.run(_measure(pipe, work, replace(work.job, share=share), ledger, bird, allowance))
            except NoRoom:
                share.end()  # the disk is everybody's
                raise
            finally:
                share.tell(0)  # nobody keeps up the load for one that has ended
    except SetupError as error:
        pipe.send(("lost", str(error)))
    except InputError as error:
        pipe.send(("unusable", str(error)))
    except Capped:
        return  # which was told with the cell
    except BrokenPipeError:
        return  # the parent has gone, and nobody is left to tell
    except Exception:  # noqa: BLE001 - told to the parent, which ends the job with it
        pipe.send(("failed", traceback.format_exc()))


async def _measure(
    pipe: Connection, work: _Work, job: Job, ledger: Ledger, bird: Any, allowance: Allowance | None
) -> None:
    orders: asyncio.Queue[str] = asyncio.Queue()
    sat = Sat()

    def hear() -> None:
        try:
            orders.put_nowait(pipe.recv())
        except (EOFError, OSError):
            # The parent has ended, or was killed. Nothing more may be sent: another job may take over at once.
            os._exit(1)

    @asynccontextmanager
    async def turn(bucket: str) -> AsyncIterator[None]:
        ordered = await orders.get()
        assert ordered == bucket
        before = sat.requests_sent
        try:
            yield
        except Capped as error:
            pipe.send(("capped", (str(error), sat.requests_sent - before)))
            raise
        pipe.send(("done", sat.requests_sent - before))

    asyncio.get_running_loop().add_reader(pipe.fileno(), hear)
    try:
        signer = signer_for(work.endpoint)
        await measure_cells(job, ledger, work.address, signer, bird, work.todo, sat, allowance, turn)
    finally:
        asyncio.get_running_loop().remove_reader(pipe.fileno())
