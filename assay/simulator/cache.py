"""The prompt cache of a simulated model: which tokens of a prompt it has read before.

A cache point in a request keeps all text before it for five minutes from its last use, as Bedrock documents. A service
with an implicit cache keeps the beginnings of all prompts by itself. Kept in the process: a new simulator remembers
nothing. Leaves to `plan` how much sooner the first token then comes.
"""

import hashlib
from dataclasses import dataclass

from assay.simulator.requests import Ask

TTL_S = 300.0
"""How long a prefix is kept after its last use."""

PIECE = 256
"""An implicit cache keeps whole pieces of so many characters."""


@dataclass(frozen=True, slots=True)
class Cached:
    """What the cache does with a request: input tokens that it read and that go into it; the rest is read afresh."""

    read_tokens: int = 0
    write_tokens: int = 0
    prefixes: tuple[bytes, ...] = ()
    """What is to be kept once the model has begun, each prefix by its hash."""


NOTHING_CACHED = Cached()


class PromptCache:
    """The prefixes that a model has kept. Times are seconds of any clock that only goes forward."""

    def __init__(self, implicit: bool) -> None:
        self._implicit = implicit
        self._kept: dict[bytes, tuple[float, float]] = {}
        """From when a prefix can be used, and until when it is kept."""

    def look_up(self, ask: Ask, input_tokens: int, now: float) -> Cached:
        """What of a request is in the cache now, and what is to go into it.

        Tokens of a prefix are its share of the text's characters.
        """
        text, points = ask.in_order, ask.cache_points
        implicit = self._implicit and not points
        if implicit:
            points = tuple(range(PIECE, len(text) + 1, PIECE))
        prefixes = _hashed(text, points)
        if not prefixes:
            return NOTHING_CACHED
        read = max((point for point, key in prefixes if self._usable(key, now)), default=0)
        read_tokens = round(input_tokens * read / len(text))
        # What is kept unasked isn't told, and not charged.
        written = read if implicit else max(read, prefixes[-1][0])
        write_tokens = round(input_tokens * written / len(text)) - read_tokens
        return Cached(read_tokens, write_tokens, tuple(key for _, key in prefixes))

    def keep(self, cached: Cached, now: float, ready: float) -> None:
        """The model has begun with a request: what it reads is of use to others from `ready` on."""
        for key in cached.prefixes:
            begins, ends = self._kept.get(key, (ready, 0.0))
            self._kept[key] = (begins if now < ends else ready, now + TTL_S)

    def _usable(self, key: bytes, now: float) -> bool:
        begins, ends = self._kept.get(key, (0.0, 0.0))
        return begins <= now < ends


def _hashed(text: str, points: tuple[int, ...]) -> list[tuple[int, bytes]]:
    """The prefixes that end at these places, each by a hash."""
    running = hashlib.sha256()
    made = []
    done = 0
    for point in points:
        running.update(text[done:point].encode("utf-8", "surrogatepass"))
        done = point
        if point:
            made.append((point, running.digest()))
    return made
