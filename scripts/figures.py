"""Draw one figure of the report: SVG for the page, PNG for Markdown, CSV with the data it shows."""

import argparse
from pathlib import Path

import command

from assay.figures.catalogue import FIGURES, write
from assay.figures.settings import FigureSettings
from assay.tables import inputs


def main(arguments: argparse.Namespace) -> None:
    read = inputs.read(
        arguments.cells,
        arguments.models,
        arguments.accuracy,
        arguments.decision,
        arguments.periods,
        arguments.ramps,
        **{table: getattr(arguments, table) for table in inputs.OF_SOME_FIGURES},
    )
    write(arguments.figure, read, arguments.settings, arguments.out_svg, arguments.out_png, arguments.out_csv)


if __name__ == "__main__":
    parser = command.parser(__doc__)
    parser.add_argument("--settings", type=command.settings(FigureSettings), required=True)
    parser.add_argument("--figure", choices=sorted(FIGURES), required=True)
    for table in ("cells", "models", "accuracy", "periods", "ramps"):
        parser.add_argument(f"--{table}", type=Path, required=True, help=f"table of {table}, Parquet")
    for table in inputs.OF_SOME_FIGURES:
        parser.add_argument(
            f"--{table.replace('_', '-')}",
            type=Path,
            help=f"table of {table}, Parquet; for figures that show it",
        )
    parser.add_argument("--decision", type=Path, required=True, help="the decision, JSON")
    for kind in ("svg", "png", "csv"):
        parser.add_argument(f"--out-{kind}", type=Path, required=True)
    command.run(main, parser)
