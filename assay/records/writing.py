"""Writes a table of results as Parquet, with the same as CSV beside it. Columns and types come from the table of metrics."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from assay.records.metric import Metric, Value
from assay.spreadsheet import as_text
from assay.whole import whole, write_text

_TYPES = {"text": pa.string(), "count": pa.int64(), "number": pa.float64()}


def write_table(path: Path, columns: Sequence[Metric], rows: Sequence[Mapping[str, Value]]) -> None:
    """Write `rows` to `path` (Parquet) and to the same name with the suffix .csv, each whole or not at all.

    A value that a row lacks is null: an empty field in CSV, where infinite is `inf`, and a text that a spreadsheet would take
    for a formula has an apostrophe before it.
    """
    schema = pa.schema([(column.name, _TYPES[column.kind]) for column in columns])
    names = schema.names
    values = {name: [row.get(name) for row in rows] for name in names}
    table = pa.table({name: pa.array(values[name], schema.field(name).type) for name in names}, schema=schema)
    with whole(path) as temporary:
        pq.write_table(table, temporary)
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(names)
    lines.writerows(zip(*([as_text(value) for value in values[name]] for name in names), strict=True))
    write_text(path.with_suffix(".csv"), text.getvalue())
