"""Draw the answers that people are asked to label, in the order of labelling: a table, and a sheet to fill in."""

import argparse
import logging
from pathlib import Path

import command

from assay.labels.draw import draw
from assay.labels.settings import Drawing


def main(arguments: argparse.Namespace) -> None:
    settings: Drawing = arguments.settings
    total, first = draw(settings, arguments.prompts, arguments.answers, arguments.out, arguments.sheet)
    logging.info("%d answers to label in all, the first %d of them in %s", total, first, arguments.sheet)


if __name__ == "__main__":
    made = command.parser(__doc__)
    made.add_argument("--settings", type=command.settings(Drawing), required=True, help="JSON")
    made.add_argument("--prompts", type=Path, required=True, help="prompts.parquet of the bucket stage")
    made.add_argument(
        "--answers", type=Path, nargs="+", required=True, help="scored answers of all models, Parquet"
    )
    made.add_argument("--out", type=Path, required=True, help="where to write the whole order, Parquet")
    made.add_argument(
        "--sheet",
        type=Path,
        required=True,
        help="CSV file of the first ones to fill labels in; those that stand in it already are kept",
    )
    command.run(main, made)
