"""The files of a ledger as they lie on the disk, read without their locks: for accounts, checks and compaction.

A job's file and those of its workers belong together (`Group`). Nothing is written here.
"""

import fcntl
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from assay.errors import InputError
from assay.ledger.ledger import parts
from assay.ledger.lines import Line, lines

_PART = re.compile(r"\.w\d+$")


@dataclass(frozen=True, slots=True)
class Group:
    """One job's file, which need not exist where its workers have written everything, and its workers'."""

    path: Path
    files: tuple[Path, ...]
    """Those that exist, in the order in which a job reads them."""

    @property
    def name(self) -> str:
        """Of the job's file."""
        return self.path.name

    @property
    def stage(self) -> str:
        """What the file's name begins with."""
        return self.path.name.split(".", 1)[0]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.stat().st_size for file in self.files)

    def lines(self) -> Iterator[tuple[Path, Line]]:
        """All lines of all files, each with its file."""
        for file in self.files:
            for line in lines(file.read_bytes()):
                yield file, line

    @property
    def held(self) -> bool:
        """Whether a job, or a worker that has outlived its job, is at work on it."""
        return any(_held(path.with_suffix(".lock")) for path in {self.path, *self.files})


def groups(folder: Path) -> list[Group]:
    """Everything that a ledger's folder holds, by name. Raises InputError where the folder isn't there."""
    if not folder.is_dir():
        raise InputError(f"{folder}: is no folder; expected that of a ledger, such as results/<run>/ledger")
    files = [path for path in folder.glob("*.jsonl") if path.is_file()]
    paths = {path.with_name(f"{_PART.sub('', path.stem)}.jsonl") for path in files}
    return [
        Group(path, tuple(file for file in (path, *parts(path)) if file.is_file())) for path in sorted(paths)
    ]


def _held(lock: Path) -> bool:
    try:
        file = os.open(lock, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False
