"""Asks a judge, through the same sender and ledger as the models: what was answered once isn't asked again.

Nor is what another run's ledger holds an answer to, where the benchmark says so: it is copied into our own.

A judge may be asked in several modes (`schema`), and which of them its model takes is found out with one prompt at a time: what
is refused with a validation error in one mode and answered in the next is a matter of the mode; what is refused in all of
them is the prompt's own fault, and says nothing. The mode found stands in the ledger, and is what a later sitting tries first. A prompt that was answered in any of
the judge's modes is answered.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal

from assay.bedrock.address import Address
from assay.bedrock.errors import THROTTLED, unpaid
from assay.bedrock.request import Line
from assay.bedrock.settings import Quota, Retry, Timeouts
from assay.bedrock.signing import Signer
from assay.errors import InputError
from assay.judging.reply import NOT_ASKED, Reply
from assay.judging.schema import Form, Mode, modes
from assay.ledger.keys import ask_key, attempt_key, digest
from assay.ledger.ledger import Ledger
from assay.ledger.reuse import Found, copied
from assay.progress import Progress
from assay.sender.allowance import Allowance, Capped
from assay.sender.paced import PacedSender
from assay.sender.sender import SETUP_ADVICE, Attempt, Done, Planned, Sender, SetupError
from assay.spending.cap import Cap

log = logging.getLogger(__name__)

Reuse = Callable[[Collection[str]], Mapping[str, Sequence[Found]]]
"""From ask keys to the answers that other runs' ledgers hold."""

ALL_REFUSED = 20
"""So many prompts in a row that are refused in every mode are not their own fault: the judge is asked wrongly."""

ALL_BARRED = 3
"""So many prompts in a row that end without access: in between, modes may be refused, so that the sender sees no such row."""

_BARRED = frozenset({"access_denied", "resource_not_found"})

_OF_THE_JUDGE = frozenset({"access_denied", "resource_not_found", "validation"})
"""Errors by which one judge is left out. Others, such as a lost connection, end the job: they say nothing about a judge."""

_OF_CREDENTIALS = ("token", "signature", "credential", "expired")
"""Words of an access error that is about who asks: it would meet every judge."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A prompt that is to be answered, and how it would be asked in each mode."""

    planned: dict[Mode, Planned]

    @property
    def keys(self) -> list[str]:
        """Of the modes, in their order."""
        return [one.key for one in self.planned.values()]


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
    form: Form = field(default_factory=Form)
    output: Literal["auto", "json_schema", "tool", "text"] = "text"
    reuse: Reuse | None = None
    cap: Cap | None = None
    """The most that the run may spend; null where nothing caps it."""
    capped: str | None = None
    """Why not every prompt was asked, where what the run may spend ended it."""
    broken: str | None = None
    """Why the judge can't be asked at all; null while it can."""
    last_error: str | None = None
    """What the service said of the last request that failed for good."""
    requests_sent: int = 0
    throttled: int = 0
    from_ledger: int = 0
    reused: int = 0
    _broken_by: str = ""
    """The kind of that error."""
    _found: Mode | None = None
    """The mode that the judge was found to take in this sitting; null until then."""

    def __post_init__(self) -> None:
        if len(allowed := modes(self.output)) == 1:
            (self._found,) = allowed

    def replies(
        self,
        prompts: Sequence[str],
        ledger: Ledger,
        reach: Callable[[], AbstractContextManager[tuple[Address, Signer]]],
        *,
        again: bool = False,
    ) -> list[Reply]:
        """A reply to each prompt, in their order. What failed in an earlier sitting is asked again.

        `again`: these are asked a second time. Such a request has a nonce and keys of its own, so that neither a prompt cache nor
        any ledger has the answer to it, but for our own where it was asked a second time before.

        What the cap left unasked is `reply.NOT_ASKED`. Where the service refuses the judge as such, `broken` says so, and what
        wasn't answered has failed. Raises InputError where connection or credentials are lost.
        """
        wanted = [self._wanted(prompt, again) for prompt in prompts]
        if not again:
            self._take_over([one for one in wanted if _answer(ledger, one.keys) is None], ledger)
        todo = [one for one in wanted if _answer(ledger, one.keys) is None]
        reused = sum(_is_reused(ledger, one.keys) for one in wanted)
        self.reused += reused
        self.from_ledger += len(wanted) - len(todo) - reused
        if todo and self.capped is None and self.broken is None:
            try:
                with self._allowance() as allowance, reach() as (address, signer):
                    asyncio.run(self._send(todo, ledger, address, signer, allowance))
            except Capped as error:
                self.capped = str(error)
                log.warning("%s: nothing more is sent. %s", self.name, error)
            except SetupError as error:
                self._give_up(error)
        elif not todo:
            log.info("%s: every verdict is in the ledger, nothing is sent", self.name)
        return [self._reply(ledger, one, again) for one in wanted]

    def _give_up(self, error: SetupError) -> None:
        """Note that the judge can't be asked. Raises InputError where that isn't a matter of the judge."""
        said = f"judge {self.label} ({self.line.model.id}): {error}"
        kind = error.kind or ""
        if kind not in _OF_THE_JUDGE or any(word in str(error).lower() for word in _OF_CREDENTIALS):
            raise InputError(f"{said} {SETUP_ADVICE}") from error
        self.broken, self._broken_by = str(error), kind
        log.error("%s. This judge is not working: what it didn't answer has failed. %s", said, SETUP_ADVICE)

    def _allowance(self) -> AbstractContextManager[Allowance | None]:
        return nullcontext() if self.cap is None else self.cap.allowance(self.line.model)

    def _take_over(self, lacking: Sequence[_Wanted], ledger: Ledger) -> None:
        """Copy what other runs have had answered into our own ledger, so that it no longer takes theirs."""
        if self.reuse is None or not lacking:
            return
        asks = [{_ask(planned): planned.key for planned in one.planned.values()} for one in lacking]
        held = self.reuse({ask for each in asks for ask in each})
        for each in asks:
            found = next((ask for ask in each if ask in held), None)
            if found is not None:
                ledger.write_reused(each[found], copied(held[found][0], found, "judge"))

    def _wanted(self, prompt: str, again: bool) -> _Wanted:
        return _Wanted({mode: self._planned(prompt, mode, again) for mode in modes(self.output)})

    def _planned(self, prompt: str, mode: Mode, again: bool) -> Planned:
        ask = judge_ask(self.endpoint, self.region, self.line, prompt, self.form, mode)
        tags = {
            "role": "judge_again" if again else "judge",
            "ask": ask,
            "model": self.line.model.id,
            "edition": self.edition,
            "output": mode,
        }
        shape = self.form.members(mode) or None
        return Planned(judge_key(ask, self.edition, again), prompt, None, tags, shape=shape)

    async def _send(
        self,
        todo: Sequence[_Wanted],
        ledger: Ledger,
        address: Address,
        signer: Signer,
        allowance: Allowance | None,
    ) -> None:
        left = deque(todo)
        progress = Progress(self.name, len(todo))

        def done(planned: Planned, attempt: Attempt, last: bool) -> None:
            self.requests_sent += 1
            outcome = attempt.answer.outcome
            self.throttled += outcome.error in THROTTLED
            if last and outcome.error is not None:
                self.last_error = f"{outcome.error}: {outcome.error_message}"
            to_be_tried = outcome.error == "validation" and mode is None
            if last and not (to_be_tried and planned.tags["output"] != order[-1]):
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
                mode = self._found
                known = self._noted(ledger)
                order = sorted(modes(self.output), key=lambda each: each != known)
                refused = barred = 0
                while mode is None and left:
                    mode, error = await self._probe(left.popleft(), order, sender, done, ledger)
                    refused = refused + 1 if error == "validation" else 0
                    barred = barred + 1 if error in _BARRED else 0
                    if refused >= ALL_REFUSED and known is not None:
                        mode = known  # it worked: these are prompts that it can't take
                    elif refused >= ALL_REFUSED:
                        raise SetupError(_all_refused(ledger, todo), "validation")
                    if barred >= ALL_BARRED:
                        raise SetupError(f"{self.last_error}. {ALL_BARRED} prompts in a row ended so.", error)
                if mode is not None and left:
                    waiting = (one.planned[mode] for one in left)
                    await sender.run(min(self.concurrency, len(left)), lambda: next(waiting, None), done)
        finally:
            saying.cancel()
        progress.say()

    def _noted(self, ledger: Ledger) -> Mode | None:
        """The mode that an earlier sitting found. It is tried first, and not taken for granted: a service may come to refuse it."""
        about = self._about_mode()
        noted = (note["output"] for note in reversed(ledger.notes) if about.items() <= note.items())
        return next((mode for mode in noted if mode in modes(self.output)), None)

    def _about_mode(self) -> dict[str, Any]:
        """What a mode that was found holds for."""
        return {"form": digest(self.form.schema()), "edition": self.edition}

    async def _probe(
        self, wanted: _Wanted, order: Sequence[Mode], sender: Sender, done: Done, ledger: Ledger
    ) -> tuple[Mode | None, str | None]:
        """Ask one prompt in one mode after the other, until it is no longer refused.

        The first element is the mode in which it was answered, None if it wasn't; the second, the kind of the last error then:
        validation where it was refused in all modes.
        """
        for mode in order:
            planned = wanted.planned[mode]
            await sender.run(1, partial(next, iter([planned]), None), done)
            outcome = ledger.outcomes[planned.key][-1]
            if "error" not in outcome:
                self._found = mode
                if mode != self._noted(ledger):
                    ledger.write_note({"output": mode, **self._about_mode()})
                log.info("%s: asked by %s", self.name, mode.replace("_", " "))
                return mode, None
            if outcome["error"] != "validation":
                return None, outcome["error"]
        return None, "validation"

    def _reply(self, ledger: Ledger, wanted: _Wanted, again: bool) -> Reply:
        found = reply_of(ledger, *wanted.keys)
        if found.text is None:
            if self.broken is not None and found.error == NOT_ASKED and not again:
                return replace(found, error=self._broken_by)
            return found
        held = _answer(ledger, wanted.keys)
        mode = next(mode for mode, planned in wanted.planned.items() if held and planned.key == held["key"])
        return replace(found, output=mode)


def judge_ask(endpoint: str, region: str, line: Line, prompt: str, form: Form, mode: Mode) -> str:
    """The ask key of a judge prompt in a mode."""
    return ask_key(endpoint, region, {**line.identity(), **form.identity(mode)}, prompt, None)


def judge_key(ask: str, edition: int, again: bool = False) -> str:
    """The attempt key of a judge prompt; of its second asking."""
    return attempt_key(ask, edition, role="judge", **({"repetition": 1} if again else {}))


def _ask(planned: Planned) -> str:
    return str(planned.tags["ask"])


def _all_refused(ledger: Ledger, todo: Sequence[_Wanted]) -> str:
    outcomes = (outcome for one in todo for key in one.keys for outcome in ledger.outcomes.get(key, ()))
    said = next((each["error_message"] for each in outcomes if each.get("error_message")), "")
    return f"validation: {said}. {ALL_REFUSED} prompts in a row were refused, however they were asked."


def _answer(ledger: Ledger, keys: Sequence[str]) -> dict[str, Any] | None:
    """The outcome that was answered under any of these keys, if there is one; of another run, if this one has none."""
    own = (outcome for key in keys for outcome in ledger.outcomes.get(key, ()) if "error" not in outcome)
    others = (ledger.reused[key] for key in keys if key in ledger.reused)
    return next(own, None) or next(others, None)


def _is_reused(ledger: Ledger, keys: Sequence[str]) -> bool:
    return (answer := _answer(ledger, keys)) is not None and answer.get("line") == "reused"


def reply_of(ledger: Ledger, *keys: str) -> Reply:
    """What the ledger holds of a judge prompt, all tries together. `keys` are those that it may have been asked under."""
    outcomes = [outcome for key in keys for outcome in ledger.outcomes.get(key, ())]
    tries = sum(len(ledger.dispatched.get(key, ())) for key in keys)
    broken = [outcome for outcome in outcomes if "error" in outcome]
    told = [outcome for outcome in broken if outcome.get("input_tokens") is not None]
    # What was sent by a sitting that crashed has no outcome, and may have been paid for.
    lost = max(0, tries - len(outcomes))
    unknown = lost + sum(outcome not in told and not unpaid(outcome) for outcome in broken)
    tokens_in = sum(outcome["input_tokens"] for outcome in told)
    tokens_out = sum(outcome.get("output_tokens") or 0 for outcome in told)
    answer = _answer(ledger, keys)
    if answer is None:
        error = outcomes[-1]["error"] if outcomes else NOT_ASKED
        return Reply(
            None, error, tokens_in if told else None, tokens_out if told else None, None, tries, unknown
        )
    said, stopped = answer.get("text", ""), answer.get("stop_reason")
    if _is_reused(ledger, keys):
        # What it cost, and how long it took, is the other run's; what we tried before in vain is ours.
        return Reply(
            said, None, tokens_in, tokens_out, None, tries, unknown, reused=True, stop_reason=stopped
        )
    # Two sittings may have had it answered in two modes: all of that was paid.
    others = [outcome for outcome in outcomes if "error" not in outcome and outcome is not answer]
    return Reply(
        said,
        None,
        _plus(answer.get("input_tokens"), tokens_in + sum(each.get("input_tokens") or 0 for each in others)),
        _plus(
            answer.get("output_tokens"), tokens_out + sum(each.get("output_tokens") or 0 for each in others)
        ),
        (answer["ended_ns"] - answer["sent_ns"]) / 1e6,
        tries,
        unknown,
        stop_reason=stopped,
    )


def _plus(tokens: int | None, more: int) -> int | None:
    return None if tokens is None else tokens + more
