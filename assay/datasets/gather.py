"""Any dataset that a benchmark can name, as examples and their origin."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from assay.datasets.example import Example
from assay.datasets.examples_file import Source
from assay.datasets.huggingface import huggingface_examples
from assay.datasets.jsonl import jsonl_examples
from assay.datasets.longbench import longbench_examples
from assay.datasets.longbench_v2 import longbench_v2_examples
from assay.datasets.settings import HuggingFace, JsonLines, LongBench, LongBenchV2, Synthetic
from assay.datasets.synthetic.rows import synthetic_examples
from assay.prompts.settings import Bucket, Tekken, TokenizerFile, TokenizerHub
from assay.prompts.template import read_template
from assay.prompts.tokenizer import open_tokenizer


def gather(
    dataset: LongBench | LongBenchV2 | JsonLines | HuggingFace,
) -> tuple[Iterable[Example], Source]:
    """The examples of a dataset that exists, and where they came from."""
    match dataset:
        case LongBench():
            return longbench_examples(dataset)
        case LongBenchV2():
            return longbench_v2_examples(dataset)
        case JsonLines():
            return jsonl_examples(dataset)
        case HuggingFace():
            return huggingface_examples(dataset)


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
