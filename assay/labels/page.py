"""What the labelling page is told: the answers of the sample, blind to who gave them, and the page's own files.

Neither models, judges and verdicts nor anything that depends on them is read here, so that none of it can be sent. Leaves to
others: which answers are in the sample and in what order (`sample`), the labels (`store`), who may ask (`server`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.errors import InputError

FILES: Mapping[str, tuple[str, str]] = {
    "/": ("label.html", "text/html; charset=utf-8"),
    "/label.css": ("label.css", "text/css; charset=utf-8"),
    "/label.js": ("label.js", "text/javascript; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
"""The page's own files by their path in the address, with their media type. There are no others."""

_FOLDER = Path(__file__).parent / "static"


@dataclass(frozen=True, slots=True)
class Item:
    """An answer to label."""

    question: str
    references: tuple[str, ...]
    answer: str
    language: str
    """As the dataset has it, such as `en`; may be empty."""
    document: str
    """What the question is about; empty where there is nothing."""
    document_is_prompt: bool
    """Where the document's place in the prompt isn't known, the whole prompt stands for it."""


def file(path: str) -> tuple[bytes, str] | None:
    """Content and media type of one of the page's own files; None where there is none of that path."""
    if path not in FILES:
        return None
    name, kind = FILES[path]
    return (_FOLDER / name).read_bytes(), kind


@dataclass(frozen=True, slots=True)
class Sample:
    """What is labelled."""

    items: dict[str, Item]
    """By name, in the order in which they are to be labelled."""
    order: list[str]
    """The names of these and of all that come after them, if more were to be labelled."""


def read(sample: Path, prompts: Path, n: int) -> Sample:
    """The first `n` items of a sample, and those after them that answer the last one's prompt.

    `sample` is the table of the whole order (`assay.labels.draw`), `prompts` that of the bucket stage. Raises InputError where
    they aren't of one run.
    """
    rows = _rows(sample, ("item", "prompt_id", "question", "references", "answer"), "label_sample")
    texts = {
        row["prompt_id"]: row
        for row in _rows(prompts, ("prompt_id", "language", "text", "context_at", "context_chars"), "bucket")
    }
    items = {}
    for number, row in enumerate(rows):
        if number >= n and row["prompt_id"] != rows[n - 1]["prompt_id"]:
            break
        prompt = texts.get(row["prompt_id"])
        if prompt is None:
            raise InputError(
                f"{sample}: {row['item']} answers a prompt that {prompts} doesn't hold, so that the sample is an older one; "
                "run `snakemake` again"
            )
        document, is_prompt = _document(prompt)
        items[row["item"]] = Item(
            question=row["question"] or "",
            references=tuple(row["references"] or ()),
            answer=row["answer"] or "",
            language=prompt["language"] or "",
            document=document,
            document_is_prompt=is_prompt,
        )
    return Sample(items, [row["item"] for row in rows])


def _rows(path: Path, columns: Sequence[str], stage: str) -> list[dict[str, Any]]:
    import pyarrow
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(path)
        missing = [name for name in columns if name not in file.schema_arrow.names]
        rows: list[dict[str, Any]] = [] if missing else file.read(columns=list(columns)).to_pylist()
    except (OSError, pyarrow.ArrowException) as error:
        raise InputError(
            f"{path}: expected what the {stage} stage wrote ({error}); run `snakemake` again"
        ) from error
    if missing:
        raise InputError(
            f"{path}: expected the columns of the {stage} stage, and there is no {', '.join(missing)}; run `snakemake` again"
        )
    return rows


def _document(prompt: Mapping[str, Any]) -> tuple[str, bool]:
    text = prompt["text"] or ""
    at, chars = prompt["context_at"], prompt["context_chars"]
    return (text, True) if at is None or chars is None else (text[at:][:chars], False)
