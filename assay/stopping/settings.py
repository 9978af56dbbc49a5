"""When enough is known: widths of intervals at which measuring or judging ends, and looks at the decision."""

from typing import Annotated

from pydantic import Field, StringConstraints

from assay.settings import Count, Expected, Settings, Share

Percent = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, pattern=r"^(0*[1-9][0-9]?(\.[0-9]+)?|0*\.0*[1-9][0-9]*|0+\.0*[1-9][0-9]*)\s*%$"
    ),
    Expected("a half-width in per cent of the value, below 100, such as 5 %"),
]
"""Per cent of the value, written with its sign: `5 %`."""

Points = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        pattern=r"^(0*[1-9][0-9]?(\.[0-9]+)?|0*\.0*[1-9][0-9]*|0+\.0*[1-9][0-9]*)\s*points?$",
    ),
    Expected("a half-width in percentage points, below 100, such as 3 points"),
]
"""Percentage points of a share, written with their name: `3 points`."""


def fraction(width: str) -> float:
    """The number in a `Percent` or in `Points`, over 100."""
    return float(width.rstrip("%pointsPOINTS").strip()) / 100


CELL_WIDTHS = ("ttft_p50", "ttft_p95", "ttft_p99", "e2e_p50", "e2e_p95", "e2e_p99", "error_rate")
"""Of the settings below, those that end cells."""


LEAST_BLOCKS = 4
"""Blocks that a cell has at least before it may end. With 3, intervals of blocks that differ much covered .93 of .95."""


class CellWidths(Settings):
    """What ends a cell early: half-widths of intervals by the name of what they are of, as in `Stop`."""

    widths: dict[str, str]
    min_requests: Count
    confidence: Share


class JudgingWidth(Settings):
    """What ends a judging early: the half-width of the share of answers that the judge calls correct, of each bucket."""

    accuracy: Points
    min_prompts: Count
    confidence: Share


class Stop(Settings):
    """When a cell or a judging ends before its plan does, in whole blocks, and when the decision is looked at.

    A cell ends when every width that is given for its latencies and its error rate is reached, a judging when that of
    the accuracy is. Widths are half the interval.
    """

    ttft_p50: Percent | None = None
    """Time to first token, median."""
    ttft_p95: Percent | None = None
    """Time to first token, 95th percentile."""
    ttft_p99: Percent | None = None
    """Time to first token, 99th percentile."""
    e2e_p50: Percent | None = None
    """End-to-end latency, median."""
    e2e_p95: Percent | None = None
    """End-to-end latency, 95th percentile."""
    e2e_p99: Percent | None = None
    """End-to-end latency, 99th percentile."""
    error_rate: Points | None = None
    """Share of requests that failed."""
    accuracy: Points | None = None
    """Share of answers that a judge calls correct: ends its judging of a model, bucket by bucket."""
    min_requests: Count = 100
    """Measured requests that a cell has at least before it may end."""
    min_prompts: Count = 100
    """Prompts of a bucket whose answers are judged at least before its judging may end."""
    looks: Annotated[Count, Field(ge=2, le=5)] | None = None
    """How often the decision is looked at, the last time at the end: at block boundaries spread evenly, by an
    error-spending rule that keeps `decision.confidence` over all looks. What is undecided gets more blocks, what is
    decided gets none. Null: the decision is made once, at the end."""

    def cells(self, confidence: float) -> CellWidths | None:
        """What ends cells; None where nothing does."""
        widths = {name: getattr(self, name) for name in CELL_WIDTHS if getattr(self, name) is not None}
        if not widths:
            return None
        return CellWidths(widths=widths, min_requests=self.min_requests, confidence=confidence)

    def judging(self, confidence: float) -> JudgingWidth | None:
        """What ends a judging; None where nothing does."""
        if self.accuracy is None:
            return None
        return JudgingWidth(accuracy=self.accuracy, min_prompts=self.min_prompts, confidence=confidence)
