"""Put the report and its data into S3."""

import argparse
from pathlib import Path

import command

from assay.config.benchmark import Publish
from assay.document.publish import publish
from assay.settings import Label, Settings


class PublishSettings(Settings):
    """Where to, and under which name."""

    publish: Publish
    run: Label


def main(arguments: argparse.Namespace) -> None:
    publish(arguments.settings.publish, arguments.settings.run, arguments.files, arguments.root)


if __name__ == "__main__":
    parser = command.parser(__doc__)
    parser.add_argument("--settings", type=command.settings(PublishSettings), required=True)
    parser.add_argument("--root", type=Path, required=True, help="folder of the run; keys are relative to it")
    parser.add_argument("--files", type=Path, nargs="+", required=True)
    command.run(main, parser)
