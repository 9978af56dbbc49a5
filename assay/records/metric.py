"""What a column of the result tables is: name, unit, formula in words and, where it has one, its function.

Leaves to others: which columns there are (`sampled`, `metrics`, and the tables of `assay.accuracy`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from assay.records.sample import Sample

Value = str | int | float | None
Kind = Literal["text", "count", "number"]


@dataclass(frozen=True, slots=True)
class Metric:
    """A column. `function` computes it from a sample; None where the table's own code gives it."""

    name: str
    unit: str
    """Of the value; empty for text."""
    formula: str
    kind: Kind = "number"
    function: Callable[[Sample], Value] | None = None
