"""How simulated models behave: the settings of a behaviour file, read and checked.

What a setting does happens elsewhere: `quotas`, `faults`, `answers`, `verdicts`, `generation`. Importing this
module is cheap, since jobs need `behaviour_hash` long before they need a server.
"""

import hashlib
import json
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

import yaml
from pydantic import Field, StringConstraints, ValidationError, model_validator

from assay.errors import InputError
from assay.settings import Count, Number, Positive, Settings, Share, Whole

ANSWERS_EDITION = 1
"""Part of every behaviour's hash. Raise it when the code would answer the same behaviour differently."""

VERDICTS_EDITION = 2
"""The same for judges."""

S = TypeVar("S", bound=Settings)

NotNegative = Annotated[Number, Field(ge=0)]


class Latency(Settings):
    """When tokens come. Jitter is the sigma of a lognormal factor whose median is 1."""

    base_ms: NotNegative = 50.0
    """Time to first token of an empty prompt, queueing apart."""
    per_1k_input_tokens_ms: NotNegative = 20.0
    """What a thousand input tokens add to it."""
    jitter: NotNegative = 0.1
    """Of the time to first token."""
    tokens_per_s: Positive = 200.0
    """Output tokens a second once they come."""
    token_jitter: NotNegative = 0.1
    """Of each gap between events."""
    tokens_per_event: Count = 1
    """Output tokens in one event of a stream."""


class Capacity(Settings):
    """How many requests are worked on at once, and how many may wait."""

    slots: Count | None = None
    """Requests worked on at once; null for any number."""
    queue: Whole | None = None
    """Requests that may wait for a slot; null for any number. One more is refused."""
    overflow: Literal["throttling", "service_unavailable"] = "throttling"
    """The error of a request that finds the queue full."""


class Quotas(Settings):
    """Limits per minute. They refill evenly, like a bucket."""

    requests_per_minute: Positive | None = None
    tokens_per_minute: Positive | None = None
    """Input and output together. The most output tokens are reserved when a request starts, and settled at its end."""
    output_burndown: Positive = 1.0
    """How many quota tokens an output token uses up."""
    burst_s: Positive = 60.0
    """How many seconds' worth of quota can be used at once."""


class Errors(Settings):
    """Probabilities of errors in place of an answer."""

    access_denied: Share = 0.0
    internal_server: Share = 0.0
    model_error: Share = 0.0
    model_not_ready: Share = 0.0
    model_timeout: Share = 0.0
    resource_not_found: Share = 0.0
    service_quota_exceeded: Share = 0.0
    service_unavailable: Share = 0.0
    throttling: Share = 0.0
    validation: Share = 0.0
    hang_up: Share = 0.0
    """The connection is closed and nothing is answered."""
    silence: Share = 0.0
    """Nothing is ever answered; the connection stays open."""

    @model_validator(mode="after")
    def _at_most_one(self) -> Self:
        return _checked_sum(self)


class StreamErrors(Settings):
    """Probabilities of errors in a stream that has begun. The first five are events that say what is wrong."""

    internal_server: Share = 0.0
    model_stream_error: Share = 0.0
    service_unavailable: Share = 0.0
    throttling: Share = 0.0
    validation: Share = 0.0
    stream_cut: Share = 0.0
    """The answer ends between two events, as if it were complete."""
    half_frame: Share = 0.0
    """The answer ends in the middle of an event, as if it were complete."""
    corrupt_frame: Share = 0.0
    """A byte of an event is flipped; the rest is right."""
    malformed_event: Share = 0.0
    """An event's payload is not JSON, though its checksums are right."""
    connection_lost: Share = 0.0
    """The connection is closed between two events."""
    stall: Share = 0.0
    """Nothing more is sent; the connection stays open."""

    @model_validator(mode="after")
    def _at_most_one(self) -> Self:
        return _checked_sum(self)


class BodyErrors(Settings):
    """Probabilities of broken answers of Converse, which does not stream."""

    body_cut: Share = 0.0
    """The connection is closed in the middle of the body."""
    malformed_answer: Share = 0.0
    """The body is not JSON."""

    @model_validator(mode="after")
    def _at_most_one(self) -> Self:
        return _checked_sum(self)


def _checked_sum(rates: S) -> S:
    total = sum(getattr(rates, name) for name in type(rates).model_fields)
    if total > 1 + 1e-9:
        raise ValueError(
            f"these probabilities exclude one another and have to sum to at most 1, not {total:g}"
        )
    return rates


class Wording(Settings):
    """How answers are put: weights of the styles."""

    bare: NotNegative = 1.0
    """The answer and nothing else."""
    sentence: NotNegative = 0.0
    """In a sentence."""
    verbose: NotNegative = 0.0
    """With reasons around it."""

    @model_validator(mode="after")
    def _one_style(self) -> Self:
        if self.bare + self.sentence + self.verbose <= 0:
            raise ValueError("at least one style needs a weight above 0")
        return self


class Style(Settings):
    """How verdicts are put: weights of the styles."""

    json_object: NotNegative = 1.0
    """A JSON object and nothing else."""
    fenced: NotNegative = 0.0
    """The object in a Markdown fence."""
    prose: NotNegative = 0.0
    """The object after some words."""

    @model_validator(mode="after")
    def _one_style(self) -> Self:
        if self.json_object + self.fenced + self.prose <= 0:
            raise ValueError("at least one style needs a weight above 0")
        return self


Feature = Literal[
    "streaming",
    "system_prompt",
    "temperature",
    "top_p",
    "temperature_with_top_p",
    "stop_sequences",
    "cache_points",
    "service_tiers",
    "optimized_latency",
]
"""What some models of Bedrock refuse in a request."""


class _Served(Settings):
    """What models and judges have in common."""

    access: Literal["granted", "denied", "profile_only", "end_of_life"] = "granted"
    """Whether it can be asked at all: `denied` as for an account without access, `profile_only` as for a model that only an
    inference profile leads to, `end_of_life` as for one that was switched off."""
    refuses: tuple[Feature, ...] = ()
    """What makes a request one that is refused."""
    latency: Latency = Latency()
    capacity: Capacity = Capacity()
    quotas: Quotas = Quotas()
    errors: Errors = Errors()
    stream_errors: StreamErrors = StreamErrors()
    body_errors: BodyErrors = BodyErrors()
    retry_after_s: Whole | None = None
    """Sent as Retry-After with every error of status 429 or 503."""
    input_tokens_factor: Positive = 1.0
    """Input tokens by this model's vocabulary, for one token of the benchmark's tokenizer."""
    context_tokens: Count = 200_000
    """Longest prompt in input tokens; a longer one is refused."""
    max_output_tokens: Count = 4096
    """Most output tokens, also when the request names no limit."""
    implicit_cache: bool = False
    """Whether the service keeps what prompts begin with by itself, without a cache point in the request."""


class AnswersQuestions(_Served):
    """A model that is benchmarked."""

    kind: Literal["model"]
    accuracy: Share = 0.8
    """Probability that the answer to an empty prompt is right."""
    accuracy_loss_per_1k_input_tokens: NotNegative = 0.0
    """How much that falls with every thousand input tokens."""
    refusal: Share = 0.0
    """Probability that the model declines. Comes before right or wrong."""
    wording: Wording = Wording()
    reasoning_tokens: Whole = 0
    """Reasoning before the answer: about so many tokens; 0 for none."""


Output = Literal["json_schema", "tool"]
"""How a request can have the form of the reply enforced."""


class Rates(Settings):
    """How often a judge is right about one model's answers."""

    sensitivity: Share | None = None
    """Null for the judge's own."""
    specificity: Share | None = None
    """Null for the judge's own."""


class JudgesAnswers(_Served):
    """A model that judges answers."""

    kind: Literal["judge"]
    outputs: tuple[Output, ...] = ("json_schema", "tool")
    """What it takes to have the form of its reply enforced: an output format with a JSON schema, a tool that it has to call.
    A request with another one is refused."""
    sensitivity: Share = 0.95
    """Probability of saying correct where the answer is right."""
    specificity: Share = 0.95
    """Probability of saying incorrect where the answer is wrong."""
    by_model: dict[str, Rates] = Field(default_factory=dict)
    """Other probabilities for the answers of some models, by the label that the answer key names. So a judge favours one."""
    shared_errors: Share = 0.0
    """Share of the answers about which it errs by a draw that all judges have in common. Two judges with the same rates and
    the same share make errors that correlate by just this number."""
    instability: Share = 0.0
    """Probability that two askings of the same, told apart by the paragraph in front of the prompt, end in different verdicts."""
    malformed: Share = 0.0
    """Probability of a reply that holds no verdict."""
    refusal: Share = 0.0
    """Probability that it declines to grade an answer."""
    abstention: Share = 0.0
    """Probability that it says that it is unsure, unless the form of the reply leaves no way to say so."""
    obeys: Share = 0.0
    """Probability that it follows orders in its prompt that stand outside of what the prompt delimits by a mark that it names."""
    style: Style = Style()

    @model_validator(mode="after")
    def _unstable_within_its_rates(self) -> Self:
        for who, rates in [
            ("", Rates()),
            *((f"by_model.{name}.", rates) for name, rates in self.by_model.items()),
        ]:
            for name in ("sensitivity", "specificity"):
                rate = getattr(rates, name)
                rate = getattr(self, name) if rate is None else rate
                if self.instability > 2 * rate * (1 - rate) + 1e-12:
                    raise ValueError(
                        f"an instability of {self.instability:g} doesn't go with a {who}{name} of {rate:g}: two askings can "
                        f"differ with a probability of at most 2 x {rate:g} x {1 - rate:g} = {2 * rate * (1 - rate):.4g}"
                    )
        return self

    def rate(self, right: bool, model: str | None) -> float:
        """Probability of a true verdict on a right or wrong answer of the model with this label."""
        name = "sensitivity" if right else "specificity"
        own: float | None = getattr(self.by_model.get(model or "", Rates()), name)
        rate: float = getattr(self, name) if own is None else own
        return rate


Served = Annotated[AnswersQuestions | JudgesAnswers, Field(discriminator="kind")]
ModelId = Annotated[str, StringConstraints(min_length=1, max_length=2048, pattern=r"^[!-~]+$")]


class Behaviour(Settings):
    """A behaviour file: simulated models by their model id."""

    seed: Whole = 0
    """Of everything that is left to chance."""
    models: Annotated[dict[ModelId, Served], Field(min_length=1)]


def read(path: Path) -> Behaviour:
    """Read a behaviour file. Raises InputError that names every key that is wrong."""
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"{path}: the simulator's behaviour can't be read: {error}") from error
    try:
        return Behaviour.model_validate(raw)
    except ValidationError as error:
        lines = [f"{path}: the simulator's behaviour is not valid:"]
        for problem in error.errors(include_url=False):
            key = ".".join(str(part) for part in problem["loc"] if part not in ("model", "judge"))
            lines.append(
                f"  {key or 'the file'}: found {_shown(problem['input'])}; {problem['msg'].removeprefix('Value error, ')}"
            )
        raise InputError("\n".join(lines)) from error


def behaviour_hash(path: Path, model_id: str) -> str:
    """16 hexadecimal digits that stand for all that decides how this model behaves.

    Raises InputError if the file has no such model.
    """
    behaviour = read(path)
    if model_id not in behaviour.models:
        known = ", ".join(behaviour.models)
        raise InputError(
            f"{path}: models: there is no '{model_id}', only {known}. Add it or name one of these."
        )
    served = behaviour.models[model_id]
    # Only where they say something, so that what was answered before there was a choice is still known.
    fields = type(served).model_fields
    unsaid = {name for name in ("access", "refuses") if getattr(served, name) == fields[name].default}
    part = {
        "edition": VERDICTS_EDITION if isinstance(served, JudgesAnswers) else ANSWERS_EDITION,
        "seed": behaviour.seed,
        "model": served.model_dump(mode="json", exclude=unsaid),
    }
    canonical = json.dumps(part, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


class _Loader(yaml.SafeLoader):
    """YAML in which a key that stands twice is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"the key {key!r} stands twice", problem_mark=key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)
