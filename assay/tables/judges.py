"""The section on judges: values that report/judges.qmd.j2 puts in place."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from assay.document.settings import ReportSettings


def section(
    of_accuracy: Mapping[str, pd.DataFrame],
    verdict_statuses: Sequence[Mapping[str, Any]],
    settings: ReportSettings,
) -> dict[str, Any]:
    """The section's values by name. `verdict_statuses` are those of the judge jobs."""
    return {}
