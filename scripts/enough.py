"""Which buckets of an invoke job are known well enough by the blocks before, so that its block of them isn't measured."""

import argparse
import json
from pathlib import Path

import command
import line_asked

from assay.ledger.files import file_name
from assay.ledger.ledger import Ledger, closed
from assay.measurement.job import Job
from assay.measurement.settings import Invoke
from assay.prompts.prompt import Prompt, read_prompts
from assay.stopping.enough import stopped


def main(arguments: argparse.Namespace) -> None:
    settings: Invoke = arguments.settings
    _, asked = line_asked.asked(arguments)
    prompts: dict[str, list[Prompt]] = {}
    for prompt in read_prompts(arguments.prompts):
        prompts.setdefault(prompt.bucket, []).append(prompt)
    load = settings.load
    job = Job(settings.model.label, asked, load, load.timeouts, load.retry, settings.run.seed, prompts)

    def ledger_of(block: int) -> Ledger | None:
        file = file_name("invoke", settings.model.id, asked.identity, load.name, f"b{block}")
        return closed(arguments.ledger / file)

    found = {} if settings.stop is None else stopped(job, settings.stop, load.self_check, ledger_of)
    command.write_text(arguments.out, json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    made = command.parser(__doc__)
    line_asked.add(made, Invoke, "the invoke job's part")
    made.add_argument("--out", type=Path, required=True, help="where to write the buckets with reasons, JSON")
    command.run(main, made)
