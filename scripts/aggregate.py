"""Records, answers and verdicts to the tables of results, as Parquet and CSV."""

import argparse
import logging
from pathlib import Path

import command

from assay.judging.standing import check_panel, read_standings
from assay.records.aggregate import aggregate
from assay.records.metrics import TABLES
from assay.records.settings import Aggregation
from assay.records.writing import write_table


def main(arguments: argparse.Namespace) -> None:
    for line in check_panel(read_standings(arguments.judge_statuses)):
        logging.warning(line)
    rows = aggregate(
        arguments.settings,
        arguments.prompts,
        arguments.prices,
        arguments.records,
        arguments.statuses,
        arguments.answers,
        arguments.verdicts,
    )
    for name, columns in TABLES.items():
        write_table(getattr(arguments, f"out_{name}"), columns, rows[name])
        logging.info("%s: %d rows", name, len(rows[name]))


if __name__ == "__main__":
    made = command.parser(__doc__)
    made.add_argument("--settings", type=command.settings(Aggregation), required=True, help="JSON")
    made.add_argument("--prompts", type=Path, required=True, help="prompts.parquet of the bucket stage")
    made.add_argument("--prices", type=Path, required=True, help="prices.json of the prices stage")
    for name, what in (
        ("records", "records of all invoke jobs, Parquet"),
        ("statuses", "statuses of all invoke jobs: .../<model>/<load>/b<block>.json"),
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
        "--judge-statuses",
        type=Path,
        nargs="*",
        default=[],
        help="statuses of all judge jobs: .../<model>/<judge>.json",
    )
    for name in TABLES:
        made.add_argument(f"--out-{name}", type=Path, required=True, help="Parquet; the CSV is put beside it")
    command.run(main, made)
