"""Prompts that are too long lose their middle: how much, where, and never a part of a character."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.datasets.example import Example
from assay.datasets.examples_file import Source, write_examples
from assay.errors import InputError
from assay.prompts.select import Selection, select
from assay.prompts.settings import Bucket, Tekken, TokenizerFile
from assay.prompts.template import LaidOut, Template
from assay.prompts.tokenizer import Ends, TokenCounter, open_tokenizer
from assay.prompts.truncate import Cut, Fitted, fitted
from assay.prompts.wording import Wording

TEKKEN = open_tokenizer(Tekken(kind="tekken"))
WORD = "the quick brown fox jumps over the lazy dog 1234567890 "


def by_words(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def ends_by_words(texts: Sequence[str], tokens: Sequence[int]) -> list[Ends]:
    parts = [text.split() for text in texts]
    return [
        Ends(len(words), len(" ".join(words[:n])), len(" ".join(words[len(words) - n :])) + 1 if n else 0)
        for words, n in zip(parts, tokens, strict=True)
    ]


WORDS = TokenCounter("words", None, "0", by_words, ends_by_words)


def bytes_only(folder: Path) -> TokenCounter:
    """A tokenizer in Hugging Face's format with a token for each byte: every character beyond ASCII can be cut through."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    made = Tokenizer(models.BPE({letter: at for at, letter in enumerate(letters)}, []))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    path = folder / "tokenizer.json"
    path.write_text(made.to_str(), encoding="utf-8")
    return open_tokenizer(TokenizerFile(kind="file", path=path))


def cut(text: str, room: int, counter: TokenCounter = TEKKEN) -> tuple[str, int]:
    (found,) = fitted([text], [room], counter)
    kept = text if found.cut is None else found.cut.of(text)
    assert found.tokens + found.left_out == counter.count([text])[0]
    return kept, found.tokens


def test_what_fits_stays_as_it_is() -> None:
    tokens = TEKKEN.count([WORD])[0]
    assert fitted([WORD, ""], [tokens, 0], TEKKEN) == [Fitted(tokens), Fitted(0)]


def test_the_first_and_the_last_half_stay_as_in_longbench(tmp_path: Path) -> None:
    text = "".join(f"{number} " for number in range(1000))
    kept, tokens = cut(text, 200, bytes_only(tmp_path))
    assert tokens == 200
    assert kept == text[:100] + text[-100:]


@given(
    text=st.text(st.sampled_from("ab 字漢🙂👩‍👩‍👧é\n.1"), min_size=40, max_size=300),
    room=st.integers(0, 60),
)
@settings(max_examples=150, deadline=None)
def test_no_more_than_the_limit_and_no_broken_characters_with_tekken(text: str, room: int) -> None:
    kept, tokens = cut(text, room)
    assert tokens == TEKKEN.count([kept])[0] <= max(room, 0)
    _is_both_ends(kept, text)


@pytest.mark.parametrize("room", [0, 1, 2, 3, 4, 5, 7, 10, 11, 33, 64, 65])
def test_no_more_than_the_limit_and_no_broken_characters_with_a_token_for_each_byte(
    tmp_path: Path, room: int
) -> None:
    counter = bytes_only(tmp_path)
    for text in ("字漢" * 40, "🙂" * 40, "a🙂é字" * 20, "é" * 99 + "a"):
        kept, tokens = cut(text, room, counter)
        assert tokens == len(kept.encode()) <= room
        assert tokens > room - 8, "a character at each end at most goes with the middle"
        _is_both_ends(kept, text)


def _is_both_ends(kept: str, text: str) -> None:
    assert any(
        kept == text[:first] + text[len(text) - (len(kept) - first) :] for first in range(len(kept) + 1)
    )


def test_little_more_than_needed_is_left_out() -> None:
    for room in (10, 101, 1000, 5000):
        kept, tokens = cut(WORD * 1000, room)
        assert room - 4 <= tokens <= room
        assert len(kept) < len(WORD) * 1000


def test_a_text_that_counts_for_more_when_it_is_cut_takes_few_attempts() -> None:
    """Each half counts for its words, and the whole for thrice as many: attempts grow with the logarithm of what is over."""
    asked: list[int] = []

    def count(texts: Sequence[str]) -> list[int]:
        asked.append(len(texts))
        return [3 * len(text.split()) for text in texts]

    counter = TokenCounter("strange", None, "0", count, ends_by_words)
    (found,) = fitted(["w " * 100_000], [90_000], counter)
    assert found.cut is not None and found.tokens <= 90_000
    assert len(asked) <= 20


def test_the_place_of_the_document_is_that_of_what_is_left_of_it() -> None:
    def left(first: int, last: int, at: int, chars: int) -> str:
        text = "abcdefghij"
        found = Cut(first, last).laid_out(LaidOut(text, at, chars))
        assert found.context_at is not None and found.context_chars is not None
        return found.text[found.context_at :][: found.context_chars]

    assert left(4, 4, 2, 6) == "cdgh"
    assert left(4, 4, 0, 3) == "abc"
    assert left(4, 4, 7, 3) == "hij"
    assert left(4, 4, 4, 2) == "", "all of it was cut out"
    assert left(4, 4, 3, 2) == "d"
    assert left(4, 4, 5, 3) == "gh"
    assert left(4, 4, 0, 10) == "abcdghij"
    assert Cut(4, 4).laid_out(LaidOut("abcdefghij", None, None)) == LaidOut("abcdghij", None, None)


def example(words: int, name: str, **changes: Any) -> Example:
    context = " ".join(f"w{name}{number}" for number in range(words - 1))
    values: dict[str, Any] = {
        "id": name, "dataset": "mine", "language": "en", "input": f"q{name}", "context": context,
        "answers": ("a",), "all_classes": None, "source": name, "metric": "qa_f1",
    }  # fmt: skip
    return Example(**{**values, **changes})


def selected(
    folder: Path, rows: list[Example], wording: Wording, *buckets: Bucket, counter: TokenCounter = WORDS
) -> Selection:
    path = folder / "examples.jsonl"
    write_examples(rows, Source("jsonl", "", None, None, {}), path, folder / "source.json")
    return select(path, wording, counter, buckets, 1)


def test_buckets_go_by_what_is_left_and_prompts_say_what_went(tmp_path: Path) -> None:
    rows = [example(50, "a"), example(300, "b"), example(1000, "c")]
    wording = Wording(Template("{context} {input}", "0"), truncate_tokens=100)
    found = selected(tmp_path, rows, wording, Bucket(name="all", min=1, max=101, n=3))
    by_id = {prompt.example_id: prompt for prompt in found.prompts}
    assert {name: (prompt.tokens, prompt.tokens_left_out) for name, prompt in by_id.items()} == {
        "a": (50, 0), "b": (100, 200), "c": (100, 900),
    }  # fmt: skip
    assert by_id["c"].text.split()[:2] == ["wc0", "wc1"] and by_id["c"].text.endswith(" qc")
    for prompt in found.prompts:
        assert prompt.tokens == len(prompt.text.split())
        assert prompt.context_at == 0
        assert prompt.text[prompt.context_chars :] == f" q{prompt.example_id}"
    assert [line.sha256[:16] for line in found.answer_key] == sorted(one.prompt_id for one in found.prompts)
    assert found.warnings == [
        "2 of 3 prompts were longer than 100 tokens (prompt.truncate_tokens) and lost their middle, of one prompt up to 900 "
        "tokens"
    ]
    assert found.histogram[-1].max <= 200


def test_a_limit_that_takes_of_the_question_too_is_warned_of(tmp_path: Path) -> None:
    rows = [example(90, "a", input="one two three four"), example(90, "b", input="one")]
    wording = Wording(Template("{context} {input}", "0"), truncate_tokens=6)
    warning = selected(tmp_path, rows, wording, Bucket(name="all", min=1, max=9, n=9)).warnings[-1]
    assert (
        warning.startswith("1 of 2 prompts lost words of their question or instructions")
        and "6 tokens" in warning
    )


def test_the_system_prompt_counts_where_it_goes_with_a_prompt(tmp_path: Path) -> None:
    template = Template("{context} {input}", "0", "one two three four", "0")
    wording = Wording(template, without_chat={"trec"}, truncate_tokens=20)
    rows = [example(90, "a"), example(90, "b", dataset="trec")]
    found = selected(tmp_path, rows, wording, Bucket(name="all", min=1, max=21, n=9))
    assert {one.dataset: (one.tokens, len(one.text.split())) for one in found.prompts} == {
        "mine": (20, 16), "trec": (20, 20),
    }  # fmt: skip


def test_a_limit_that_the_system_prompt_fills_alone_is_an_error(tmp_path: Path) -> None:
    template = Template("{context} {input}", "0", "one two three four", "0")
    with pytest.raises(
        InputError, match=r"prompt.truncate_tokens: found 5, and the system prompt alone has 4"
    ):
        selected(
            tmp_path,
            [example(90, "a")],
            Wording(template, truncate_tokens=5),
            Bucket(name="all", min=1, max=21, n=9),
        )


def test_without_a_limit_nothing_is_cut(tmp_path: Path) -> None:
    found = selected(
        tmp_path,
        [example(5000, "a")],
        Wording(Template("{context} {input}", "0")),
        Bucket(name="all", min=1, max=9999, n=1),
    )
    assert [(one.tokens, one.tokens_left_out) for one in found.prompts] == [(5000, 0)]
    assert found.warnings == []


SHARED = Path(__file__).parents[2].parent / "shared/data"


@pytest.mark.skipif(not (SHARED / "multifieldqa_zh.jsonl").exists(), reason="the shared data are not here")
def test_real_chinese_rows_fit_any_limit() -> None:
    with (SHARED / "multifieldqa_zh.jsonl").open(encoding="utf-8") as file:
        texts = [json.loads(line)["context"] for line in file]
    for room in (7, 100, 999, 3000):
        for text, found in zip(texts, fitted(texts, [room] * len(texts), TEKKEN), strict=True):
            assert found.tokens <= room
            if found.cut is not None:
                assert room - 8 <= found.tokens
                assert "\ufffd" not in found.cut.of(text)
