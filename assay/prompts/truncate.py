"""Leaves out the middle of prompts that are too long: as many tokens stay at the beginning as at the end.

So LongBench does it, since instructions and question stand at both ends. A cut never goes through a character: what a token
boundary leaves of one goes out with the middle.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from assay.prompts.template import LaidOut
from assay.prompts.tokenizer import TokenCounter


@dataclass(frozen=True, slots=True)
class Cut:
    """What stays of a text: so many characters of its beginning, and so many of its end."""

    first: int
    last: int

    def of(self, text: str) -> str:
        """What is left of the text."""
        return text[: self.first] + text[len(text) - self.last :]

    def beyond_document(self, message: LaidOut) -> bool:
        """Whether more goes of a message than words of its document, where that is known."""
        if message.context_at is None or message.context_chars is None:
            return False
        behind = len(message.text) - message.context_at - message.context_chars
        return self.first < message.context_at or self.last < behind

    def laid_out(self, message: LaidOut) -> LaidOut:
        """What is left of a message, and where what is left of its document stands."""
        text = self.of(message.text)
        if message.context_at is None or message.context_chars is None:
            return LaidOut(text, None, None)
        resumes = len(message.text) - self.last

        def moved(at: int) -> int:
            return min(at, self.first) if at < resumes else at - resumes + self.first

        begin, end = moved(message.context_at), moved(message.context_at + message.context_chars)
        return LaidOut(text, begin, end - begin)


@dataclass(frozen=True, slots=True)
class Fitted:
    """A text that has no more tokens than it may: as it was, or cut. `left_out` are the tokens that went."""

    tokens: int
    cut: Cut | None = None
    left_out: int = 0


def fitted(texts: Sequence[str], room: Sequence[int], counter: TokenCounter) -> list[Fitted]:
    """What stays of each text where there is room for so many tokens.

    Half of the room is filled from the beginning and half from the end. What is left counts anew where the ends meet, and may
    count for more than its parts: then a little more goes, twice as much with each further attempt.
    """
    made: dict[int, Fitted] = {}
    halves = {at: each // 2 for at, each in enumerate(room)}
    step = 1
    while halves:
        waiting = list(halves)
        ends = dict(
            zip(
                waiting,
                counter.ends([texts[at] for at in waiting], [halves[at] for at in waiting]),
                strict=True,
            )
        )
        for at, each in ends.items():
            if each.tokens <= room[at]:
                made[at] = Fitted(each.tokens)
                del halves[at]
        cuts = {at: Cut(ends[at].first, ends[at].last) for at in halves}
        counts = counter.count([cut.of(texts[at]) for at, cut in cuts.items()]) if cuts else []
        for (at, cut), count in zip(cuts.items(), counts, strict=True):
            if count <= room[at]:
                made[at] = Fitted(count, cut, ends[at].tokens - count)
                del halves[at]
            else:
                halves[at] = max(0, halves[at] - step * -(-(count - room[at]) // 2))
        step *= 2
    return [made[at] for at in range(len(texts))]
