"""The section on accuracy: values that report/accuracy.qmd.j2 puts in place."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from assay.document.settings import ReportSettings
from assay.tables.inputs import Inputs


def section(
    of_accuracy: Mapping[str, pd.DataFrame], inputs: Inputs, settings: ReportSettings
) -> dict[str, Any]:
    """The section's values by name. `of_accuracy` are the tables of the accuracy stage by name."""
    return {}
