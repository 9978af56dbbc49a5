"""The append-only store of what was paid for: one file of JSON lines for each job that writes.

Each attempt has two lines: `dispatched`, written before its bytes leave, and `outcome`, written before its answer is
used. A `dispatched` without outcome (a crash) counts as spent. Each line ends with a checksum of its own; a line
that doesn't hold, such as the half-written last line of a crash, is dropped and said. A lock keeps a second job
from paying for the same work.

What the lines mean is left to the caller, but for the keys that are named here.
"""

import fcntl
import json
import logging
import os
import secrets
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from assay.errors import InputError

log = logging.getLogger(__name__)

_SALT_BYTES = 32
_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode


class Ledger:
    """One open file of the ledger. Open it with `opened`, which holds the lock.

    `sitting` names this opening of the file; `dispatched` and `outcomes` hold the lines of all sittings so far, by
    attempt key, in the order in which they were written; `notes` holds what sittings noted beside them; `reused` holds,
    by attempt key, answers that another run has paid for.
    """

    def __init__(self, path: Path, salt: bytes, about: Mapping[str, str] | None = None) -> None:
        self.path = path
        self.salt = salt
        self.about = dict(about or {})
        self.sitting = secrets.token_hex(8)
        self.dispatched: dict[str, list[dict[str, Any]]] = {}
        self.outcomes: dict[str, list[dict[str, Any]]] = {}
        self.sittings: dict[str, dict[str, Any]] = {}
        self.notes: list[dict[str, Any]] = []
        self.reused: dict[str, dict[str, Any]] = {}
        self.dropped_lines = 0
        self._file: int | None = None
        self._begun = False

    def refresh(self) -> None:
        """Read everything again: what workers have written to files of their own since."""
        for held in (self.dispatched, self.outcomes, self.sittings, self.notes, self.reused):
            held.clear()
        self.dropped_lines = 0
        self._read(self.path)
        for part in parts(self.path):
            # A worker whose job was killed notices it at once; until then it holds the lock of its file.
            with _locked(part):
                self._read(part)

    def _read(self, path: Path) -> None:
        if not path.exists():
            return
        for number, raw in enumerate(path.read_bytes().split(b"\n"), start=1):
            if not raw:
                continue
            entry = checked(raw)
            if entry is None:
                self.dropped_lines += 1
                log.warning("%s: line %d is damaged or half-written; it is left out", path, number)
                continue
            kind = entry["line"]
            if kind == "sitting":
                self.sittings[entry["sitting"]] = entry
            elif kind == "dispatched":
                self.dispatched.setdefault(entry["key"], []).append(entry)
            elif kind == "outcome":
                self.outcomes.setdefault(entry["key"], []).append(entry)
            elif kind == "note":
                self.notes.append(entry)
            elif kind == "reused":
                self.reused.setdefault(entry["key"], entry)

    def write_dispatched(self, key: str, entry: dict[str, Any]) -> None:
        """Note that a request is about to leave. Returns when the operating system has the line."""
        self._write(
            {"line": "dispatched", "key": key, "sitting": self.sitting, **entry}, self.dispatched, key
        )

    def write_outcome(self, key: str, entry: dict[str, Any]) -> None:
        """Note what came of a request. Returns when the operating system has the line."""
        self._write({"line": "outcome", "key": key, "sitting": self.sitting, **entry}, self.outcomes, key)

    def write_reused(self, key: str, entry: dict[str, Any]) -> None:
        """Keep an answer that another run has paid for, under a key of this one: it costs nothing, and is no outcome."""
        noted = {"line": "reused", "key": key, **entry}
        self._append(noted)
        self.reused.setdefault(key, noted)

    def write_note(self, entry: dict[str, Any]) -> None:
        """Note what a sitting saw beside its requests: how the client itself did, say."""
        noted = {"line": "note", "sitting": self.sitting, **entry}
        self._append(noted)
        self.notes.append(noted)

    def _write(self, entry: dict[str, Any], into: dict[str, list[dict[str, Any]]], key: str) -> None:
        self._append(entry)
        into.setdefault(key, []).append(entry)

    def _begin(self) -> None:
        """Open for writing, and anchor this sitting's monotonic clock to wall-clock time."""
        self._begun = True
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        if self.path.stat().st_size and not _ends_with_newline(self.path):
            self._put(b"\n")  # closes the half-written line of a crash
        anchor = {
            "line": "sitting",
            "sitting": self.sitting,
            "wall_ns": time.time_ns(),
            "perf_ns": time.perf_counter_ns(),
            **({"about": self.about} if self.about else {}),
        }
        self._put_line(anchor)
        self.sittings[self.sitting] = anchor

    def _append(self, entry: dict[str, Any]) -> None:
        if not self._begun:
            self._begin()
        self._put_line(entry)

    def _put_line(self, entry: dict[str, Any]) -> None:
        body = _encode(entry).encode()[:-1]
        self._put(b'%s,"crc":"%08x"}\n' % (body, zlib.crc32(body)))

    def _put(self, data: bytes) -> None:
        assert self._file is not None
        while data:
            data = data[os.write(self._file, data) :]

    def _close(self) -> None:
        if self._file is not None:
            os.fsync(self._file)
            os.close(self._file)
            self._file = None


@contextmanager
def opened(path: Path, about: Mapping[str, str] | None = None) -> Iterator[Ledger]:
    """Lock and read the ledger file at `path` (made if missing), and hold the lock until the block is left.

    Leave the block only when the job's outputs are in place. If another job holds the lock, that is said, and
    waited for: it may be the child of a Snakemake that was killed, and what it buys is bought for this job too.

    `about` says who sits: the run, the stage, the label and the id of the model. It stands in the sitting's line, so
    that what was paid can be told apart later; nothing else depends on it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with _locked(path):
        ledger = Ledger(path, _salt(path.parent), about)
        ledger.refresh()
        try:
            yield ledger
        finally:
            ledger._close()


def part(path: Path, number: int) -> Path:
    """The file that worker `number` of the job that holds the ledger file `path` writes to."""
    return path.with_name(f"{path.stem}.w{number}.jsonl")


def parts(path: Path) -> list[Path]:
    """The files that workers have written beside the ledger file `path`."""
    return sorted(path.parent.glob(f"{path.stem}.w*.jsonl"))


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock of a ledger file, and say so where it has to be waited for."""
    lock = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            log.warning("%s: another job is at work on it; waiting until it is done", path)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)  # which frees the lock


def checked(raw: bytes) -> dict[str, Any] | None:
    """The line's entry, or null if its checksum doesn't hold."""
    body, mark, tail = raw.rpartition(b',"crc":"')
    if not mark or len(tail) != 10 or not tail.endswith(b'"}'):
        return None
    if b"%08x" % zlib.crc32(body) != tail[:8]:
        return None
    entry: dict[str, Any] = json.loads(body + b"}")
    return entry


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def _salt(folder: Path) -> bytes:
    """The secret that this ledger's nonces are made from: drawn once, kept for ever.

    Several jobs may start at once: the first to link its file into place wins, and all read that one.
    """
    path = folder / "salt"
    if not path.exists():
        mine = folder / f".salt.{os.getpid()}.{secrets.token_hex(4)}"
        mine.write_text(secrets.token_hex(_SALT_BYTES) + "\n", encoding="ascii")
        try:
            os.link(mine, path)
        except FileExistsError:
            log.debug("%s: another job was first", path)
        finally:
            mine.unlink()
    text = path.read_text(encoding="ascii").strip()
    try:
        salt = bytes.fromhex(text)
    except ValueError:
        salt = b""
    if len(salt) != _SALT_BYTES:
        raise InputError(
            f"{path}: expected {2 * _SALT_BYTES} hexadecimal digits, found {len(text)} characters. It is the secret "
            "that nonces are made from: restore it from a backup, or delete it (interrupted cells then resume with "
            "new nonces)."
        )
    return salt
