"""What came back from asking a judge once: the one type between the sender and the verdicts."""

from dataclasses import dataclass

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
