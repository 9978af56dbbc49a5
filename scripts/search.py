"""The highest rate of arrivals at which one model keeps the limits: a bracket, with the evidence of both ends."""

import argparse
import json
import time
from pathlib import Path

import budget
import command
import line_asked

from assay.prompts.prompt import read_prompts
from assay.records.attempts import write
from assay.search.search import SearchFor, of_interest
from assay.search.settings import SearchJob
from assay.sender.target import reached


def main(arguments: argparse.Namespace) -> None:
    settings: SearchJob = arguments.settings
    budget.announce(arguments, settings.run.name)
    endpoint, asked = line_asked.asked(arguments)
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
    line_asked.add(made, SearchJob, "this search's part")
    made.add_argument("--answer-key", type=Path, help="what a simulator knows of the prompts")
    budget.add(made)
    made.add_argument("--out", type=Path, required=True, help="where to write the bracket, JSON")
    made.add_argument("--out-records", type=Path, required=True, help="where to write the records, Parquet")
    command.run(main, made)
