"""Which requests a job's cells are made of: a pure function of prompts, load and edition.

Plans are prefix-stable: more requests, or more prompts in a bucket, keep every request that the smaller plan had.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from assay.bedrock.request import Line
from assay.ledger.keys import ask_key, attempt_key
from assay.prompts.prompt import Prompt
from assay.settings import Count, Settings, Whole


class JobLoad(Settings):
    """The load of one job: one level, one block."""

    concurrency: Count
    requests: Count
    warmup: Whole
    block: Whole
    blocks: Count

    @property
    def name(self) -> str:
        """The load's name in paths and tables."""
        return f"c{self.concurrency}"


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

    def ask_key(self, prompt: Prompt) -> str:
        """See assay.ledger.keys."""
        return ask_key(self.endpoint, self.region, self.line.identity(), prompt.text, self.system)


def cell(prompts: Sequence[Prompt], load: JobLoad, asked: Asked) -> list[Position]:
    """The measured requests of one cell in this job's block, in the order in which they are sent.

    Position p asks prompt p modulo n, for the (p div n)-th time, in block p modulo B. The key holds the prompt and
    the repetition but not the position, so that a bucket that grows keeps what was bought.
    """
    made = []
    for position in range(load.block, load.requests, load.blocks):
        repetition, index = divmod(position, len(prompts))
        ask = asked.ask_key(prompts[index])
        key = attempt_key(ask, asked.edition, load=load.name, block=load.block, repetition=repetition)
        made.append(Position(key, ask, position, repetition, prompts[index]))
    return made


def extra(
    prompts: Sequence[Prompt], load: JobLoad, asked: Asked, role: str, sitting: str, index: int
) -> tuple[str, str, Prompt]:
    """Key, ask key and prompt of a warm-up or filler request: new at each sitting, from the bucket's end backwards."""
    prompt = prompts[-1 - index % len(prompts)]
    ask = asked.ask_key(prompt)
    under: dict[str, Any] = {
        "load": load.name,
        "block": load.block,
        "role": role,
        "sitting": sitting,
        "index": index,
    }
    return attempt_key(ask, asked.edition, **under), ask, prompt


def order(buckets: Iterable[str], seed: int, load: JobLoad) -> list[str]:
    """The buckets in seeded random order; a bucket more leaves the others in the order that they had."""
    return sorted(buckets, key=lambda name: random.Random(f"{seed}/{load.name}/{load.block}/{name}").random())
