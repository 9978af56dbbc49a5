"""Ratings, answers and verdicts to the tables of accuracy, as Parquet and CSV. No record is read, and nothing is asked."""

import argparse
import logging
from pathlib import Path

import command

from assay.accuracy.inputs import read
from assay.accuracy.settings import AccuracySettings
from assay.accuracy.tables import ROWS, TABLES
from assay.records.writing import write_table


def main(arguments: argparse.Namespace) -> None:
    inputs = read(
        arguments.settings,
        arguments.ratings,
        arguments.answers,
        arguments.verdicts,
        arguments.prices,
        arguments.labels,
        arguments.sample,
    )
    for name, columns in TABLES.items():
        rows = ROWS[name](inputs)
        write_table(getattr(arguments, f"out_{name}"), columns, rows)
        logging.info("%s: %d rows", name, len(rows))


if __name__ == "__main__":
    made = command.parser(__doc__)
    made.add_argument("--settings", type=command.settings(AccuracySettings), required=True, help="JSON")
    made.add_argument("--ratings", type=Path, required=True, help="table of ratings, Parquet")
    made.add_argument("--prices", type=Path, required=True, help="prices.json of the prices stage")
    made.add_argument(
        "--answers", type=Path, nargs="+", required=True, help="scored answers of all models, Parquet"
    )
    made.add_argument(
        "--verdicts",
        type=Path,
        nargs="*",
        default=[],
        help="verdicts of all judges, Parquet; none without judges",
    )
    made.add_argument("--labels", type=Path, help="people's labels, CSV; none where there are none yet")
    made.add_argument("--sample", type=Path, help="the answers that were drawn for people to label, CSV")
    for name in TABLES:
        made.add_argument(f"--out-{name}", type=Path, required=True, help="Parquet; the CSV is put beside it")
    command.run(main, made)
