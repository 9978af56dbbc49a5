"""Writes the benchmark's examples, whatever they are read or made from, and where they came from."""

import argparse
import logging
from pathlib import Path
from typing import Self

import command
from pydantic import model_validator

from assay.datasets.examples_file import write_examples
from assay.datasets.gather import gather, make
from assay.datasets.settings import Dataset, Synthetic
from assay.prompts.settings import Bucket, Tokenizer
from assay.settings import Settings, Whole


class FetchSettings(Settings):
    """This stage's part of the benchmark. Only synthetic rows depend on buckets and tokenizer."""

    dataset: Dataset
    seed: Whole
    buckets: tuple[Bucket, ...] = ()
    tokenizer: Tokenizer | None = None

    @model_validator(mode="after")
    def _synthetic_has_its_measure(self) -> Self:
        if isinstance(self.dataset, Synthetic) and (not self.buckets or self.tokenizer is None):
            raise ValueError("a synthetic dataset needs buckets and tokenizer")
        return self


def main(arguments: argparse.Namespace) -> None:
    settings: FetchSettings = arguments.settings
    dataset = settings.dataset
    if isinstance(dataset, Synthetic):
        assert settings.tokenizer is not None
        examples, source = make(
            dataset, settings.seed, settings.buckets, settings.tokenizer, arguments.template, arguments.system
        )
    else:
        examples, source = gather(dataset)
    rows = write_examples(examples, source, arguments.out_examples, arguments.out_source)
    for warning in source.warnings:
        logging.warning("warning: %s", warning)
    logging.info("%d examples: %s", rows, source.description)


if __name__ == "__main__":
    parser = command.parser(__doc__)
    parser.add_argument("--settings", type=command.settings(FetchSettings), required=True)
    parser.add_argument("--template", type=Path, help="prompt template, for synthetic rows")
    parser.add_argument("--system", type=Path, help="system prompt, for synthetic rows")
    parser.add_argument("--out-examples", type=Path, required=True)
    parser.add_argument("--out-source", type=Path, required=True)
    command.run(main, parser)
