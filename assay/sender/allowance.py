"""What a sender asks before it sends, where a run may spend only so much. Who answers, and from what, is the caller's."""

from dataclasses import dataclass
from typing import Protocol

from assay.bedrock.outcome import Outcome

TEMPLATE_TOKENS = 100
"""What a chat template may add to a prompt, in tokens, with room to spare."""


class Capped(Exception):
    """What is left of the budget doesn't hold the worst case of the next request. Says so in words."""


@dataclass(frozen=True, slots=True)
class Reserved:
    """What was set aside for a request that is about to be sent."""

    input_tokens: int
    """At most so many."""
    output_tokens: int
    """At most so many."""
    body_bytes: int
    max_tokens: int
    """Output tokens that the request asks for at most."""
    amount: int
    """Picodollars."""


class Allowance(Protocol):
    """Leave to spend, request by request."""

    def reserve(self, body_bytes: int, max_tokens: int) -> Reserved | Exception:
        """Set the worst case of a request aside, or say why it can't be sent: a Capped, say."""
        ...

    def settle(self, reserved: Reserved, outcome: Outcome) -> None:
        """The request has ended, and its outcome is in the ledger: put what it came to in the place of the worst case."""
        ...


def most_input_tokens(body_bytes: int) -> int:
    """The most tokens that a request's body of so many bytes can have: a token is at least a byte."""
    return body_bytes + TEMPLATE_TOKENS
