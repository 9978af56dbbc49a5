"""What a look at the decision says of a model, as a job of its later blocks reads it."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from assay.errors import InputError


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
        "cells": {bucket: {"valid": True, "reason": None, "stopped": reason} for bucket in buckets},
    }
