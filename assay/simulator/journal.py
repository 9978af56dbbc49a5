"""The simulator's own account of what it did: one JSON line when a request arrives, one when it ends.

Every line is written through to the file at once, so that the account holds after a SIGKILL too. Times are
`time.perf_counter_ns()`, which on Linux is one clock for all processes of a machine.
"""

import json
import os
from pathlib import Path
from types import TracebackType
from typing import Any, Self


class Journal:
    """Appends to a file, or does nothing if there is none."""

    def __init__(self, path: Path | None) -> None:
        self._file = None if path is None else os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            os.close(self._file)

    def write(self, line: dict[str, Any]) -> None:
        """Append one line. It stands in the file, for every other process, when this returns."""
        if self._file is not None:
            os.write(self._file, json.dumps(line, separators=(",", ":")).encode() + b"\n")
