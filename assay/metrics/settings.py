"""What the score stage is told."""

from pydantic import Field

from assay.bedrock.settings import Endpoint, Inference, Model
from assay.metrics.choice import Metric
from assay.settings import Label, Settings


class Asks(Settings):
    """What a model is asked with: by it the same questions are found in other runs' ledgers."""

    endpoint: Endpoint
    model: Model
    inference: Inference
    """Complete: the model's own over the benchmark's."""


class Scoring(Settings):
    """Which model's answers are scored."""

    model: Label
    """The model's label, as in the records."""
    metric: Metric | None = None
    """The metric of all sets, where the benchmark names one; else each prompt's own."""
    metrics: dict[str, Metric] = Field(default_factory=dict)
    """Metrics by set."""
    asks: Asks | None = None
    """Only where answers of other runs are reused."""
