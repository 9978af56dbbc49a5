"""What of a run's files goes out to others: all of it, but for AWS account ids and the principals in error messages.

The report and its pages leave those out themselves. Tables, records and statuses are what the run works with, and hold
model ids (which may be ARNs) and the service's own error messages.
"""

import io
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from assay.document.provenance import PRINCIPAL
from assay.errors import InputError

_ACCOUNT = r"(:)\d{12}(:)"
"""An account id in any other ARN."""

_GONE = "…"
"""What stands in their place."""

_TEXTS = frozenset({"text", "reasoning_text", "question", "explanation", "raw"})
"""Columns with texts of the data and of models. They stay as they are."""


def publishable(path: Path) -> bytes:
    """The content of a file of the run as it may be published. Raises InputError where it can't be read."""
    try:
        if path.suffix == ".parquet":
            return _parquet(path)
        content = path.read_bytes()
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(f"{path}: can't be read ({error})") from error
    return _without_accounts(content) if path.suffix in (".csv", ".json") else content


def _without_accounts(content: bytes) -> bytes:
    shorter = re.sub(PRINCIPAL.encode(), rb"\1" + _GONE.encode(), content)
    return re.sub(_ACCOUNT.encode(), rb"\1" + _GONE.encode() + rb"\2", shorter)


def _parquet(path: Path) -> bytes:
    """The file itself where nothing has to go, so that it is the same to the byte; else written anew."""
    file = pq.ParquetFile(path)
    told = [
        field.name
        for field in file.schema_arrow
        if (pa.types.is_string(field.type) or pa.types.is_large_string(field.type))
        and field.name not in _TEXTS
    ]
    if not any(_holds_account(file, name) for name in told):
        return path.read_bytes()
    table = file.read()
    for name in told:
        place = table.schema.get_field_index(name)
        cleaned = pc.replace_substring_regex(table.column(name), PRINCIPAL, rf"\1{_GONE}")
        cleaned = pc.replace_substring_regex(cleaned, _ACCOUNT, rf"\1{_GONE}\2")
        table = table.set_column(place, table.schema.field(place), cleaned)
    written = io.BytesIO()
    pq.write_table(table, written)
    return written.getvalue()


def _holds_account(file: pq.ParquetFile, name: str) -> bool:
    found = file.read(columns=[name]).column(name)
    return any(pc.any(pc.match_substring_regex(found, each)).as_py() for each in (_ACCOUNT, PRINCIPAL))
