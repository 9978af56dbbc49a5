"""The cap across processes: one number, what is spent and reserved, that every process of a run changes under one lock.

Reserve the most that a request can cost before it is sent, settle when it has ended: so the cap is never passed, however
many jobs race for the last dollar. What a killed process had reserved simply stays counted. A process that opens the
purse while no other has it open counts afresh by the ledger's files (`committed`), which know more: what the purse
itself says isn't trusted then, so a damaged one does no harm.

What a request costs, and which requests are counted, is left to the caller. The number is an integer of picodollars
(10^-12 USD), so that nothing drifts.

It is read and written, not mapped into memory: a process that is killed in the middle leaves the old number or the new
one, a file system that locks across machines serves too, and it takes microseconds all the same.
"""

import fcntl
import logging
import math
import os
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from assay.errors import InputError

log = logging.getLogger(__name__)

PICODOLLARS = 10**12
"""In a dollar."""

_LARGEST = 2**63 - 1
_MAGIC = b"purse 1\n"
_HEAD = struct.Struct("<8sqI")
"""What it is, picodollars spent or reserved, checksum of both."""
_SEEN = struct.Struct("<QIIIIII")
"""Key of a model, the fields of `Seen`, checksum of all."""
_MODELS = 64
"""Models of which it is kept what was seen; of others nothing is known."""
_MOST_SEEN = 2**32 - 1


class Seen(NamedTuple):
    """What answers of a model have shown about how its tokens are counted: for each the most that was seen."""

    answers: int = 0
    """As far as they were counted."""
    density: int = 0
    """Tokens in a million bytes."""
    input_beyond: int = 0
    """Input tokens of a request that had more than was thought the most of such a one; 0 where none had."""
    output_beyond: int = 0
    """Output tokens beyond what was asked for at most."""
    sound_bytes: int = 0
    """Bytes of a request that had no more input tokens than was thought."""


def picodollars(usd: float) -> int:
    """Dollars as the purse counts them, rounded up."""
    return math.ceil(usd * PICODOLLARS)


class Purse:
    """The open purse of one run. Open it with `opened`."""

    def __init__(self, path: Path, file: int, max_usd: float) -> None:
        self._path = path
        self._file = file
        self.max_usd = max_usd
        self._most = math.floor(min(max_usd * PICODOLLARS, float(2**62)))
        self._places: dict[int, int] = {}
        """Where it stands what was seen of a model."""

    @property
    def committed(self) -> int:
        """Picodollars that are spent or reserved, by all processes."""
        with self._locked():
            return self._read()

    def reserve(self, amount: int, room: int = 0) -> bool:
        """Set so many picodollars aside; false, and nothing is changed, where that, or `room`, would pass the cap."""
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            before = self._read()
            if before + max(amount, room) > self._most:
                return False
            self._write(before + amount)
            return True
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def settle(self, reserved: int, actual: int) -> None:
        """Put what was really spent in the place of what was reserved, both in picodollars."""
        if actual == reserved:
            return
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            self._write(self._read() + actual - reserved)
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def seen(self, key: int) -> Seen:
        """What is known of the model `key`, by all processes."""
        if (place := self._places.get(key)) is not None:
            # Without the lock: what another process is just writing fails its checksum, and is read again under it.
            entry = os.pread(self._file, _SEEN.size, place)
            if entry[:8] == struct.pack("<Q", key) and (found := _entry(entry)) is not None:
                return found[1]
        with self._locked():
            place, seen = self._place(key)
            return seen

    def learn(self, key: int, shown: Seen) -> None:
        """Take into account what one answer has shown."""
        with self._locked():
            place, before = self._place(key)
            if place is None:
                return
            most = [before.answers + 1, *map(max, before[1:], shown[1:])]
            head = struct.pack("<QIIIII", key, *(min(each, _MOST_SEEN) for each in most))
            os.pwrite(self._file, head + struct.pack("<I", zlib.crc32(head)), place)
            self._places[key] = place

    @contextmanager
    def _locked(self) -> Iterator[None]:
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def _read(self) -> int:
        if not os.fstat(self._file).st_nlink:
            raise InputError(
                f"{self._path}: this is where running jobs keep count of what is spent, and it was deleted, so nothing more "
                "is sent. Run again: it is counted afresh from the ledger then."
            )
        head = os.pread(self._file, _HEAD.size, 0)
        if len(head) == _HEAD.size:
            magic, committed, checksum = _HEAD.unpack(head)
            if magic == _MAGIC and checksum == zlib.crc32(head[:16]):
                return int(committed)
        raise InputError(
            f"{self._path}: this is where running jobs keep count of what is spent, and it is damaged, so nothing more is "
            "sent. Run again once no job of this run is at work: it is counted afresh from the ledger then."
        )

    def _write(self, committed: int) -> None:
        head = struct.pack("<8sq", _MAGIC, min(committed, _LARGEST))
        os.pwrite(self._file, head + struct.pack("<I", zlib.crc32(head)), 0)

    def _place(self, key: int) -> tuple[int | None, Seen]:
        """Where it stands or may be put what was seen of a model, and what it is; null where the table is full."""
        size = _MODELS * _SEEN.size
        table = os.pread(self._file, size, _HEAD.size).ljust(size, b"\0")
        free: int | None = None
        for begin in range(0, size, _SEEN.size):
            found = _entry(table[begin : begin + _SEEN.size])
            if found is not None and found[0] == key:
                return _HEAD.size + begin, found[1]
            if found is None and free is None:
                free = _HEAD.size + begin
        return free, Seen()


def _entry(raw: bytes) -> tuple[int, Seen] | None:
    """A model's key and what was seen of it; null where nothing whole stands there."""
    if len(raw) < _SEEN.size:
        return None
    key, *seen, checksum = _SEEN.unpack(raw)
    return (key, Seen(*seen)) if checksum == zlib.crc32(raw[:-4]) else None


def glance(folder: Path, run: str) -> int | None:
    """What the purse of a run says is spent or reserved, in picodollars, without its lock; null where it says nothing whole."""
    try:
        head = (folder / f"purse.{run}").read_bytes()[: _HEAD.size]
        magic, committed, checksum = _HEAD.unpack(head)
    except (OSError, struct.error):
        return None
    return int(committed) if magic == _MAGIC and checksum == zlib.crc32(head[:16]) else None


@contextmanager
def opened(folder: Path, run: str, max_usd: float, committed: Callable[[], int]) -> Iterator[Purse]:
    """The purse of a run in the folder of its ledger. `committed` counts afresh, in picodollars: see the module.

    Raises InputError where the purse is damaged and other processes have it open.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"purse.{run}"
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    present = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o644)
    try:
        purse = Purse(path, file, max_usd)
        with purse._locked():  # the door: one comes in at a time
            if _alone(present):
                purse._write(committed())
            else:
                purse._read()
            # Nobody waits for this one: who wants it alone wants it behind the door.
            fcntl.flock(present, fcntl.LOCK_SH)
        yield purse
    finally:
        os.close(present)
        os.close(file)


def _alone(present: int) -> bool:
    try:
        fcntl.flock(present, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
