"""Asks once more where a reply can't be read: the same, with a paragraph that says how to reply.

What the judge wrote isn't quoted, so that the second request depends on the answer alone, and not on a reply that may hold
anything. It is a question of its own: in the ledger, in other runs' ledgers and under the cap like any other.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from assay.judging.reading import Reading
from assay.judging.reply import Ask, Reply, with_costs_of
from assay.judging.schema import Form


def repair_prompt(prompt: str, form: Form) -> str:
    """What a judge is asked whose reply to `prompt` couldn't be read."""
    return (
        f"{prompt}\n\nAn earlier reply to this request could not be read. Reply with one JSON object and nothing else, without a "
        f"code fence and without words before or after it, {form.in_words()}."
    )


@dataclass(slots=True)
class Repairing:
    """An `Ask` that asks once more where `reading` finds no verdict in a reply."""

    ask: Ask
    reading: Reading

    def __call__(self, prompts: Sequence[str]) -> list[Reply]:
        """A reply to each prompt: the first, or what took its place."""
        replies = list(self.ask(prompts))
        lacking = [
            place
            for place, (prompt, reply) in enumerate(zip(prompts, replies, strict=True))
            if self.reading(prompt, reply).verdict == "unparseable"
        ]
        if lacking:
            again = self.ask([repair_prompt(prompts[place], self.reading.form) for place in lacking])
            for place, second in zip(lacking, again, strict=True):
                replies[place] = _one_of(replies[place], second)
        return replies


def _one_of(first: Reply, second: Reply) -> Reply:
    """The reply that counts, with what both took: the second, if there is one."""
    if second.text is None:
        return with_costs_of(first, second)
    counted = replace(second, before_repair=first.text, reused=first.reused and second.reused)
    return with_costs_of(counted, first)
