"""Render the report's document: one self-contained HTML page, and Markdown with figures beside it."""

import argparse
from pathlib import Path

import command

from assay.document.render import render


def main(arguments: argparse.Namespace) -> None:
    render(
        arguments.qmd,
        arguments.filter,
        arguments.text_filter,
        arguments.style,
        arguments.out_md,
        arguments.out_html,
    )


if __name__ == "__main__":
    parser = command.parser(__doc__)
    parser.add_argument("--qmd", type=Path, required=True, help="the document")
    parser.add_argument("--filter", type=Path, required=True, help="Lua filter that stands in for Quarto")
    parser.add_argument(
        "--text-filter", type=Path, required=True, help="Lua filter that keeps text text in Markdown"
    )
    parser.add_argument("--style", type=Path, required=True, help="style sheet of the page")
    parser.add_argument("--out-md", type=Path, required=True)
    parser.add_argument("--out-html", type=Path, required=True)
    command.run(main, parser)
