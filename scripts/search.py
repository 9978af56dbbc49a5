"""The highest rate of arrivals at which one model keeps the limits: a bracket, with the evidence of both ends."""

import argparse
import json
import time
from pathlib import Path

import budget
import command

from assay.bedrock.request import Line
from assay.measurement.plan import Asked
from assay.prompts.prompt import read_prompts
from assay.records.attempts import write
from assay.search.search import SearchFor, of_interest
from assay.search.settings import SearchJob
from assay.sender.identity import identity
from assay.sender.target import reached


def main(arguments: argparse.Namespace) -> None:
    settings: SearchJob = arguments.settings
    endpoint = command.endpoint(settings.endpoint, arguments.behaviour)
    system = arguments.system.read_text(encoding="utf-8") if arguments.system else None
    name, region = identity(endpoint, settings.model.id)
    asked = Asked(name, region, Line(settings.model, settings.inference), system, settings.run.edition)
    pause_s = settings.search.pause_s if endpoint.kind == "bedrock" else 0.0
    found = SearchFor(
        settings,
        asked,
        endpoint,
        of_interest(read_prompts(arguments.prompts), settings.shares),
        arguments.ledger,
        lambda: reached(endpoint, arguments.answer_key),
        lambda: time.sleep(pause_s),
        budget.cap(arguments, settings.run.name),
    ).run()
    budget.ended(arguments, found.capped)
    write(arguments.out_records, found.records)
    command.write_text(arguments.out, json.dumps(found.answer, indent=1) + "\n")


if __name__ == "__main__":
    made = command.parser(__doc__)
    made.add_argument(
        "--settings", type=command.settings(SearchJob), required=True, help="JSON: this search's part"
    )
    made.add_argument("--prompts", type=Path, required=True, help="prompts.parquet of the bucket stage")
    made.add_argument("--system", type=Path, help="text file with the system prompt")
    made.add_argument("--answer-key", type=Path, help="what a simulator knows of the prompts")
    made.add_argument(
        "--behaviour", type=Path, help="the simulator's behaviour file, if not the one in the settings"
    )
    made.add_argument("--ledger", type=Path, required=True, help="folder of the ledger")
    budget.add(made)
    made.add_argument("--out", type=Path, required=True, help="where to write the bracket, JSON")
    made.add_argument("--out-records", type=Path, required=True, help="where to write the records, Parquet")
    command.run(main, made)
