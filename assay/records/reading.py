"""What earlier stages wrote, read into frames for the tables: records, statuses, prompts, answers, verdicts.

Reads only the columns that tables are made of. A column that a file lacks is null throughout.
"""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from assay.errors import InputError

_TEXT = pa.dictionary(pa.int32(), pa.string())

RECORDS: Mapping[str, pa.DataType] = {
    "role": _TEXT,
    "model": _TEXT,
    "model_id": _TEXT,
    "bucket": _TEXT,
    "load": _TEXT,
    "concurrency": pa.int64(),
    "rate_rps": pa.float64(),
    "arrivals": _TEXT,
    "block": pa.int64(),
    "sitting": _TEXT,
    "dispatched_ns": pa.float64(),
    "ended_ns": pa.float64(),
    "slot_free_ns": pa.float64(),
    "prompt_id": _TEXT,
    "cache": _TEXT,
    "dispatched_utc": pa.timestamp("us", tz="UTC"),
    "ok": pa.bool_(),
    "error": _TEXT,
    "error_in_stream": pa.bool_(),
    "input_tokens": pa.float64(),
    "output_tokens": pa.float64(),
    "cache_read_tokens": pa.float64(),
    "cache_write_tokens": pa.float64(),
    "most_input_tokens": pa.float64(),
    "most_output_tokens": pa.float64(),
    "service_latency_ms": pa.float64(),
    "ttft_ms": pa.float64(),
    "e2e_ms": pa.float64(),
    "tpot_ms": pa.float64(),
    "slot_ms": pa.float64(),
    "user_wait_ms": pa.float64(),
    "dispatch_error_ms": pa.float64(),
    "ttft_from_intended_ms": pa.float64(),
    "e2e_from_intended_ms": pa.float64(),
}
"""Columns of records, with counts as floats so that they may be missing."""

PROMPTS: Mapping[str, pa.DataType] = {
    "prompt_id": pa.string(),
    "bucket": pa.string(),
    "source": pa.string(),
    "dataset": pa.string(),
    "language": pa.string(),
    "tokens": pa.float64(),
    "length": pa.float64(),
}

ANSWERS: Mapping[str, pa.DataType] = {
    "model": pa.string(),
    "answer_id": pa.string(),
    "prompt_id": pa.string(),
    "bucket": pa.string(),
    "source": pa.string(),
    "times": pa.float64(),
    "score": pa.float64(),
    "metric": pa.string(),
    "stop_reason_max_tokens": pa.float64(),
    "reused": pa.bool_(),
    "reused_from": pa.string(),
    "dataset": pa.string(),
    "empty": pa.bool_(),
    "refusal_suspected": pa.bool_(),
    "injection_suspected": pa.bool_(),
}

VERDICTS: Mapping[str, pa.DataType] = {
    "model": pa.string(),
    "judge": pa.string(),
    "judge_id": pa.string(),
    "answer_id": pa.string(),
    "prompt_id": pa.string(),
    "verdict": pa.string(),
    "error": pa.string(),
    "input_tokens": pa.float64(),
    "output_tokens": pa.float64(),
    "e2e_ms": pa.float64(),
    "tries": pa.float64(),
    "tries_cost_unknown": pa.float64(),
    "reused": pa.bool_(),
    "rating": pa.float64(),
    "repaired": pa.bool_(),
    "output": pa.string(),
    "verdict_again": pa.string(),
    "rating_again": pa.float64(),
}


@dataclass(frozen=True, slots=True)
class SelfCheck:
    """What the client said of itself while it measured one cell in one block: the worst of its sittings.

    None is not known.
    """

    client_lag_ms_p99: float | None = None
    canary_error_ms_p50: float | None = None
    canary_error_ms_p99: float | None = None
    cpu_share: float | None = None
    gc_pause_ms_max: float | None = None
    valid: bool = True
    """Whether its latencies are the service's: what the client distorted is not a measurement."""
    reason: str | None = None
    """Why not."""
    stopped: str | None = None
    """Why it wasn't measured in this block, on purpose."""


FIGURES_OF_SELF_CHECK = (
    "client_lag_ms_p99",
    "canary_error_ms_p50",
    "canary_error_ms_p99",
    "cpu_share",
    "gc_pause_ms_max",
)


@dataclass(frozen=True, slots=True)
class Status:
    """How the invoke job of one model, load and block ended."""

    model: str
    load: str
    block: int
    status: str
    reason: str | None
    sittings: int
    checks: Mapping[str, SelfCheck]
    """By bucket."""
    incomplete: frozenset[str] | None = None
    """The buckets that a capped job didn't come to the end of; null where it doesn't tell, and then it may be any."""

    def of(self, buckets: Collection[str]) -> str:
        """How it ended for some of its buckets: one that was whole before the budget was spent is complete."""
        if self.status == "capped" and self.incomplete is not None and self.incomplete.isdisjoint(buckets):
            return "complete"
        return self.status


def read(paths: Sequence[Path], columns: Mapping[str, pa.DataType], needed: Sequence[str]) -> pd.DataFrame:
    """The rows of all files, in their order, with `columns` and no others; text columns of records are categories.

    InputError where a file can't be read or lacks one of the `needed` columns.
    """
    tables = [_table(path, columns, needed) for path in paths]
    empty = pa.schema(list(columns.items())).empty_table()
    frame: pd.DataFrame = pa.concat_tables([empty, *tables]).unify_dictionaries().to_pandas()
    return frame


def _table(path: Path, columns: Mapping[str, pa.DataType], needed: Sequence[str]) -> pa.Table:
    try:
        file = pq.ParquetFile(path)
        there = set(file.schema_arrow.names)
        if missing := [name for name in needed if name not in there]:
            raise InputError(
                f"{path}: column {missing[0]!r} is missing; found {', '.join(sorted(there)) or 'no column'}; "
                "delete the file and run again"
            )
        found = file.read(columns=[name for name in columns if name in there])
        arrays = [
            found[name].cast(kind) if name in there else pa.nulls(found.num_rows, kind)
            for name, kind in columns.items()
        ]
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{path}: can't be read as Parquet ({error}); delete it and run again") from error
    return pa.table(dict(zip(columns, arrays, strict=True)))


def read_records(paths: Sequence[Path]) -> pd.DataFrame:
    """Records of all models, loads and blocks; `block` is an integer."""
    needed = ("role", "model", "bucket", "load", "concurrency", "block", "prompt_id", "ok", "e2e_ms")
    return read(paths, RECORDS, needed)


def source_of(prompts: pd.DataFrame) -> dict[str, str]:
    """The source document of each prompt; a prompt without one is a source of its own."""
    return {
        str(prompt): str(source) if isinstance(source, str) and source else str(prompt)
        for prompt, source in zip(prompts["prompt_id"], prompts["source"], strict=True)
    }


_PLACE = re.compile(r"(?P<model>[^/\\]+)[/\\](?P<load>[^/\\]+)[/\\]b(?P<block>\d+)\.json$")


def read_status(path: Path) -> Status:
    """A status file, `<model>/<load>/b<block>.json`; what it is the status of stands in its path."""
    place = _PLACE.search(str(path))
    if place is None:
        raise InputError(
            f"{path}: the status of which job? expected a path that ends in <model>/<load>/b<block>.json"
        )
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return Status(
            place["model"],
            place["load"],
            int(place["block"]),
            str(found["status"]),
            found.get("reason"),
            int(found.get("sittings") or 0),
            {bucket: _self_check(cell) for bucket, cell in (found.get("cells") or {}).items()},
            None if found.get("incomplete") is None else frozenset(map(str, found["incomplete"])),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path}: is not the status of an invoke job ({type(error).__name__}: {error}); "
            "delete it and run again"
        ) from error


def _self_check(cell: Mapping[str, Any]) -> SelfCheck:
    figures = {name: cell.get(name) for name in FIGURES_OF_SELF_CHECK}
    return SelfCheck(
        **{name: None if value is None else float(value) for name, value in figures.items()},
        valid=cell.get("valid") is not False,
        reason=cell.get("reason"),
        stopped=cell.get("stopped"),
    )
