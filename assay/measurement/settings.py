"""What one invoke job is told: its own part of the benchmark."""

from assay.bedrock.settings import Endpoint, Inference, Model, Retry, Timeouts
from assay.measurement.plan import JobLoad
from assay.sender.settings import SelfCheckLimits
from assay.settings import Edition, Settings
from assay.stopping.settings import CellWidths


class JobLoadSettings(JobLoad):
    """The job's load, and how its requests are given up or tried again."""

    timeouts: Timeouts
    retry: Retry
    self_check: SelfCheckLimits = SelfCheckLimits()


class Invoke(Settings):
    """Settings of one invoke job. `inference` is complete: the model's own over the benchmark's."""

    run: Edition
    endpoint: Endpoint
    model: Model
    inference: Inference
    load: JobLoadSettings
    stop: CellWidths | None = None
    """What ends cells early; null where nothing does."""
