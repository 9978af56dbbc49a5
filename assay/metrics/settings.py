"""What the score stage is told."""

from assay.settings import Label, Settings


class Scoring(Settings):
    """Which model's answers are scored."""

    model: Label
    """The model's label, as in the records."""
