"""What the command lines of all scripts share: a log beside the screen, settings as JSON, errors in one line."""

import argparse
import errno
import json
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from assay.bedrock.settings import Endpoint, SimulatorEndpoint
from assay.errors import InputError
from assay.whole import write_text as write_text

S = TypeVar("S", bound=BaseModel)

_OF_THE_MACHINE = frozenset(
    {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}
)
"""What no program can help: no permission, no room, a disk that is read-only or broken."""


def parser(description: str | None) -> argparse.ArgumentParser:
    """An argument parser with what every script takes."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument(
        "--log", type=Path, help="file that progress and errors are written to, beside the screen"
    )
    return made


def settings(kind: type[S]) -> Callable[[str], S]:
    """An argparse type: JSON text, checked against the settings model `kind`."""

    def parse(text: str) -> S:
        try:
            return kind.model_validate(json.loads(text))
        except (ValidationError, json.JSONDecodeError) as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return parse


def endpoint(given: Endpoint, behaviour: Path | None) -> Endpoint:
    """The endpoint, with the simulator's behaviour file where the command line says it is."""
    if behaviour is None or not isinstance(given, SimulatorEndpoint):
        return given
    return given.model_copy(update={"behaviour": behaviour})


def run(main: Callable[[argparse.Namespace], None], made: argparse.ArgumentParser) -> None:
    """Parse the command line, log to screen and file, and end the process: 0 if done, 1 with one error line if not."""
    arguments = made.parse_args()
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    if arguments.log is not None:
        arguments.log.parent.mkdir(parents=True, exist_ok=True)
        handlers.append(logging.FileHandler(arguments.log, mode="w", encoding="utf-8"))
    logging.basicConfig(level=logging.INFO, format="%(message)s", handlers=handlers)
    logging.getLogger("matplotlib").setLevel(logging.WARNING)
    try:
        main(arguments)
        sys.stdout.flush()
    except InputError as error:
        logging.error("error: %s", error)
        sys.exit(1)
    except KeyboardInterrupt:
        logging.error("interrupted")
        sys.exit(130)
    except BrokenPipeError:  # whoever read what is printed has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _OF_THE_MACHINE:
            at = f"{error.filename}: " if error.filename else ""
            logging.error("error: %s%s. Mend that and run again", at, error.strerror or error)
            sys.exit(1)
        logging.exception("error: this is a fault in Assay, not in your input")
        sys.exit(1)
