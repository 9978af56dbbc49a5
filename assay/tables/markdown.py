"""Markdown that says what was meant: text from outside is escaped, tables are pipe tables.

The dialect is pandoc's, which Quarto shares. What the tables hold is the caller's business.
"""

import re
import string
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

Row = TypeVar("Row")

_PUNCTUATION = re.compile(f"([{re.escape(string.punctuation)}])")
# What is neither printable nor a space, and the marks that turn the reading direction of what follows.
_MARKS = "\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff"
_INVISIBLE = re.compile(f"[\x00-\x1f{_MARKS}]+")
_INVISIBLE_IN_LINES = re.compile(f"[\x00-\x08\x0b-\x1f{_MARKS}]+")


class Markdown(str):
    """Text that is Markdown already, and is not escaped again."""

    __slots__ = ()


def escape(text: object) -> Markdown:
    """`text` as Markdown that shows exactly it, on one line, wherever it is put.

    Every ASCII punctuation mark gets a backslash, which pandoc's Markdown takes for all of them: so no HTML,
    math, code, reference, link, table cell, shortcode or typographic quote can begin in it.
    """
    if isinstance(text, Markdown):
        return text
    line = " ".join(_INVISIBLE.sub(" ", str(text)).split())
    return Markdown(_PUNCTUATION.sub(r"\\\1", line))


def attribute(text: str) -> str:
    """`text` for the inside of a double-quoted attribute, such as `fig-alt="..."`."""
    line = " ".join(_INVISIBLE.sub(" ", text).split())
    entities = {
        "&": "&amp;",
        '"': "&quot;",
        "<": "&lt;",
        ">": "&gt;",
        "\\": "&#92;",
        "{": "&#123;",
        "}": "&#125;",
    }
    return "".join(entities.get(mark, mark) for mark in line)


def code_block(text: str, language: str = "") -> Markdown:
    """`text` as a code block that nothing in it can end, and in which Quarto runs no shortcode."""
    clean = _INVISIBLE_IN_LINES.sub("", text).strip("\n")
    longest = max((len(run) for run in re.findall("`+", clean)), default=0)
    fence = "`" * max(3, longest + 1)
    kind = f".{language} " if language else ""
    return Markdown(f'{fence} {{{kind}shortcodes="false"}}\n{clean}\n{fence}')


def with_interval(value: str, low: str, high: str) -> Markdown:
    """A figure with its interval beside it; without, where either end is unknown."""
    if "—" in (low, high):
        return escape(value)
    return Markdown(f"{escape(value)} [\\({escape(low)} to {escape(high)}\\)]{{.interval}}")


@dataclass(frozen=True)
class Column(Generic[Row]):
    """A column of a table: its header with the unit, how a row's cell is written, and where it stands."""

    header: str
    cell: Callable[[Row], Any]
    align: Literal["left", "right"] = "right"


def table(columns: Sequence[Column[Row]], rows: Iterable[Row]) -> Markdown:
    """A pipe table. Headers and cells are escaped unless they are `Markdown` already."""
    rules = {"left": ":---", "right": "---:"}
    lines: list[Sequence[str]] = [
        [escape(column.header) for column in columns],
        [rules[column.align] for column in columns],
        *([escape(column.cell(row)) for column in columns] for row in rows),
    ]
    return Markdown("\n".join("| " + " | ".join(cells) + " |" for cells in lines))
