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

from assay.errors import InputError

log = logging.getLogger(__name__)

PICODOLLARS = 10**12
"""In a dollar."""

_LARGEST = 2**63 - 1
_MAGIC = b"purse 1\n"
_HEAD = struct.Struct("<8sqI")
"""What it is, picodollars spent or reserved, checksum of both."""
_DENSITY = struct.Struct("<QIII")
"""Key of a model, answers seen (as far as they were counted), most tokens in a million bytes, checksum of all."""
_DENSITIES = 64
"""Models whose density is kept; of others nothing is known."""


def picodollars(usd: float) -> int:
    """Dollars as the purse counts them, rounded up."""
    return math.ceil(usd * PICODOLLARS)


class Purse:
    """The open purse of one run. Open it with `opened`."""

    def __init__(self, path: Path, file: int, max_usd: float) -> None:
        self._path = path
        self._file = file
        self.max_usd = max_usd
        self._most = min(math.floor(max_usd * PICODOLLARS), _LARGEST)

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

    def density(self, key: int) -> tuple[int, int]:
        """Of the model `key`: how many answers taught it, and the most tokens in a million bytes that were seen."""
        with self._locked():
            found = self._place(key)
            return (0, 0) if found is None else found[1:]

    def learn(self, key: int, tokens_in_a_million_bytes: int) -> tuple[int, int]:
        """Take an answer's density into account; returns what `density` gives from then on."""
        with self._locked():
            found = self._place(key)
            if found is None:
                return 0, 0
            place, count, most = found
            count, most = min(count + 1, 2**32 - 1), min(max(most, tokens_in_a_million_bytes), 2**32 - 1)
            head = struct.pack("<QII", key, count, most)
            os.pwrite(self._file, head + struct.pack("<I", zlib.crc32(head)), place)
            return count, most

    @contextmanager
    def _locked(self) -> Iterator[None]:
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def _read(self) -> int:
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

    def _place(self, key: int) -> tuple[int, int, int] | None:
        """Where the density of a model stands or may be put, and what it is; null where the table is full."""
        table = os.pread(self._file, _DENSITIES * _DENSITY.size, _HEAD.size).ljust(
            _DENSITIES * _DENSITY.size, b"\0"
        )
        free: int | None = None
        for number, (found, count, most, checksum) in enumerate(_DENSITY.iter_unpack(table)):
            begin = number * _DENSITY.size
            whole = checksum == zlib.crc32(table[begin : begin + _DENSITY.size - 4])
            if whole and found == key:
                return _HEAD.size + begin, count, most
            if not whole and free is None:
                free = begin
        return None if free is None else (_HEAD.size + free, 0, 0)


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
