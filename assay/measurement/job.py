"""One invoke job: the cells of one model at one load in one block, resumed from the ledger.

Plans what is still missing, has it sent, and makes the records of all of it. How requests are sent is left to
`assay.sender`; where files are is the caller's business.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from assay.bedrock.address import Address
from assay.bedrock.errors import HOPELESS
from assay.bedrock.settings import Retry, Timeouts
from assay.bedrock.signing import Signer
from assay.errors import InputError
from assay.ledger.ledger import Ledger
from assay.measurement.plan import Asked, JobLoad, Position, cell, extra, order
from assay.progress import Progress
from assay.prompts.prompt import Prompt
from assay.records.attempts import row
from assay.schedule.closed import ClosedLoop
from assay.sender import canary
from assay.sender.canary import Canary
from assay.sender.selfcheck import SelfCheck, worst
from assay.sender.sender import SETUP_ADVICE, Attempt, Planned, Sender, SetupError

log = logging.getLogger(__name__)

Reach = AbstractContextManager[tuple[Address, Signer]]


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


@dataclass(slots=True)
class Sat:
    """What a sitting did."""

    requests_sent: int = 0
    from_ledger: int = 0


def plans(job: Job) -> dict[str, list[Position]]:
    """The measured requests of each cell, by bucket."""
    return {bucket: cell(prompts, job.load, job.asked) for bucket, prompts in job.prompts.items()}


def missing(job: Job, ledger: Ledger) -> dict[str, list[Position]]:
    """What is planned and not yet answered, by bucket, in the order in which cells are measured."""
    settled = _settled(ledger)
    planned = plans(job)
    return {
        bucket: [position for position in planned[bucket] if position.key not in settled]
        for bucket in order(planned, job.seed, job.load)
    }


def measure(job: Job, ledger: Ledger, reach: Callable[[], Reach]) -> Sat:
    """Send what is missing, to what `reach` opens; where nothing is, nothing is opened.

    Raises InputError where nothing but errors of a wrong set-up came back.
    """
    if not any(missing(job, ledger).values()):
        log.info("%s %s: every answer is in the ledger, nothing is sent", job.label, job.load.name)
        return Sat(from_ledger=sum(map(len, plans(job).values())))
    try:
        with reach() as (address, signer), canary.started() as bird:
            return asyncio.run(_measure(job, ledger, address, signer, bird))
    except SetupError as error:
        raise InputError(f"model {job.label} ({job.asked.line.model.id}): {error} {SETUP_ADVICE}") from error


async def _measure(job: Job, ledger: Ledger, address: Address, signer: Signer, bird: Canary) -> Sat:
    sat = Sat()
    planned = plans(job)
    async with Sender(address, signer, job.asked.line, ledger, job.timeouts, job.retry, job.seed) as sender:
        for bucket, positions in missing(job, ledger).items():
            sat.from_ledger += len(planned[bucket]) - len(positions)
            if positions:
                await _measure_cell(job, ledger, sender, bucket, positions, sat, bird)
    return sat


async def _measure_cell(
    job: Job,
    ledger: Ledger,
    sender: Sender,
    bucket: str,
    positions: list[Position],
    sat: Sat,
    bird: Canary,
) -> None:
    load, asked = job.load, job.asked
    loop = ClosedLoop(warmup=load.warmup * load.concurrency, measured=len(positions))
    progress = Progress(f"{job.label} {load.name} block {load.block} {bucket}", len(positions))
    sent = measured_in_flight = measured_sent = extra_sent = 0

    def take() -> Planned | None:
        nonlocal sent, measured_in_flight, measured_sent, extra_sent
        role = loop.next(sent, measured_in_flight)
        if role is None:
            return None
        sent += 1
        if role == "measured":
            position = positions[measured_sent]
            measured_sent += 1
            measured_in_flight += 1
            key, ask, prompt = position.key, position.ask, position.prompt
        else:
            key, ask, prompt = extra(job.prompts[bucket], load, asked, role, ledger.sitting, extra_sent)
            extra_sent += 1
        return Planned(key, prompt.text, asked.system, _tags(job, role, bucket, ask, prompt))

    def done(planned: Planned, attempt: Attempt, last: bool) -> None:
        nonlocal measured_in_flight
        sat.requests_sent += 1
        check.sent(attempt.answer.timeline)
        if last and planned.tags["role"] == "measured":
            measured_in_flight -= 1
            progress.count(attempt.answer)

    check = SelfCheck(bird)
    saying = asyncio.create_task(progress.every_few_seconds())
    try:
        async with check:
            await sender.run(load.concurrency, take, done)
    finally:
        saying.cancel()
        ledger.write_note({"bucket": bucket, "edition": job.asked.edition, **check.note()})
    progress.say()


def self_checks(job: Job, ledger: Ledger) -> dict[str, dict[str, Any]]:
    """By bucket: how the client did while the cell was measured, the worst of its sittings."""
    used = _usable_sittings(ledger)
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


def _settled(ledger: Ledger) -> set[str]:
    """Keys whose answer, or whose last failure, is known. What a sitting without any access got isn't."""
    used = _usable_sittings(ledger)
    return {
        key
        for key, outcomes in ledger.outcomes.items()
        if any(outcome["last"] and outcome["sitting"] in used for outcome in outcomes)
    }


def _usable_sittings(ledger: Ledger) -> set[str]:
    """Sittings in which the service answered anything but errors of a wrong set-up."""
    return {
        outcome["sitting"]
        for outcomes in ledger.outcomes.values()
        for outcome in outcomes
        if outcome.get("error") not in HOPELESS
    }


def records(job: Job, ledger: Ledger) -> list[dict[str, Any]]:
    """The records of every attempt of this job's cells, of all sittings: by bucket, then in the order sent."""
    used = _usable_sittings(ledger)
    positions = {position.key: (bucket, position) for bucket, cell in plans(job).items() for position in cell}
    prompts = {(bucket, prompt.prompt_id): prompt for bucket in job.prompts for prompt in job.prompts[bucket]}
    made: list[dict[str, Any]] = []
    for key, lines in ledger.dispatched.items():
        lines = [line for line in lines if line["sitting"] in used or _dangling(ledger, key, line)]
        for line in lines:
            outcome = _outcome_of(ledger, key, line)
            tags = line["tags"]
            known = {
                "attempt_key": key,
                "ask_key": tags["ask"],
                "model": job.label,
                "model_id": job.asked.line.model.id,
                "endpoint": job.asked.endpoint,
                "region": job.asked.region,
                "load": job.load.name,
                "concurrency": job.load.concurrency,
                "block": job.load.block,
                "edition": job.asked.edition,
                "prompt_id": tags["prompt_id"],
            }
            if key in positions:
                bucket, position = positions[key]
                known |= {
                    "bucket": bucket,
                    "role": "measured" if line is lines[-1] else "superseded",
                    "position": position.position,
                    "repetition": position.repetition,
                    "prompt_tokens": position.prompt.tokens,
                }
            elif tags["role"] != "measured" and tags["edition"] == job.asked.edition:
                prompt = prompts.get((tags["bucket"], tags["prompt_id"]))
                if prompt is None:
                    continue  # warm-up of a bucket that is no longer asked for
                known |= {"bucket": tags["bucket"], "role": tags["role"], "prompt_tokens": prompt.tokens}
            else:
                continue  # bought for a plan that is no longer this one
            made.append(row(known, line, outcome, ledger.sittings.get(line["sitting"])))
    rank = {bucket: number for number, bucket in enumerate(job.prompts)}
    made.sort(key=lambda record: rank[record["bucket"]])
    return made


def _outcome_of(ledger: Ledger, key: str, line: Mapping[str, Any]) -> dict[str, Any] | None:
    for outcome in ledger.outcomes.get(key, ()):
        if (outcome["sitting"], outcome["try"]) == (line["sitting"], line["try"]):
            return outcome
    return None


def _dangling(ledger: Ledger, key: str, line: Mapping[str, Any]) -> bool:
    """Whether a crash cut this attempt off, in a sitting that got no answer at all before it."""
    return _outcome_of(ledger, key, line) is None
