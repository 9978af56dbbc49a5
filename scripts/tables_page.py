"""Write docs/tables.md and the captions of tables from the table of metrics, or check them."""

import argparse
from pathlib import Path

import command

from assay.document.tables_page import captions, page_text
from assay.errors import InputError

PROJECT = Path(__file__).resolve().parents[1]


def main(arguments: argparse.Namespace) -> None:
    texts = {arguments.page: page_text()}
    texts |= {arguments.captions / f"{name}.rst": text for name, text in captions().items()}
    for path, text in texts.items():
        if not arguments.check:
            command.write_text(path, text)
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            raise InputError(f"{path}: differs from the table of metrics; run python scripts/tables_page.py")


if __name__ == "__main__":
    parser = command.parser(__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file differs")
    parser.add_argument("--page", type=Path, default=PROJECT / "docs" / "tables.md")
    parser.add_argument(
        "--captions", type=Path, default=PROJECT / "report" / "captions" / "tables", help="folder of captions"
    )
    command.run(main, parser)
