"""When answers that people couldn't tell right from wrong are so many that a corrected accuracy needs a warning."""

from typing import Any

MOST = 0.1
"""Share of the answers that people looked at."""


def too_unsure(unsure: Any, labels: Any) -> bool:
    """Whether so many answers are unsure beside `labels` that say right or wrong; numbers, or None where there are none."""
    return bool(unsure and labels is not None and float(unsure) > MOST * (float(unsure) + float(labels)))
