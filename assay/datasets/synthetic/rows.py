"""Synthetic examples: as many for each bucket as it asks for, made to fit it.

A row depends on the seed, its bucket's limits, its turn, the tasks, and what the length is measured with. It does
not depend on the other buckets nor on how many rows there are: adding a bucket or raising n leaves every other row
as it was.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from random import Random

from assay.datasets.example import Example, Place
from assay.datasets.settings import SyntheticTask
from assay.datasets.synthetic.fill import Scale, fill, least
from assay.datasets.synthetic.letters import classify
from assay.datasets.synthetic.minutes import summarise
from assay.datasets.synthetic.plan import Plan
from assay.datasets.synthetic.questions import count, find, join
from assay.errors import InputError
from assay.prompts.settings import Bucket
from assay.prompts.template import Template
from assay.prompts.tokenizer import TokenCounter

_TASKS: dict[SyntheticTask, tuple[Callable[[Random, int], Plan], str]] = {
    "find": (find, "qa_f1"),
    "join": (join, "qa_f1"),
    "count": (count, "count"),
    "classify": (classify, "classification"),
    "summarise": (summarise, "rouge_l"),
}
_SIZES = (3, 2, 1)
"""How rich a row's own paragraphs are: the richest that its bucket holds."""
_RICH_SHARE = 0.6
"""Of a bucket's max, at most, goes to rich paragraphs, so that there is something to look past."""
_TRIES = 8


def synthetic_examples(
    tasks: Sequence[SyntheticTask],
    buckets: Sequence[Bucket],
    template: Template,
    counter: TokenCounter,
    seed: int,
) -> Iterator[Example]:
    """Rows for every bucket, tasks in turn; buckets with the same limits share their rows.

    Raises InputError if a bucket lies below the shortest prompt that a task makes, or is too narrow to hit.
    """
    rows: dict[tuple[int, int], int] = {}
    for bucket in buckets:
        limits = (bucket.min, bucket.max)
        rows[limits] = max(bucket.n, rows.get(limits, 0))
    for bucket in buckets:
        for index in range(rows.pop((bucket.min, bucket.max), 0)):
            yield _row(tasks[index % len(tasks)], bucket, index, template, counter, seed)


def _row(
    task: SyntheticTask, bucket: Bucket, index: int, template: Template, counter: TokenCounter, seed: int
) -> Example:
    make, metric = _TASKS[task]
    scale = Scale(lambda context, question: template.tokens(context, question, counter), counter.count)
    shortest: int | None = None
    for size in _SIZES:
        for attempt in range(_TRIES):
            key = f"{seed}\0{bucket.min}\0{bucket.max}\0{index}\0{task}\0{size}\0{attempt}"
            rng = Random(int.from_bytes(hashlib.sha256(key.encode()).digest(), "big"))
            plan = make(rng, size)
            needed = least(plan, scale)
            shortest = needed if shortest is None else min(shortest, needed)
            if size > 1 and needed > _RICH_SHARE * bucket.max:
                continue
            context = fill(plan, scale, bucket.min, bucket.max, rng)
            if context is not None:
                name = f"{task}-{bucket.min}-{bucket.max}-{index}"
                return Example(
                    id=name,
                    dataset=f"synthetic_{task}",
                    language="en",
                    input=plan.question,
                    context=context,
                    answers=plan.answers,
                    all_classes=plan.all_classes,
                    source=name,
                    metric=metric,
                    wrong=plan.wrong,
                    place=Place(bucket.min, bucket.max, index),
                )
    assert shortest is not None
    if shortest >= bucket.max:
        raise InputError(
            f"buckets: bucket {bucket.name} [{bucket.min}, {bucket.max}) lies below the shortest prompt that the "
            f"synthetic task {task} makes with this template, about {shortest} tokens. Raise its max above that, "
            "shorten the template, or leave the task out of `dataset.tasks`."
        )
    raise InputError(
        f"buckets: bucket {bucket.name} [{bucket.min}, {bucket.max}) is too narrow to be filled with whole "
        f"sentences by the synthetic task {task}. Make it wider."
    )
