"""The address at which labels of one file are given: the same again after a restart, so that a page that is still open goes on.

Port and token stand in a file that nobody else may read, beside the labels. Leaves to `server` what the token is for.
"""

import json
import os
import secrets
import stat
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Address:
    """Where a page finds its server."""

    port: int
    """0 where any free one does."""
    token: str
    """A secret: who knows it may read the sample and label."""


def remembered(labels: Path) -> Address:
    """The address that was kept for a file of labels; a new one where there is none, or others may read it."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        handle = os.open(_place(labels), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(handle, encoding="utf-8") as file:
            found = os.fstat(file.fileno())
            kept = json.load(file)
        port, token = kept["port"], kept["token"]
        private = found.st_uid == os.geteuid() and not stat.S_IMODE(found.st_mode) & 0o077
        if (
            private
            and isinstance(port, int)
            and 0 < port < 65536
            and isinstance(token, str)
            and len(token) >= 32
        ):
            return Address(port, token)
    return Address(0, secrets.token_urlsafe(24))


def remember(labels: Path, address: Address) -> None:
    """Keep an address for the next time. Where that fails, the next time has another one."""
    temporary = _place(labels).with_name(f".{labels.name}.address.{os.getpid()}")
    with suppress(OSError):
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(asdict(address), file)
        temporary.replace(_place(labels))


def _place(labels: Path) -> Path:
    return labels.with_name(f".{labels.name}.address")
