"""What a ledger holds and what it cost (show), whether all of it is there (check), and one right file for each job (compact)."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

import command

from assay.ledger import account, check
from assay.ledger.compact import compact
from assay.prices.snapshot import read as read_prices


def show(arguments: argparse.Namespace) -> None:
    prices = read_prices(arguments.prices) if arguments.prices is not None else None
    found = [
        each
        for each in account.accounts(arguments.ledger, prices)
        # What doesn't say whose it is, as in ledgers of before there were caps, is every run's: so the cap counts too.
        if arguments.run is None or each.run in (arguments.run, None)
    ]
    if arguments.json:
        print(json.dumps(account.as_json(found), indent=1))
    else:
        print(account.in_words(found, dollars=prices is not None))


def check_it(arguments: argparse.Namespace) -> None:
    found = check.check(arguments.ledger)
    print(json.dumps(check.as_json(found), indent=1) if arguments.json else check.in_words(found))
    if any(each.lost for each in found):
        sys.exit(1)


def compact_it(arguments: argparse.Namespace) -> None:
    for done in compact(arguments.ledger):
        print(done)


def main(arguments: argparse.Namespace) -> None:
    do: Callable[[argparse.Namespace], None] = arguments.do
    do(arguments)


if __name__ == "__main__":
    made = command.parser(__doc__)
    verbs = made.add_subparsers(required=True, metavar="show|check|compact")
    for name, do, says in (
        ("show", show, "what each run, model and judge was asked, and what it cost"),
        ("check", check_it, "whether every line is whole; ends with 1 where something is lost"),
        ("compact", compact_it, "put lines right, and merge the files of workers into their job's"),
    ):
        verb = verbs.add_parser(name, help=says, description=says)
        verb.add_argument("ledger", type=Path, help="folder of the ledger, such as results/<run>/ledger")
        verb.set_defaults(do=do)
        if name != "compact":
            verb.add_argument("--json", action="store_true", help="print JSON")
        if name == "show":
            verb.add_argument("--run", help="show this run only, and what is of no run; without it, all")
            verb.add_argument("--prices", type=Path, help="the run's prices.json; without it, no dollars")
    command.run(main, made)
