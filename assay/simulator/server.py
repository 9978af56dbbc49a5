"""Runs the simulator in this process: binds a port on loopback, says so, serves until it is told to end."""

import asyncio
import gc
import json
import os
import signal
import ssl
import sys
import threading
from pathlib import Path

from assay.errors import InputError
from assay.simulator import answer_key, behaviour
from assay.simulator.http import Connection
from assay.simulator.journal import Journal
from assay.simulator.service import Service

HOST = "127.0.0.1"


def run(
    behaviour_path: Path,
    key_path: Path | None,
    journal_path: Path | None,
    port: int,
    keep: bool,
    tls_cert: Path | None,
    tls_key: Path | None,
) -> None:
    """Serve until SIGTERM, SIGINT, or, unless `keep`, until standard input closes.

    Writes {"port": N, "pid": N} to standard output when it listens. Raises InputError if a file can't be used or the
    port is taken.
    """
    known = behaviour.read(behaviour_path)
    key = answer_key.read(key_path) if key_path is not None else {}
    context = _tls(tls_cert, tls_key)
    try:
        journal = Journal(journal_path)
    except OSError as error:
        raise InputError(f"{journal_path}: the journal can't be written: {error}") from error
    with journal:
        asyncio.run(_serve(known, key, journal, port, keep, context))


async def _serve(
    known: behaviour.Behaviour,
    key: answer_key.Key,
    journal: Journal,
    port: int,
    keep: bool,
    context: ssl.SSLContext | None,
) -> None:
    loop = asyncio.get_running_loop()
    told_to_end = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told_to_end.set)
    if not keep:
        threading.Thread(target=_watch_standard_input, args=(loop, told_to_end), daemon=True).start()
    service = Service(known, key, journal, loop)
    try:
        server = await loop.create_server(
            lambda: Connection(service.handle), HOST, port, ssl=context, backlog=1024
        )
    except OSError as error:
        raise InputError(
            f"port {port}: the simulator can't listen on {HOST}: {error}. Name another."
        ) from error
    gc.freeze()  # what is there now stays: a collection in the middle of a stream should have little to look at
    print(json.dumps({"port": server.sockets[0].getsockname()[1], "pid": os.getpid()}), flush=True)
    await told_to_end.wait()
    server.close()
    service.close()


def _watch_standard_input(loop: asyncio.AbstractEventLoop, told_to_end: asyncio.Event) -> None:
    """A thread of its own, since only pipes can be watched by the loop. Ends with the process."""
    try:
        while os.read(sys.stdin.fileno(), 65536):
            pass
    except OSError:
        pass  # a standard input that can't be read is as good as closed
    loop.call_soon_threadsafe(told_to_end.set)


def _tls(cert: Path | None, key: Path | None) -> ssl.SSLContext | None:
    if cert is None and key is None:
        return None
    if cert is None or key is None:
        raise InputError("TLS needs both a certificate and a key: give --tls-cert and --tls-key.")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(cert, key)
    except OSError as error:
        raise InputError(f"{cert}, {key}: the TLS certificate can't be used: {error}") from error
    return context
