"""Weighs every example as the prompt it would become, without keeping the prompts.

Two passes over the examples serve a data set of any size: this one keeps a few numbers a row, and only what is
drawn is put into words again.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from assay.datasets.example import Example, Place
from assay.errors import InputError
from assay.prompts.prompt import text_sha256
from assay.prompts.tokenizer import TokenCounter
from assay.prompts.truncate import Cut, Fitted, fitted
from assay.prompts.wording import Wording

_BATCH = 128


@dataclass(frozen=True, slots=True)
class Measured:
    """What a row weighs: `index` is its place in the file, from 0, `sha256` that of the prompt's text.

    `tokens` counts the formatted prompt: the user's message and the system prompt that goes with it. Of a prompt that was too
    long, `cut` says what stays of the user's message, and `tokens_left_out` how many tokens went.
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
    cut: Cut | None = None
    tokens_left_out: int = 0


def measure(examples: Iterable[Example], wording: Wording, counter: TokenCounter) -> Iterator[Measured]:
    """One `Measured` for each example, in order. Batches are counted in parallel.

    Raises InputError if a set has no template, or if the system prompt alone is as long as a prompt may be.
    """
    of_system = counter.count([wording.system])[0] if wording.system is not None else 0
    most = wording.truncate_tokens
    if most is not None and most - of_system < 2:
        raise InputError(
            f"prompt.truncate_tokens: found {most}"
            + (f", and the system prompt alone has {of_system} tokens" if of_system else "")
            + f". Expected room for documents and questions{' beside it' if of_system else ''}: name a larger number."
        )
    rows = iter(examples)
    index = 0
    while batch := list(islice(rows, _BATCH)):
        texts = [wording.of(example.dataset).render(example.context, example.input) for example in batch]
        beside = [of_system if wording.chat(example.dataset) else 0 for example in batch]
        if most is None:
            sizes = [Fitted(tokens) for tokens in counter.count(texts)]
        else:
            sizes = fitted(texts, [most - each for each in beside], counter)
        for example, text, size, system_tokens in zip(batch, texts, sizes, beside, strict=True):
            asked = text if size.cut is None else size.cut.of(text)
            yield Measured(
                index=index,
                id=example.id,
                dataset=example.dataset,
                place=example.place,
                tokens=size.tokens + system_tokens,
                sha256=text_sha256(asked),
                answers=example.answers,
                has_input=bool(example.input.strip()),
                has_context=bool(example.context.strip()),
                cut=size.cut,
                tokens_left_out=size.left_out,
            )
            index += 1
