"""What a ledger tells of how a model or judge answers, and of what of a plan it holds already.

It is read as it lies there, without its locks and without writing to it: a run may be at work on it.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assay.ledger.ledger import Ledger, parts
from assay.ledger.lines import lines
from assay.spending.ends import Ends

SURE = 2.0
"""So many standard errors on either side of a mean: 95 %."""


def peeked(path: Path) -> Ledger:
    """What a ledger file and those of its workers hold. What is half-written or damaged is left out."""
    ledger = Ledger(path, b"")
    for file in (path, *parts(path)):
        for found in lines(file.read_bytes()) if file.exists() else ():
            if found.entry is not None:
                ledger.take(found.entry)
    return ledger


@dataclass(slots=True)
class Seen:
    """How one model or judge, asked in one way, has answered so far."""

    inputs: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """By bucket: the service's count of a prompt's tokens (cached ones included) over ours; a judge's, its own count."""
    outputs: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    """By bucket: output tokens, of prompts without a limit of their own."""
    limited: dict[int, dict[str, list[int]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )
    """The same of prompts that have one, by that limit."""
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """By load: from sent to the end of the answer."""
    logs: dict[tuple[str, str, int], list[float]] = field(default_factory=lambda: defaultdict(list))
    """By load, bucket and block: logarithms of those seconds, of measured requests."""

    def add(
        self,
        ledger: Ledger,
        tokens: Mapping[str, int] | None,
        limits: Mapping[str, int] | None = None,
    ) -> None:
        """Take in what a ledger file holds. `tokens` are ours by prompt id; None for a judge, whose prompts have none.

        `limits` are output limits by prompt id, of prompts that are asked with one of their own.
        """
        for key, outcomes in ledger.outcomes.items():
            asked = ledger.dispatched.get(key)
            tags = asked[0]["tags"] if asked else {}
            for outcome in outcomes:
                if "error" not in outcome:
                    self._answered(outcome, tags, tokens, limits or {})

    def outputs_of(self, limit: int | None) -> Mapping[str, Sequence[int]]:
        """By bucket: output tokens, of prompts with such a limit of their own; null for those without."""
        return self.outputs if limit is None else self.limited.get(limit, {})

    def _answered(
        self,
        outcome: Mapping[str, Any],
        tags: Mapping[str, Any],
        tokens: Mapping[str, int] | None,
        limits: Mapping[str, int],
    ) -> None:
        told_in, told_out = outcome.get("input_tokens"), outcome.get("output_tokens")
        bucket, load = tags.get("bucket", ""), tags.get("load", "")
        if told_in is not None and told_out is not None:
            whole = (
                told_in + (outcome.get("cache_read_tokens") or 0) + (outcome.get("cache_write_tokens") or 0)
            )
            ours = 1 if tokens is None else tokens.get(tags.get("prompt_id", ""))
            if ours:
                self.inputs[bucket].append(whole / ours)
            limit = limits.get(tags.get("prompt_id", ""))
            (self.outputs if limit is None else self.limited[limit])[bucket].append(told_out)
        sent, ended = outcome.get("sent_ns"), outcome.get("ended_ns")
        if sent is not None and ended is not None and ended > sent:
            self.seconds[load].append((ended - sent) / 1e9)
            if tags.get("role") == "measured":
                self.logs[load, bucket, tags.get("block", 0)].append(math.log((ended - sent) / 1e9))

    def answered(self) -> bool:
        """Whether anything was."""
        return any(self.outputs.values()) or bool(self.limited)


def mean(found: Mapping[str, Sequence[float]], where: str, margin: float, elsewhere: float) -> Ends | None:
    """The mean of what was seen `where`, with its ends. None if nothing was seen anywhere.

    `margin` is what may change from one block to the next, as a share, beyond the standard error. Where nothing was seen
    here, what was seen elsewhere stands in, with ends divided and multiplied by `elsewhere`.
    """
    here = found.get(where, ())
    values = here or [value for each in found.values() for value in each]
    if not values:
        return None
    middle = sum(values) / len(values)
    if len(values) > 1:
        deviation = math.sqrt(sum((value - middle) ** 2 for value in values) / (len(values) - 1))
    else:
        deviation = middle / 2
    half = SURE * deviation / math.sqrt(len(values)) + margin * middle
    low, high = max(middle - half, middle / 2), middle + half
    if not here:
        low, high = low / elsewhere, high * elsewhere
    return Ends(low, middle, high, high)
