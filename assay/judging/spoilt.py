"""Remembers beside the ledger how often the job of a judge ended without the judge working, so that it runs again.

The number is a param of the job's rule: a job that ended so finds another one when the workflow runs the next time, and
asks what failed; one that came to its end since finds the one that it was started with, and stays as it is.
"""

import json
from pathlib import Path

from assay.whole import write_text


def note(path: Path, working: bool) -> None:
    """Count a job whose judge didn't work. Nothing is written for one that does."""
    if not working:
        write_text(path, json.dumps({"times": times(path) + 1}) + "\n")


def times(path: Path) -> int:
    """How often the job ended without its judge working."""
    try:
        return int(json.loads(path.read_text(encoding="utf-8"))["times"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0  # never, or damaged: at worst the job isn't tried again by itself
