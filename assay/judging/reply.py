"""What came back from asking a judge: the one type between the sender and the verdicts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from assay.judging.schema import Mode

NOT_ASKED = "not_asked"
"""In the place of an error kind, where a judge was never asked: what the run may spend ended it before."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The outcome of one judge prompt, after the last try.

    `text` is what the judge wrote, None if no try succeeded; `error` is then the last try's error kind, or NOT_ASKED. The token
    counts are the service's own, those of tries that broke off included, None if it gave none; `e2e_ms` is the last
    try's time from sent to ended; `tries` counts the attempts, retries included, `tries_cost_unknown` those that may
    have cost something that the service never told. `reused` says that another run has paid for the answer: then tokens and
    tries are those of what this run tried in vain before, if it did, and there is no time.
    """

    text: str | None
    error: str | None
    input_tokens: int | None
    output_tokens: int | None
    e2e_ms: float | None
    tries: int
    tries_cost_unknown: int = 0
    reused: bool = False
    stop_reason: str | None = None
    """Why the judge stopped, in the service's words."""
    output: Mode | None = None
    """How it was made to reply in a fixed form; None where it didn't reply."""
    before_repair: str | None = None
    """What it wrote at first, where that couldn't be read and it was asked once more."""

    @property
    def repaired(self) -> bool:
        """Whether this is what it replied when it was asked once more."""
        return self.before_repair is not None


Ask = Callable[[Sequence[str]], Sequence[Reply]]
"""Asks each prompt once and gives the replies in the prompts' order."""


def with_costs_of(reply: Reply, other: Reply) -> Reply:
    """`reply`, with what another asking took added to it: tokens, tries. Where the one that counts told no tokens, there are none."""
    return replace(
        reply,
        input_tokens=_sum(reply.input_tokens, other.input_tokens),
        output_tokens=_sum(reply.output_tokens, other.output_tokens),
        tries=reply.tries + other.tries,
        tries_cost_unknown=reply.tries_cost_unknown + other.tries_cost_unknown,
    )


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None else one + (other or 0)
