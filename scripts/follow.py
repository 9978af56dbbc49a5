"""Show how a run stands, from another terminal, until it has ended: by stage, model and dollars. Reads files only."""

import argparse
import shutil
import sys
import time
from pathlib import Path

import command

from assay.errors import InputError
from assay.following.follow import Lines, Screen, follow
from assay.following.picture import Follower, Picture
from assay.following.plan import newest, not_begun, read
from assay.following.words import screen

ON_A_TERMINAL_S, OTHERWISE_S = 1.0, 10.0
"""Seconds between two looks."""

_TOO_LONG_S = 86_400 * 365


def main(arguments: argparse.Namespace) -> None:
    terminal = sys.stdout.isatty()
    usual_s = ON_A_TERMINAL_S if terminal else OTHERWISE_S
    every_s = usual_s if arguments.every is None else arguments.every
    if not 0 < every_s < _TOO_LONG_S:
        raise InputError(f"--every: found {every_s:g}, expected a number of seconds above 0")

    def folder() -> Path | None:
        named: Path | None = arguments.run
        return named if named is not None else newest(Path("results"))

    def write(text: str) -> None:
        print(text, end="", flush=True)

    if arguments.once:
        found = folder()
        if found is None:
            raise not_begun(Path("results"))
        for line in screen(Follower(read(found)).look()):
            write(f"{line}\n")
        return
    show = Screen(write, shutil.get_terminal_size).show if terminal else Lines(write).show
    try:
        picture: Picture = follow(folder, show, lambda: time.sleep(every_s), arguments.wait)
    except KeyboardInterrupt:  # whoever follows has seen enough; that isn't the run's end, so no 0
        sys.exit(130)
    if picture.how != "done":
        sys.exit(1)


if __name__ == "__main__":
    made = command.parser(__doc__)
    made.add_argument(
        "run",
        type=Path,
        nargs="?",
        help="folder of the run, such as results/default; by default the one at work, or the last",
    )
    made.add_argument("--once", action="store_true", help="print how it stands now, and end")
    made.add_argument("--wait", action="store_true", help="wait for the next run, if none is at work")
    made.add_argument(
        "--every",
        type=float,
        metavar="SECONDS",
        help=f"between two looks; by default {ON_A_TERMINAL_S:g} on a terminal, else {OTHERWISE_S:g}",
    )
    command.run(main, made)
