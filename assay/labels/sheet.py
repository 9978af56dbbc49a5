"""A CSV file as people and their spreadsheets write it: read with what it takes to write it again as it was.

Commas, semicolons and tabs, any line ends, a byte order mark, UTF-16 and older encodings are understood. Leaves to `labels`
what the cells mean.
"""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from assay.errors import InputError

_BLANK_LINE = re.compile(r"[,;\t \"]*(\r\n|\n|\r)")
"""A spreadsheet's empty row."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row that isn't blank."""

    line: int
    """Of the file, where the row begins; the first is 1."""
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A CSV file's content."""

    header: tuple[str, ...]
    """The names as they stand there."""
    header_line: int
    rows: tuple[Row, ...]
    delimiter: str = ","

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names in lower case, without white space around them."""
        return tuple(name.strip().casefold() for name in self.header)


def read_sheet(path: Path) -> Sheet:
    """The content of a CSV file. Raises InputError where it can't be read, or isn't one."""
    text = _text(path)
    skipped = 0
    while (blank := _BLANK_LINE.match(text)) is not None:
        text, skipped = text[blank.end() :], skipped + 1
    first, rest = text.partition("\n")[::2]
    # A hint that Excel reads and writes.
    if (separator := re.fullmatch(r'"?sep=(.)"?\r?', first)) is not None:
        delimiter, text, skipped = separator[1], rest, skipped + 1
    else:
        delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows: list[Row] = []
    try:
        header = tuple(next(reader, []))
        begins = reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append(Row(begins + skipped, tuple(cells)))
            begins = reader.line_num + 1
    except csv.Error as error:
        raise InputError(
            f"{path}, line {reader.line_num + skipped}: not a CSV file ({error}); save it as CSV in UTF-8"
        ) from error
    return Sheet(header, 1 + skipped, tuple(rows), delimiter)


def sheet_bytes(header: Sequence[str], rows: Sequence[Sequence[str]], delimiter: str = ",") -> bytes:
    """A CSV file's bytes, such as spreadsheets open as they are meant: UTF-8 with byte order mark, CRLF."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig", errors="replace")


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{path}: can't be read ({error.strerror or error}); labels.path has to lead to a file"
        ) from error
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", errors="replace")
    if raw.startswith(b"PK"):
        raise InputError(f"{path}: is a spreadsheet, not a CSV file; save it as CSV in UTF-8")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:  # an older spreadsheet's; items and labels are ASCII in every such encoding
        return raw.decode("cp1252", errors="replace")
