"""What asking one model will take: requests, tokens, dollars and seconds, of what its ledger doesn't hold yet."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from assay.bedrock.settings import Quota
from assay.ledger.ledger import Ledger
from assay.measurement.plan import JobLoad, arrivals_of, cell, position, ramp_warm_up
from assay.measurement.settled import settled
from assay.prompts.prompt import Prompt
from assay.schedule.arrivals import count_within
from assay.schedule.level import Level, levels
from assay.schedule.level import ramp as ramp_level
from assay.schedule.settings import Load, RampLoad
from assay.spending import prior
from assay.spending.costs import Costs, four
from assay.spending.ends import NOTHING, Ends, exactly, total
from assay.spending.facts import AskedLine, Facts
from assay.spending.seen import Seen, mean
from assay.stopping.settings import CELL_WIDTHS, LEAST_BLOCKS, Stop
from assay.stopping.standing import stop_note

Numbers = NDArray[np.int64]

ROLES = ("measured", "warmup", "filler", "priming")


@dataclass(slots=True)
class Amounts:
    """What so many requests come to."""

    requests: dict[str, Ends] = field(default_factory=dict)
    """By role."""
    input_tokens: Ends = NOTHING
    output_tokens: Ends = NOTHING
    usd: Ends | None = NOTHING
    """None where the price is unknown."""
    seconds: Ends = NOTHING

    @property
    def all_requests(self) -> Ends:
        """Of all roles."""
        return total(self.requests.values())

    def add(self, other: "Amounts") -> None:
        """Take in more of the same line."""
        for role, count in other.requests.items():
            self.requests[role] = self.requests.get(role, Ends()) + count
        self.input_tokens += other.input_tokens
        self.output_tokens += other.output_tokens
        self.usd = None if self.usd is None or other.usd is None else self.usd + other.usd
        self.seconds += other.seconds


@dataclass(slots=True)
class ModelPart:
    """What is still to be bought of a model, what is held, and what that means for judging its answers."""

    amounts: Amounts = field(default_factory=Amounts)
    held: int = 0
    """Measured requests of the plan that the ledger holds."""
    known: list[tuple[Prompt, str]] = field(default_factory=list)
    """Distinct answers that it holds, of loads that count for accuracy."""
    serving: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Per bucket, of loads that count for accuracy: prompts without any answer yet, and missing requests beyond one to
    each of them."""
    repeats: tuple[int, int] = (0, 0)
    """Of the held answers to a prompt after its first: how many there are, and how many were in other words."""
    asked_prompts: int = 0
    """Prompts that are asked for accuracy."""
    output_tokens: Ends = NOTHING
    """Of an answer, in the mean."""


def job_loads(load: Load) -> Iterator[tuple[str, JobLoad]]:
    """Name and settings of every load and block, as the rules hand them to the invoke jobs."""
    ramps = {ramp_level(*ramp.ends).name: ramp for ramp in load.ramps}
    found = levels(load.concurrency, load.rates_rps, [ramp.ends for ramp in load.ramps])
    for name, level in found.items():
        for block in range(load.blocks):
            yield name, job_load(load, level, ramps.get(name), block)


def job_load(load: Load, level: Level, ramp: RampLoad | None, block: int) -> JobLoad:
    """The load of one job."""
    place = {"block": block, "blocks": load.blocks}
    open_loop = {"arrivals": load.arrivals, "warmup_s": load.warmup_s, "max_in_flight": load.max_in_flight}
    measured = {"requests": load.requests, "duration_s": load.duration_s}
    if ramp is not None:
        return JobLoad.model_validate({"ramp": ramp, **open_loop, **place})
    if level.rate_rps is not None:
        return JobLoad.model_validate({"rate_rps": level.rate_rps, **open_loop, **measured, **place})
    closed = {"concurrency": level.concurrency, "warmup": load.warmup}
    return JobLoad.model_validate({**closed, **measured, **place})


def blocks_needed(load: Load, stop: Stop | None) -> int:
    """The fewest blocks after which every cell may have ended."""
    if stop is None:
        return load.blocks
    fewest = load.blocks
    if any(getattr(stop, name) is not None for name in CELL_WIDTHS) and load.requests is not None:
        floor = math.ceil(stop.min_requests / (load.requests / load.blocks))
        fewest = min(fewest, max(LEAST_BLOCKS, floor))
    if stop.looks is not None:
        fewest = min(fewest, math.ceil(load.blocks / stop.looks))
    return max(1, fewest)


@dataclass(slots=True)
class _Missing:
    """Of one cell in one block: the prompts of the measured requests that are still to be sent."""

    low: Numbers
    middle: Numbers
    high: Numbers

    @property
    def counts(self) -> Ends:
        return Ends(len(self.low), len(self.middle), len(self.high), len(self.high))

    def first(self, count: int) -> "_Missing":
        """So many of them."""
        return _Missing(self.low[:count], self.middle[:count], self.high[:count])


def _known_enough(ledger: Ledger, line: AskedLine, stop: Stop | None, confidence: float) -> set[str]:
    """Buckets that this block leaves out, since blocks before it told enough: by its notes, for the same widths."""
    widths = None if stop is None else stop.cells(confidence)
    if widths is None:
        return set()
    edition = line.asked.edition
    return {
        str(note["stopped"])
        for note in ledger.notes
        if "stopped" in note
        and stop_note(note["stopped"], note["because"], edition, widths).items() <= note.items()
    }


def of_model(
    facts: Facts,
    line: AskedLine,
    all_costs: Mapping[str, Costs],
    load: Load,
    stop: Stop | None,
    seed: int,
    quota: Quota,
    *,
    told: bool = True,
) -> ModelPart:
    """What a model still takes. Without `told`, as if the ledger held nothing of it.

    `all_costs` are those of the prompts by bucket: of at least as many as are asked.
    """
    made = ModelPart()
    seen = line.seen if told else Seen()
    costs = {bucket: all_costs[bucket].first(len(each)) for bucket, each in facts.prompts.items()}
    made.output_tokens = _average([each.output_tokens for each in costs.values()])
    serving = {bucket: _Serving() for bucket in facts.prompts}
    fewest = blocks_needed(load, stop)
    out_from = facts.out_from.get(line.model.label, load.blocks) if told and stop is not None else load.blocks
    ended: set[tuple[str, str]] = set()
    halfway = math.sqrt(fewest * load.blocks)
    for name, job in job_loads(load):
        ledger = line.file(name, f"b{job.block}") if told else None
        kept = settled(ledger) if ledger is not None else set()
        started = False
        noted = set() if ledger is None else _known_enough(ledger, line, stop, facts.confidence)
        ended |= {(name, bucket) for bucket in noted}
        for bucket, prompts in facts.prompts.items():
            latency = _latency_s(facts, line, costs[bucket], seen, name)
            missing, held = _missing(job, prompts, line, seed, ledger, kept, latency)
            made.held += len(held)
            if (bucket in noted and not held) or (job.ramp is None and job.block >= out_from):
                missing = missing.first(0)
            if job.ramp is None:
                serving[bucket].add(prompts, missing.high, held, ledger)
            if not len(missing.high):
                continue
            if (
                name,
                bucket,
            ) in ended and not held:  # most likely, what was enough for a block is for those after it
                missing.low = missing.middle = missing.low[:0]
            elif stop is not None and job.block >= fewest:
                missing.low = missing.low[:0]
                missing.middle = missing.middle if job.block < halfway else missing.middle[:0]
            made.amounts.add(_cell(job, prompts, line, seed, costs[bucket], missing, latency))
            started = True
        if started:
            made.amounts.seconds += prior.JOB_S
    # Prompts may have limits of their own, and each request reserves what it may answer at most.
    reserved = made.amounts.output_tokens.at_most / max(1.0, made.amounts.all_requests.at_most)
    made.amounts.seconds = made.amounts.seconds.at_least(quota_seconds(made.amounts, reserved, quota))
    for bucket, each in serving.items():
        made.serving[bucket] = (each.unanswered, each.beyond)
        made.known += each.known.values()
        made.asked_prompts += len(each.asked)
        made.repeats = made.repeats[0] + each.repeats, made.repeats[1] + each.differing
    return made


class _Serving:
    """What a bucket's requests are to accuracy."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, str], tuple[Prompt, str]] = {}
        self.asked: set[str] = set()
        self.answered: set[str] = set()
        self.missing: list[str] = []
        self._answers = 0

    def add(
        self, prompts: Sequence[Prompt], missing: Numbers, held: Mapping[str, Prompt], ledger: Ledger | None
    ) -> None:
        """Take in a cell of a block."""
        ids = [prompts[index].prompt_id for index in missing.tolist()]
        self.missing += ids
        self.asked.update(ids)
        for key, prompt in held.items():
            self.asked.add(prompt.prompt_id)
            outcomes = ledger.outcomes.get(key, ()) if ledger is not None else ()
            answer = next((each for each in reversed(outcomes) if "error" not in each), None)
            if answer is not None:
                self._answers += 1
                self.answered.add(prompt.prompt_id)
                text = str(answer.get("text", ""))
                self.known[prompt.prompt_id, text] = (prompt, text)

    @property
    def unanswered(self) -> int:
        """Prompts that will be answered for the first time."""
        return len(set(self.missing) - self.answered)

    @property
    def beyond(self) -> int:
        """Missing requests that repeat a prompt."""
        return len(self.missing) - self.unanswered

    @property
    def repeats(self) -> int:
        """Held answers to a prompt after its first."""
        return self._answers - len(self.answered)

    @property
    def differing(self) -> int:
        """Those of them that are in other words than all before."""
        return len(self.known) - len(self.answered)


def _average(ends: Sequence[Ends]) -> Ends:
    return total(ends) * (1 / max(1, len(ends)))


def _latency_s(facts: Facts, line: AskedLine, costs: Costs, seen: Seen, load: str) -> Ends:
    """From sent to ended, in the mean; the most is the time limit that nobody hopes for, and isn't counted."""
    observed = mean(seen.seconds, load, 0.2, 3.0)
    if observed is not None:
        return observed
    return prior.latency_s(facts.endpoint, costs.input_tokens.middle, costs.output_tokens)


def _missing(
    job: JobLoad,
    prompts: Sequence[Prompt],
    line: AskedLine,
    seed: int,
    ledger: Ledger | None,
    kept: set[str],
    latency: Ends,
) -> tuple[_Missing, dict[str, Prompt]]:
    """The measured requests of a cell's block that are still to be sent, and those that are held, by key."""
    if job.block_s is not None and job.concurrency is not None:
        return _timed(job, prompts, line, kept, latency)
    if ledger is None and job.requests is not None:
        places = np.arange(job.block, job.requests, job.blocks)
        indices = places % len(prompts)
        return _Missing(indices, indices, indices), {}
    planned = cell(prompts, job, line.asked, seed) or []
    indices = np.array(
        [one.position % len(prompts) for one in planned if one.key not in kept], dtype=np.int64
    )
    held = {one.key: one.prompt for one in planned if one.key in kept}
    return _Missing(indices, indices, indices), held


def _timed(
    job: JobLoad, prompts: Sequence[Prompt], line: AskedLine, kept: set[str], latency: Ends
) -> tuple[_Missing, dict[str, Prompt]]:
    """The same for a closed loop that runs for a time: only the answers decide how many there are."""
    assert job.block_s is not None and job.concurrency is not None
    held: dict[str, Prompt] = {}
    while kept and (one := position(len(held), prompts, job, line.asked)).key in kept:
        held[one.key] = one.prompt
    if held:
        # One that was begun is taken to have run its time: what a cut-off sitting leaves is little.
        empty = np.zeros(0, dtype=np.int64)
        return _Missing(empty, empty, empty), held
    pace = [job.concurrency / end for end in (latency.high, latency.middle, latency.low)]
    low, middle, high = (
        np.arange(math.ceil(each * job.block_s + job.concurrency)) % len(prompts) for each in pace
    )
    return _Missing(low, middle, high), held


def _cell(
    job: JobLoad,
    prompts: Sequence[Prompt],
    line: AskedLine,
    seed: int,
    costs: Costs,
    missing: _Missing,
    latency: Ends,
) -> Amounts:
    """What a cell's block takes: the measured requests and those beside them."""
    count = missing.counts
    begun = Ends(*(float(each > 0) for each in four(count)))
    warmup = exactly(_warmup(job, prompts, seed)).times(begun)
    filler = _filler(job, count, latency).times(begun)
    requests = {"measured": count, "warmup": warmup, "filler": filler}
    sums = np.stack(
        [
            costs.read[missing.low, :, 0].sum(axis=0),
            costs.read[missing.middle, :, 1].sum(axis=0),
            costs.read[missing.high, :, 2].sum(axis=0),
            costs.read[missing.high, :, 3].sum(axis=0),
        ],
        axis=1,
    )
    sums += costs.mean * np.array(four(warmup + filler))
    if line.model.cache == "warm":
        primed = np.unique(missing.high)
        requests["priming"] = exactly(len(primed)).times(begun)
        sums += costs.written[primed].sum(axis=0) * np.array(four(begun))
    if job.concurrency is not None:
        rounds = (total(requests.values()) * (1 / job.concurrency)).at_least(begun)
        seconds = rounds.times(latency)
        if job.block_s is not None:
            seconds = exactly(job.block_s).times(begun) + latency.times(begun) * 2
    else:
        fastest = job.fastest_rps
        spread = job.ramp.duration_s if job.ramp is not None else count.high / fastest
        seconds = exactly(spread + job.warmup_s).times(begun) + latency.times(begun)
    usd = None if np.isnan(sums[2]).any() else Ends(*sums[2].tolist())
    return Amounts(requests, Ends(*sums[0].tolist()), Ends(*sums[1].tolist()), usd, seconds)


def _warmup(job: JobLoad, prompts: Sequence[Prompt], seed: int) -> int:
    if job.concurrency is not None:
        return job.warmup * job.concurrency
    warming = (
        ramp_warm_up(prompts, job, seed)
        if job.ramp is not None
        else arrivals_of(prompts, job, seed, "warmup")
    )
    return count_within(warming, job.warmup_s)


def _filler(job: JobLoad, count: Ends, latency: Ends) -> Ends:
    """Filler, bounded as the schedules bound it."""
    if job.concurrency is not None:
        most = max(count.high, 2.0 * job.concurrency)
        likely = prior.FILLER_PER_SLOT * (job.concurrency - 1)
    else:
        most = count.high
        likely = prior.TAIL.times(latency) * job.fastest_rps
    at_most = 0.0 if job.concurrency == 1 else most
    return Ends(min(likely.low, most), min(likely.middle, most), min(likely.high, most), at_most)


def quota_seconds(amounts: Amounts, max_tokens: float, quota: Quota) -> Ends:
    """The least time that a quota leaves for requests: by their number, and by their tokens.

    At the low end output counts as it is used, at the high end as it is reserved: all of `max_tokens`, that of
    a request in the mean.
    """
    asked = amounts.all_requests
    seconds = Ends()
    if quota.requests_per_minute is not None:
        seconds = asked * (60 / quota.requests_per_minute)
    if quota.tokens_per_minute is not None:
        reserved = asked * max_tokens
        out = Ends(amounts.output_tokens.low, amounts.output_tokens.middle, reserved.high, reserved.at_most)
        tokens = amounts.input_tokens + out * quota.output_burndown
        seconds = seconds.at_least(tokens * (60 / quota.tokens_per_minute))
    return seconds
