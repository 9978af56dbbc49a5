"""Which buckets of an invoke job are known well enough by the blocks before, so that its block of them isn't measured."""

import argparse
import json
from pathlib import Path

import command

from assay.bedrock.request import Line
from assay.ledger.files import file_name
from assay.ledger.ledger import Ledger, closed
from assay.measurement.job import Job
from assay.measurement.plan import Asked
from assay.measurement.settings import Invoke
from assay.prompts.prompt import Prompt, read_prompts
from assay.sender.identity import identity
from assay.stopping.enough import stopped


def main(arguments: argparse.Namespace) -> None:
    settings: Invoke = arguments.settings
    endpoint = command.endpoint(settings.endpoint, arguments.behaviour)
    system = arguments.system.read_text(encoding="utf-8") if arguments.system else None
    name, region = identity(endpoint, settings.model.id)
    asked = Asked(name, region, Line(settings.model, settings.inference), system, settings.run.edition)
    prompts: dict[str, list[Prompt]] = {}
    for prompt in read_prompts(arguments.prompts):
        prompts.setdefault(prompt.bucket, []).append(prompt)
    load = settings.load
    job = Job(settings.model.label, asked, load, load.timeouts, load.retry, settings.run.seed, prompts)
    asks = {"endpoint": name, "region": region, "line": asked.line.identity()}

    def ledger_of(block: int) -> Ledger | None:
        file = file_name("invoke", settings.model.id, asks, load.name, f"b{block}")
        return closed(arguments.ledger / file)

    found = {} if settings.stop is None else stopped(job, settings.stop, load.self_check, ledger_of)
    command.write_text(arguments.out, json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    made = command.parser(__doc__)
    made.add_argument(
        "--settings", type=command.settings(Invoke), required=True, help="JSON: the invoke job's part"
    )
    made.add_argument("--prompts", type=Path, required=True, help="prompts.parquet of the bucket stage")
    made.add_argument("--system", type=Path, help="text file with the system prompt")
    made.add_argument(
        "--behaviour", type=Path, help="the simulator's behaviour file, if not the one in the settings"
    )
    made.add_argument("--ledger", type=Path, required=True, help="folder of the ledger")
    made.add_argument("--out", type=Path, required=True, help="where to write the buckets with reasons, JSON")
    command.run(main, made)
