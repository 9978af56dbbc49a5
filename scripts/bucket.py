"""Draws each bucket's prompts from the examples, by tokens of the formatted prompt."""

import argparse
import json
import logging
from dataclasses import asdict
from pathlib import Path

import command

from assay.prompts.prompt import write_prompts
from assay.prompts.select import select
from assay.prompts.settings import Bucket, Tokenizer
from assay.prompts.template import read_template
from assay.prompts.tokenizer import open_tokenizer
from assay.settings import Settings, Whole


class BucketSettings(Settings):
    """This stage's part of the benchmark."""

    buckets: tuple[Bucket, ...]
    tokenizer: Tokenizer
    seed: Whole


def main(arguments: argparse.Namespace) -> None:
    settings: BucketSettings = arguments.settings
    template = read_template(arguments.template, arguments.system)
    counter = open_tokenizer(settings.tokenizer)
    selection = select(arguments.examples, template, counter, settings.buckets, settings.seed)
    for warning in selection.warnings:
        logging.warning("warning: %s", warning)
    write_prompts(selection.prompts, arguments.out_prompts)
    command.write_text(
        arguments.out_answer_key, "".join(line.to_json() + "\n" for line in selection.answer_key)
    )
    summary = {
        "tokenizer": {"name": counter.name, "revision": counter.revision, "sha256": counter.sha256},
        "template_sha256": template.sha256,
        "system_sha256": template.system_sha256,
        "buckets": [
            {
                "name": each.bucket.name,
                "min": each.bucket.min,
                "max": each.bucket.max,
                "asked": each.bucket.n,
                "n": len(each.rows),
                "available": each.available,
            }
            for each in selection.drawn
        ],
        "histogram": [asdict(each) for each in selection.histogram],
        "warnings": selection.warnings,
    }
    command.write_text(arguments.out_buckets, json.dumps(summary, indent=1, ensure_ascii=False) + "\n")
    logging.info("%d prompts in %d buckets", len(selection.prompts), len(selection.drawn))


if __name__ == "__main__":
    parser = command.parser(__doc__)
    parser.add_argument("--settings", type=command.settings(BucketSettings), required=True)
    parser.add_argument("--examples", type=Path, required=True, help="examples of the fetch stage")
    parser.add_argument("--template", type=Path, required=True, help="prompt template")
    parser.add_argument("--system", type=Path, help="system prompt")
    parser.add_argument("--out-prompts", type=Path, required=True)
    parser.add_argument("--out-buckets", type=Path, required=True)
    parser.add_argument("--out-answer-key", type=Path, required=True)
    command.run(main, parser)
