"""Counts tokens, by one pinned vocabulary.

Services count by vocabularies of their own, which differ by up to a sixth: buckets need one yardstick, and the
service's own count stands beside it in the records. Nothing is added to a text (no begin-of-text token), and text
that looks like a special token counts as the plain text it is.
"""

import base64
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import chain
from pathlib import Path

from assay.datasets.hub import download
from assay.errors import InputError
from assay.prompts.settings import Tekken, TokenizerFile, TokenizerHub

TEKKEN_NAME = "tekken_240911"
TEKKEN_SHA256 = "1948e2d48b0e7377f1bb5f1210f1ae5f984934e75713fc07e2452729b8365316"

_CHARACTERS_OF_A_SHARE = 50_000

# tiktoken's regular expression overflows its stack on a run of about a million spaces. Cutting a text after this
# many changes its count by one token at most.
_LONG_WHITESPACE = re.compile(r"(\s{100000})")

_CONTINUATION = bytes(range(0x80, 0xC0))
"""Bytes of UTF-8 that begin no character."""


@dataclass(frozen=True, slots=True)
class Ends:
    """A text's tokens, and how many whole characters its first so many tokens hold, and how many its last so many do."""

    tokens: int
    first: int
    last: int


@dataclass(frozen=True)
class TokenCounter:
    """A vocabulary: its name, its revision if it came from a hub, the hash of its file, how to count with it, and how to
    find the ends of a text."""

    name: str
    revision: str | None
    sha256: str
    _count: Callable[[Sequence[str]], list[int]]
    _ends: Callable[[Sequence[str], Sequence[int]], list[Ends]]

    def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, counted in parallel."""
        return self._count(texts)

    def ends(self, texts: Sequence[str], tokens: Sequence[int]) -> list[Ends]:
        """Tokens of each text, and its ends of so many tokens each; of a text that has no more than both together, of none."""
        return self._ends(texts, tokens)


def open_tokenizer(settings: Tekken | TokenizerFile | TokenizerHub) -> TokenCounter:
    """The counter that the settings name.

    Raises InputError if its file is missing, is no tokenizer, or can't be fetched.
    """
    if isinstance(settings, Tekken):
        return _tekken()
    if isinstance(settings, TokenizerFile):
        return _from_file(settings.path, name=settings.path.name, revision=None)
    path, revision = download(
        settings.name,
        "tokenizer.json",
        repo_type="model",
        revision=settings.revision,
        instead="Download its tokenizer.json by other means and name it: `tokenizer: {kind: file, path: ...}`.",
    )
    return _from_file(path, name=settings.name, revision=revision)


def _tekken() -> TokenCounter:
    # Importing mistral_common takes over a second and gives the same counts: only its data file is needed.
    spec = find_spec("mistral_common")
    folders = [] if spec is None else list(spec.submodule_search_locations or [])
    path = Path(folders[0], "data", f"{TEKKEN_NAME}.json") if folders else None
    if path is None or not path.is_file():
        raise InputError(
            f"tokenizer tekken: the package mistral-common with its file {TEKKEN_NAME}.json is not installed. "
            "Install the locked requirements again."
        )
    raw = path.read_bytes()
    sha256 = hashlib.sha256(raw).hexdigest()
    if sha256 != TEKKEN_SHA256:
        raise InputError(
            f"{path}: its SHA-256 is {sha256}, expected {TEKKEN_SHA256}: token counts could differ from those of "
            "other runs. Install the locked requirements again."
        )
    import tiktoken

    model = json.loads(raw)
    config = model["config"]
    size = config["default_vocab_size"] - config["default_num_special_tokens"]
    encoding = tiktoken.Encoding(
        TEKKEN_NAME,
        pat_str=config["pattern"],
        mergeable_ranks={
            base64.b64decode(entry["token_bytes"]): entry["rank"] for entry in model["vocab"][:size]
        },
        special_tokens={},
    )

    def encoded(text: str) -> Iterator[list[int]]:
        return (encoding.encode_ordinary(part) for part in _LONG_WHITESPACE.split(text) if part)

    def count_some(texts: Sequence[str]) -> list[int]:
        return [sum(map(len, encoded(text))) for text in texts]

    def count(texts: Sequence[str]) -> list[int]:
        shares = list(_shares(texts))
        if len(shares) < 2:
            return count_some(texts)
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            return [tokens for counts in threads.map(count_some, shares) for tokens in counts]

    def ends_of(text: str, tokens: int) -> Ends:
        ids = list(chain.from_iterable(encoded(text)))
        if len(ids) <= 2 * tokens:
            return Ends(len(ids), 0, 0)
        first = encoding.decode_bytes(ids[:tokens])
        last = encoding.decode_bytes(ids[len(ids) - tokens :])
        # A cut may go through a character of several bytes: what is left of it counts for none.
        of_first, of_last = first.decode("utf-8", "ignore"), last.lstrip(_CONTINUATION).decode("utf-8")
        return Ends(len(ids), len(of_first), len(of_last))

    def ends(texts: Sequence[str], tokens: Sequence[int]) -> list[Ends]:
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            return list(threads.map(ends_of, texts, tokens))

    return TokenCounter(TEKKEN_NAME, None, sha256, count, ends)


def _shares(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """The texts in order, in runs of enough work for handing one to a thread to pay."""
    start, characters = 0, 0
    for index, text in enumerate(texts):
        characters += len(text)
        if characters >= _CHARACTERS_OF_A_SHARE:
            yield texts[start : index + 1]
            start, characters = index + 1, 0
    if start < len(texts):
        yield texts[start:]


def _from_file(path: Path, name: str, revision: str | None) -> TokenCounter:
    from tokenizers import Tokenizer

    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{path}: the tokenizer can't be read ({error.strerror}). Check `tokenizer.path`."
        ) from error
    try:
        tokenizer = Tokenizer.from_buffer(raw)
    except (ValueError, TypeError) as error:
        raise InputError(
            f"{path}: expected a tokenizer.json in the format of Hugging Face tokenizers ({error}). A file of "
            "another format, such as tokenizer.model, can't be used."
        ) from error
    # A file may carry the truncation and padding that its model was trained with.
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.encode_special_tokens = True

    def count(texts: Sequence[str]) -> list[int]:
        encoded = tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [len(encoding) for encoding in encoded]

    def ends(texts: Sequence[str], tokens: Sequence[int]) -> list[Ends]:
        made = []
        for text, each, counted in zip(texts, tokens, count(texts), strict=True):
            first = last = 0
            if counted > 2 * each:  # one by one, since the places of all tokens take memory
                places = tokenizer.encode(text, add_special_tokens=False).offsets
                first, last = _ends_by(places, each, len(text))
            made.append(Ends(counted, first, last))
        return made

    return TokenCounter(name, revision, hashlib.sha256(raw).hexdigest(), count, ends)


def _ends_by(places: Sequence[tuple[int, int]], tokens: int, characters: int) -> tuple[int, int]:
    """The ends of a text whose tokens stand at these places, (begin, end) in characters.

    Tokens that are parts of one character have the same place: where a cut parts them, the character belongs to neither end.
    """
    if not tokens:
        return 0, 0
    first = min(places[tokens - 1][1], places[tokens][0])
    last = max(places[-tokens][0], places[-tokens - 1][1])
    return first, characters - max(first, last)
