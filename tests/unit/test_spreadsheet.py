"""No cell of a CSV file becomes a formula, whatever a set is named or a service said; Parquet keeps every text."""

import csv
from pathlib import Path

import pandas as pd
import pytest

from assay.records.metrics import TABLES
from assay.records.writing import write_table
from assay.spreadsheet import as_text


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", "+3", "-2+3", "\t=x", " =cmd|' /C calc'!A0", "\r1"])
def test_a_text_that_would_be_a_formula_has_an_apostrophe_before_it(text: str) -> None:
    assert as_text(text) == f"'{text}"


@pytest.mark.parametrize("value", ["a=b", "2-3", "‹U+202E›", -1.5, 0, True, ""])
def test_all_else_stays_what_it_is(value: object) -> None:
    assert as_text(value) == value and as_text(None) == ""


def test_tables_hold_no_formula_as_csv_and_the_text_itself_as_parquet(tmp_path: Path) -> None:
    name = '=HYPERLINK("http://example.com")'
    write_table(
        tmp_path / "ratings.parquet",
        TABLES["ratings"],
        [{"model": "swift", "dataset": name, "accuracy": -0.5}],
    )
    with (tmp_path / "ratings.csv").open(newline="") as text:
        (row,) = csv.DictReader(text)
    assert (row["dataset"], row["accuracy"], row["model"]) == (f"'{name}", "-0.5", "swift")
    assert pd.read_parquet(tmp_path / "ratings.parquet")["dataset"].tolist() == [name]
