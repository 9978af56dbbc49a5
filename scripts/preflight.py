"""One small call to each model and judge, and what the account says of them: every problem in one list."""

import argparse
import logging
from pathlib import Path

import budget
import command

from assay.errors import InputError
from assay.preflight.check import check, refused_words, to_text
from assay.preflight.demand import Prompts
from assay.preflight.settings import PreflightJob
from assay.prices.snapshot import read
from assay.prompts.prompt import read_prompts
from assay.spending.cap import Cap
from assay.whole import write_text


def main(arguments: argparse.Namespace) -> None:
    job: PreflightJob = arguments.settings
    budget.announce(arguments, job.run.name)
    system = arguments.system.read_text(encoding="utf-8") if arguments.system else None
    checked = check(
        job,
        command.endpoint(job.endpoint, arguments.behaviour),
        system,
        read(arguments.prices),
        Prompts.of(read_prompts(arguments.prompts)),
        arguments.ledger,
        None
        if arguments.max_usd is None
        else Cap(arguments.ledger, job.run.name, arguments.max_usd, arguments.prices),
    )
    write_text(arguments.out, to_text(checked))
    if checked.errors:
        raise InputError(refused_words(checked))
    logging.info(checked.words())


if __name__ == "__main__":
    made = command.parser(__doc__)
    made.add_argument(
        "--settings", type=command.settings(PreflightJob), required=True, help="JSON: who is asked, and how"
    )
    made.add_argument("--prompts", type=Path, required=True, help="prompts.parquet of the bucket stage")
    made.add_argument("--prices", type=Path, required=True, help="the snapshot of prices")
    budget.add_rule(made)
    made.add_argument("--max-usd", type=float, help="the most that the whole run may spend")
    made.add_argument("--system", type=Path, help="text file with the system prompt")
    made.add_argument(
        "--behaviour", type=Path, help="the simulator's behaviour file, if not the settings' own path"
    )
    made.add_argument("--ledger", type=Path, required=True, help="folder of the ledger")
    made.add_argument("--out", type=Path, required=True, help="where to write what was found, JSON")
    command.run(main, made)
