"""Render a document: one self-contained HTML page, Markdown with figures beside it, and PDF."""

import argparse
from pathlib import Path

import command

from assay.document.packed import packed
from assay.document.render import Parts, render


def main(arguments: argparse.Namespace) -> None:
    render(arguments.qmd, Parts.of(arguments.parts), arguments.out_md, arguments.out_html, arguments.out_pdf)
    if arguments.out_packed is not None:
        page = arguments.out_html.read_text(encoding="utf-8")
        command.write_text(arguments.out_packed, packed(page, arguments.out_html.name))


if __name__ == "__main__":
    parser = command.parser(__doc__)
    parser.add_argument("--qmd", type=Path, required=True, help="the document")
    parser.add_argument(
        "--parts",
        type=Path,
        nargs="+",
        required=True,
        help="filters, style sheet, script and template of the PDF, each by its name in report/",
    )
    parser.add_argument("--out-md", type=Path, required=True)
    parser.add_argument("--out-html", type=Path, required=True)
    parser.add_argument("--out-pdf", type=Path, required=True)
    parser.add_argument(
        "--out-packed", type=Path, help="the HTML page packed, for `snakemake --report` as one HTML file"
    )
    command.run(main, parser)
