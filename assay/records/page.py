"""docs/tables.md, made from the table of metrics."""

from assay.records.metrics import TABLES, Metric

_START = """# The tables of results

<!-- Made by scripts/tables_page.py from the table of metrics in assay/records/metrics.py: change it there. -->

`results/<run>/tables/` holds six tables, each as Parquet and as CSV with the same columns. A value that is not
known, or can't be told from so few requests, is null: an empty field in CSV. Infinitely late is `inf`. How the
intervals are computed stands in [method.md](method.md).

All figures come from pooled requests: none is an average of other rows' figures.
"""

_ABOUT = {
    "cells": "One row per model, bucket and load: latency, errors, throughput and cost of its measured requests.",
    "models": (
        "One row per model: the same of the dataset of interest at the concurrency of the decision, a mix of buckets "
        "weighted as the benchmark says; and accuracy, over all loads but ramps."
    ),
    "accuracy": "One row per model and bucket, over all loads but ramps.",
    "judges": "One row per judge, and one named panel; without rows where there are no judges.",
    "periods": "One row per model and period of the run: a minute, or less in a short run.",
    "ramps": "One row per model, bucket, ramp and slice of it; without rows where there are no ramps.",
}


def page_text() -> str:
    """The whole page, as Markdown."""
    parts = [_START]
    for name, columns in TABLES.items():
        lines = "\n".join(_line(column) for column in columns)
        parts.append(
            f"## {name}\n\n{_ABOUT[name]}\n\n| column | unit | what it is |\n| --- | --- | --- |\n{lines}\n"
        )
    return "\n".join(parts)


def _line(column: Metric) -> str:
    return f"| `{column.name}` | {column.unit} | {column.formula.replace('|', '&#124;')} |"
