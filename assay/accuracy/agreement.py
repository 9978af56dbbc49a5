"""The table `agreement`."""

from assay.accuracy.inputs import Inputs
from assay.records.metrics import Metric, Value

COLUMNS: tuple[Metric, ...] = (Metric("model", "", "the model's label in the benchmark", "text"),)


def rows(inputs: Inputs) -> list[dict[str, Value]]:
    """Rows of the table."""
    return []
