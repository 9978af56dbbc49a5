"""Numbers read as people write them, and text from outside shows as what it is."""

import math

import pytest

from assay.tables import numbers
from assay.tables.markdown import Column, Markdown, attribute, code_block, escape, table, with_interval


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.04123, "0.0412"),
        (4.123, "4.12"),
        (412.6, "413"),
        (41_260, "41,300"),
        (9.996, "10.0"),
        (999.6, "1,000"),
        (-1234.5, "-1,230"),
        (math.inf, "∞"),
        (math.nan, "—"),
        (None, "—"),
        ("12", "—"),
    ],
)
def test_numbers_have_three_significant_digits(value: object, text: str) -> None:
    assert numbers.number(value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0 %"),
        (1, "1" + "00 %"),
        (0.933, "93.3 %"),
        (32.914, "3,291 %"),
        (0.0001, "under 0.1 %"),
        (0.99999, "over 99.9 %"),
        (None, "—"),
    ],
)
def test_a_share_reads_as_none_or_all_only_when_it_is(share: object, text: str) -> None:
    assert numbers.percent(share) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (4.2, "$4.20"),
        (0.04123, "$0.0412"),
        (-1.1, "-$1.10"),
        (0, "$0.00"),
        (1234.6, "$1,235"),
        (None, "—"),
    ],
)
def test_dollars_show_at_least_the_cents(value: object, text: str) -> None:
    assert numbers.dollars(value) == text


def test_an_unknown_figure_is_never_shown_as_zero() -> None:
    for write in (numbers.number, numbers.percent, numbers.dollars, numbers.count, numbers.decimal):
        assert write(None) == write(math.nan) == numbers.UNKNOWN


def test_a_table_has_one_line_for_each_row_whatever_the_cells_hold() -> None:
    columns = [Column[str]("text (words)", lambda row: row, "left"), Column[str]("length", len)]
    made = table(columns, ["a | b", "two\nlines", "`code`", ""])
    lines = made.split("\n")
    assert len(lines) == 2 + 4
    assert lines[1] == "| :--- | ---: |"
    assert r"a \| b" in made
    assert "two lines" in made


def test_markdown_of_ours_is_not_escaped_twice() -> None:
    assert escape(Markdown("**bold**")) == "**bold**"
    assert escape("**bold**") == r"\*\*bold\*\*"


def test_an_interval_is_left_out_where_an_end_is_unknown() -> None:
    assert with_interval("412", "—", "498") == "412"
    assert with_interval("412", "380", "498") == r"412 [\(380 to 498\)]{.interval}"


def test_nothing_ends_a_code_block_from_within() -> None:
    made = code_block("```\n````\nend")
    assert made.startswith("`````") and made.endswith("`````")


def test_an_attribute_can_not_be_left() -> None:
    made = attribute('a" onload="x" {b} <c>\n\\')
    assert '"' not in made and "<" not in made and "\n" not in made and "\\" not in made


@pytest.mark.parametrize(("value", "said"), [(-0.001, "0.00"), (-0.006, "-0.01"), (0.5, "0.50")])
def test_no_figure_is_a_negative_zero(value: float, said: str) -> None:
    assert numbers.decimal(value) == said
