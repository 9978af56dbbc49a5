"""Which requests a job's cells are made of: a pure function of prompts, load and edition.

Plans are prefix-stable: more requests, or more prompts in a bucket, keep every request that the smaller plan had.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from assay.bedrock.request import Line
from assay.ledger.keys import attempt_key
from assay.prompts.ask import prompt_ask_key
from assay.prompts.prompt import Prompt
from assay.schedule.arrivals import Arrivals, Kind, Ramp, arrivals, count_within
from assay.schedule.level import Level, ramp
from assay.schedule.settings import RampLoad
from assay.settings import Count, Number, Positive, Settings, Whole


class JobLoad(Settings):
    """The load of one job: one level, one block. What belongs to the other kind of loop is null or left out."""

    concurrency: Count | None = None
    rate_rps: Positive | None = None
    ramp: RampLoad | None = None
    arrivals: Kind | None = None
    requests: Count | None = None
    duration_s: Positive | None = None
    warmup: Whole = 0
    warmup_s: Annotated[Number, Field(ge=0)] = 0.0
    max_in_flight: Count = 256
    workers: Count | None = None
    filler: Whole | None = None
    """Most filler of an open loop, where a budget bounds it."""
    block: Whole
    blocks: Count

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        if [self.concurrency, self.rate_rps, self.ramp].count(None) != 2:
            raise ValueError("expected either concurrency, rate_rps or ramp: exactly one of the three")
        if self.ramp is not None and (self.requests is not None or self.duration_s is not None):
            raise ValueError(
                "expected neither requests nor duration_s beside ramp, which has a duration_s of its own"
            )
        if self.ramp is None and (self.requests is None) == (self.duration_s is None):
            raise ValueError("expected either requests or duration_s, not both and not neither")
        if (self.concurrency is not None) != (self.arrivals is None):
            raise ValueError("expected arrivals with rate_rps or ramp, and with nothing else")
        return self

    @property
    def level(self) -> Level:
        """The level of load."""
        return Level(self.concurrency, self.rate_rps) if self.ramp is None else ramp(*self.ramp.ends)

    @property
    def name(self) -> str:
        """The load's name in paths and tables."""
        return self.level.name

    @property
    def block_s(self) -> float | None:
        """How long this block is measured; null where it is measured by the number of requests."""
        return None if self.duration_s is None else self.duration_s / self.blocks

    @property
    def fastest_rps(self) -> float:
        """The highest rate of arrivals; 0 in a closed loop."""
        return self.rate_rps or (0.0 if self.ramp is None else max(self.ramp.ends))

    @property
    def under(self) -> dict[str, Any]:
        """What of the load stands in attempt keys."""
        made: dict[str, Any] = {"load": self.name}
        made |= {} if self.arrivals is None else {"arrivals": self.arrivals}
        # A request of a longer ramp is sent at another rate.
        return made | ({} if self.ramp is None else {"ramp_s": self.ramp.duration_s})


@dataclass(frozen=True, slots=True)
class Position:
    """A measured request of a cell: which prompt, and for which time it is asked."""

    key: str
    ask: str
    position: int
    repetition: int
    prompt: Prompt


@dataclass(frozen=True, slots=True)
class Asked:
    """What stays the same for all requests of a job."""

    endpoint: str
    region: str
    line: Line
    system: str | None
    edition: int

    @property
    def identity(self) -> dict[str, Any]:
        """What tells the ledger files of these requests from others of the same model."""
        return {"endpoint": self.endpoint, "region": self.region, "line": self.line.identity()}

    def ask_key(self, prompt: Prompt) -> str:
        """See assay.prompts.ask."""
        return prompt_ask_key(self.endpoint, self.region, self.line, prompt, self.system)


def position(number: int, prompts: Sequence[Prompt], load: JobLoad, asked: Asked) -> Position:
    """The measured request with this number in its block (0, 1, ...).

    Position p of a cell asks prompt p modulo n, for the (p div n)-th time, in block p modulo B. The key holds the prompt
    and the repetition but not the position, so that a bucket that grows keeps what was bought.
    """
    place = load.block + number * load.blocks
    repetition, index = divmod(place, len(prompts))
    ask = asked.ask_key(prompts[index])
    key = attempt_key(ask, asked.edition, block=load.block, repetition=repetition, **load.under)
    return Position(key, ask, place, repetition, prompts[index])


def cell(prompts: Sequence[Prompt], load: JobLoad, asked: Asked, seed: int) -> list[Position] | None:
    """The measured requests of one cell in this job's block, in the order in which they are sent.

    Null for a closed loop that runs for a time: only the answers decide how many there are.
    """
    if load.requests is not None:
        count = len(range(load.block, load.requests, load.blocks))
    elif load.ramp is not None:
        count = count_within(ramp_of(prompts, load, seed), load.ramp.duration_s)
    elif load.rate_rps is not None:
        assert load.block_s is not None
        count = count_within(arrivals_of(prompts, load, seed), load.block_s)
    else:
        return None
    return [position(number, prompts, load, asked) for number in range(count)]


def arrivals_of(prompts: Sequence[Prompt], load: JobLoad, seed: int, part: str = "measured") -> Arrivals:
    """When the requests of an open loop's cell arrive: the same for every model, and whatever the bucket is called."""
    assert load.rate_rps is not None
    return _arrivals(prompts, load, seed, part, load.rate_rps)


def ramp_of(prompts: Sequence[Prompt], load: JobLoad, seed: int, skipped: int = 0) -> Ramp:
    """When the requests of a ramp's cell arrive, without the first `skipped`: the same for every model."""
    assert load.ramp is not None
    units = _arrivals(prompts, load, seed, "measured", 1.0)
    return Ramp(units, load.ramp.from_rps, load.ramp.to_rps, load.ramp.duration_s, skipped)


def ramp_warm_up(prompts: Sequence[Prompt], load: JobLoad, seed: int, skipped: int = 0) -> Arrivals:
    """When the warm-up of a ramp arrives: at the rate at which the measured requests begin."""
    return _arrivals(prompts, load, seed, "warmup", ramp_of(prompts, load, seed, skipped).rate_rps(0.0))


def _arrivals(prompts: Sequence[Prompt], load: JobLoad, seed: int, part: str, rate_rps: float) -> Arrivals:
    assert load.arrivals is not None
    name = f"{seed}/{load.name}/{load.block}/{prompts[0].prompt_id}/{part}"
    return arrivals(load.arrivals, rate_rps, name)


def extra(
    prompts: Sequence[Prompt], load: JobLoad, asked: Asked, role: str, sitting: str, index: int
) -> tuple[str, str, Prompt]:
    """Key, ask key and prompt of a warm-up or filler request: new at each sitting, from the bucket's end backwards."""
    prompt = prompts[-1 - index % len(prompts)]
    ask = asked.ask_key(prompt)
    under: dict[str, Any] = {
        **load.under,
        "block": load.block,
        "role": role,
        "sitting": sitting,
        "index": index,
    }
    return attempt_key(ask, asked.edition, **under), ask, prompt


def order(buckets: Iterable[str], seed: int, load: JobLoad) -> list[str]:
    """The buckets in seeded random order; a bucket more leaves the others in the order that they had."""
    return sorted(buckets, key=lambda name: random.Random(f"{seed}/{load.name}/{load.block}/{name}").random())
