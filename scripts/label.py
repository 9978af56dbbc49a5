"""Serve a page on this machine to label the answers of a sample in, until it says that it is finished."""

import argparse
import logging
import webbrowser
from pathlib import Path

import command

from assay.labels import page
from assay.labels.address import Address, remember, remembered
from assay.labels.exactness import Exactness
from assay.labels.server import Labelling, serve
from assay.labels.settings import PageSettings
from assay.labels.store import opened


def main(arguments: argparse.Namespace) -> None:
    settings: PageSettings = arguments.settings
    sample = page.read(arguments.sample, arguments.prompts, settings.n)
    exactness = Exactness(settings, arguments.answers, arguments.verdicts, sample.order)
    with opened(arguments.labels, settings.verdict, sample.items, arguments.labeler) as store:
        address = remembered(store.path)
        labelling = Labelling(sample.items, store, str(arguments.labels), exactness, address.token)

        def announce(url: str, port: int) -> None:
            remember(store.path, Address(port, address.token))
            logging.info("%s The page ends by its button Finish, or by Ctrl-C here.", labelling.done())
            print(f"Label at {url}", flush=True)  # not logged: it carries the secret that opens the page
            if arguments.open:
                webbrowser.open(url)

        serve(labelling, arguments.port, announce, preferred=address.port)
        logging.info("Finished. %s", labelling.done())


if __name__ == "__main__":
    made = command.parser(__doc__)
    made.add_argument(
        "--settings",
        type=command.settings(PageSettings),
        required=True,
        help="JSON: dataset_of_interest, seed, n, judges (labels), verdict, half_width, confidence",
    )
    made.add_argument("--sample", type=Path, required=True, help="sample.parquet of the label_sample stage")
    made.add_argument("--prompts", type=Path, required=True, help="prompts.parquet of the bucket stage")
    made.add_argument(
        "--answers",
        type=Path,
        nargs="+",
        required=True,
        help="scored answers of all models, Parquet: to tell how exact the labels make accuracy",
    )
    made.add_argument(
        "--verdicts", type=Path, nargs="*", default=[], help="verdicts of all judges, Parquet: for the same"
    )
    made.add_argument("--labels", type=Path, required=True, help="CSV file of labels; made if it isn't there")
    made.add_argument(
        "--labeler", default="", help="who labels, where several do: a name that stands beside the labels"
    )
    made.add_argument(
        "--port", type=int, help="port to listen on; by default the last one used, or a free one"
    )
    made.add_argument("--open", action="store_true", help="open the page in the browser of this machine")
    command.run(main, made)
