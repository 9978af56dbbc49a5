"""Any dataset that a benchmark can name, as examples and their origin."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from assay.datasets.example import Example
from assay.datasets.examples_file import Source
from assay.datasets.jsonl import jsonl_examples
from assay.datasets.longbench import longbench_examples
from assay.datasets.settings import JsonLines, LongBench, Synthetic
from assay.datasets.synthetic.rows import synthetic_examples
from assay.prompts.settings import Bucket, Tekken, TokenizerFile, TokenizerHub
from assay.prompts.template import read_template
from assay.prompts.tokenizer import open_tokenizer


def gather(dataset: LongBench | JsonLines) -> tuple[Iterable[Example], Source]:
    """The examples of a dataset that exists, and where they came from."""
    if isinstance(dataset, LongBench):
        return longbench_examples(dataset)
    return jsonl_examples(dataset)


def make(
    dataset: Synthetic,
    seed: int,
    buckets: Sequence[Bucket],
    tokenizer: Tekken | TokenizerFile | TokenizerHub,
    template: Path,
    system: Path | None,
) -> tuple[Iterable[Example], Source]:
    """Synthetic examples, which are made to fit the buckets as counted with this tokenizer and template."""
    rows = synthetic_examples(
        dataset.tasks, buckets, read_template(template, system), open_tokenizer(tokenizer), seed
    )
    description = f"made from seed {seed}, tasks {', '.join(dataset.tasks)}"
    return rows, Source(kind="synthetic", description=description, revision=None, sha256=None, files={})
