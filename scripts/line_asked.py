"""The part of a command line that says what is asked of a model: the same in every script that plans its requests."""

import argparse
from pathlib import Path

import command
from pydantic import BaseModel

from assay.bedrock.request import Line
from assay.bedrock.settings import Endpoint
from assay.measurement.plan import Asked
from assay.sender.identity import identity


def add(made: argparse.ArgumentParser, kind: type[BaseModel], part: str) -> None:
    """The flags. `kind` are the script's settings, `part` says in words what of the benchmark they are."""
    made.add_argument("--settings", type=command.settings(kind), required=True, help=f"JSON: {part}")
    made.add_argument("--prompts", type=Path, required=True, help="prompts.parquet of the bucket stage")
    made.add_argument("--system", type=Path, help="text file with the system prompt")
    made.add_argument(
        "--behaviour", type=Path, help="the simulator's behaviour file, if not the one in the settings"
    )
    made.add_argument("--ledger", type=Path, required=True, help="folder of the ledger")


def asked(arguments: argparse.Namespace) -> tuple[Endpoint, Asked]:
    """Where requests go, and what stays the same for all of them."""
    settings = arguments.settings
    endpoint = command.endpoint(settings.endpoint, arguments.behaviour)
    system = arguments.system.read_text(encoding="utf-8") if arguments.system else None
    name, region = identity(endpoint, settings.model.id)
    line = Line(settings.model, settings.inference)
    return endpoint, Asked(name, region, line, system, settings.run.edition)
