"""The records of requests: one row for each attempt, from the ledger's lines to Parquet.

Stamps are the client's own (`perf_counter_ns`, one clock for a sitting); counts are the service's. What is derived
from them here is what a single request has; whatever needs many requests is left to the table of metrics.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.whole import whole

if TYPE_CHECKING:
    import pyarrow as pa

ROLES = ("measured", "warmup", "filler", "superseded")
"""`superseded` is an attempt at a measured request that another one followed: it was retried, or a crash cut it off.
It is paid for, and measures nothing."""

_STAMPS = (
    "intended_ns",
    "launched_ns",
    "dispatched_ns",
    "sent_ns",
    "headers_ns",
    "first_event_ns",
    "first_reasoning_ns",
    "first_text_ns",
    "last_text_ns",
    "first_content_ns",
    "last_content_ns",
    "metadata_ns",
    "ended_ns",
    "slot_free_ns",
)
_TYPES: dict[str, str] = {
    "attempt_key": "string",
    "ask_key": "string",
    "sitting": "string",
    "role": "string",
    "model": "string",
    "model_id": "string",
    "endpoint": "string",
    "region": "string",
    "cache": "string",
    "bucket": "string",
    "load": "string",
    "concurrency": "int64",
    "rate_rps": "float64",
    "arrivals": "string",
    "block": "int64",
    "position": "int64",
    "repetition": "int64",
    "try_number": "int64",
    "edition": "int64",
    "prompt_id": "string",
    "prompt_tokens": "int64",
    "dispatched_utc": "timestamp",
    "ok": "bool",
    "error": "string",
    "error_in_stream": "bool",
    "http_status": "int64",
    "error_message": "string",
    "request_id": "string",
    "stop_reason": "string",
    "service_tier": "string",
    "invoked_model_id": "string",
    "text": "string",
    "input_tokens": "int64",
    "output_tokens": "int64",
    "cache_read_tokens": "int64",
    "cache_write_tokens": "int64",
    "most_input_tokens": "int64",
    "most_output_tokens": "int64",
    "service_latency_ms": "float64",
    "connect_ms": "float64",
    "tls_ms": "float64",
    **dict.fromkeys(_STAMPS, "int64"),
    "chunks": "int64",
    "first_chunk_chars": "int64",
    "content_chars": "int64",
    "ttft_ms": "float64",
    "e2e_ms": "float64",
    "tpot_ms": "float64",
    "slot_ms": "float64",
    "dispatch_error_ms": "float64",
    "ttft_from_intended_ms": "float64",
    "e2e_from_intended_ms": "float64",
    "user_wait_ms": "float64",
}
COLUMNS = tuple(_TYPES)

MIN_TOKENS_FOR_TPOT = 16
MIN_CHUNKS_FOR_TPOT = 4


def row(
    known: Mapping[str, Any],
    dispatched: Mapping[str, Any],
    outcome: Mapping[str, Any] | None,
    anchor: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """One record: a mapping of `COLUMNS`.

    `known` are the columns that the plan knows, and for a request's last try `waited_since_ns`, when its first try was
    meant to leave (or left, where nothing says when it was meant to); `dispatched` and `outcome` are the ledger's lines, `outcome` null
    for a request whose sitting crashed; `anchor` is the sitting's line, by which stamps become wall-clock time.
    """
    made: dict[str, Any] = dict.fromkeys(COLUMNS)
    made.update(known)
    waited_since_ns = made.pop("waited_since_ns", None)
    # Workers sit in a job's one sitting: they share its clock.
    made["sitting"] = (anchor or {}).get("of", dispatched["sitting"])
    made["try_number"] = dispatched["try"]
    made["most_input_tokens"], made["most_output_tokens"] = dispatched.get("most") or (None, None)
    if outcome is None:
        made.update(ok=False, error="interrupted", error_in_stream=False, chunks=0)
        return made
    made.update({name: outcome[name] for name in COLUMNS if name in outcome and name != "sitting"})
    made["ok"] = "error" not in outcome
    made["error_in_stream"] = bool(outcome.get("error_in_stream"))
    # What broke off was paid for and stays in the ledger, but it is nobody's answer.
    made["text"] = outcome.get("text", "") if made["ok"] else None
    if anchor is not None and made["dispatched_ns"] is not None:
        wall_ns = anchor["wall_ns"] + made["dispatched_ns"] - anchor["perf_ns"]
        made["dispatched_utc"] = datetime.fromtimestamp(wall_ns / 1e9, UTC)
    made["ttft_ms"] = _between(made, "sent_ns", "first_text_ns")
    made["e2e_ms"] = _between(made, "sent_ns", "ended_ns")
    made["slot_ms"] = _between(made, "dispatched_ns", "slot_free_ns")
    made["tpot_ms"] = _tpot_ms(made)
    made["dispatch_error_ms"] = (
        _between(made, "intended_ns", "dispatched_ns") if made["try_number"] == 1 else None
    )
    made["ttft_from_intended_ms"] = _between(made, "intended_ns", "first_text_ns")
    made["e2e_from_intended_ms"] = _between(made, "intended_ns", "ended_ns")
    if waited_since_ns is not None and made["ended_ns"] is not None:
        made["user_wait_ms"] = (made["ended_ns"] - waited_since_ns) / 1e6
    return made


def _between(made: Mapping[str, Any], start: str, end: str) -> float | None:
    if made[start] is None or made[end] is None:
        return None
    return float(made[end] - made[start]) / 1e6


def _tpot_ms(made: Mapping[str, Any]) -> float | None:
    """Time per output token after the first chunk, in ms.

    (last content - first content) / (output tokens - those of the first chunk). The service counts tokens for the
    whole answer only, so the first chunk gets its share by characters. Null for answers that broke off, and under
    16 tokens or 4 chunks, where the quotient would say more about chunking than about the model.
    """
    tokens, chunks = made["output_tokens"], made["chunks"]
    span = _between(made, "first_content_ns", "last_content_ns")
    if not made["ok"] or tokens is None or span is None or not made["content_chars"]:
        return None
    if tokens < MIN_TOKENS_FOR_TPOT or chunks < MIN_CHUNKS_FOR_TPOT:
        return None
    later = tokens * (1 - made["first_chunk_chars"] / made["content_chars"])
    return span / later if later > 0 else None


def schema() -> "pa.Schema":
    """Arrow schema of the records."""
    import pyarrow as pa

    types = {
        "string": pa.string(),
        "int64": pa.int64(),
        "float64": pa.float64(),
        "bool": pa.bool_(),
        "timestamp": pa.timestamp("us", tz="UTC"),
    }
    return pa.schema([(name, types[kind]) for name, kind in _TYPES.items()])


def write(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write records to a Parquet file, whole or not at all."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with whole(path) as temporary:
        pq.write_table(pa.Table.from_pylist(list(rows), schema=schema()), temporary, compression="zstd")
