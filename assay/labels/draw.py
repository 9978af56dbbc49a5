"""The sample as files: the whole order as a table, and its first answers as a sheet that people can fill in.

The sheet may hold somebody's work, so labels that stand in it are carried over, and where an answer of theirs isn't in the new
sample the old sheet is kept beside the new one.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from assay.errors import InputError
from assay.labels.labels import unguarded
from assay.labels.sample import first, sample, write_sample
from assay.labels.settings import Drawing
from assay.labels.sheet import read_sheet
from assay.whole import whole

_PROMPTS = ("prompt_id", "bucket", "position")
_ANSWERS = ("model", "answer_id", "prompt_id", "bucket", "question", "answers", "text", "times")
_FILLED = ("label", "labeler", "note")

SCHEMA = pa.schema(
    [
        ("place", pa.int64()),
        ("item", pa.string()),
        ("answer_id", pa.string()),
        ("prompt_id", pa.string()),
        ("bucket", pa.string()),
        ("question", pa.string()),
        ("references", pa.list_(pa.string())),
        ("answer", pa.string()),
    ]
)


def draw(
    settings: Drawing, prompts: Path, answers: Sequence[Path], out: Path, sheet: Path
) -> tuple[int, int]:
    """Write the whole order to `out` and its first answers to `sheet`. How many there are, in all and in the sheet.

    InputError where a file isn't what it should be.
    """
    asked = _read(prompts, _PROMPTS, "bucket")
    given = pd.concat([_read(path, _ANSWERS, "score") for path in answers], ignore_index=True)
    items = sample(given, asked, settings.shares, settings.seed)
    head = first(items, settings.n)
    _write_sheet(sheet, head)
    with whole(out) as temporary:
        pq.write_table(pa.Table.from_pandas(items, schema=SCHEMA, preserve_index=False), temporary)
    return len(items), len(head)


def _write_sheet(path: Path, items: pd.DataFrame) -> None:
    filled = _filled(path)
    if set(filled) - set(items["item"]):
        shutil.copy2(path, _free(path))
    carried = [filled.get(item, {}) for item in items["item"]]
    write_sample(path, items.assign(**{name: [row.get(name, "") for row in carried] for name in _FILLED}))


def _filled(path: Path) -> dict[str, dict[str, str]]:
    """What somebody has put beside each item of a sheet that is there; nothing where there is none."""
    if not path.exists():
        return {}
    found = read_sheet(path)
    rows = [
        dict(zip(found.names, (unguarded(cell) for cell in row.cells), strict=False)) for row in found.rows
    ]
    return {
        row["item"].strip(): kept
        for row in rows
        if row.get("item") and any((kept := {name: row.get(name, "") for name in _FILLED}).values())
    }


def _free(path: Path) -> Path:
    number = 1
    while (there := path.with_name(f"{path.stem}.before{number}{path.suffix}")).exists():
        number += 1
    return there


def _read(path: Path, columns: Sequence[str], stage: str) -> pd.DataFrame:
    try:
        return pd.DataFrame(pq.ParquetFile(path).read(columns=list(columns)).to_pandas())[list(columns)]
    except (OSError, KeyError, pa.ArrowException) as error:
        raise InputError(f"{path}: expected a Parquet file made by the {stage} stage ({error})") from error
