"""A file of people's labels is read as it was meant, whichever program wrote it, and what can't be meant is named."""

import csv
import io
from pathlib import Path

import pytest

from assay.errors import InputError
from assay.labels.labels import (
    COLUMNS,
    SAMPLE_COLUMNS,
    Said,
    guarded,
    item_of,
    labelers,
    read_labels,
    together,
    unguarded,
    write_rows,
)

A, B, C = (item_of(letter * 16) for letter in "abc")


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_what_spreadsheets_write_is_understood(
    tmp_path: Path, separator: str, end: str, encoding: str
) -> None:
    rows = [
        ["item", "question", "answer", "label"],
        [A, "Où?", '"two\nlines; and, more"', "1"],
        [B, "", "x", " No "],
        [C, "", "", ""],
    ]
    text = end.join(separator.join(row) for row in rows) + end
    found = read_labels(write(tmp_path / "labels.csv", text, encoding))
    assert [(label.item, label.value) for label in found] == [(A, 1.0), (B, 0.0)]
    assert [label.line for label in found] == [2, 4]


def test_a_hint_of_the_separator_is_understood(tmp_path: Path) -> None:
    found = read_labels(write(tmp_path / "labels.csv", f"sep=;\r\nitem;label\r\n{A};correct\r\n"))
    assert [(label.item, label.value, label.line) for label in found] == [(A, 1.0, 3)]


@pytest.mark.parametrize(
    ("said", "value"),
    [
        *(
            ("1", 1),
            ("1.0", 1),
            ("1,0", 1),
            ("1.00", 1),
            ("'1", 1),
            ("Correct", 1),
            ("YES", 1),
            ("y", 1),
            ("WAHR", 1),
        ),
        *(("0", 0), ("0,00", 0), ("incorrect", 0), ("no", 0), ("N", 0), ("FALSCH", 0), ("FAUX", 0)),
        *(("skip", None), ("Unsure", None), ("?", None)),
    ],
)
def test_every_way_of_saying_it(tmp_path: Path, said: str, value: float | None) -> None:
    (found,) = read_labels(write(tmp_path / "labels.csv", f"item;label\n{A.upper()};{said}\n"))
    assert (found.item, found.value) == (A, value)


@pytest.mark.parametrize("before", ["\r\n", ";;\r\n\r\n", '"";""\r\n'])
def test_empty_rows_above_the_header_are_passed_over(tmp_path: Path, before: str) -> None:
    (found,) = read_labels(write(tmp_path / "labels.csv", f"{before}item;label;note\r\n{A};1;\r\n"))
    assert (found.value, found.line) == (1.0, before.count("\n") + 2)


def test_ratings_are_brought_to_the_scale_of_accuracy(tmp_path: Path) -> None:
    path = write(tmp_path / "labels.csv", f"item;label\n{A};1\n{B};4,0\n{C};5.0\n")
    assert [label.value for label in read_labels(path, "scale")] == [0.0, 0.75, 1.0]
    with pytest.raises(InputError, match=r"labels\.csv, line 2, column label: 'yes' is no rating"):
        read_labels(write(path, f"item,label\n{A},yes\n"), "scale")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"item,label\n{A},1\n{B},maybe\n", r"line 3, column label: 'maybe' is no label; expected 1"),
        ("item,label\n1.2E+15,1\n", r"line 2, column item: '1.2E\+15' is no item's name"),
        (f"item,label\n{A},1\n{B},0\n{A},0\n", r"line 4, column label: .* another label here than on line 2"),
        ("answer,label\nx,1\n", r"line 1: expected one column `item`; its header has answer, label"),
        ("item,label,label\nx,1,1\n", r"line 1: expected one column `label`"),
        ("", r"line 1: expected one column `item`; its header has nothing"),
    ],
)
def test_what_cant_be_meant_is_named_with_its_line_and_column(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(InputError, match=rf"labels\.csv, {message}"):
        read_labels(write(tmp_path / "labels.csv", text))


def test_a_spreadsheets_own_format_is_named(tmp_path: Path) -> None:
    (tmp_path / "labels.xlsx").write_bytes(b"PK\x03\x04")
    with pytest.raises(InputError, match="is a spreadsheet, not a CSV file"):
        read_labels(tmp_path / "labels.xlsx")
    with pytest.raises(InputError, match="can't be read"):
        read_labels(tmp_path / "none.csv")


def test_people_who_differ_are_taken_together(tmp_path: Path) -> None:
    said = [(A, 1, "ann"), (A, 0, "bob"), (A, 1, "cem"), (B, 1, "ann"), (B, 0, "bob"), (C, "skip", "ann")]
    text = "item,label,labeler\n" + "".join(f"{item},{label},{who}\n" for item, label, who in said)
    found = read_labels(write(tmp_path / "labels.csv", text))
    assert together(found) == {
        "a" * 16: Said(1.0, 3, False),
        "b" * 16: Said(0.5, 2, True),
        "c" * 16: Said(None, 0, False),
    }
    assert labelers(found) == {"ann": {A: 1.0, B: 1.0}, "bob": {A: 0.0, B: 0.0}, "cem": {A: 1.0}}


def test_one_persons_label_given_twice_alike_counts_once(tmp_path: Path) -> None:
    found = read_labels(write(tmp_path / "labels.csv", f"item,label\n{A},1\n{A},yes\n"))
    assert len(found) == 1


HOSTILE = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "  =1+1",
    "\t=1",
    "\r=1",
    "'quoted",
    "a\x00b\x07",
    "two\nlines",
    "ünïcode",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_cell_is_a_formula_and_every_text_comes_back(text: str) -> None:
    cell = guarded(text)
    assert not cell.lstrip().startswith(("=", "+", "-", "@"))
    assert unguarded(cell) == text.replace("\x00", "").replace("\x07", "")


def test_what_is_written_is_read_again_and_opens_in_spreadsheets(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "labels.csv"
    rows = [{"item": A, "label": 1, "labeler": "=cmd"}, {"item": B, "label": "skip", "note": "two\nlines"}]
    write_rows(path, COLUMNS, rows)
    assert path.read_bytes().startswith(b"\xef\xbb\xbfitem,label,labeler,note\r\n")
    assert [(label.item, label.value, label.labeler) for label in read_labels(path)] == [
        (A, 1.0, "=cmd"),
        (B, None, ""),
    ]


def test_no_cell_is_longer_than_a_spreadsheet_can_hold(tmp_path: Path) -> None:
    path = tmp_path / "sample.csv"
    write_rows(path, SAMPLE_COLUMNS, [{"item": A, "answer": "x" * 100_000}])
    (row,) = csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""))
    assert len(row["answer"]) < 32_767
    assert row["answer"].endswith("[... 68,000 more characters]")
