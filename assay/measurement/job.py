"""One invoke job: the cells of one model at one load in one block, resumed from the ledger.

Plans what is still missing, has it sent, and makes the records of all of it. How requests are sent is left to
`assay.sender`; where files are is the caller's business.
"""

import asyncio
import itertools
import logging
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Protocol

from assay.bedrock.address import Address
from assay.bedrock.request import cache_point
from assay.bedrock.settings import Retry, Timeouts
from assay.bedrock.signing import Signer
from assay.errors import InputError
from assay.ledger.ledger import Ledger
from assay.measurement.plan import (
    Asked,
    JobLoad,
    Position,
    arrivals_of,
    cell,
    extra,
    order,
    position,
    ramp_of,
    ramp_warm_up,
)
from assay.measurement.settled import settled, usable_sittings
from assay.progress import Progress
from assay.prompts.ask import system_of
from assay.prompts.prompt import Prompt
from assay.schedule.arrivals import Arrivals, Every
from assay.schedule.closed import ClosedLoop
from assay.schedule.open import OpenLoop
from assay.schedule.step import Schedule
from assay.sender import canary
from assay.sender.allowance import Allowance, Capped
from assay.sender.canary import Canary
from assay.sender.open_loop import run_open
from assay.sender.selfcheck import SelfCheck, worst
from assay.sender.sender import SETUP_ADVICE, Attempt, Planned, Sender, SetupError
from assay.spending.cap import Cap

log = logging.getLogger(__name__)

PRIMING_IN_FLIGHT = 4
"""With how many requests in flight the prompt cache is filled before an open loop; before a closed loop, with its own."""

SPARE_S = 0.1
"""An open loop keeps connections open for what arrives in so much time, and at least two, beyond those in use."""

Reach = AbstractContextManager[tuple[Address, Signer]]
Turn = Callable[[str], AbstractAsyncContextManager[None]]


class Share(Protocol):
    """The part of a job's cells that one process measures."""

    number: int
    """From 0."""
    of: int
    """How many processes there are."""

    def tell(self, left: int) -> None:
        """Let the others know how many measured requests of the cell haven't ended here."""
        ...

    def others(self) -> int:
        """How many measured requests of the cell haven't ended elsewhere."""
        ...

    def end(self) -> None:
        """Let the others know that nothing more may be sent."""
        ...

    def ended(self) -> bool:
        """Whether one of them has said so."""
        ...


class Alone:
    """The whole of a job."""

    number, of = 0, 1

    def tell(self, left: int) -> None:
        """See Share."""

    def others(self) -> int:
        """See Share."""
        return 0

    def end(self) -> None:
        """See Share."""

    def ended(self) -> bool:
        """See Share."""
        return False


@dataclass(slots=True)
class Job:
    """What an invoke job is about."""

    label: str
    asked: Asked
    load: JobLoad
    timeouts: Timeouts
    retry: Retry
    seed: int
    prompts: Mapping[str, Sequence[Prompt]]
    """Prompts by bucket, in the order in which they were drawn."""
    share: Share = field(default_factory=Alone)
    cap: Cap | None = None
    """The most that the run may spend; null where nothing caps it."""

    def allowance(self) -> AbstractContextManager[Allowance | None]:
        """What this job's requests may spend, while the block lasts; null without a cap."""
        return nullcontext() if self.cap is None else self.cap.allowance(self.asked.line.model)


@dataclass(slots=True)
class Sat:
    """What a sitting did."""

    requests_sent: int = 0
    from_ledger: int = 0
    capped: str | None = None
    """Why it ended before everything was sent, where what the run may spend ended it."""


ByWorkers = Callable[[Job, Ledger, Address, Mapping[str, "Cell"], Sat], None]


@dataclass(frozen=True, slots=True)
class Cell:
    """What one bucket's cell is made of in this job, and what of it is still to be measured."""

    known: list[Position]
    """The measured requests that are planned; where the time decides how many there are, those that were sent."""
    missing: list[Position]
    """Those that have no answer yet."""
    left_s: float | None
    """How long it is still to be measured, beyond what is missing; null where the number of requests decides."""
    settled: int = 0
    """How many of the measured requests need not be sent: a ramp goes on after so many, whichever process sends it."""

    @property
    def wanted(self) -> bool:
        """Whether anything is still to be measured."""
        return bool(self.missing) or bool(self.left_s)


def cells(job: Job, ledger: Ledger) -> dict[str, Cell]:
    """The job's cells by bucket, in the order in which they are measured."""
    kept = settled(ledger)
    return {bucket: _cell(job, ledger, bucket, kept) for bucket in order(job.prompts, job.seed, job.load)}


def _cell(job: Job, ledger: Ledger, bucket: str, kept: set[str]) -> Cell:
    prompts = job.prompts[bucket]
    planned = cell(prompts, job.load, job.asked, job.seed)
    left_s = None
    if planned is None:
        planned = []
        while (following := position(len(planned), prompts, job.load, job.asked)).key in ledger.dispatched:
            planned.append(following)
        left_s = _left_s(job, ledger, planned, following)
    missing = [one for one in planned if one.key not in kept]
    return Cell(planned, missing, left_s, len(planned) - len(missing))


def _left_s(job: Job, ledger: Ledger, sent: Sequence[Position], following: Position) -> float:
    """How long a cell of fixed duration is still to be measured.

    A sitting that came to its end has noted how long it measured; of one that was cut off, it is the time from its first
    measured dispatch to its last.
    """
    assert job.load.block_s is not None
    first = (sent[0] if sent else following).key
    measured_s: dict[str, float] = {
        note["sitting"]: note["measured_s"]
        for note in ledger.notes
        if note.get("cell") == first and "measured_s" in note
    }
    stamps: dict[str, list[int]] = {}
    for one in sent:
        for outcome in ledger.outcomes.get(one.key, ()):
            if "dispatched_ns" in outcome and outcome["sitting"] not in measured_s:
                stamps.setdefault(outcome["sitting"], []).append(outcome["dispatched_ns"])
    cut_off_s = sum((max(times) - min(times)) / 1e9 for times in stamps.values())
    return max(0.0, job.load.block_s - sum(measured_s.values()) - cut_off_s)


def measure(job: Job, ledger: Ledger, reach: Callable[[], Reach], by_workers: ByWorkers | None = None) -> Sat:
    """Send what is missing, to what `reach` opens; where nothing is, nothing is opened.

    `by_workers` sends it from several processes; without it, this one does. Raises InputError where nothing but errors of
    a wrong set-up came back. Where the cap ends it, what was sent is kept and `capped` of what is returned says so.
    """
    todo = cells(job, ledger)
    sat = Sat(from_ledger=sum(len(one.known) - len(one.missing) for one in todo.values()))
    if not any(one.wanted for one in todo.values()):
        log.info("%s %s: every answer is in the ledger, nothing is sent", job.label, job.load.name)
        return sat
    try:
        with job.allowance() as allowance, reach() as (address, signer):
            if by_workers is not None:
                by_workers(job, ledger, address, todo, sat)
            else:
                with canary.started() as bird:
                    asyncio.run(measure_cells(job, ledger, address, signer, bird, todo, sat, allowance))
    except Capped as error:
        sat.capped = str(error)
        log.warning("%s %s: nothing more is sent. %s", job.label, job.load.name, error)
    except SetupError as error:
        raise InputError(f"model {job.label} ({job.asked.line.model.id}): {error} {SETUP_ADVICE}") from error
    return sat


def _at_once(bucket: str) -> AbstractAsyncContextManager[None]:
    return nullcontext()


async def measure_cells(
    job: Job,
    ledger: Ledger,
    address: Address,
    signer: Signer,
    bird: Canary,
    todo: Mapping[str, Cell],
    sat: Sat,
    allowance: Allowance | None = None,
    turn: Turn = _at_once,
) -> None:
    """Measure cell after cell, each in its `turn`. Raises SetupError and Capped as the sender does."""
    line = job.asked.line
    async with Sender(address, signer, line, ledger, job.timeouts, job.retry, job.seed, allowance) as sender:
        for bucket, one in todo.items():
            if one.wanted:
                async with turn(bucket):
                    await _measure_cell(job, ledger, sender, bucket, one, sat, bird)


async def _measure_cell(
    job: Job,
    ledger: Ledger,
    sender: Sender,
    bucket: str,
    todo: Cell,
    sat: Sat,
    bird: Canary,
) -> None:
    load, asked, prompts = job.load, job.asked, job.prompts[bucket]
    schedule = _schedule(job, bucket, todo)
    bent = None if load.ramp is None else ramp_of(prompts, load, job.seed, todo.settled)
    positions = _positions(job, bucket, todo, settled(ledger))
    total = None if todo.left_s else len(todo.missing)
    worker = "" if job.share.of == 1 else f" worker {job.share.number + 1}"
    progress = Progress(f"{job.label} {load.name} block {load.block} {bucket}{worker}", total)
    sent = measured_in_flight = extra_sent = 0
    left = len(todo.missing)
    began_s: float | None = None

    def take() -> Planned | None:
        nonlocal sent, measured_in_flight, extra_sent, began_s
        if job.share.ended():
            return None
        now_s = perf_counter()
        began_s = now_s if began_s is None else began_s
        step = schedule.next(now_s - began_s, sent, measured_in_flight + job.share.others())
        if step is None:
            return None
        sent += 1
        if step.role == "measured":
            measured_in_flight += 1
            one = next(positions)
            key, ask, prompt = one.key, one.ask, one.prompt
        else:
            key, ask, prompt = extra(prompts, load, asked, step.role, ledger.sitting, extra_sent)
            extra_sent += 1
        tags = _tags(job, step.role, bucket, ask, prompt)
        if bent is not None:
            tags["rate_rps"] = bent.rate_rps((step.at_s or 0.0) - load.warmup_s)
        return _planned(job, key, prompt, tags, step.at_s)

    def wanted(planned: Planned) -> bool:
        if job.share.ended():
            return False
        return planned.tags["role"] != "filler" or measured_in_flight + job.share.others() > 0

    def done(planned: Planned, attempt: Attempt, last: bool) -> None:
        nonlocal measured_in_flight, left
        sat.requests_sent += 1
        check.sent(attempt.answer.timeline)
        if last and planned.tags["role"] == "measured":
            measured_in_flight -= 1
            left -= 1
            job.share.tell(left)
            progress.count(attempt.answer)
        if sender.lost is not None:
            job.share.end()

    if asked.line.model.cache == "warm":
        await _prime(job, ledger, sender, bucket, todo, sat)
    check = SelfCheck(bird)
    saying = asyncio.create_task(progress.every_few_seconds())
    ended: dict[str, Any] = {}
    try:
        async with check:
            if load.concurrency is not None:
                await sender.run(_slots(job, load.concurrency), take, done)
            else:
                spare = max(2, math.ceil(load.fastest_rps * SPARE_S / job.share.of))
                await run_open(sender, _slots(job, load.max_in_flight), spare, take, done, wanted)
        if todo.left_s is not None:
            ended = {"cell": position(0, prompts, load, asked).key, "measured_s": todo.left_s}
    finally:
        if sender.lost is not None:
            job.share.end()
        saying.cancel()
        ledger.write_note({"bucket": bucket, "edition": job.asked.edition, **ended, **check.note()})
    progress.say()


async def _prime(job: Job, ledger: Ledger, sender: Sender, bucket: str, todo: Cell, sat: Sat) -> None:
    """Send each prompt that is to be measured once, as warm-up, so that it is in the prompt cache when it is measured."""
    prompts = job.prompts[bucket]
    measured = None if todo.left_s else {one.prompt.prompt_id for one in todo.missing}
    primers = (
        extra(prompts, job.load, job.asked, "priming", ledger.sitting, index) for index in range(len(prompts))
    )
    waiting = (
        _planned(job, key, prompt, _tags(job, "warmup", bucket, ask, prompt))
        for key, ask, prompt in primers
        if measured is None or prompt.prompt_id in measured
    )

    def done(_planned: Planned, _attempt: Attempt, _last: bool) -> None:
        sat.requests_sent += 1

    await sender.run(
        _slots(job, job.load.concurrency) if job.load.concurrency else PRIMING_IN_FLIGHT,
        lambda: None if job.share.ended() else next(waiting, None),
        done,
    )


def _planned(job: Job, key: str, prompt: Prompt, tags: dict[str, Any], at_s: float | None = None) -> Planned:
    """The request that asks a prompt."""
    asked = job.asked
    return Planned(
        key,
        prompt.text,
        system_of(prompt, asked.system),
        tags,
        at_s,
        _cached_chars(job, prompt),
        max_tokens=asked.line.max_tokens(prompt.max_tokens),
    )


def _cached_chars(job: Job, prompt: Prompt) -> int | None:
    """How much of a prompt is meant to come from the prompt cache."""
    return cache_point(prompt.text, prompt.question) if job.asked.line.model.cache == "warm" else None


def _schedule(job: Job, bucket: str, todo: Cell) -> Schedule:
    """When the cell's requests are sent.

    In a sitting that resumes an open loop, what is missing arrives afresh; that of a ramp as the ramp's last requests.
    """
    load, prompts = job.load, job.prompts[bucket]
    if load.concurrency is not None:
        slots = _slots(job, load.concurrency)
        return ClosedLoop(
            slots,
            warmup=load.warmup * slots,
            measured=None if todo.left_s else len(todo.missing),
            duration_s=todo.left_s or None,
        )
    warming: Arrivals
    measured: Arrivals
    if load.ramp is not None:
        warming = ramp_warm_up(prompts, load, job.seed, todo.settled)
        measured = ramp_of(prompts, load, job.seed, todo.settled)
    else:
        warming = arrivals_of(prompts, load, job.seed, "warmup")
        measured = arrivals_of(prompts, load, job.seed)
    return OpenLoop(
        warming=Every(warming, job.share.number, job.share.of),
        arrivals=Every(measured, job.share.number, job.share.of),
        measured=len(todo.missing),
        warmup_s=load.warmup_s,
        filler=None if load.filler is None else _slots(job, load.filler),
    )


def _slots(job: Job, all_slots: int) -> int:
    """This share's part of so many slots; the parts add up to all of them."""
    return all_slots // job.share.of + (job.share.number < all_slots % job.share.of)


def _positions(job: Job, bucket: str, todo: Cell, kept: set[str]) -> Iterator[Position]:
    """What is missing, and then, for a cell that runs for a time, what follows."""
    yield from todo.missing
    for number in itertools.count(len(todo.known)):
        following = position(number, job.prompts[bucket], job.load, job.asked)
        if following.key not in kept:
            yield following


def self_checks(job: Job, ledger: Ledger) -> dict[str, dict[str, Any]]:
    """By bucket: how the client did while the cell was measured, the worst of its sittings."""
    used = usable_sittings(ledger)
    notes: dict[str, list[dict[str, Any]]] = {}
    for note in ledger.notes:
        mine = note.get("bucket") in job.prompts and note.get("edition") == job.asked.edition
        if mine and note["sitting"] in used:
            notes.setdefault(note["bucket"], []).append(note)
    return {bucket: worst(notes[bucket]) for bucket in job.prompts if bucket in notes}


def _tags(job: Job, role: str, bucket: str, ask: str, prompt: Prompt) -> dict[str, Any]:
    """What the ledger says of a request beside its key."""
    return {
        "role": role,
        "ask": ask,
        "model": job.asked.line.model.id,
        "edition": job.asked.edition,
        "load": job.load.name,
        "block": job.load.block,
        "bucket": bucket,
        "prompt_id": prompt.prompt_id,
    }
