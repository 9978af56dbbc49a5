"""Asks a judge, through the same sender and ledger as the models: what was answered once isn't asked again.

Nor is what another run's ledger holds an answer to, where the benchmark says so: it is copied into our own.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from assay.bedrock.address import Address
from assay.bedrock.errors import THROTTLED, unpaid
from assay.bedrock.request import Line
from assay.bedrock.settings import Quota, Retry, Timeouts
from assay.bedrock.signing import Signer
from assay.errors import InputError
from assay.judging.reply import NOT_ASKED, Reply
from assay.ledger.keys import ask_key, attempt_key
from assay.ledger.ledger import Ledger
from assay.ledger.reuse import Found, copied
from assay.progress import Progress
from assay.sender.allowance import Allowance, Capped
from assay.sender.paced import PacedSender
from assay.sender.sender import SETUP_ADVICE, Attempt, Planned, SetupError
from assay.spending.cap import Cap

log = logging.getLogger(__name__)

Reuse = Callable[[Collection[str]], Mapping[str, Sequence[Found]]]
"""From ask keys to the answers that other runs' ledgers hold."""


@dataclass(slots=True)
class Asking:
    """How one judge is asked about one model's answers. Counts what it took."""

    name: str
    """For progress: judge and model."""
    label: str
    endpoint: str
    region: str
    line: Line
    edition: int
    concurrency: int
    timeouts: Timeouts
    retry: Retry
    seed: int
    quota: Quota = field(default_factory=Quota)
    reuse: Reuse | None = None
    cap: Cap | None = None
    """The most that the run may spend; null where nothing caps it."""
    capped: str | None = None
    """Why not every prompt was asked, where what the run may spend ended it."""
    requests_sent: int = 0
    throttled: int = 0
    from_ledger: int = 0
    reused: int = 0

    def replies(
        self,
        prompts: Sequence[str],
        ledger: Ledger,
        reach: Callable[[], AbstractContextManager[tuple[Address, Signer]]],
    ) -> list[Reply]:
        """A reply to each prompt, in their order. What failed in an earlier sitting is asked again.

        What the cap left unasked is `reply.NOT_ASKED`. Raises InputError where nothing but errors of a wrong set-up came back.
        """
        planned = [self._planned(prompt) for prompt in prompts]
        self._take_over([one for one in planned if _answer(ledger, one.key) is None], ledger)
        todo = [one for one in planned if _answer(ledger, one.key) is None]
        reused = sum(_is_reused(ledger, one.key) for one in planned)
        self.reused += reused
        self.from_ledger += len(planned) - len(todo) - reused
        if todo:
            try:
                with self._allowance() as allowance, reach() as (address, signer):
                    asyncio.run(self._send(todo, ledger, address, signer, allowance))
            except Capped as error:
                self.capped = str(error)
                log.warning("%s: nothing more is sent. %s", self.name, error)
            except SetupError as error:
                raise InputError(
                    f"judge {self.label} ({self.line.model.id}): {error} {SETUP_ADVICE}"
                ) from error
        else:
            log.info("%s: every verdict is in the ledger, nothing is sent", self.name)
        return [reply_of(ledger, one.key) for one in planned]

    def _allowance(self) -> AbstractContextManager[Allowance | None]:
        return nullcontext() if self.cap is None else self.cap.allowance(self.line.model)

    def _take_over(self, lacking: Sequence[Planned], ledger: Ledger) -> None:
        """Copy what other runs have had answered into our own ledger, so that it no longer takes theirs."""
        if self.reuse is None or not lacking:
            return
        keys = {str(one.tags["ask"]): one.key for one in lacking}
        for ask, found in self.reuse(keys).items():
            ledger.write_reused(keys[ask], copied(found[0], ask, "judge"))

    def _planned(self, prompt: str) -> Planned:
        ask = ask_key(self.endpoint, self.region, self.line.identity(), prompt, None)
        tags = {"role": "judge", "ask": ask, "model": self.line.model.id, "edition": self.edition}
        return Planned(attempt_key(ask, self.edition, role="judge"), prompt, None, tags)

    async def _send(
        self,
        todo: list[Planned],
        ledger: Ledger,
        address: Address,
        signer: Signer,
        allowance: Allowance | None,
    ) -> None:
        waiting = iter(todo)
        progress = Progress(self.name, len(todo))

        def done(_: Planned, attempt: Attempt, last: bool) -> None:
            self.requests_sent += 1
            self.throttled += attempt.answer.outcome.error in THROTTLED
            if last:
                progress.count(attempt.answer)

        saying = asyncio.create_task(progress.every_few_seconds())
        try:
            async with PacedSender(
                address,
                signer,
                self.line,
                ledger,
                self.timeouts,
                self.retry,
                self.seed,
                self.quota,
                allowance,
            ) as sender:
                await sender.run(min(self.concurrency, len(todo)), lambda: next(waiting, None), done)
        finally:
            saying.cancel()
        progress.say()


def _answer(ledger: Ledger, key: str) -> dict[str, Any] | None:
    """The outcome that was answered, if there is one; of another run, if this one has none."""
    own = (outcome for outcome in ledger.outcomes.get(key, ()) if "error" not in outcome)
    return next(own, None) or ledger.reused.get(key)


def _is_reused(ledger: Ledger, key: str) -> bool:
    return (answer := _answer(ledger, key)) is not None and answer.get("line") == "reused"


def reply_of(ledger: Ledger, key: str) -> Reply:
    """What the ledger holds of a judge prompt, all tries together."""
    outcomes, tries = ledger.outcomes.get(key, []), len(ledger.dispatched.get(key, ()))
    broken = [outcome for outcome in outcomes if "error" in outcome]
    told = [outcome for outcome in broken if outcome.get("input_tokens") is not None]
    # What was sent by a sitting that crashed has no outcome, and may have been paid for.
    lost = max(0, tries - len(outcomes))
    unknown = lost + sum(outcome not in told and not unpaid(outcome) for outcome in broken)
    tokens_in = sum(outcome["input_tokens"] for outcome in told)
    tokens_out = sum(outcome.get("output_tokens") or 0 for outcome in told)
    answer = _answer(ledger, key)
    if answer is None:
        error = outcomes[-1]["error"] if outcomes else NOT_ASKED
        return Reply(
            None, error, tokens_in if told else None, tokens_out if told else None, None, tries, unknown
        )
    if _is_reused(ledger, key):
        # What it cost, and how long it took, is the other run's; what we tried before in vain is ours.
        return Reply(answer.get("text", ""), None, tokens_in, tokens_out, None, tries, unknown, reused=True)
    return Reply(
        answer.get("text", ""),
        None,
        _plus(answer.get("input_tokens"), tokens_in),
        _plus(answer.get("output_tokens"), tokens_out),
        (answer["ended_ns"] - answer["sent_ns"]) / 1e6,
        tries,
        unknown,
    )


def _plus(tokens: int | None, more: int) -> int | None:
    return None if tokens is None else tokens + more
