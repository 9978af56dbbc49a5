"""What the run is going to cost, in dollars and minutes, and what that buys. Sends nothing."""

import argparse
import json
import logging
from pathlib import Path

import command

from assay.errors import InputError
from assay.prices.snapshot import read
from assay.spending.budget import refused
from assay.spending.estimate import Estimator
from assay.spending.estimate_settings import EstimateJob
from assay.spending.facts import gathered
from assay.spending.power import power
from assay.spending.printed import printed
from assay.whole import write_text


def main(arguments: argparse.Namespace) -> None:
    settings: EstimateJob = arguments.settings
    facts = gathered(
        settings,
        command.endpoint(settings.endpoint, arguments.behaviour),
        prompts=arguments.prompts,
        prices=read(arguments.prices),
        system=arguments.system,
        judge_prompt=arguments.judge_prompt,
        ledger=arguments.ledger,
        searches=arguments.searches,
        looks=arguments.looks,
    )
    estimator = Estimator(facts, settings, arguments.cores)
    found = estimator.of(settings)
    buys = power(settings, facts, estimator.models, arguments.accuracy)
    text = printed(found, buys, settings)
    why_not = refused(found, estimator, settings)
    if arguments.out is None and not arguments.check:
        print("\n\n".join(filter(None, (text, why_not))))
        return
    logging.info("%s", text)
    if why_not is not None:
        raise InputError(why_not)
    if arguments.out is not None:
        made = {**found.as_json(), "buys": buys.as_json()}
        write_text(arguments.out, json.dumps(made, indent=1) + "\n")


if __name__ == "__main__":
    made = command.parser(__doc__)
    made.add_argument(
        "--settings",
        type=command.settings(EstimateJob),
        required=True,
        help="JSON: what is asked, and of whom",
    )
    made.add_argument("--prompts", type=Path, required=True, help="prompts.parquet of the bucket stage")
    made.add_argument("--prices", type=Path, required=True, help="the snapshot of prices")
    made.add_argument("--system", type=Path, help="text file with the system prompt")
    made.add_argument("--judge-prompt", type=Path, help="text file with the judge prompt")
    made.add_argument(
        "--behaviour", type=Path, help="the simulator's behaviour file, if not the one in the settings"
    )
    made.add_argument(
        "--accuracy", type=Path, help="the table of accuracies, where an earlier run has made it"
    )
    made.add_argument(
        "--searches", type=Path, nargs="*", default=[], help="what the searches for the highest rate write"
    )
    made.add_argument(
        "--looks", type=Path, nargs="*", default=[], help="what looks at the decision write of each model"
    )
    made.add_argument("--ledger", type=Path, required=True, help="folder of the ledger; it need not exist")
    made.add_argument("--cores", type=int, default=1, help="how many models are measured side by side")
    made.add_argument(
        "--check", action="store_true", help="fail where the budget doesn't hold it, as with --out"
    )
    made.add_argument(
        "--out", type=Path, help="where to write the estimate, JSON; without it, it is only printed"
    )
    command.run(main, made)
