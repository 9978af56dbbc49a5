"""Times the bucket stage on data of LongBench's size: 4,750 rows of about 8,000 words.

    python benchmarks/bucketing.py [--rows 4750] [--words 8000]

Rows are windows of random length cut out of synthetic documents, each at a place of its own. Prints the time of
making them, apart from the time of the bucket stage itself: reading, formatting, counting, drawing, writing.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from random import Random

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from assay.datasets.example import Example  # noqa: E402
from assay.datasets.examples_file import Source, write_examples  # noqa: E402
from assay.datasets.synthetic.rows import synthetic_examples  # noqa: E402
from assay.prompts.settings import Bucket, Tekken  # noqa: E402
from assay.prompts.template import read_template  # noqa: E402
from assay.prompts.tokenizer import open_tokenizer  # noqa: E402

TEMPLATE = ROOT / "config/prompts/question_answering.txt"
SOURCES = 40
BUCKETS = [0, 1000, 2000, 4000, 8000, 16000, 32000, 64000]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=4750)
    parser.add_argument("--words", type=int, default=8000, help="mean words of a row")
    parser.add_argument("--truncate-tokens", type=int, help="leave out the middle of longer prompts")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        examples = Path(folder) / "examples.jsonl"
        started = time.perf_counter()
        write_examples(
            windows(arguments.rows, arguments.words),
            Source("synthetic", "windows of synthetic documents", None, None, {}),
            examples,
            Path(folder) / "source.json",
        )
        megabytes = examples.stat().st_size / 1e6
        print(
            f"made {arguments.rows} rows, {megabytes:.0f} MB, in {time.perf_counter() - started:.1f} s",
            flush=True,
        )

        started = time.perf_counter()
        bucket(examples, Path(folder), arguments.truncate_tokens)
        seconds = time.perf_counter() - started
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        print(
            f"bucket stage: {seconds:.1f} s on {os.cpu_count()} cores ({megabytes / seconds:.0f} MB/s), "
            f"{children.ru_utime + children.ru_stime:.1f} s of CPU, {children.ru_maxrss / 1024:.0f} MB at most"
        )
        summary = json.loads((Path(folder) / "buckets.json").read_text(encoding="utf-8"))
        for each in summary["histogram"]:
            print(f"  {each['min']:>7} to {each['max']:>7} tokens  {each['rows']:>5} rows")


def windows(rows: int, words: int) -> Iterator[Example]:
    """Rows whose lengths spread as LongBench's do: the longest a dozen times the median."""
    rng = Random(1)
    counter, template = open_tokenizer(Tekken(kind="tekken")), read_template(TEMPLATE)
    long = Bucket(name="long", min=100_000, max=100_100, n=SOURCES)
    documents = [
        example.context.split(" ")
        for example in synthetic_examples(("find", "summarise", "classify"), [long], template, counter, 1)
    ]
    for index in range(rows):
        document = rng.choice(documents)
        length = min(len(document), int(words * rng.lognormvariate(-0.25, 0.7)))
        start = rng.randint(0, len(document) - length)
        yield Example(
            id=str(index),
            dataset="windows",
            language="en",
            input="Which town is named first?",
            context=" ".join(document[start : start + length]),
            answers=(f"answer {index}",),
            all_classes=None,
            source=str(index),
            metric="qa_f1",
        )


def bucket(examples: Path, folder: Path, truncate_tokens: int | None) -> None:
    """Run the stage as a run does: a process of its own."""
    edges = BUCKETS
    if truncate_tokens is not None:
        edges = [*(edge for edge in BUCKETS if edge < truncate_tokens), truncate_tokens + 1]
    buckets = [{"name": f"{low}-{high}", "min": low, "max": high, "n": 100} for low, high in pairwise(edges)]
    settings: dict[str, object] = {"buckets": buckets, "tokenizer": {"kind": "tekken"}, "seed": 1}
    if truncate_tokens is not None:
        settings["truncate_tokens"] = truncate_tokens
    subprocess.run(
        [
            sys.executable,
            str(ROOT / "scripts/bucket.py"),
            *("--settings", json.dumps(settings)),
            *("--examples", str(examples)),
            *("--template", str(TEMPLATE)),
            *("--out-prompts", str(folder / "prompts.parquet")),
            *("--out-buckets", str(folder / "buckets.json")),
            *("--out-answer-key", str(folder / "answer_key.jsonl")),
        ],
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


if __name__ == "__main__":
    main()
