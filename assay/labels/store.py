"""The file of labels while somebody labels: every label is on disk before it counts as given.

Each change writes the whole file beside the old one, forces it to disk and puts it in the old one's place, so that a crash
at any moment leaves one or the other. Rows of others, columns beyond ours, the order and the delimiter stay as they are. One
process at a time holds the file. What somebody changed in it meanwhile, in a spreadsheet say, is read first. Leaves to
others: what a file of labels may say (`labels`), who asks (`server`).
"""

import fcntl
import os
import stat
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from assay.errors import InputError
from assay.judging.settings import VerdictKind
from assay.labels.labels import COLUMNS, Label, guarded, read_labels, unguarded
from assay.labels.sheet import read_sheet, sheet_bytes

CHOICES: Mapping[VerdictKind, tuple[str, ...]] = {
    "correctness": ("correct", "incorrect", "skip"),
    "scale": ("1", "2", "3", "4", "5", "skip"),
}
"""What may be said of an answer, as it is written into the file."""


class Conflict(Exception):
    """The label that is to be changed isn't the one that stands in the file. `label` is that one; None where there is none."""

    def __init__(self, label: str | None) -> None:
        super().__init__("labelled otherwise meanwhile")
        self.label = label


class Closed(Exception):
    """Labelling has ended; nothing is saved any more."""


@dataclass(frozen=True, slots=True)
class _Content:
    """The file as it was last seen."""

    header: tuple[str, ...] = COLUMNS
    rows: tuple[tuple[str, ...], ...] = ()
    delimiter: str = ","
    stamp: tuple[int, ...] = ()
    """What tells that the file is another one now; empty where there is none."""


@dataclass(slots=True)
class Store:
    """One labeler's labels in a file of labels. Made by `opened`; its methods may be called from any thread."""

    path: Path
    verdict: VerdictKind
    labeler: str
    items: Collection[str]
    """What may be labelled."""
    _content: _Content = field(default_factory=_Content)
    _labels: dict[str, str] = field(default_factory=dict)
    _changes: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _closed: bool = False

    def labels(self) -> dict[str, str]:
        """This labeler's labels by item, in the file's order, of what is in the sample.

        Raises InputError where the file was changed meanwhile to something that is no file of labels.
        """
        with self._lock:
            self._read_again()
            return {item: label for item, label in self._labels.items() if item in self.items}

    @property
    def changes(self) -> int:
        """How often these labels changed since the store was opened: a number that others can wait for to change."""
        return self._changes

    def everyones(self) -> list[Label]:
        """The labels of all labelers. Raises InputError."""
        with self._lock:
            self._read_again()
            return read_labels(self.path, self.verdict) if self._content.stamp else []

    def give(self, item: str, label: str, before: str | None) -> None:
        """Put a label into the file, and onto the disk. `before` is the one that it replaces, as the labeler sees it.

        Giving the same label twice changes nothing. Raises Conflict where another label stands there, Closed after `close`,
        KeyError for an item that isn't in the sample, ValueError for what is no label, OSError where it could not be saved:
        then the file is as it was.
        """
        if item not in self.items:
            raise KeyError(item)
        if label not in CHOICES[self.verdict]:
            raise ValueError(label)
        with self._lock:
            if self._closed:
                raise Closed
            self._read_again()
            stands = self._labels.get(item)
            if stands == label:
                return
            if stands != before:
                raise Conflict(stands)
            self._write(item, label)
            self._changes += 1

    def close(self) -> None:
        """End: what is being saved is saved, nothing after it."""
        with self._lock:
            self._closed = True

    def _read_again(self) -> None:
        stamp = _stamp(self.path)
        if stamp == self._content.stamp:
            return
        found: list[Label] = []
        content = _Content()
        if stamp:
            found = read_labels(self.path, self.verdict)  # says what is wrong with it, if anything is
            sheet = read_sheet(self.path)
            rows = tuple(row.cells for row in sheet.rows)
            content = _Content(sheet.header, rows, sheet.delimiter, stamp)
        known, self._content = self._labels, content
        self._labels = {
            label.item: _choice(label.value, self.verdict) for label in found if label.labeler == self.labeler
        }
        self._changes += known != self._labels

    def _write(self, item: str, label: str) -> None:
        header = list(self._content.header)
        for needed in ("item", "label", *(("labeler",) if self.labeler else ())):
            if self._column(needed, header) is None:
                header.append(needed)
        rows, found = [], False
        for row in self._content.rows:
            cells = [*row, *[""] * (len(header) - len(row))]
            if self._ours(row) and self._cell(row, "item").casefold() == item:
                cells[self._at("label", header)] = label
                found = True
            rows.append(cells)
        if not found:
            cells = [""] * len(header)
            cells[self._at("item", header)] = item
            cells[self._at("label", header)] = label
            if self.labeler:
                cells[self._at("labeler", header)] = guarded(self.labeler)
            rows.append(cells)
        stamp = _replace(self.path, sheet_bytes(header, rows, self._content.delimiter))
        self._content = _Content(
            tuple(header), tuple(tuple(row) for row in rows), self._content.delimiter, stamp
        )
        self._labels[item] = label

    def _ours(self, row: tuple[str, ...]) -> bool:
        return self._cell(row, "labeler") == self.labeler

    def _cell(self, row: tuple[str, ...], name: str) -> str:
        at = self._column(name, self._content.header)
        return unguarded(row[at].strip()) if at is not None and at < len(row) else ""

    @staticmethod
    def _column(name: str, header: Collection[str]) -> int | None:
        names = [each.strip().casefold() for each in header]
        return names.index(name) if name in names else None

    def _at(self, name: str, header: Collection[str]) -> int:
        at = self._column(name, header)
        assert at is not None
        return at


@contextmanager
def opened(path: Path, verdict: VerdictKind, items: Collection[str], labeler: str = "") -> Iterator[Store]:
    """The labels of `labeler` (nobody in particular by default) in the file at `path`, which need not exist yet.

    Raises InputError where another process labels into it, where it is no file of labels, or can't be written.
    """
    path = path.resolve()  # what a link leads to is written, and the link stays
    with _held(path):
        store = Store(path, verdict, labeler, items)
        store.labels()
        try:
            yield store
        finally:
            store.close()


@contextmanager
def _held(path: Path) -> Iterator[None]:
    lock = path.with_name(f".{path.name}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise InputError(
            f"{path}: labels can't be saved there ({error.strerror}); give another place"
        ) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise InputError(
                f"{path}: another process is labelling into this file; go on in its page, or finish there first"
            ) from error
        yield
    finally:
        os.close(handle)


def _choice(value: float | None, verdict: VerdictKind) -> str:
    """A label's value as one of `CHOICES`."""
    if value is None:
        return "skip"
    if verdict == "scale":
        return str(round(value * 4) + 1)
    return "correct" if value else "incorrect"


def _stamp(path: Path) -> tuple[int, ...]:
    try:
        found = path.stat()
    except FileNotFoundError:
        return ()
    return found.st_ino, found.st_size, found.st_mtime_ns


def _replace(path: Path, content: bytes) -> tuple[int, ...]:
    """Put `content` at `path`, on disk when this returns; the file's stamp. Raises OSError: then the old file is there."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            with suppress(FileNotFoundError):
                os.fchmod(file.fileno(), stat.S_IMODE(path.stat().st_mode))
            os.fsync(file.fileno())
        stamp = _stamp(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return stamp
