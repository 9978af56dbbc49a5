"""The append-only store of what was paid for: one file of JSON lines for each job that writes.

Each attempt has two lines: `dispatched`, written before its bytes leave, and `outcome`, written before its answer is
used. A `dispatched` without outcome (a crash) counts as spent. Each line ends with a checksum of its own, by which a
single flipped bit is put right; a line that still doesn't hold, such as the half-written last line of a crash, is left
out and said. A lock keeps a second job from paying for the same work. Room on the disk for the outcomes of what is in
flight is taken before a request leaves (`room`).

What the lines mean is left to the caller, but for the keys that are named here.
"""

import fcntl
import logging
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from assay.errors import InputError
from assay.ledger.lines import line, lines
from assay.ledger.room import NoRoom, Room, outcome_bytes

log = logging.getLogger(__name__)

_SALT_BYTES = 32


class Ledger:
    """One open file of the ledger. Open it with `opened`, which holds the lock.

    `sitting` names this opening of the file; `dispatched` and `outcomes` hold the lines of all sittings so far, by
    attempt key, in the order in which they were written; `notes` holds what sittings noted beside them; `reused` holds,
    by attempt key, answers that another run has paid for. `full` says why nothing more may be sent: null while there
    is room on the disk.
    """

    def __init__(
        self, path: Path, salt: bytes, about: Mapping[str, str] | None = None, of: str | None = None
    ) -> None:
        self.path = path
        self.salt = salt
        self.about = dict(about or {})
        self.of = of
        self.sitting = secrets.token_hex(8)
        self.dispatched: dict[str, list[dict[str, Any]]] = {}
        self.outcomes: dict[str, list[dict[str, Any]]] = {}
        self.sittings: dict[str, dict[str, Any]] = {}
        self.notes: list[dict[str, Any]] = []
        self.reused: dict[str, dict[str, Any]] = {}
        self.dropped_lines = 0
        self.repaired_lines = 0
        self.full: NoRoom | None = None
        self._file: int | None = None
        self._room: Room | None = None
        self._begun = False
        self._end = 0
        self._owed: dict[tuple[str, int], int] = {}
        """Room for the outcome of each request in flight, in bytes."""
        self._owed_bytes = 0
        self._unwritten: list[dict[str, Any]] = []

    def refresh(self) -> None:
        """Read everything again: what workers have written to files of their own since."""
        for held in (self.dispatched, self.outcomes, self.sittings, self.notes, self.reused):
            held.clear()
        self.dropped_lines = self.repaired_lines = 0
        self._read(self.path)
        for part in parts(self.path):
            # A worker whose job was killed notices it at once; until then it holds the lock of its file.
            with _locked(part):
                self._read(part)

    def _read(self, path: Path) -> None:
        if not path.exists():
            return
        for found in lines(path.read_bytes()):
            entry = found.entry
            if entry is None:
                self.dropped_lines += 1
                log.warning("%s: line %d is damaged or half-written; it is left out", path, found.number)
                continue
            if found.repaired:
                self.repaired_lines += 1
                log.warning(
                    "%s: line %d had %s; it is used as it was before", path, found.number, found.repaired
                )
            self.take(entry)

    def take(self, entry: dict[str, Any]) -> None:
        """Hold a line that was read, once. Lines of a kind that isn't known are passed over."""
        kind = entry["line"]
        if kind == "sitting":
            self.sittings[entry["sitting"]] = entry
        elif kind == "dispatched":
            _add(self.dispatched.setdefault(entry["key"], []), entry)
        elif kind == "outcome":
            _add(self.outcomes.setdefault(entry["key"], []), entry)
        elif kind == "note":
            _add(self.notes, entry)
        elif kind == "reused":
            self.reused.setdefault(entry["key"], entry)

    def write_dispatched(self, key: str, entry: dict[str, Any]) -> None:
        """Note that a request is about to leave. Returns when the operating system has the line.

        Raises NoRoom, with nothing noted, where the disk has no room for the line and for the outcomes of all that is
        in flight: then the request may not be sent. `most` of the entry is the most tokens of input and output.
        """
        if self.full is not None:
            raise self.full
        noted = {"line": "dispatched", "key": key, "sitting": self.sitting, **entry}
        owed = outcome_bytes(entry["most"][1] if entry.get("most") else None)
        try:
            self._begin()
            assert self._room is not None
            self._room.ensure(self._end, self._owed_bytes + owed)
            self._write(line(noted))
        except OSError as error:
            raise self._now_full(error) from error
        self._owed[key, entry["try"]] = owed
        self._owed_bytes += owed
        self.dispatched.setdefault(key, []).append(noted)

    def write_outcome(self, key: str, entry: dict[str, Any]) -> None:
        """Note what came of a request. Returns when the operating system has the line.

        Where it can't be written it is kept in memory, `full` says so, and it is tried again when the file is closed.
        """
        noted = {"line": "outcome", "key": key, "sitting": self.sitting, **entry}
        self._keep(noted)
        self._owed_bytes -= self._owed.pop((key, entry["try"]), 0)
        self.outcomes.setdefault(key, []).append(noted)

    def write_reused(self, key: str, entry: dict[str, Any]) -> None:
        """Keep an answer that another run has paid for, under a key of this one: it costs nothing, and is no outcome."""
        noted = {"line": "reused", "key": key, "sitting": self.sitting, **entry}
        self._keep(noted)
        self.reused.setdefault(key, noted)

    def write_note(self, entry: dict[str, Any]) -> None:
        """Note what a sitting saw beside its requests: how the client itself did, say."""
        noted = {"line": "note", "sitting": self.sitting, **entry}
        self._keep(noted)
        self.notes.append(noted)

    def _keep(self, entry: dict[str, Any]) -> None:
        """Write a line about what there is already; if it can't be written, hold it until the file is closed."""
        if self._unwritten:
            self._unwritten.append(entry)
            return
        try:
            self._begin()
            self._append(line(entry))
        except OSError as error:
            self._unwritten.append(entry)
            self._now_full(error)

    def _begin(self) -> None:
        """Open for writing, and anchor this sitting's monotonic clock to wall-clock time."""
        if self._begun:
            return
        if self._file is None:
            self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            self._end = os.fstat(self._file).st_size
            self._room = Room(self._file, self.path.with_suffix(".ballast"))
        assert self._room is not None
        self._room.ensure(self._end, 0)
        if self._end and not _ends_with_newline(self.path):
            self._append(b"\n")  # closes the half-written line of a crash
        anchor: dict[str, Any] = {
            "line": "sitting",
            "sitting": self.sitting,
            **({"of": self.of} if self.of else {}),
            "wall_ns": time.time_ns(),
            "perf_ns": time.perf_counter_ns(),
            **({"about": self.about} if self.about else {}),
        }
        last_ns = max((each["wall_ns"] for each in self.sittings.values()), default=0)
        if anchor["wall_ns"] < last_ns:
            log.warning(
                "%s: the clock was set back by %.0f s or more since an earlier sitting. Latencies don't depend on it; "
                "times of day do",
                self.path,
                (last_ns - anchor["wall_ns"]) / 1e9,
            )
        self._append(line(anchor))
        self._begun = True
        self.sittings[self.sitting] = anchor

    def _append(self, data: bytes) -> None:
        """Put a line into the file, whole or not at all."""
        assert self._room is not None
        try:
            self._write(data)
        except OSError:
            if not self._room.give_up():
                raise
            self._write(data)  # in the ballast's place

    def _write(self, data: bytes) -> None:
        assert self._file is not None
        left = data
        try:
            while left:
                left = left[os.write(self._file, left) :]
        except OSError:
            if len(left) < len(data):
                os.ftruncate(self._file, self._end)
            raise
        self._end += len(data)

    def _now_full(self, error: OSError) -> NoRoom:
        if self.full is None:
            self.full = NoRoom(
                f"{self.path}: the ledger can't be written ({error.strerror or error}). No request leaves without room "
                "on the disk for its answer: nothing more was sent, and what was in flight was followed to its end. Free "
                "some space and run again: nothing that was answered is asked again."
            )
        return self.full

    def _close(self) -> None:
        """Write what couldn't be written before, give back the room that wasn't needed, and close the file."""
        held, self._unwritten = self._unwritten, []
        for entry in held:
            self._keep(entry)
        if self._file is not None:
            assert self._room is not None
            try:
                self._room.free(self._end)
                os.fsync(self._file)
            finally:
                os.close(self._file)
                self._file = None
        if lost := sum(entry["line"] == "outcome" for entry in self._unwritten):
            raise NoRoom(
                f"{self.full} {lost} answers that came could not be written though, not even at the end: they were paid "
                "for, and will be asked again."
            )


@contextmanager
def opened(path: Path, about: Mapping[str, str] | None = None, of: str | None = None) -> Iterator[Ledger]:
    """Lock and read the ledger file at `path` (made if missing), and hold the lock until the block is left.

    Leave the block only when the job's outputs are in place. If another job holds the lock, that is said, and
    waited for: it may be the child of a Snakemake that was killed, and what it buys is bought for this job too.

    `about` says who sits: the run, the stage, the label and the id of the model. It stands in the sitting's line, so
    that what was paid can be told apart later; nothing else depends on it. `of` is for a worker: the sitting of its job,
    whose clock it shares.

    Raises NoRoom at the end where an answer could not be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        salt = _salt(path.parent)
    except OSError as error:
        raise NoRoom(
            f"{path.parent}: the folder of the ledger can't be written ({error.strerror or error}). Nothing was sent"
        ) from error
    with _locked(path):
        ledger = Ledger(path, salt, about, of)
        ledger.refresh()
        try:
            yield ledger
        finally:
            ledger._close()


def closed(path: Path) -> Ledger | None:
    """A ledger file whose job has ended, to read from without its lock; None where there is none."""
    if not path.exists():
        return None
    ledger = Ledger(path, b"")
    for each in (path, *parts(path)):
        ledger._read(each)
    return ledger


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


def _add(held: list[dict[str, Any]], entry: dict[str, Any]) -> None:
    """What stands in two files is one: a compaction that was cut off leaves workers' lines in both."""
    if entry not in held:
        held.append(entry)


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
