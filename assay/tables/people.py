"""The section on people's labels: values that report/people.qmd.j2 puts in place."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from assay.document.settings import ReportSettings


def section(of_accuracy: Mapping[str, pd.DataFrame], settings: ReportSettings) -> dict[str, Any]:
    """The section's values by name."""
    return {}
