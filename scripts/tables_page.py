"""Write docs/tables.md from the table of metrics, or check it."""

import argparse
from pathlib import Path

import command

from assay.document.tables_page import page_text
from assay.errors import InputError

PROJECT = Path(__file__).resolve().parents[1]


def main(arguments: argparse.Namespace) -> None:
    if not arguments.check:
        command.write_text(arguments.page, page_text())
    elif not arguments.page.exists() or arguments.page.read_text(encoding="utf-8") != page_text():
        raise InputError(
            f"{arguments.page}: differs from the table of metrics; run python scripts/tables_page.py"
        )


if __name__ == "__main__":
    parser = command.parser(__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the page differs")
    parser.add_argument("--page", type=Path, default=PROJECT / "docs" / "tables.md")
    command.run(main, parser)
