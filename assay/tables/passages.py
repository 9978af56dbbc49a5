"""Texts from outside as passages of Markdown: shortened in the middle, in their own direction, and nothing but text.

Answers, questions and reasons of judges may hold anything. What is escaped, and why, stands in `assay.tables.markdown`.
"""

import re
import unicodedata

from assay.tables.markdown import Markdown, escaped, shown

_LANGUAGE = re.compile("[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_MOST_LINES = 24
_FIRST = 0.6
"""Share of what is kept that comes from the beginning."""
_LONGEST_LETTER = 16
"""Characters: what looks like one letter beyond that is cut in two."""


def quoted(text: str, most: int, language: str | None = None) -> Markdown:
    """`text` as a block quotation of at most about `most` characters, with its lines and its indentation.

    It reads from right to left where it begins so. `language` is a language tag, such as `zh`; what isn't one is left out.
    """
    lang = f' lang="{language}"' if language and _LANGUAGE.fullmatch(language) else ""
    lines = passage(text, most).split("\n")
    return Markdown("\n".join([f'::: {{.said dir="auto"{lang}}}', *(f"> {line}" for line in lines), ":::"]))


def said(text: str, most: int) -> Markdown:
    """`text` on one line within other text, of at most about `most` characters, in its own direction."""
    line = " ".join(text.split())
    return Markdown(f'[{passage(line, most)}]{{.said dir="auto"}}')


def passage(text: str, most: int) -> Markdown:
    """`text` as one paragraph of Markdown that shows exactly it, with its lines and its indentation.

    Beyond `most` characters, or 24 lines, the middle is left out, and how much it was is said. A backslash at the end of a
    line is a line break, one before a space a space that stays.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    start, end = _kept(lines, most)
    if start >= end:
        return Markdown(_as_lines(lines))
    left_out = escaped(f"[… {end - start:,} characters left out …]")
    return Markdown(
        f'{_as_lines(lines[:start])} [{left_out}]{{.left-out dir="ltr"}} {_as_lines(lines[end:])}'
    )


def _as_lines(text: str) -> str:
    lines = [line.expandtabs(4).rstrip() for line in shown(text).split("\n")]
    return "\\\n".join(_spaces_kept(escaped(line)) for line in lines)


def _spaces_kept(line: str) -> str:
    """A line in which spaces at the beginning, and those beside others, don't collapse."""
    return re.sub("^ +|(?<= ) +", lambda found: "\\ " * len(found[0]), line)


def _kept(text: str, most: int) -> tuple[int, int]:
    """Where what is left out begins and ends; nothing is where the end isn't behind the beginning."""
    start, end = len(text), len(text)
    if len(text) > most:
        start, end = _whole(text, round(most * _FIRST)), _whole(text, len(text) - round(most * (1 - _FIRST)))
    breaks = [place for place, mark in enumerate(text) if mark == "\n"]
    if len(breaks) >= _MOST_LINES:
        first = round(_MOST_LINES * _FIRST)
        start = min(start, breaks[first - 1])
        last = breaks[first - _MOST_LINES] + 1
        end = last if end == len(text) else max(end, last)
    return start, end


def _whole(text: str, place: int) -> int:
    """`place`, or the next one that is not inside a letter with its marks, or an emoji of several characters."""
    for later in range(place, min(place + _LONGEST_LETTER, len(text))):
        joined = text[later] == "\u200d" or text[later - 1 : later] == "\u200d"
        if not joined and unicodedata.category(text[later])[0] != "M" and not _is_skin(text[later]):
            return later
    return place


def _is_skin(mark: str) -> bool:
    return "\U0001f3fb" <= mark <= "\U0001f3ff"
