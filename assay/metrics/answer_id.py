"""The name of a distinct answer: by it records, answers and verdicts find each other."""

import hashlib


def answer_id(prompt_id: str, text: str) -> str:
    """16 hex digits of the hash of the prompt's id and the answer's text."""
    return hashlib.sha256(f"{prompt_id}\n{text}".encode()).hexdigest()[:16]
