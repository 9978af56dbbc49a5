"""Chance that repeats itself: numbers drawn from a hash of what they are about.

What a simulated model answers must not depend on the order in which requests arrive, on the process or on its age:
so a draw is a function of the seed, the model, the text asked and the purpose, and nothing else.
"""

import hashlib
from collections.abc import Mapping


def digest(*parts: str | int) -> bytes:
    """32 bytes that stand for the parts. Lengths are hashed too, so that ("ab", "c") is not ("a", "bc")."""
    hashed = hashlib.sha256()
    for part in parts:
        encoded = str(part).encode("utf-8", "surrogatepass")
        hashed.update(len(encoded).to_bytes(8, "big"))
        hashed.update(encoded)
    return hashed.digest()


def share(about: bytes, purpose: str) -> float:
    """A number in [0, 1), evenly distributed over what it may be about."""
    return int.from_bytes(hashlib.sha256(about + purpose.encode()).digest()[:7], "big") / 2**56


def index(about: bytes, purpose: str, count: int) -> int:
    """One of 0 .. count - 1, each as likely."""
    return int(share(about, purpose) * count)


def pick(about: bytes, purpose: str, weights: Mapping[str, float]) -> str:
    """One of the names, each as likely as its weight among all weights. They must not all be 0."""
    drawn = share(about, purpose) * sum(weights.values())
    chosen = ""
    for name, weight in weights.items():
        if weight > 0:
            chosen = name
            drawn -= weight
            if drawn < 0:
                break
    return chosen


def happens(about: bytes, purpose: str, rates: Mapping[str, float]) -> str | None:
    """At most one of the named events, each with its own probability. The rates sum to at most 1."""
    drawn = share(about, purpose)
    for name, rate in rates.items():
        drawn -= rate
        if drawn < 0:
            return name
    return None
