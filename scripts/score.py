"""A model's records to its distinct answers, each with the dataset's own score."""

import argparse
import logging
from pathlib import Path

import command

from assay.metrics.scoring import score_records, write_answers
from assay.metrics.settings import Scoring


def main(arguments: argparse.Namespace) -> None:
    rows = score_records(arguments.settings.model, arguments.prompts, arguments.records)
    write_answers(arguments.out, rows)
    logging.info("%s: %d distinct answers scored", arguments.settings.model, len(rows))


if __name__ == "__main__":
    made = command.parser(__doc__)
    made.add_argument(
        "--settings", type=command.settings(Scoring), required=True, help="JSON: the model's label"
    )
    made.add_argument("--prompts", type=Path, required=True, help="prompts.parquet of the bucket stage")
    made.add_argument("--records", type=Path, nargs="+", required=True, help="the model's records, Parquet")
    made.add_argument("--out", type=Path, required=True, help="where to write the answers, Parquet")
    command.run(main, made)
