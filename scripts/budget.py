"""The part of a command line that says how much the run may spend, and by which rule: the same in every script that sends."""

import argparse
import json
from pathlib import Path

from assay.ledger.registered import register
from assay.spending import capped
from assay.spending.cap import Cap


def add(made: argparse.ArgumentParser) -> None:
    """The flags. Without them there is no cap."""
    made.add_argument("--max-usd", type=float, help="the most that the whole run may spend")
    made.add_argument("--prices", type=Path, help="prices.json of the prices stage; needed with --max-usd")
    add_rule(made)
    made.add_argument("--capped", type=Path, help="where to note, beside the ledger, that the job was capped")


def add_rule(made: argparse.ArgumentParser) -> None:
    """The flag of the rule alone. Without it nothing is registered."""
    made.add_argument(
        "--rule",
        type=json.loads,
        help="JSON: what the run's decision goes by, for the ledger before anything is sent",
    )


def announce(arguments: argparse.Namespace, run: str) -> None:
    """Register the rule, unless that was done when the run started: it isn't where Snakemake is told to call no hooks."""
    if arguments.rule is not None:
        register(arguments.ledger, run, arguments.rule)


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
