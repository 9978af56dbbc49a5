"""What the score stage is told."""

from assay.bedrock.settings import Endpoint, Inference, Model
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
    asks: Asks | None = None
    """Only where answers of other runs are reused."""
