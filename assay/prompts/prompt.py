"""A prompt drawn for a bucket, and the Parquet file of all that were drawn."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assay.errors import InputError
from assay.whole import whole

if TYPE_CHECKING:
    import pyarrow


@dataclass(frozen=True, slots=True)
class Prompt:
    """One question as it is asked, and what its answers are scored with.

    `text` is the user's message; `tokens` counts it and the system prompt, by the run's tokenizer. `position`
    is the prompt's turn in its bucket, from 0. `source` names the document it was made from.
    """

    prompt_id: str
    bucket: str
    position: int
    example_id: str
    dataset: str
    language: str
    source: str
    metric: str
    tokens: int
    text: str
    question: str
    answers: tuple[str, ...]
    all_classes: tuple[str, ...] | None
    length: int | None = None
    """The document's length as the dataset gives it: words, or characters in Chinese."""
    max_tokens: int | None = None
    """Most output tokens of this prompt's answer, where its set has a limit of its own."""
    chat: bool = True
    """Whether a system prompt goes with it."""
    context_at: int | None = None
    """Where in `text` the document begins; null where that isn't known."""
    context_chars: int | None = None
    """How many characters of `text` are the document."""
    tokens_left_out: int = 0
    """Tokens that were cut from its middle."""


def text_sha256(text: str) -> bytes:
    """The hash that a prompt's text is known by; the first 16 hex digits are its `prompt_id`."""
    return hashlib.sha256(text.encode()).digest()


def write_prompts(prompts: Sequence[Prompt], path: Path) -> None:
    """Write prompts, in the order given, whole or not at all."""
    import pyarrow
    from pyarrow import parquet

    table = pyarrow.Table.from_pylist([asdict(prompt) for prompt in prompts], schema=_schema())
    with whole(path) as temporary:
        parquet.write_table(table, temporary, compression="zstd")


def read_prompts(path: Path) -> list[Prompt]:
    """The prompts of a file made by `write_prompts`, in its order."""
    import pyarrow
    from pyarrow import parquet

    try:
        table = parquet.read_table(path, schema=_schema())
    except (OSError, pyarrow.ArrowInvalid) as error:
        raise InputError(
            f"{path}: expected the prompts that the bucket stage wrote ({error}). Delete the file and run again."
        ) from error
    return [
        Prompt(
            **{
                **row,
                "answers": tuple(row["answers"]),
                "all_classes": None if row["all_classes"] is None else tuple(row["all_classes"]),
                # Files of earlier versions don't have these.
                "chat": row["chat"] is not False,
                "tokens_left_out": row["tokens_left_out"] or 0,
            }
        )
        for row in table.to_pylist()
    ]


def _schema() -> "pyarrow.Schema":
    import pyarrow

    text, texts = pyarrow.string(), pyarrow.list_(pyarrow.string())
    whole = ("position", "tokens", "length", "max_tokens", "context_at", "context_chars", "tokens_left_out")
    special = {"answers": texts, "all_classes": texts, "chat": pyarrow.bool_()}
    special |= dict.fromkeys(whole, pyarrow.int64())
    return pyarrow.schema([(name, special.get(name, text)) for name in Prompt.__dataclass_fields__])
