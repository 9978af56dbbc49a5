"""The tables of accuracy by name: the columns of each, and what makes its rows."""

from collections.abc import Callable, Mapping

from assay.accuracy import (
    agreement,
    corrected,
    differences,
    families,
    judges,
    left_out,
    people,
    tasks,
    trends,
)
from assay.accuracy.inputs import Inputs
from assay.records.metric import Metric, Value

TABLES: Mapping[str, tuple[Metric, ...]] = {
    "tasks": tasks.COLUMNS,
    "trends": trends.COLUMNS,
    "differences": differences.COLUMNS,
    "judges": judges.COLUMNS,
    "agreement": agreement.COLUMNS,
    "families": families.COLUMNS,
    "left_out": left_out.COLUMNS,
    "people": people.COLUMNS,
    "corrected": corrected.COLUMNS,
    "corrected_differences": corrected.DIFFERENCES,
}
"""Each table's columns in order."""

ROWS: Mapping[str, Callable[[Inputs], list[dict[str, Value]]]] = {
    "tasks": tasks.rows,
    "trends": trends.rows,
    "differences": differences.rows,
    "judges": judges.rows,
    "agreement": agreement.rows,
    "families": families.rows,
    "left_out": left_out.rows,
    "people": people.rows,
    "corrected": corrected.rows,
    "corrected_differences": corrected.difference_rows,
}
"""What makes each table's rows."""
