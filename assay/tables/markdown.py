"""Markdown that says what was meant: text from outside is escaped, tables are pipe tables.

The dialect is pandoc's, which Quarto shares. What the tables hold is the caller's business.
"""

import re
import string
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

Row = TypeVar("Row")

_PUNCTUATION = re.compile(f"([{re.escape(string.punctuation)}])")

_LINE_ENDS = re.compile("\r\n?|[\x85\u2028\u2029]")
_JOINERS = "\u200c\u200d"
_HIDDEN = frozenset({"Cc", "Cf", "Cs"})
"""Unicode categories that show nothing: control characters, format characters (among them those of width zero and those
that turn the reading direction), and halves of characters."""
_MOST_COMBINING = 5
"""Combining marks on one letter; no script needs more, and a pile of them covers the lines above and below."""


class Markdown(str):
    """Text that is Markdown already, and is not escaped again."""

    __slots__ = ()


def shown(text: str) -> str:
    """`text` with whatever a reader can't see made visible, as ‹U+202E›. Only line feeds, tabs and spaces stay what they are.

    So control characters, marks of width zero, marks that turn the reading direction, halves of characters and tags can
    neither act nor hide. Joiners stay where scripts and emoji need them: between two characters that aren't ASCII. What is
    left of a pile of combining marks after the fifth is counted. Every line end becomes a line feed.
    """
    if text.isascii() and text.isprintable():
        return text
    lines = _LINE_ENDS.sub("\n", text)
    made: list[str] = []
    combining = 0
    for place, mark in enumerate(lines):
        if unicodedata.category(mark).startswith("M"):
            combining += 1
            if combining <= _MOST_COMBINING:
                made.append(mark)
            continue
        made += [_left_out(combining), mark if _is_visible(lines, place) else f"‹U+{ord(mark):04X}›"]
        combining = 0
    return "".join([*made, _left_out(combining)])


def _left_out(combining: int) -> str:
    return f"‹{combining - _MOST_COMBINING} more›" if combining > _MOST_COMBINING else ""


def _is_visible(text: str, place: int) -> bool:
    mark = text[place]
    if mark in "\n\t" or (mark in _JOINERS and _is_joined(text, place)):
        return True
    return unicodedata.category(mark) not in _HIDDEN and not _is_no_character(mark)


def _is_joined(text: str, place: int) -> bool:
    beside = (text[place - 1 : place], text[place + 1 : place + 2])
    return all(mark and not mark.isascii() and unicodedata.category(mark)[0] in "LMS" for mark in beside)


def _is_no_character(mark: str) -> bool:
    """Whether Unicode says that this code point will never be a character."""
    return ord(mark) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(mark) <= 0xFDEF


def escape(text: object) -> Markdown:
    """`text` as Markdown that shows exactly it, on one line, wherever it is put; what is invisible as `shown` shows it.

    Every ASCII punctuation mark gets a backslash, which pandoc's Markdown takes for all of them: so no HTML,
    math, code, reference, link, table cell, shortcode or typographic quote can begin in it.
    """
    if isinstance(text, Markdown):
        return text
    return Markdown(escaped(" ".join(shown(str(text)).split())))


def escaped(text: str) -> str:
    """`text`, of which nothing is invisible, with a backslash before every ASCII punctuation mark."""
    return _PUNCTUATION.sub(r"\\\1", text)


def page_link(text: object, page: str, anchor: str = "") -> Markdown:
    """A link to a page beside this one, of the same format; `page` is its name without ending, `anchor` a place in it."""
    at = f"#{anchor}" if anchor else ""
    shows = (("html", "when"), ("md", "unless"))
    return Markdown(
        "".join(
            f'[[{escape(text)}]({page}.{ending}{at})]{{.content-visible {when}-format="html"}}'
            for ending, when in shows
        )
    )


def place(anchor: str) -> Markdown:
    """A place that links can lead to, as a paragraph of its own."""
    return Markdown(f"[]{{#{anchor}}}")


def attribute(text: str) -> str:
    """`text` for the inside of a double-quoted attribute, such as `fig-alt="..."`."""
    line = " ".join(shown(text).split())
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
    clean = shown(text).strip("\n")
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
