"""The small calls: one for each distinct line of the benchmark, with all that its requests will have, and the largest limit of
output tokens that any of them will.

Each goes through the sender and a ledger file of its own, so that it is recorded and costed like any other, and what
passed in this edition isn't asked again. What a refusal means is left to `remedies`.
"""

import asyncio
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.bedrock.address import Address
from assay.bedrock.errors import THROTTLED
from assay.bedrock.request import Line, cache_point
from assay.bedrock.settings import Endpoint, Retry, Timeouts
from assay.bedrock.signing import Signer
from assay.errors import InputError
from assay.ledger.files import about, file_name
from assay.ledger.keys import ask_key, attempt_key
from assay.ledger.ledger import Ledger, opened
from assay.preflight.demand import Prompts
from assay.preflight.settings import AskedLine
from assay.sender.allowance import Allowance, Capped
from assay.sender.identity import identity
from assay.sender.sender import Attempt, Planned, Sender, SetupError
from assay.sender.target import reached
from assay.settings import Edition
from assay.spending.cap import Cap

log = logging.getLogger(__name__)

QUESTION = "Reply with OK."
PROMPT = f"This request only finds out whether requests like it are accepted.\n\n{QUESTION}"

PATIENCE = Retry(attempts=7, base_s=0.5, cap_s=4.0)
"""For what may pass: about a dozen seconds in all."""

WORTH_ANOTHER_TRY = THROTTLED | {
    "internal_server",
    "service_unavailable",
    "model_error",
    "connect_failed",
    "disconnected",
}

LONGEST_CONNECT_S = 5.0


@dataclass(slots=True)
class Call:
    """One call, and the lines of the benchmark that it stands for: they ask the very same."""

    lines: list[AskedLine]
    line: Line
    """What is asked."""
    key: str
    planned: Planned
    file: str
    """Name of its ledger file."""


@dataclass(slots=True)
class Told:
    """What came of a call. `outcome` is the ledger's entry; null where it wasn't made, and `why_not` says why."""

    call: Call
    outcome: Mapping[str, Any] | None
    tries: int = 0
    """Sent in this sitting; 0 where the ledger knew the answer."""
    why_not: str = ""

    @property
    def ok(self) -> bool:
        """Whether a whole answer came, now or earlier."""
        return self.outcome is not None and "error" not in self.outcome

    @property
    def ms(self) -> float | None:
        """From sent to the end of the answer; null without an answer."""
        if self.outcome is None or "error" in self.outcome:
            return None
        return float(self.outcome["ended_ns"] - self.outcome["sent_ns"]) / 1e6


def calls(
    lines: Sequence[AskedLine],
    endpoint: Endpoint,
    system: str | None,
    run: Edition,
    prompts: Prompts | None = None,
) -> tuple[list[Call], list[tuple[AskedLine, str]]]:
    """A call for each distinct line; and the lines that can't be asked at all, with the reason.

    Where `prompts` have output limits of their own, models are asked with the largest that holds, and not with one that none
    of their requests will have.
    """
    made: dict[str, Call] = {}
    impossible = []
    for asked in lines:
        try:
            name, region = identity(endpoint, asked.model.id)
        except InputError as error:
            impossible.append((asked, str(error)))
            continue
        line = written = Line(asked.model, asked.inference)
        if prompts is not None and asked.role == "model":
            line = prompts.longest_asked_by(line)
        told = system if asked.role == "model" else None
        ask = ask_key(name, region, line.identity(), PROMPT, told)
        if ask in made:
            made[ask].lines.append(asked)
            continue
        key = attempt_key(ask, run.edition, role="preflight")
        tags = {"role": "preflight", "ask": ask, "model": asked.model.id, "edition": run.edition}
        cached = cache_point(PROMPT, QUESTION) if asked.model.cache == "warm" else None
        asks = {"endpoint": name, "region": region, "line": written.identity()}  # as its other files
        made[ask] = Call(
            [asked],
            line,
            key,
            Planned(key, PROMPT, told, tags, cached_chars=cached),
            file_name("preflight", asked.model.id, asks, *(("system",) if told else ())),
        )
    return list(made.values()), impossible


def ask(
    made: Sequence[Call],
    endpoint: Endpoint,
    folder: Path,
    run: Edition,
    timeout_s: float,
    cap: Cap | None = None,
) -> list[Told]:
    """Make the calls side by side, but for those whose answer stands in the ledger in `folder`, and within the cap."""
    timeouts = Timeouts(
        connect_s=min(timeout_s, LONGEST_CONNECT_S),
        first_byte_s=timeout_s,
        gap_s=timeout_s,
        total_s=2 * timeout_s,
    )
    with ExitStack() as stack:
        ledgers: dict[str, Ledger] = {}
        for call in sorted(
            made, key=lambda call: call.file
        ):  # in one order, so that two runs don't wait for each other
            whose = about(run.name, "preflight", call.lines[0].model)
            ledgers[call.key] = stack.enter_context(opened(folder / call.file, whose))
        before = {call.key: len(ledgers[call.key].dispatched.get(call.key, ())) for call in made}
        todo = []
        why_not: dict[str, str] = {}
        for call in made:
            if _passed(ledgers[call.key], call.key) is None:
                try:
                    allowance = stack.enter_context(cap.allowance(call.line.model)) if cap else None
                except InputError as error:  # of a price that nobody knows
                    why_not[call.key] = str(error)
                else:
                    todo.append(_Ask(call, ledgers[call.key], allowance))
        if todo:
            address, signer = stack.enter_context(reached(endpoint, None))
            why_not |= asyncio.run(_ask_all(todo, address, signer, timeouts, run.seed))
        return [_told(call, ledgers[call.key], before[call.key], why_not.get(call.key, "")) for call in made]


@dataclass(frozen=True, slots=True)
class _Ask:
    """A call that is to be made, where it is recorded, and what it may spend."""

    call: Call
    ledger: Ledger
    allowance: Allowance | None


async def _ask_all(
    todo: Sequence[_Ask], address: Address, signer: Signer, timeouts: Timeouts, seed: int
) -> dict[str, str]:
    """Make the calls. Returns why some weren't made, by their keys."""
    reasons = await asyncio.gather(*(_ask(one, address, signer, timeouts, seed) for one in todo))
    return {one.call.key: reason for one, reason in zip(todo, reasons, strict=True) if reason}


async def _ask(one: _Ask, address: Address, signer: Signer, timeouts: Timeouts, seed: int) -> str:
    waiting: Iterator[Planned] = iter([one.call.planned])
    try:
        async with _Patient(
            address, signer, one.call.line, one.ledger, timeouts, PATIENCE, seed, one.allowance
        ) as sender:
            await sender.run(1, lambda: next(waiting, None), lambda *_: None)
    except SetupError:
        log.debug("%s: gave up", one.call.file)  # the ledger holds what it met
    except (Capped, InputError) as error:
        return str(error)
    return ""


class _Patient(Sender):
    """Tries again what may pass in some seconds, and nothing that took its time to fail."""

    def _is_last(self, attempt: Attempt) -> bool:
        return super()._is_last(attempt) or attempt.answer.outcome.error not in WORTH_ANOTHER_TRY


def _passed(ledger: Ledger, key: str) -> dict[str, Any] | None:
    return next((outcome for outcome in ledger.outcomes.get(key, ()) if "error" not in outcome), None)


def _told(call: Call, ledger: Ledger, before: int, why_not: str) -> Told:
    tries = len(ledger.dispatched.get(call.key, ())) - before
    outcomes = ledger.outcomes.get(call.key, [])
    known = _passed(ledger, call.key)
    if known is None and not why_not and outcomes:
        known = outcomes[-1]
    return Told(call, known, tries, why_not)
