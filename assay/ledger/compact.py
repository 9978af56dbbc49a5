"""Makes one file of a job's and its workers', with every line right: the same content, and nothing of what holds none.

Under the lock, and whole or not at all: the new file is written beside the old one, and takes its name when it is on the
disk. Wherever that is cut off, everything is still there: workers' files go only after that, and lines that stand in
two files by then count once. What is beyond repair is set aside in a file that ends in .damaged.
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from assay.errors import InputError
from assay.ledger.ledger import parts
from assay.ledger.lines import Entry
from assay.ledger.stored import Group, groups
from assay.whole import on_disk


@dataclass(frozen=True, slots=True)
class Compacted:
    """What became of one job's file."""

    name: str
    before: int
    """Bytes of the file and of its workers'."""
    after: int
    merged: int
    """Workers' files that are gone."""
    repaired: int
    """Lines that were put right."""
    aside: int
    """Lines that were set aside, since they are beyond repair."""
    dropped: int
    """Lines that held nothing, or that stood in two files."""

    def __str__(self) -> str:
        done = [
            f"{count} {what}"
            for count, what in (
                (self.merged, "workers' files merged"),
                (self.repaired, "lines put right"),
                (self.aside, "lines set aside as beyond repair"),
                (self.dropped, "lines of nothing dropped"),
            )
            if count
        ]
        return f"{self.name}: {self.before:,} bytes before, {self.after:,} after" + "".join(
            f", {each}" for each in done
        )


def set_aside(path: Path) -> Path:
    """Where lines of the ledger file `path` are kept that are beyond repair."""
    return path.with_suffix(".damaged")


def compact(folder: Path) -> Iterator[Compacted]:
    """Compact every file of the ledger in `folder`. Raises InputError, and changes nothing, while a job is at work on one."""
    found = groups(folder)
    for group in found:
        if group.held:
            raise _at_work(group.path)
    for group in found:
        yield _compact_locked(group)


def _compact_locked(group: Group) -> Compacted:
    with ExitStack() as stack:
        stack.enter_context(_locked(group.path))
        # What its workers have written since: their files are known for sure only under the lock.
        group = Group(group.path, tuple(file for file in (group.path, *parts(group.path)) if file.exists()))
        for file in group.files:
            if file != group.path:
                stack.enter_context(_locked(file))
        return _compact(group)


def _compact(group: Group) -> Compacted:
    path, before = group.path, group.size
    found = [line for _, line in group.lines()]
    entries = [line.entry for line in found if line.entry is not None]
    busy = _busy(entries)
    kept: list[bytes] = []
    there: set[bytes] = set()
    for line in found:
        if line.entry is None or line.raw in there or _holds_nothing(line.entry, busy):
            continue
        there.add(line.raw)
        kept.append(line.raw)
    damaged = [line.raw for line in found if line.entry is None]
    merged = [file for file in group.files if file != path]
    repaired = sum(line.repaired is not None for line in found)
    content = b"".join(raw + b"\n" for raw in kept)
    if damaged or merged or content != path.read_bytes():
        _put_aside(set_aside(path), damaged)
        _replace(path, content)
        for file in merged:
            file.unlink()
        on_disk(path.parent)
    return Compacted(
        group.name, before, len(content), len(merged), repaired, len(damaged), len(entries) - len(kept)
    )


def _busy(entries: Sequence[Entry]) -> set[str]:
    """Sittings that have written anything. Reused answers don't say in which: in that whose line is before them."""
    busy: set[str] = set()
    current = ""
    for entry in entries:
        if entry["line"] == "sitting":
            current = entry["sitting"]
        elif not _empty_note(entry):
            busy.add(entry.get("sitting", current))
    return busy


def _holds_nothing(entry: Entry, busy: set[str]) -> bool:
    """Whether a line is of a sitting that did nothing, or a note of nothing."""
    return (entry["line"] == "sitting" and entry["sitting"] not in busy) or _empty_note(entry)


def _empty_note(entry: Entry) -> bool:
    return entry["line"] == "note" and not any(
        value for name, value in entry.items() if name not in ("line", "sitting")
    )


def _put_aside(path: Path, damaged: Sequence[bytes]) -> None:
    """Keep what is beyond repair, once: a compaction that was cut off may have kept it before."""
    known = set(path.read_bytes().split(b"\n")) if path.exists() else set()
    lines = b"".join(raw + b"\n" for raw in damaged if raw not in known)
    if lines:
        with path.open("ab") as file:
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())


def _replace(path: Path, content: bytes) -> None:
    for left in path.parent.glob(f".{path.name}.compact.*"):
        left.unlink()  # of a compaction that was killed
    temporary = path.with_name(f".{path.name}.compact.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    on_disk(path.parent)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    lock = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _at_work(path) from None
        yield
    finally:
        os.close(lock)


def _at_work(path: Path) -> InputError:
    return InputError(
        f"{path}: a job is at work on it, so it can't be compacted now; do so when the run has ended"
    )
