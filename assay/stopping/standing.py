"""What isn't measured on purpose, as the job of a block reads and tells it.

Why it isn't is left to others: looks at the decision (`assay.decision.looks`), or enough is known (`enough`).
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from assay.errors import InputError
from assay.ledger.ledger import Ledger
from assay.stopping.settings import CellWidths


def not_measured(look: Path) -> str | None:
    """Why a model's later blocks aren't measured; None where they are. InputError if the file says neither."""
    try:
        found = json.loads(look.read_text(encoding="utf-8"))
        return None if found["more"] else str(found["reason"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{look}: expected what a look at the decision says of a model ({type(error).__name__}: {error}); "
            "delete it and run again"
        ) from error


def nothing_sent(buckets: Iterable[str], reason: str) -> dict[str, Any]:
    """The status of a job that sent nothing on purpose: complete, with the reason for each bucket."""
    return {
        "status": "complete",
        "reason": None,
        "sittings": 0,
        "workers": 0,
        "requests_sent": 0,
        "from_ledger": 0,
        "dropped_lines": 0,
        "started_utc": None,
        "ended_utc": None,
        "cells": not_sent(dict.fromkeys(buckets, reason)),
    }


def not_sent(stopped: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The cells of a status that have no requests on purpose, by bucket: complete, with the reason."""
    return {bucket: {"valid": True, "reason": None, "stopped": reason} for bucket, reason in stopped.items()}


def stop_note(bucket: str, reason: str, edition: int, stop: CellWidths | None) -> dict[str, Any]:
    """What the ledger keeps of a bucket that isn't measured in a block: for the same widths it holds."""
    said = None if stop is None else stop.model_dump(mode="json")
    return {"stopped": bucket, "because": reason, "edition": edition, "stop": said}


def note_once(ledger: Ledger, note: Mapping[str, Any]) -> None:
    """Keep a note that isn't in the ledger yet."""
    if not any(note.items() <= line.items() for line in ledger.notes):
        ledger.write_note(dict(note))
