"""What the estimate knows before it counts: prompts with their sizes, prices, and how judges are asked."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from assay.bedrock.request import Line
from assay.bedrock.settings import Endpoint, Inference, Model, SimulatorEndpoint
from assay.judging.prompt import JudgeTemplate, document, read_template
from assay.judging.schema import Form
from assay.ledger.files import file_name
from assay.ledger.ledger import Ledger
from assay.measurement.plan import Asked
from assay.prices.book import Price
from assay.prompts.prompt import Prompt, read_prompts
from assay.prompts.tokenizer import TokenCounter, open_tokenizer
from assay.sender.identity import identity
from assay.spending.estimate_settings import EstimateJob
from assay.spending.seen import Seen, peeked
from assay.stopping.looks import after_blocks
from assay.stopping.standing import not_measured

_OF_WORKER = re.compile(r"\.w[0-9]+\.jsonl$")

SHORTEST_VERDICT = '{"verdict": "correct"}'
"""The least that a judge can say."""


@dataclass(frozen=True)
class Remembering(Asked):
    """Asks with the same keys, and remembers each: a prompt is asked many times."""

    keys: dict[str, str] = field(default_factory=dict)

    def ask_key(self, prompt: Prompt) -> str:
        """See Asked."""
        if prompt.prompt_id not in self.keys:
            self.keys[prompt.prompt_id] = super().ask_key(prompt)
        return self.keys[prompt.prompt_id]


@dataclass(slots=True)
class AskedLine:
    """A model or judge as it is asked, with what the ledger tells of it."""

    model: Model
    inference: Inference
    """Complete."""
    asked: Remembering
    price: Price | None
    """Of such requests; None if any rate that they need is unknown."""
    folder: Path
    stage: str
    tokens: Mapping[str, int] | None
    """Ours by prompt id; None for a judge."""
    limits: Mapping[str, int] = field(default_factory=dict)
    """Most output tokens by prompt id, of prompts that this line asks with a limit of their own."""
    seen: Seen = field(default_factory=Seen)
    files: dict[str, Ledger] = field(default_factory=dict)
    """What the files of this line hold, by their names."""

    @property
    def max_tokens(self) -> int:
        """Most output tokens of a prompt without a limit of its own."""
        return self.inference.max_tokens or 0

    def max_tokens_of(self, prompt: Prompt) -> int:
        """Most output tokens of a prompt."""
        return self.limits.get(prompt.prompt_id, self.max_tokens)

    @property
    def hot(self) -> bool:
        """Whether the same question may get different answers on purpose."""
        return self.inference.temperature != 0

    def file(self, *parts: str) -> Ledger | None:
        """What the ledger file of one of its jobs holds; None if there is none."""
        return self.files.get(f"{self.stem(self.stage)}{'.'.join((*parts, 'jsonl'))}")

    def stem(self, stage: str) -> str:
        """What the names of its ledger files at a stage begin with."""
        asks = {
            "endpoint": self.asked.endpoint,
            "region": self.asked.region,
            "line": self.asked.line.identity(),
        }
        return file_name(stage, self.model.id, asks).removesuffix("jsonl")

    def look(self) -> None:
        """Read what its files hold: of all loads, blocks and editions."""
        for path in sorted(self.folder.glob(f"{self.stem(self.stage)}*jsonl")):
            if not _OF_WORKER.search(path.name):  # which is read with its job's
                self.files[path.name] = peeked(path)
                self.seen.add(self.files[path.name], self.tokens, self.limits)


@dataclass(slots=True)
class Facts:
    """What does not change from one plan to another."""

    endpoint: Endpoint
    prompts: Mapping[str, Sequence[Prompt]]
    """By bucket, in the order in which they were drawn."""
    reference_tokens: Mapping[str, int]
    """Tokens of the shortest right answer, by prompt id."""
    judge_tokens: Mapping[str, int]
    """Tokens of the judge prompt without the answer, by prompt id; empty without judges."""
    verdict_tokens: int
    """Tokens of the shortest verdict."""
    template: JudgeTemplate | None
    system: str | None
    system_tokens: int
    prices: Mapping[str, Price]
    ledger: Path
    searched: frozenset[str]
    """Labels of the models whose search has ended."""
    confidence: float = 0.95
    """Of the intervals whose widths end cells."""
    out_from: Mapping[str, int] = field(default_factory=dict)
    """By label: the first block of a model that looks at the decision leave out. Models that go on aren't in it."""
    identities: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Names of the endpoint in ask keys, as far as they are known."""

    @property
    def tokens(self) -> dict[str, int]:
        """Of each prompt, system prompt included."""
        return {one.prompt_id: one.tokens for each in self.prompts.values() for one in each}

    def _limits(self, line: Line) -> dict[str, int]:
        """By prompt id: the output limits that a line keeps to."""
        held = {}
        for prompt in (one for each in self.prompts.values() for one in each):
            most = line.max_tokens(prompt.max_tokens)
            if prompt.max_tokens is not None and most == prompt.max_tokens:
                held[prompt.prompt_id] = most
        return held

    def line(self, model: Model, defaults: Inference, edition: int, stage: str) -> AskedLine:
        """A model or judge, with what the ledger tells of it."""
        inference = model.inference.over(defaults)
        # Of Bedrock it is the same for all ids, and takes a moment to find out.
        which = model.id if isinstance(self.endpoint, SimulatorEndpoint) else ""
        if which not in self.identities:
            self.identities[which] = identity(self.endpoint, model.id)
        name, region = self.identities[which]
        system = self.system if stage == "invoke" else None
        asked = Remembering(name, region, Line(model, inference), system, edition)
        price = self.prices.get(model.id, Price()).of_line(model.service_tier, model.latency)
        tokens = self.tokens if stage == "invoke" else None
        known = price if price.known or price.usd_per_hour is not None else None
        limits = self._limits(asked.line) if stage == "invoke" else {}
        made = AskedLine(model, inference, asked, known, self.ledger, stage, tokens, limits)
        made.look()
        return made


def about_answer(template: JudgeTemplate, prompt: Prompt, answer: str) -> str:
    """What a judge is asked about an answer to a prompt."""
    seen = document(prompt) if template.wants_context else None
    return template.prompt(prompt.question, prompt.answers, answer, seen)


def counted(
    prompts: Sequence[Prompt], template: JudgeTemplate | None, counter: TokenCounter
) -> tuple[dict[str, int], dict[str, int], int]:
    """Tokens of the shortest right answers and of the judge prompts without an answer, by prompt id; of a verdict."""
    shortest = [min(prompt.answers, key=len, default="") for prompt in prompts]
    ids = [prompt.prompt_id for prompt in prompts]
    references = dict(zip(ids, (max(1, each) for each in counter.count(shortest)), strict=True))
    if template is None:
        return references, {}, 0
    asked = counter.count([about_answer(template, prompt, "") for prompt in prompts])
    return references, dict(zip(ids, asked, strict=True)), counter.count([SHORTEST_VERDICT])[0]


def gathered(
    settings: EstimateJob,
    endpoint: Endpoint,
    *,
    prompts: Path,
    prices: Mapping[str, Price],
    system: Path | None,
    judge_prompt: Path | None,
    ledger: Path,
    searches: Iterable[Path],
    looks: Iterable[Path] = (),
) -> Facts:
    """What files tell. `searches` are where the searches' outcomes go; a model whose file is there has been searched.

    `looks` are what looks at the decision say of each model, `<look>/<model>.json`, as far as they have been taken.
    """
    found = read_prompts(prompts)
    by_bucket: dict[str, list[Prompt]] = {}
    for prompt in found:
        by_bucket.setdefault(prompt.bucket, []).append(prompt)
    template = None
    if judge_prompt is not None and settings.judges:
        template = read_template(judge_prompt)
        Form(settings.judges.verdict, settings.judges.abstention).check(template.text, str(judge_prompt))
    text = system.read_text(encoding="utf-8") if system is not None else None
    counter = open_tokenizer(settings.tokenizer)
    references, judged, verdict = counted(found, template, counter)
    return Facts(
        endpoint,
        by_bucket,
        references,
        judged,
        verdict,
        template,
        text,
        counter.count([text])[0] if text else 0,
        prices,
        ledger,
        frozenset(path.stem for path in searches if path.exists()),
        settings.confidence,
        _out_from(settings, looks),
    )


def _out_from(settings: EstimateJob, looks: Iterable[Path]) -> dict[str, int]:
    found: dict[str, int] = {}
    if settings.stop is None or settings.stop.looks is None:
        return found
    after = after_blocks(settings.stop.looks, settings.load.blocks)
    for path in looks:
        if path.exists() and not_measured(path) is not None:
            block = after[int(path.parent.name) - 1]
            found[path.stem] = min(block, found.get(path.stem, block))
    return found
