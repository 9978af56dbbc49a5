"""Serve a page on this machine to label the answers of a sample in, until it says that it is finished."""

import argparse
import logging
import webbrowser
from pathlib import Path
from typing import get_args

import command

from assay.judging.settings import VerdictKind
from assay.labels.address import Address, remember, remembered
from assay.labels.page import items
from assay.labels.server import Labelling, serve
from assay.labels.store import opened


def main(arguments: argparse.Namespace) -> None:
    found = items(arguments.sample, arguments.answers, arguments.prompts)
    with opened(arguments.labels, arguments.verdict, found, arguments.labeler) as store:
        address = remembered(arguments.labels)
        labelling = Labelling(found, store, str(arguments.labels), token=address.token)

        def announce(url: str, port: int) -> None:
            remember(arguments.labels, Address(port, address.token))
            logging.info("%s It ends by its button Finish, or by Ctrl-C here.", labelling.done())
            print(f"Label at {url}", flush=True)  # not logged: it carries the secret that opens the page
            if arguments.open:
                webbrowser.open(url)

        serve(labelling, arguments.port, announce, preferred=address.port)
        logging.info("Finished. %s", labelling.done())


if __name__ == "__main__":
    made = command.parser(__doc__)
    made.add_argument("--sample", type=Path, required=True, help="CSV file of the sample, in its order")
    made.add_argument(
        "--answers", type=Path, nargs="+", required=True, help="scored answers of all models, Parquet"
    )
    made.add_argument("--prompts", type=Path, required=True, help="prompts.parquet of the bucket stage")
    made.add_argument("--labels", type=Path, required=True, help="CSV file of labels; made if it isn't there")
    made.add_argument(
        "--verdict",
        choices=get_args(VerdictKind),
        default="correctness",
        help="what is said of an answer: correct or incorrect (default), or a rating from 1 to 5",
    )
    made.add_argument(
        "--labeler", default="", help="who labels, where several do: a name that stands beside the labels"
    )
    made.add_argument(
        "--port", type=int, help="port to listen on; by default the last one used, or a free one"
    )
    made.add_argument("--open", action="store_true", help="open the page in the browser of this machine")
    command.run(main, made)
