"""Look up the price of every model and judge, and keep the answer."""

import argparse
import json
import logging
from datetime import UTC, datetime
from pathlib import Path

import command

from assay.prices.settings import PriceList
from assay.prices.taking import take


def main(arguments: argparse.Namespace) -> None:
    snapshot = take(arguments.settings, datetime.now(UTC).date())
    for model, price in snapshot["prices"].items():
        if price["source"] is None:
            logging.warning("%s: price unknown; give it under `prices` in the benchmark file", model)
        else:
            logging.info("%s: %s", model, price["source"])
        for note in price["notes"]:
            logging.info("%s: %s", model, note)
    command.write_text(arguments.out, json.dumps(snapshot, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    parser = command.parser(__doc__)
    parser.add_argument("--settings", type=command.settings(PriceList), required=True)
    parser.add_argument("--out", type=Path, required=True)
    command.run(main, parser)
