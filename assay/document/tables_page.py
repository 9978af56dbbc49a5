"""docs/tables.md, and the captions of tables in the workflow's report, made from the table of metrics."""

from assay.accuracy.tables import TABLES as OF_ACCURACY
from assay.records.metric import Metric
from assay.records.metrics import TABLES

_START = """# The tables of results

<!-- Made by scripts/tables_page.py from the tables of metrics in assay/records/sampled.py, assay/records/metrics.py and assay/accuracy/: change them there. -->

`results/<run>/tables/` holds these tables, each as Parquet and as CSV with the same columns. A value that is not
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
    "ratings": "One row per model and prompt that it was asked: how it did, over all loads but ramps.",
    "tasks": "One row per model and part of the data: a set, a group of sets, a group of lengths, all.",
    "trends": "One row per model and set: how accuracy goes with the size of the prompt.",
    "differences": "One row per pair of models: how far apart their accuracy is on the same prompts.",
    "judges": "One row per judge, and one named panel; without rows where there are no judges.",
    "agreement": "One row per pair of judges, and one for the whole panel.",
    "families": "One row per model: the judges of its own family, and its accuracy by the panel without them.",
    "left_out": "One row per model and judge: its accuracy by the panel without that judge.",
    "people": "One row per rater (judge, or panel) and model: how its verdicts fare against people's labels.",
    "corrected": "One row per model: accuracy corrected for the panel's errors by people's labels.",
    "corrected_differences": "One row per pair of models: how far apart their corrected accuracies are, on the same prompts.",
    "periods": "One row per model and period of the run: a minute, or less in a short run.",
    "ramps": "One row per model, bucket, ramp and slice of it; without rows where there are no ramps.",
    "loads": "One row per model and load other than a ramp: the dataset of interest, as in the table of models.",
    "distribution": (
        "One row per model, load, latency and share of the requests: the distribution of latency on the dataset of interest."
    ),
    "cost_parts": "One row per model and part of its cost: of the run, and of 10,000 transactions.",
}


def page_text() -> str:
    """The whole page, as Markdown."""
    parts = [_START]
    for name, columns in {**TABLES, **OF_ACCURACY}.items():
        lines = "\n".join(_line(column) for column in columns)
        parts.append(
            f"## {name}\n\n{_ABOUT[name]}\n\n| column | unit | what it is |\n| --- | --- | --- |\n{lines}\n"
        )
    return "\n".join(parts)


def captions() -> dict[str, str]:
    """For each table what `snakemake --report` says of it, as reStructuredText."""
    return {
        name: f"{_ABOUT[name]} Columns: {len(columns)}, each with its unit and its meaning in docs/tables.md; the same table lies"
        " beside this file as Parquet. What is not known is empty. Percentiles come from pooled requests and are never averaged.\n"
        for name, columns in {**TABLES, **OF_ACCURACY}.items()
    }


def _line(column: Metric) -> str:
    return f"| `{column.name}` | {column.unit} | {column.formula.replace('|', '&#124;')} |"
