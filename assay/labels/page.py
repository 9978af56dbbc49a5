"""What the labelling page is told: the answers of the sample, blind to who gave them, and the page's own files.

Neither models, judges and verdicts nor anything that depends on them is read, so that none of it can be sent. Leaves to
others: which answers are in the sample and in what order (`sample`), the labels (`store`), who may ask (`server`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.errors import InputError
from assay.labels.labels import answer_of
from assay.labels.sheet import read_sheet

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


def items(sample: Path, answers: Sequence[Path], prompts: Path) -> dict[str, Item]:
    """The items of a sample by name, in the order in which they are to be labelled.

    `sample` is the CSV file of the sample, `answers` are those of all models of the score stage, `prompts` those of the
    bucket stage. Texts come from the latter two: in a CSV file the longest are cut. Raises InputError where the files aren't
    of one run.
    """
    sheet = read_sheet(sample)
    if "item" not in sheet.names:
        raise InputError(f"{sample}: expected a column `item`; delete the file, and run `snakemake` again")
    at = sheet.names.index("item")
    names = dict.fromkeys(row.cells[at].strip() for row in sheet.rows if at < len(row.cells))
    found = _answers(answers)
    texts = _prompts(prompts)
    made = {}
    for name in names:
        row = found.get(answer_of(name))
        prompt = texts.get(row["prompt_id"]) if row is not None else None
        if row is None or prompt is None:
            missing = "answer" if row is None else "prompt"
            raise InputError(
                f"{sample}: {name[:40]!r} has no {missing} in this run, so that the sample is another's or an older one; "
                "run `snakemake` again"
            )
        document, whole = _document(prompt)
        made[name] = Item(
            question=row["question"] or "",
            references=tuple(row["answers"] or ()),
            answer=row["text"] or "",
            language=row["language"] or "",
            document=document,
            document_is_prompt=whole,
        )
    return made


def _answers(paths: Sequence[Path]) -> dict[str, dict[str, Any]]:
    columns = ["answer_id", "prompt_id", "language", "question", "answers", "text"]
    return {row["answer_id"]: row for path in paths for row in _rows(path, columns, "score")}


def _prompts(path: Path) -> dict[str, dict[str, Any]]:
    columns = ["prompt_id", "text", "context_at", "context_chars"]
    return {row["prompt_id"]: row for row in _rows(path, columns, "bucket")}


def _rows(path: Path, columns: Sequence[str], stage: str) -> list[dict[str, Any]]:
    import pyarrow
    from pyarrow import parquet

    try:
        rows: list[dict[str, Any]] = parquet.read_table(path, columns=list(columns)).to_pylist()
    except (OSError, pyarrow.ArrowException) as error:
        raise InputError(
            f"{path}: expected what the {stage} stage wrote ({error}); run `snakemake` again"
        ) from error
    missing = set(columns) - set(rows[0]) if rows else set()
    if missing:
        raise InputError(
            f"{path}: expected the columns of the {stage} stage; {', '.join(sorted(missing))} missing. Run `snakemake` again"
        )
    return rows


def _document(prompt: Mapping[str, Any]) -> tuple[str, bool]:
    text = prompt["text"] or ""
    at, chars = prompt["context_at"], prompt["context_chars"]
    return (text, True) if at is None or chars is None else (text[at:][:chars], False)
