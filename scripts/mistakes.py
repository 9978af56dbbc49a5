"""Sample answers worth reading, with what was said of them, into one Quarto document beside the report."""

import argparse
from pathlib import Path

import command

from assay.document.examples import MistakesSettings
from assay.document.mistakes import write


def main(arguments: argparse.Namespace) -> None:
    write(
        arguments.settings,
        arguments.answers,
        arguments.verdicts,
        arguments.labels,
        arguments.template,
        arguments.out,
    )


if __name__ == "__main__":
    parser = command.parser(__doc__)
    parser.add_argument("--settings", type=command.settings(MistakesSettings), required=True)
    parser.add_argument(
        "--answers", type=Path, nargs="+", required=True, help="scored answers of all models, Parquet"
    )
    parser.add_argument(
        "--verdicts", type=Path, nargs="*", default=[], help="verdicts of all judges, Parquet"
    )
    parser.add_argument("--labels", type=Path, help="people's labels, CSV; none where there are none")
    parser.add_argument("--template", type=Path, required=True, help="the page's template, Jinja")
    parser.add_argument("--out", type=Path, required=True, help="the page, Quarto")
    command.run(main, parser)
