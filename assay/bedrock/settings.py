"""Where requests go, and what a model is asked with."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, JsonValue, StrictBool, StringConstraints

from assay.settings import Count, Expected, Label, Number, Positive, ServerUrl, Settings, Share


class SimulatorEndpoint(Settings):
    """Requests go to Assay's own simulator, which each job starts on loopback."""

    kind: Literal["simulator"]
    behaviour: Path = Path("config/simulator/default.yaml")
    """How each simulated model behaves: a YAML file."""
    journal: Path | None = None
    """A file that the simulators append their own account to: a line for each request as it arrives and as it ends,
    with the true times. By default none is kept."""


class BedrockEndpoint(Settings):
    """Requests go to Amazon Bedrock, or to whatever speaks its protocol at `url`."""

    kind: Literal["bedrock"]
    region: Annotated[
        str,
        StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-\d+$"),
        Expected("the name of an AWS region, such as us-east-1"),
    ]
    """AWS region that requests go to."""
    profile: str | None = None
    """Profile of the AWS configuration to take credentials from; by default botocore's own chain."""
    url: ServerUrl | None = None
    """Endpoint in place of the region's own: scheme, host and port only."""
    cloudwatch: StrictBool = False
    """Whether to set CloudWatch's own metrics for the same minutes beside ours. The credentials need
    `cloudwatch:GetMetricData`; where they lack it, the report says so."""


Endpoint = Annotated[SimulatorEndpoint | BedrockEndpoint, Field(discriminator="kind")]


class Inference(Settings):
    """Inference parameters of a request. What is null is not sent, so that the model's own default holds."""

    max_tokens: Count | None = None
    """Most output tokens. Bedrock reserves them from the quota when a request starts: keep it tight."""
    temperature: Annotated[Number, Field(ge=0)] | None = None
    """Some models refuse it (the newest Claude ones do): leave it null for them."""
    top_p: Share | None = None
    """Share of the probability that tokens are drawn from. Some models refuse it beside temperature."""
    stop_sequences: (
        tuple[Annotated[str, StringConstraints(min_length=1), Expected("some text")], ...] | None
    ) = None
    """An answer ends where one of these texts comes up."""
    additional: dict[str, JsonValue] | None = None
    """Sent as `additionalModelRequestFields`: parameters that only this family knows."""

    def over(self, defaults: "Inference") -> "Inference":
        """These parameters, completed by `defaults` wherever they are null."""
        mine = {name: value for name in type(self).model_fields if (value := getattr(self, name)) is not None}
        return defaults.model_copy(update=mine)


class Model(Settings):
    """A line of the benchmark: a model under a label, with its own inference parameters."""

    label: Label
    """Its name in files, tables and figures."""
    id: Annotated[
        str,
        StringConstraints(min_length=1, max_length=2048, pattern=r"^[!-~]+$"),
        Expected("a model id, inference profile id or ARN, without spaces"),
    ]
    """Bedrock model id, inference profile id, or ARN."""
    stream: StrictBool = True
    """ConverseStream if true, Converse if false (then there is no time to first token)."""
    inference: Inference = Inference()
    """Overrides the benchmark's `inference`, key by key."""
    service_tier: Literal["default", "priority", "flex", "reserved"] | None = None
    """Sent as `serviceTier.type`."""
    latency: Literal["standard", "optimized"] | None = None
    """Sent as `performanceConfig.latency`."""
    cache: Literal["cold", "warm"] = "cold"
    """`cold`: no request can be answered from a prompt cache. `warm` measures caching on purpose: each prompt has a cache
    point before its question, and is sent once before it is measured."""


class Timeouts(Settings):
    """When to give a request up. Each is an error kind of its own, and censors the record."""

    connect_s: Positive = 10.0
    """Until the connection stands, TLS included."""
    first_byte_s: Positive = 120.0
    """From sent to the first byte of the answer."""
    gap_s: Positive = 60.0
    """Between two reads of an answer that has begun."""
    total_s: Positive = 600.0
    """From sent to the end of the answer."""


class Quota(Settings):
    """Limits of the service that requests are to keep to. What is null is not known."""

    requests_per_minute: Positive | None = None
    """Requests per minute."""
    tokens_per_minute: Positive | None = None
    """Tokens per minute, input and output together. Each request reserves its input and its most output tokens."""
    output_burndown: Positive = 1.0
    """How many tokens of the quota an output token uses up: 5 for the newer Claude models, says AWS."""


class Retry(Settings):
    """What to do when a request fails with an error that may pass (throttling, 5xx, a lost connection)."""

    attempts: Count = 1
    """Attempts in all; 1 means no retry. Every attempt is a record."""
    base_s: Positive = 0.5
    """Upper end of the first wait; it doubles each time, and the wait is drawn evenly below it (full jitter)."""
    cap_s: Positive = 30.0
    """Most that a wait can be. A Retry-After of the service's is honoured even above it."""
