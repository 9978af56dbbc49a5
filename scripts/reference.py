"""Write the JSON schema of a benchmark file and the reference part of docs/configuration.md, or check them."""

import argparse
from pathlib import Path

import command

from assay.config.reference import page_text, schema_text
from assay.errors import InputError

PROJECT = Path(__file__).resolve().parents[1]


def main(arguments: argparse.Namespace) -> None:
    page = arguments.page.read_text(encoding="utf-8")
    made = {arguments.schema: schema_text(), arguments.page: page_text(page, str(arguments.page))}
    for path, text in made.items():
        if not arguments.check:
            command.write_text(path, text)
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            raise InputError(f"{path}: differs from the settings; run python scripts/reference.py")


if __name__ == "__main__":
    parser = command.parser(__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file differs")
    parser.add_argument("--schema", type=Path, default=PROJECT / "config" / "schema.json")
    parser.add_argument("--page", type=Path, default=PROJECT / "docs" / "configuration.md")
    command.run(main, parser)
