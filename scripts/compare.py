"""Compare finished runs: what changed, every figure of one side against the other, and a page that says it."""

import argparse
import json
import logging
from pathlib import Path

import command

from assay.comparison import document, figure
from assay.comparison.compare import compare, write_tables
from assay.comparison.runs import both_sides
from assay.comparison.settings import Comparison


def main(arguments: argparse.Namespace) -> None:
    before, after = both_sides(arguments.before, arguments.after, Path())
    found = compare(arguments.settings, before, after)
    command.write_text(
        arguments.out_json, json.dumps(found, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
    )
    write_tables(found, arguments.out_differences, arguments.out_changes)
    figure.write(found, arguments.out_svg, arguments.out_png)
    document.write(found, arguments.template, arguments.out_svg, arguments.out_qmd, arguments.out_verdict)
    logging.info("%s", found["verdict"]["sentence"])


if __name__ == "__main__":
    parser = command.parser(__doc__)
    parser.add_argument("--settings", type=command.settings(Comparison), required=True, help="JSON")
    for side in ("before", "after"):
        parser.add_argument(
            f"--{side}", nargs="+", required=True, help=f"folders of the finished runs {side}"
        )
    parser.add_argument("--template", type=Path, required=True, help="template of the page")
    for name, what in (
        ("json", "everything that is found"),
        ("differences", "every figure of both sides, CSV"),
        ("changes", "what is no longer as it was, CSV"),
        ("svg", "the figure"),
        ("png", "the figure"),
        ("qmd", "the page"),
        ("verdict", "the verdict in one line"),
    ):
        parser.add_argument(f"--out-{name}", type=Path, required=True, help=what)
    command.run(main, parser)
