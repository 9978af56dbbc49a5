"""Weighs every example as the prompt it would become, without keeping the prompts.

Two passes over the examples serve a data set of any size: this one keeps a few numbers a row, and only what is
drawn is put into words again.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from assay.datasets.example import Example, Place
from assay.prompts.prompt import text_sha256
from assay.prompts.template import Template
from assay.prompts.tokenizer import TokenCounter

_BATCH = 128


@dataclass(frozen=True, slots=True)
class Measured:
    """What a row weighs: `index` is its place in the file, from 0, `sha256` that of the prompt's text.

    `tokens` counts the formatted prompt: the user's message and the system prompt.
    """

    index: int
    id: str
    dataset: str
    place: Place | None
    tokens: int
    sha256: bytes
    answers: tuple[str, ...]
    has_input: bool
    has_context: bool


def measure(examples: Iterable[Example], template: Template, counter: TokenCounter) -> Iterator[Measured]:
    """One `Measured` for each example, in order. Batches are counted in parallel."""
    system_tokens = counter.count([template.system])[0] if template.system is not None else 0
    rows = iter(examples)
    index = 0
    while batch := list(islice(rows, _BATCH)):
        texts = [template.render(example.context, example.input) for example in batch]
        for example, text, tokens in zip(batch, texts, counter.count(texts), strict=True):
            yield Measured(
                index=index,
                id=example.id,
                dataset=example.dataset,
                place=example.place,
                tokens=tokens + system_tokens,
                sha256=text_sha256(text),
                answers=example.answers,
                has_input=bool(example.input.strip()),
                has_context=bool(example.context.strip()),
            )
            index += 1
