"""Room on the disk for what has been paid for: taken before a request leaves, as dollars are.

An answer that can't be written is an answer that has to be bought again. So a ledger file keeps blocks of the disk ahead
of its end: enough for the outcomes of everything in flight. Where the file system can, they are allocated behind the
file's end (fallocate, which leaves its size alone) in steps of a megabyte, so that a request costs nothing but a
comparison. Where it can't, a file beside it is the ballast, and is given up when the disk is full.
"""

import ctypes
import errno
import os
import resource
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

from assay.errors import InputError

AHEAD_BYTES = 1 << 20
"""How much is taken at once, beyond what is needed."""

SPARE_BYTES = 1 << 16
"""What is kept for other lines than outcomes: notes, and the line of a request that is about to leave."""

_OUTCOME_BYTES = 4096
"""An outcome without its text: stamps, counts, an error's message."""
_TOKEN_BYTES = 8
"""Text of one output token in JSON: twice what is usual."""
_TOKENS = 4096
"""Where the most output tokens of a request aren't known."""

_KEEP_SIZE = 1
_CANNOT = frozenset({errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL, errno.ENODEV})


class NoRoom(InputError):
    """The disk (or a quota, or a limit on the size of files) has no room for the ledger."""


def outcome_bytes(most_output_tokens: int | None) -> int:
    """Room that the outcome of one request may take."""
    return _OUTCOME_BYTES + _TOKEN_BYTES * (_TOKENS if most_output_tokens is None else most_output_tokens)


class Room:
    """The room of one open ledger file. `descriptor` is open for writing; `ballast` is a path of the file's own."""

    def __init__(self, descriptor: int, ballast: Path) -> None:
        self._descriptor = descriptor
        self._ballast = ballast
        self._kept_to = 0
        """Up to which offset blocks of the disk are allocated, for sure."""
        self._weighs: int | None = None
        """Bytes of the ballast; null where blocks are allocated behind the file's end."""
        self._ahead = AHEAD_BYTES
        self._allocate = _fallocate()
        limit = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
        self._longest = sys.maxsize if limit == resource.RLIM_INFINITY else limit

    def ensure(self, end: int, needed: int) -> None:
        """Have room for `needed` bytes, and some to spare, behind the offset `end`. Raises OSError where there is none."""
        needed += SPARE_BYTES
        if self._weighs is None and end + needed > self._kept_to:
            self._take(end, needed)
        if self._weighs is not None and needed > self._weighs:
            self._weigh(needed)
        if end + needed > self._longest:  # allocating doesn't ask for it
            raise OSError(errno.EFBIG, f"files may have {self._longest} bytes at most (ulimit -f)")

    def _take(self, end: int, needed: int) -> None:
        if self._allocate is None:
            self._weighs = 0
            return
        try:
            self._allocate(self._descriptor, end, needed + self._ahead)
        except OSError as error:
            if error.errno in _CANNOT:
                self._weighs = 0
            elif self._ahead:
                # Not tried again: an attempt that fails takes the last of the disk from others for a moment.
                self._ahead = 0
                self._take(end, needed)
            else:
                raise
        else:
            self._kept_to = end + needed + self._ahead

    def _weigh(self, needed: int) -> None:
        """Make the ballast heavier. What it holds can't be compressed, so that it takes all of its size."""
        wanted = needed + AHEAD_BYTES
        with self._ballast.open("ab") as file:
            file.write(os.urandom(max(0, wanted - file.tell())))
            file.flush()
            os.fsync(file.fileno())
            self._weighs = file.tell()

    def give_up(self) -> bool:
        """Throw the ballast away, so that there is room for what is in flight. Whether there was any."""
        self._kept_to = 0
        if not self._weighs:
            return False
        self._weighs = 0
        self._ballast.unlink(missing_ok=True)
        return True

    def free(self, end: int) -> None:
        """Give back what lies behind the file's end."""
        self.give_up()
        os.ftruncate(self._descriptor, end)


@cache
def _fallocate() -> Callable[[int, int, int], None] | None:
    """Linux's fallocate(2) of blocks behind a file's end, which Python doesn't have; null elsewhere."""
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None, use_errno=True)
    call = getattr(library, "fallocate64", None) or getattr(library, "fallocate", None)
    if call is None:
        return None
    call.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)

    def allocate(descriptor: int, offset: int, length: int) -> None:
        while call(descriptor, _KEEP_SIZE, offset, length):
            number = ctypes.get_errno()
            if number != errno.EINTR:
                raise OSError(number, os.strerror(number))

    return allocate
