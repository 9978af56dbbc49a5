"""How models and judges are tried before anything else is bought, and what the stage that does it is told."""

from typing import Literal

from pydantic import Field, StrictBool

from assay.bedrock.settings import Endpoint, Inference, Model, Quota
from assay.settings import Count, Edition, Positive, Settings


class PreflightSettings(Settings):
    """One small call to each model and judge before the first measurement, and what the account says of them."""

    enabled: StrictBool = True
    """Whether to do it."""
    accept: tuple[Literal["quota", "legacy"], ...] = ()
    """Problems that are known and meant: `quota` makes a warning of a plan that asks for more than the account's quota,
    as a benchmark of throttling does; `legacy` silences the warning that a model will be switched off."""
    timeout_s: Positive = 30.0
    """When a call is given up."""


class AskedLine(Settings):
    """A model or judge as the benchmark asks it."""

    key: str
    """Where it stands in the benchmark, such as `models[0]`."""
    role: Literal["model", "judge"]
    model: Model
    """With its own inference parameters only."""
    inference: Inference
    """Complete: its own over the benchmark's."""


class PlannedLoad(Settings):
    """What the benchmark asks of each model's quota."""

    concurrency: tuple[Count, ...] = ()
    """Requests in flight of the closed loops."""
    rates_rps: tuple[Positive, ...] = ()
    """Requests per second of the open loops."""
    ramps_rps: tuple[Positive, ...] = ()
    """The higher end of each ramp."""


class PreflightJob(Settings):
    """Settings of the preflight stage."""

    run: Edition
    endpoint: Endpoint
    lines: tuple[AskedLine, ...]
    """Models first, then judges."""
    load: PlannedLoad
    quotas: dict[str, Quota] = Field(default_factory=dict)
    """The benchmark's, by model id."""
    preflight: PreflightSettings
