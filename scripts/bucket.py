"""Draws each bucket's prompts from the examples, by tokens of the formatted prompt."""

import argparse
import json
import logging
from dataclasses import asdict
from pathlib import Path

import command
from pydantic import StrictBool

from assay.prompts.longbench import OUTPUT_LIMITS, WITHOUT_CHAT, published_limits
from assay.prompts.prompt import write_prompts
from assay.prompts.select import select
from assay.prompts.settings import Bucket, Tokenizer
from assay.prompts.template import read_template
from assay.prompts.tokenizer import open_tokenizer
from assay.prompts.wording import Wording, read_by_set
from assay.settings import Count, Settings, Whole


class AsLongBench(Settings):
    """What holds for LongBench's sets beside their prompts."""

    output_limits: StrictBool = True
    """Whether each set has its own limit of output tokens."""


class BucketSettings(Settings):
    """This stage's part of the benchmark."""

    buckets: tuple[Bucket, ...]
    tokenizer: Tokenizer
    seed: Whole
    truncate_tokens: Count | None = None
    longbench: AsLongBench | None = None
    """Null for any other dataset."""


def main(arguments: argparse.Namespace) -> None:
    settings: BucketSettings = arguments.settings
    wording = worded(arguments)
    counter = open_tokenizer(settings.tokenizer)
    selection = select(arguments.examples, wording, counter, settings.buckets, settings.seed)
    for warning in selection.warnings:
        logging.warning("warning: %s", warning)
    write_prompts(selection.prompts, arguments.out_prompts)
    command.write_text(
        arguments.out_answer_key, "".join(line.to_json() + "\n" for line in selection.answer_key)
    )
    summary = {
        "tokenizer": {"name": counter.name, "revision": counter.revision, "sha256": counter.sha256},
        "template_sha256": wording.template_sha256,
        "system_sha256": wording.system_sha256,
        "output_limits": {
            prompt.dataset: prompt.max_tokens for prompt in selection.prompts if prompt.max_tokens is not None
        },
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


def worded(arguments: argparse.Namespace) -> Wording:
    """How the rows are put to the models."""
    settings: BucketSettings = arguments.settings
    limits: dict[str, int] = {}
    if settings.longbench is not None and settings.longbench.output_limits:
        limits = OUTPUT_LIMITS if arguments.maxlen is None else published_limits(arguments.maxlen)
    one = read_template(arguments.template, arguments.system) if arguments.template else None
    return Wording(
        one,
        {} if one else read_by_set(arguments.templates, arguments.published, arguments.system),
        limits,
        WITHOUT_CHAT if settings.longbench is not None else frozenset(),
        settings.truncate_tokens,
    )


if __name__ == "__main__":
    parser = command.parser(__doc__)
    parser.add_argument("--settings", type=command.settings(BucketSettings), required=True)
    parser.add_argument("--examples", type=Path, required=True, help="examples of the fetch stage")
    asked = parser.add_mutually_exclusive_group(required=True)
    asked.add_argument("--template", type=Path, help="prompt template of all rows")
    asked.add_argument("--templates", type=Path, nargs="+", help="one for each set, <set>.txt")
    asked.add_argument("--published", type=Path, help="LongBench's own prompts, dataset2prompt.json")
    parser.add_argument("--maxlen", type=Path, help="LongBench's own output limits, dataset2maxlen.json")
    parser.add_argument("--system", type=Path, help="system prompt")
    parser.add_argument("--out-prompts", type=Path, required=True)
    parser.add_argument("--out-buckets", type=Path, required=True)
    parser.add_argument("--out-answer-key", type=Path, required=True)
    command.run(main, parser)
