"""People's labels: the CSV file that they are handed in as, read and written.

A row is what one person says of one item: a distinct answer to a prompt, whichever models gave it. Files come from the
labelling page or from a spreadsheet, so commas, semicolons and tabs, any line ends and a byte order mark are understood, and
columns beyond those needed are ignored. Leaves to others: which items are drawn (`sample`), what follows from their labels
(`assay.accuracy.corrected`).
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assay.errors import InputError
from assay.judging.settings import VerdictKind
from assay.labels.sheet import read_sheet, sheet_bytes
from assay.spreadsheet import is_formula
from assay.whole import whole

COLUMNS = ("item", "label", "labeler", "note")
"""The columns of a file of labels that is written by us. `item` and `label` are needed, the others are not."""

SAMPLE_COLUMNS = ("item", "question", "references", "answer", "label", "labeler", "note")
"""The columns of the sample, in which labels can be filled in and handed in as they are."""

_WORDS = {
    **dict.fromkeys(("1", "correct", "yes", "y", "true", "t", "right"), 1.0),
    **dict.fromkeys(("0", "incorrect", "no", "n", "false", "f", "wrong"), 0.0),
    # What spreadsheets in other languages make of true and false.
    **dict.fromkeys(("wahr", "vrai", "verdadero", "verdadeiro", "vero", "waar", "prawda"), 1.0),
    **dict.fromkeys(("falsch", "faux", "falso", "onwaar", "fałsz"), 0.0),
}
_SKIPPED = ("skip", "skipped", "unsure", "?")
_RATINGS = {str(rating): float(rating) for rating in range(1, 6)}
_WHOLE = re.compile(r"([0-9])[.,]0+")
"""A whole number as spreadsheets may write it."""
_ITEM = re.compile(r"a-[0-9a-f]{16}")
_LONGEST_CELL = 32_000
"""Characters. A spreadsheet has room for 32,767 in a cell, and breaks what is longer over several."""


@dataclass(frozen=True, slots=True)
class Label:
    """What one person says of one item."""

    item: str
    value: float | None
    """From 0 (wrong) to 1 (right); a rating from 1 to 5 is brought to this scale. None: the person skipped it."""
    labeler: str
    """Empty where the file doesn't say who."""
    line: int
    """Of the file, where its row begins; the header's is 1."""

    @property
    def answer_id(self) -> str:
        return answer_of(self.item)


@dataclass(frozen=True, slots=True)
class Said:
    """What people say together of one item."""

    value: float | None
    """The majority's; of ratings the mean. Half where as many say right as wrong; None where all skipped it."""
    n: int
    """People who gave it a label, skips apart."""
    tied: bool
    """As many said right as wrong."""


def item_of(answer_id: str) -> str:
    """The item's name: one that no spreadsheet takes for a number, as it would an id like 12345678e0123456."""
    return f"a-{answer_id}"


def answer_of(item: str) -> str:
    """The answer id behind an item."""
    return item.removeprefix("a-")


def read_labels(path: Path, verdict: VerdictKind = "correctness") -> list[Label]:
    """The labels of a file, skips included, in its order; rows whose label is blank are none.

    A label is 1, correct, yes, true or right; 0, incorrect, no, false or wrong; skip or unsure; or blank; where judges rate on
    a scale (`verdict`), 1 to 5. One person's second label for an item has to say the same, and is dropped. Raises InputError,
    naming file, line and column, for anything else.
    """
    rows = list(_rows(path))
    found: dict[tuple[str, str], Label] = {}
    for line, row in rows:
        label = _label(path, line, row, verdict)
        if label is None:
            continue
        earlier = found.setdefault((label.item, label.labeler), label)
        if earlier.value != label.value:
            who = f" by {label.labeler!r}" if label.labeler else ""
            raise InputError(
                f"{path}, line {label.line}, column label: {label.item} has another label here than on line {earlier.line}"
                f"{who}; keep one of the two, or name who gave each in a column `labeler`"
            )
    return list(found.values())


def together(labels: Iterable[Label], verdict: VerdictKind = "correctness") -> dict[str, Said]:
    """What people say together of each answer, by answer id: the majority; on a scale the mean.

    Where as many say right as wrong the value is a half: leaving such an answer out would leave out the hard ones.
    """
    by_answer: dict[str, list[float]] = {}
    for label in labels:
        by_answer.setdefault(label.answer_id, []).extend([] if label.value is None else [label.value])
    return {answer: _together(values, verdict) for answer, values in by_answer.items()}


def labelers(labels: Iterable[Label]) -> dict[str, dict[str, float]]:
    """By labeler, in the order of the file, their labels by item; skips apart."""
    found: dict[str, dict[str, float]] = {}
    for label in labels:
        if label.value is not None:
            found.setdefault(label.labeler, {})[label.item] = label.value
    return found


def write_rows(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Write a CSV file that spreadsheets open as it is meant: UTF-8 with byte order mark, commas, CRLF; whole or not at all.

    A cell that begins as a formula would gets an apostrophe before it, and none has more than 32,000 characters. The ids and
    labels that are read again never begin so; `unguarded` gives other texts back.
    """
    cells = [
        [guarded("" if (cell := row.get(name)) is None else str(cell)) for name in columns] for row in rows
    ]
    with whole(path) as temporary:
        temporary.write_bytes(sheet_bytes(columns, cells))


def guarded(text: str) -> str:
    """The text as a cell that no spreadsheet takes for a formula; control characters that CSV can't hold are left out."""
    kept = "".join(character for character in text if character in "\t\r\n" or ord(character) >= 32)
    if len(kept) > _LONGEST_CELL:
        kept = f"{kept[:_LONGEST_CELL]} [... {len(kept) - _LONGEST_CELL:,} more characters]"
    return f"'{kept}" if is_formula(kept) else kept


def unguarded(cell: str) -> str:
    """The text of a cell, without the apostrophe that `guarded` put before it."""
    return cell[1:] if cell.startswith("'") and guarded(cell[1:]) == cell else cell


def _together(values: Sequence[float], verdict: VerdictKind) -> Said:
    if not values:
        return Said(None, 0, False)
    mean = math.fsum(values) / len(values)
    if verdict == "scale":
        return Said(mean, len(values), False)
    counts = Counter(values)
    if counts[1.0] == counts[0.0]:
        return Said(0.5, len(values), True)
    return Said(1.0 if counts[1.0] > counts[0.0] else 0.0, len(values), False)


def _label(path: Path, line: int, row: Mapping[str, str], verdict: VerdictKind) -> Label | None:
    named = unguarded(row["item"].strip())
    item = named.casefold()
    said = row["label"].strip().removeprefix("'").casefold()
    if (number := _WHOLE.fullmatch(said)) is not None:
        said = number[1]
    if not said:
        return None
    if not _ITEM.fullmatch(item):
        raise InputError(
            f"{path}, line {line}, column item: {named[:40]!r} is no item's name, which is `a-` and 16 hex digits; "
            "copy it from the sample as it stands there"
        )
    labeler = unguarded(row.get("labeler", "").strip())
    if said in _SKIPPED:
        return Label(item, None, labeler, line)
    if verdict == "scale":
        if said not in _RATINGS:
            raise InputError(
                f"{path}, line {line}, column label: {said[:40]!r} is no rating; expected 1, 2, 3, 4 or 5, skip, or nothing "
                "(judges.verdict is `scale`)"
            )
        return Label(item, (_RATINGS[said] - 1.0) / 4.0, labeler, line)
    if said not in _WORDS:
        raise InputError(
            f"{path}, line {line}, column label: {said[:40]!r} is no label; expected 1 or correct or yes, 0 or incorrect or "
            "no, skip, or nothing"
        )
    return Label(item, _WORDS[said], labeler, line)


def _rows(path: Path) -> Iterable[tuple[int, dict[str, str]]]:
    """Each row with the line where it begins, by the names of the header in lower case."""
    sheet = read_sheet(path)
    for name in ("item", "label"):
        if sheet.names.count(name) != 1:
            found = ", ".join(sheet.names) or "nothing"
            raise InputError(
                f"{path}, line {sheet.header_line}: expected one column `{name}`; its header has {found[:200]}"
            )
    for row in sheet.rows:
        yield row.line, dict.fromkeys(sheet.names, "") | dict(zip(sheet.names, row.cells, strict=False))
