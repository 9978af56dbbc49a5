"""Token counts: one pinned vocabulary, every text as plain text."""

import hashlib
from pathlib import Path

import pytest

from assay.errors import InputError
from assay.prompts.settings import Tekken, TokenizerFile
from assay.prompts.tokenizer import TEKKEN_NAME, TEKKEN_SHA256, TokenCounter, open_tokenizer

TEXTS = [
    "The market of Linden is held every Thursday.",
    "一段文字，没有空格。",
    "  spaces,\ttabs\r\n\r\nand 1234567 digits",
    "Ærøskøbing — naïve café 🙂 👩‍👩‍👧",
    "def f(x):\n    return {x: [x]}\n",
    "",
]


@pytest.fixture(scope="module")
def tekken() -> TokenCounter:
    return open_tokenizer(Tekken(kind="tekken"))


@pytest.fixture
def words_file(tmp_path: Path) -> Path:
    """A tokenizer.json that knows single words, with a special token, truncation and padding switched on."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    vocabulary = {"[UNK]": 0, "<s>": 1, "hello": 2, "world": 3, "<": 4, "s": 5, ">": 6}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.add_special_tokens(["<s>"])
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    tokenizer.enable_truncation(3)
    tokenizer.enable_padding(length=8)
    path = tmp_path / "tokenizer.json"
    tokenizer.save(str(path))
    return path


def test_tekken_counts_as_the_package_that_it_comes_with(tekken: TokenCounter) -> None:
    import mistral_common
    from mistral_common.tokens.tokenizers.tekken import Tekkenizer

    folder = Path(mistral_common.__file__).parent / "data"
    oracle = Tekkenizer.from_file(folder / f"{TEKKEN_NAME}.json")
    assert tekken.count(TEXTS) == [len(oracle.encode(text, bos=False, eos=False)) for text in TEXTS]


def test_tekken_is_pinned(tekken: TokenCounter) -> None:
    assert (tekken.name, tekken.sha256) == (TEKKEN_NAME, TEKKEN_SHA256)


def test_many_texts_are_counted_as_one_by_one_and_in_order(tekken: TokenCounter) -> None:
    texts = [f"{text} {index} " * (index % 50) for index in range(400) for text in TEXTS]
    assert tekken.count(texts) == [tekken.count([text])[0] for text in texts]


@pytest.mark.parametrize("text", ["<s>", "[INST]", "</s>", "<|endoftext|>"])
def test_what_looks_like_a_special_token_counts_as_text(tekken: TokenCounter, text: str) -> None:
    assert tekken.count([f"a {text} b"])[0] > tekken.count(["a b"])[0] + 1


def test_endless_runs_of_one_character_are_counted(tekken: TokenCounter) -> None:
    """The expression that splits words overflows its stack on a million spaces."""
    spaces, letters = tekken.count([" " * 2_000_000, "a" * 500_000])
    assert spaces > 10_000
    assert letters > 10_000


def test_a_tokenizer_file_counts_without_additions_truncation_or_padding(words_file: Path) -> None:
    counter = open_tokenizer(TokenizerFile(kind="file", path=words_file))
    assert counter.count(["hello world", "hello " * 10, ""]) == [2, 10, 0]
    assert counter.sha256 == hashlib.sha256(words_file.read_bytes()).hexdigest()


def test_special_tokens_of_a_file_count_as_text(words_file: Path) -> None:
    counter = open_tokenizer(TokenizerFile(kind="file", path=words_file))
    assert counter.count(["hello <s> world"]) == [5]


def test_what_is_no_tokenizer_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    with pytest.raises(InputError, match=r"tokenizer\.json: the tokenizer can't be read"):
        open_tokenizer(TokenizerFile(kind="file", path=path))
    path.write_text('{"model": 3}', encoding="utf-8")
    with pytest.raises(InputError, match=r"tokenizer\.json: expected a tokenizer\.json in the format"):
        open_tokenizer(TokenizerFile(kind="file", path=path))
