"""Remembers beside the ledger under which caps a job was capped, so that a higher cap reruns that job and no other.

The number of caps that are too low by now is a param of the job's rule: it changes when the cap rises above one at which
the job was capped, and at nothing else. So a job that was capped isn't tried again under the same cap, and one that came to
its end under a higher one stays as it is.
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path

from assay.whole import write_text


@dataclass(frozen=True, slots=True)
class _Noted:
    capped_at_usd: tuple[float, ...] = ()
    highest_usd: float = -math.inf
    """Of the caps under which the job was tried; infinite where there was none."""


def note(path: Path, max_usd: float | None, capped: bool) -> None:
    """Note how a job ended under a cap (null for none). Nothing is written for a job that was never capped."""
    if not capped and not path.exists():
        return
    found, now = _read(path), _limit(max_usd)
    highest = max(now, found.highest_usd)
    made = {
        "capped_at_usd": sorted({*found.capped_at_usd, *([now] if capped else [])}),
        "highest_usd": None if highest == math.inf else highest,
    }
    write_text(path, json.dumps(made) + "\n")


def too_low(path: Path, max_usd: float | None) -> int:
    """How many caps at which the job was capped lie below the present one, or below the highest that it was tried under."""
    found = _read(path)
    return sum(cap < max(_limit(max_usd), found.highest_usd) for cap in found.capped_at_usd)


def _limit(max_usd: float | None) -> float:
    return math.inf if max_usd is None else max_usd


def _read(path: Path) -> _Noted:
    if not path.exists():
        return _Noted()
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return _Noted(tuple(map(float, found["capped_at_usd"])), _limit(found["highest_usd"]))
    except (ValueError, TypeError, KeyError):
        return _Noted()  # damaged: at worst the job isn't tried again by itself
