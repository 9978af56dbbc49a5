"""The part of a command line that says how much the run may spend: the same in every script that sends."""

import argparse
from pathlib import Path

from assay.spending import capped
from assay.spending.cap import Cap


def add(made: argparse.ArgumentParser) -> None:
    """The flags. Without them there is no cap."""
    made.add_argument("--max-usd", type=float, help="the most that the whole run may spend")
    made.add_argument("--prices", type=Path, help="prices.json of the prices stage; needed with --max-usd")
    made.add_argument("--capped", type=Path, help="where to note, beside the ledger, that the job was capped")


def cap(arguments: argparse.Namespace, run: str) -> Cap | None:
    """The run's cap, if there is one."""
    if arguments.max_usd is None:
        return None
    if arguments.prices is None:
        raise SystemExit("--max-usd needs --prices: without prices no cap can be kept")
    return Cap(arguments.ledger, run, arguments.max_usd, arguments.prices)


def ended(arguments: argparse.Namespace, reason: str | None) -> dict[str, str | None]:
    """Status and reason of a job, which was capped if there is a reason; noted beside the ledger."""
    if arguments.capped is not None:
        capped.note(arguments.capped, arguments.max_usd, reason is not None)
    return {"status": "complete" if reason is None else "capped", "reason": reason}
