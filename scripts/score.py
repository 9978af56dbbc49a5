"""A model's records to its distinct answers, each with the dataset's own score. Nothing is asked of the service."""

import argparse
import logging
from functools import partial
from pathlib import Path

import command

from assay.metrics.choice import chosen
from assay.metrics.reused import other_runs_answers
from assay.metrics.scoring import Reuse, score_records, write_answers
from assay.metrics.settings import Scoring


def main(arguments: argparse.Namespace) -> None:
    settings: Scoring = arguments.settings
    reuse: Reuse | None = None
    if settings.asks is not None:
        asks = settings.asks
        asks = asks.model_copy(update={"endpoint": command.endpoint(asks.endpoint, arguments.behaviour)})
        system = arguments.system.read_text(encoding="utf-8") if arguments.system else None
        reuse = partial(other_runs_answers, asks, system, arguments.reuse)
    metrics = partial(chosen, metric=settings.metric, metrics=settings.metrics)
    rows = score_records(settings.model, arguments.prompts, arguments.records, reuse, metrics)
    write_answers(arguments.out, rows)
    logging.info("%s: %d distinct answers scored", settings.model, len(rows))


if __name__ == "__main__":
    made = command.parser(__doc__)
    made.add_argument(
        "--settings",
        type=command.settings(Scoring),
        required=True,
        help="JSON: the model's label, metrics with settings",
    )
    made.add_argument("--prompts", type=Path, required=True, help="prompts.parquet of the bucket stage")
    made.add_argument("--records", type=Path, nargs="+", required=True, help="the model's records, Parquet")
    made.add_argument(
        "--reuse", type=Path, nargs="*", default=[], help="folders of other runs' ledgers; with settings.asks"
    )
    made.add_argument("--system", type=Path, help="text file with the system prompt; with --reuse")
    made.add_argument("--behaviour", type=Path, help="the simulator's behaviour file; with --reuse")
    made.add_argument("--out", type=Path, required=True, help="where to write the answers, Parquet")
    command.run(main, made)
