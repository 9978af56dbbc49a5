"""Texts from outside are shortened where it doesn't show, say what was left out, and hide nothing."""

import re

import pytest

from assay.tables.markdown import escape, page_link, shown
from assay.tables.passages import passage, quoted, said


def plain(markdown: str) -> str:
    """What the Markdown shows, line breaks as line feeds."""
    spans = re.sub(r"(?<!\\)\[(.*?)(?<!\\)\]\{[^}]*\}", r"\1", markdown)
    return re.sub(r"\\(.)", r"\1", spans.replace("\\\n", "\n"))


@pytest.mark.parametrize(
    ("hidden", "text"),
    [
        ("a\u202eb", "a‹U+202E›b"),
        ("a\u200bb\ufeff", "a‹U+200B›b‹U+FEFF›"),
        ("\x00\x07\x1b[1m\x7f", "‹U+0000›‹U+0007›‹U+001B›[1m‹U+007F›"),
        ("\ud83d half", "‹U+D83D› half"),
        ("\U000e0041\ufffe", "‹U+E0041›‹U+FFFE›"),
        ("soft\u00adhyphen", "soft‹U+00AD›hyphen"),
        ("a\r\nb\rc\u2028d\x85e", "a\nb\nc\nd\ne"),
        ("a\u200db \u200c", "a‹U+200D›b ‹U+200C›"),
    ],
)
def test_what_can_not_be_seen_is_shown_by_its_number(hidden: str, text: str) -> None:
    assert shown(hidden) == text


@pytest.mark.parametrize("text", ["می‌خواهم", "👨‍👩‍👧 ❤️", "क्‍ष", "naïve ½ €", "tab\tand\nline", "日本語　です"])
def test_what_scripts_and_emoji_need_stays(text: str) -> None:
    assert shown(text) == text


def test_a_pile_of_marks_on_one_letter_is_counted() -> None:
    assert shown("e" + "\u0301" * 5) == "e" + "\u0301" * 5
    assert shown("e" + "\u0301" * 12 + "f") == "e" + "\u0301" * 5 + "‹7 more›f"
    assert shown("e" + "\u0301" * 12) == "e" + "\u0301" * 5 + "‹7 more›"


def test_two_names_that_look_alike_are_told_apart() -> None:
    assert escape("model") != escape("mod\u200bel")


def test_a_short_text_is_whole() -> None:
    assert plain(passage("one\n  two   three", 100)) == "one\n  two   three"
    assert "left out" not in passage("x" * 100, 100)


def test_lines_and_indentation_stay() -> None:
    assert passage("if a:\n    b\n\nc", 100) == "if a\\:\\\n\\ \\ \\ \\ b\\\n\\\nc"


@pytest.mark.parametrize("most", [10, 50, 200])
def test_a_long_text_keeps_its_beginning_and_its_end_and_says_how_much_is_left_out(most: int) -> None:
    text = " ".join(str(number) for number in range(1000))
    made = plain(passage(text, most))
    found = re.fullmatch(r"(.*) \[… ([\d,]+) characters left out …\] (.*)", made)
    assert found is not None
    start, left_out, end = found[1], int(found[2].replace(",", "")), found[3]
    assert text.startswith(start) and text.endswith(end)
    assert abs(len(start) + left_out + len(end) - len(text)) <= 2  # spaces at the cuts
    assert len(start) + len(end) <= most


@pytest.mark.parametrize("letter", ["e\u0301\u0302", "👨‍👩‍👧", "👍🏽", "ก็่"])
def test_no_letter_is_cut_in_two(letter: str) -> None:
    for most in range(20, 40):
        made = plain(passage(letter * 60, most))
        start, end = re.split(r" \[.*?\] ", made)
        assert start == letter * (len(start) // len(letter))
        assert end == letter * (len(end) // len(letter))


def test_many_lines_are_few_lines() -> None:
    made = plain(passage("\n".join(f"line {number}" for number in range(500)), 100_000))
    lines = made.split("\n")
    assert len(lines) <= 24
    assert lines[0] == "line 0" and lines[-1] == "line 499" and "characters left out" in made
    assert "left out" not in passage("\n".join("x" * 24), 1000)


def test_line_feeds_alone_make_no_long_passage() -> None:
    assert len(passage("a" + "\n" * 5000 + "b", 700).split("\n")) <= 25
    assert passage("\n\n\n", 700) == ""


def test_a_quotation_has_every_line_quoted_and_only_a_language_that_is_one() -> None:
    made = quoted("a\nb", 100, "zh-Hans")
    assert made == '::: {.said dir="auto" lang="zh-Hans"}\n> a\\\n> b\n:::'
    assert "lang" not in quoted("a", 100, 'zh" onclick="x')
    assert "lang" not in quoted("a", 100, None)


def test_a_text_within_a_line_stays_on_it() -> None:
    assert "\n" not in said("a\nb\r\n\u2028c", 100)


def test_a_link_to_a_page_leads_to_its_own_format() -> None:
    made = page_link("x*y", "mistakes", "wrong-swift")
    assert '[[x\\*y](mistakes.html#wrong-swift)]{.content-visible when-format="html"}' in made
    assert '[[x\\*y](mistakes.md#wrong-swift)]{.content-visible unless-format="html"}' in made
