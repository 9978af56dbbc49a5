"""The two keys of the ledger: what was asked, and what it was asked under.

Accuracy and reuse go by the ask key, latency by the attempt key. Neither holds a label, a bucket's name or a path:
renaming buys nothing.
"""

import hashlib
from typing import Any

from assay.canonical import canonical_json

KEY_LENGTH = 32
"""Hexadecimal digits of a key: 128 bits."""


def digest(value: Any) -> str:
    """Hash of a value's canonical JSON."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()[:KEY_LENGTH]


def ask_key(endpoint: str, region: str, line: dict[str, Any], prompt: str, system: str | None) -> str:
    """Key of a question: `line` is what stays the same for all questions to a model, `prompt` has no nonce."""
    return digest({"endpoint": endpoint, "region": region, "line": line, "prompt": prompt, "system": system})


def attempt_key(ask: str, edition: int, **under: Any) -> str:
    """Key of an attempt: the question, the edition, and what it was asked under (load, block, position, ...)."""
    return digest({"ask": ask, "edition": edition, "under": under})
