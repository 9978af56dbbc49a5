"""Starts the simulator as a process of its own and ends it in every case.

The process watches a pipe that only this one writes to: however this process ends, SIGKILL included, the pipe closes
and the simulator with it.
"""

import json
import logging
import os
import select
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from assay.errors import InputError

START_S = 30.0
"""Longest start. It takes a third of a second on an idle machine."""

END_S = 5.0
"""Longest end, before it is killed."""

_BAD_INPUT = 2
_SOURCES = Path(__file__).parents[2]


class SimulatorProcess:
    """A running simulator: a context manager that ends it."""

    def __init__(self, process: subprocess.Popen[bytes], stderr: IO[bytes], port: int, scheme: str) -> None:
        self._process = process
        self._stderr = stderr
        self.port = port
        self.url = f"{scheme}://127.0.0.1:{port}"
        self.pid = process.pid

    @classmethod
    def started(
        cls,
        behaviour: Path,
        answer_key: Path | None = None,
        journal: Path | None = None,
        tls_cert: Path | None = None,
        tls_key: Path | None = None,
    ) -> Self:
        """Start a simulator on a free port of loopback, and return when it listens.

        Raises InputError if it can't use its files, RuntimeError if it fails for another reason.
        """
        command = [sys.executable, "-m", "assay.simulator", "--behaviour", str(behaviour)]
        files = (
            ("--answer-key", answer_key),
            ("--journal", journal),
            ("--tls-cert", tls_cert),
            ("--tls-key", tls_key),
        )
        for option, path in files:
            if path is not None:
                command += [option, str(path)]
        path_variable = os.pathsep.join(filter(None, (str(_SOURCES), os.environ.get("PYTHONPATH"))))
        stderr = tempfile.TemporaryFile()  # noqa: SIM115 (closed when the simulator has ended)
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env={**os.environ, "PYTHONPATH": path_variable},
                start_new_session=True,  # Ctrl-C is for the job, which then ends its simulator in order
            )
            try:
                port = _port(process, stderr)
            except BaseException:
                _end(process)
                raise
        except BaseException:
            stderr.close()
            raise
        return cls(process, stderr, port, "http" if tls_cert is None else "https")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def end(self) -> None:
        """End it, by asking and if need be by force. Its journal is complete afterwards.

        Logs what it said if it failed on its way. Ending it twice is no error.
        """
        if self._stderr.closed:
            return
        _end(self._process)
        if self._process.returncode != 0:
            logging.warning(
                "The simulator ended with status %s.%s", self._process.returncode, _said(self._stderr)
            )
        self._stderr.close()


def _port(process: subprocess.Popen[bytes], stderr: IO[bytes]) -> int:
    """Wait for the line in which the simulator says its port."""
    assert process.stdout is not None
    ends_at = time.monotonic() + START_S
    line = b""
    while not line.endswith(b"\n"):
        ready, _, _ = select.select([process.stdout], [], [], max(0.0, ends_at - time.monotonic()))
        if not ready:
            raise RuntimeError(f"The simulator did not start within {START_S:g} s.{_said(stderr)}")
        read = os.read(process.stdout.fileno(), 4096)
        if not read:
            status = process.wait(timeout=END_S)
            said = _said(stderr)
            if status == _BAD_INPUT:
                raise InputError(said.strip().removeprefix("error: "))
            raise RuntimeError(f"The simulator ended with status {status} before it listened.{said}")
        line += read
    return int(json.loads(line)["port"])


def _said(stderr: IO[bytes]) -> str:
    stderr.seek(0)
    text = stderr.read().decode("utf-8", "replace").strip()
    return f"\n{text}" if text else " It said nothing."


def _end(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    try:
        process.wait(timeout=END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
