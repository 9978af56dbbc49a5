"""The rules that decisions were announced by, in the ledger before anything was bought: `registered.jsonl`.

One line for each rule that a run was started with, in the order in which that was, never changed: append-only, and on the disk
before a request leaves. What a rule holds and what follows from a change is left to the caller (`assay.decision.registered`).
"""

import fcntl
import hashlib
import logging
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from assay.canonical import canonical_json
from assay.ledger.lines import line, lines
from assay.whole import on_disk

log = logging.getLogger(__name__)

FILE = "registered.jsonl"
"""Its name in the ledger's folder: one file for all runs that share the ledger."""

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Registered:
    """A rule as it was registered."""

    rule: Mapping[str, Any]
    at_ns: int
    """Nanoseconds since 1970, UTC."""

    @property
    def sha256(self) -> str:
        """Of the rule."""
        return hash_of(self.rule)

    @property
    def at(self) -> datetime:
        """When it was registered, to the microsecond, UTC."""
        return _BEGINNING + timedelta(microseconds=self.at_ns // 1000)

    @property
    def at_utc(self) -> str:
        """The same as text: ISO 8601, to the millisecond."""
        return self.at.isoformat(timespec="milliseconds")


def hash_of(rule: Mapping[str, Any]) -> str:
    """SHA-256 of the rule's canonical JSON, in hexadecimal digits."""
    return hashlib.sha256(canonical_json(rule).encode()).hexdigest()


def register(folder: Path, run: str, rule: Mapping[str, Any], at_ns: int | None = None) -> Registered:
    """Append the rule of `run` to the ledger in `folder`, unless it is the last one that was registered for it.

    Returns once it is on the disk. `at_ns` is by default now. Raises OSError where it can't be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    with _locked(path):
        before = registrations(folder, run)
        if before and before[-1].sha256 == hash_of(rule):
            return before[-1]
        made = Registered(dict(rule), time.time_ns() if at_ns is None else at_ns)
        noted = {
            "line": "registered",
            "run": run,
            "at_ns": made.at_ns,
            "at_utc": made.at_utc,
            "sha256": made.sha256,
            "rule": made.rule,
        }
        with path.open("ab") as file:
            if file.tell() and not _ends_with_newline(path):
                file.write(b"\n")  # closes the half-written line of a crash
            file.write(line(noted))
            file.flush()
            os.fsync(file.fileno())
        on_disk(folder)
    return made


def registrations(folder: Path, run: str) -> list[Registered]:
    """What was registered for `run`, in its order; nothing where there is no file. Damaged lines are left out, and said."""
    path = folder / FILE
    found = []
    for each in lines(path.read_bytes()) if path.exists() else ():
        entry = each.entry
        if entry is None or (entry["line"] == "registered" and hash_of(entry["rule"]) != entry["sha256"]):
            log.warning("%s: line %d is damaged; it is left out", path, each.number)
        elif entry["line"] == "registered" and entry["run"] == run:
            found.append(Registered(entry["rule"], entry["at_ns"]))
    return found


def in_force(folder: Path, run: str, at: datetime) -> Registered | None:
    """The rule of `run` that was the last to be registered up to `at`; None where none was."""
    return next((each for each in reversed(registrations(folder, run)) if each.at <= at), None)


def of_measurement(folder: Path, run: str, first: datetime | None) -> dict[str, str | None]:
    """For a measurement's status: the rule in force at `first`, the dispatch of its first measured request.

    Nulls where there was none; all are null where nothing was measured.
    """
    found = None if first is None else in_force(folder, run, first)
    return {
        "sha256": None if found is None else found.sha256,
        "at_utc": None if found is None else found.at_utc,
        "first_measured_utc": None if first is None else first.isoformat(timespec="milliseconds"),
    }


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    lock = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)  # which frees the lock


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
