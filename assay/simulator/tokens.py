"""Tokens of simulated models: cutting text into pieces, and guessing how many pieces a text has.

Simulated vocabularies are simple on purpose: a real tokenizer would take longer to load than a whole job takes. Prompts
of a benchmark come with their true counts in the answer key; only what isn't there is guessed.
"""

import re

_WIDE = "\u2e80-\u9fff\uac00-\ud7af\uff00-\uffef"
_PIECE = re.compile(rf"\s*(?:[{_WIDE}]|[^\s{_WIDE}]{{1,5}})|\s+")


def pieces(text: str) -> list[str]:
    """The text in tokens: five characters of a word at most, or one wide character. Joined, they are the text."""
    return _PIECE.findall(text)


def guess(text: str) -> int:
    """About how many tokens a text has, without reading it: texts of one length have one count."""
    return -(-len(text) // 4)
