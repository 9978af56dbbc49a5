"""Tables and records to the recommendation, as JSON."""

import argparse
import json
import logging
from pathlib import Path
from typing import Any

import command
import pyarrow.parquet as pq

from assay.decision.decide import decide, standing
from assay.decision.registered import in_force, told
from assay.decision.stage import Choice
from assay.ledger.registered import registrations


def main(arguments: argparse.Namespace) -> None:
    found = decide(
        arguments.settings,
        arguments.cells,
        arguments.models,
        arguments.prompts,
        arguments.prices,
        arguments.records,
        arguments.answers,
        arguments.verdicts,
        arguments.earlier,
        arguments.labels,
    )
    found["registered"] = registration(arguments)
    command.write_text(arguments.out, json.dumps(found, indent=2, allow_nan=False) + "\n")
    for path in arguments.out_models:
        command.write_text(path, json.dumps(standing(found, path.stem), indent=1) + "\n")
    logging.info("%s", found["sentence"])


def registration(arguments: argparse.Namespace) -> dict[str, Any] | None:
    """Whether the rule was set before the first request; null where the settings don't ask."""
    asked = arguments.settings.registered
    if asked is None:
        return None
    known = [] if arguments.ledger is None else registrations(arguments.ledger, asked.run)
    return told(asked.rule, in_force(arguments.statuses), known, taken_from(arguments.models))


def taken_from(models: Path) -> list[str]:
    """Other runs that answers were taken from, by the table of models."""
    said = pq.ParquetFile(models).read(columns=["reused_from"]).column("reused_from").drop_null().to_pylist()
    return sorted({run for runs in said for run in runs.split(", ")})


if __name__ == "__main__":
    made = command.parser(__doc__)
    made.add_argument("--settings", type=command.settings(Choice), required=True, help="JSON")
    for name, what in (
        ("cells", "table of cells, Parquet"),
        ("models", "table of models, Parquet"),
        ("prompts", "prompts.parquet of the bucket stage"),
        ("prices", "prices.json of the prices stage"),
    ):
        made.add_argument(f"--{name}", type=Path, required=True, help=what)
    for name, what in (
        ("records", "records of all invoke jobs, Parquet"),
        ("answers", "scored answers of all models, Parquet"),
    ):
        made.add_argument(f"--{name}", type=Path, nargs="+", required=True, help=what)
    made.add_argument(
        "--verdicts",
        type=Path,
        nargs="*",
        default=[],
        help="verdicts of all judges, Parquet; none without judges",
    )
    made.add_argument(
        "--statuses",
        type=Path,
        nargs="*",
        default=[],
        help="how the invoke jobs went, JSON: for the rule's date",
    )
    made.add_argument("--ledger", type=Path, help="folder of the ledger, with the rules that were registered")
    made.add_argument("--earlier", type=Path, nargs="*", default=[], help="decisions of earlier looks, JSON")
    made.add_argument(
        "--labels", type=Path, help="people's labels, CSV; with settings.labels. None where there are none"
    )
    made.add_argument(
        "--out-models",
        type=Path,
        nargs="*",
        default=[],
        help="whether a model gets more blocks, JSON: a file for each, with its label as name",
    )
    made.add_argument("--out", type=Path, required=True, help="where to write the recommendation, JSON")
    command.run(main, made)
