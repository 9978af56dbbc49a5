"""Records: what is derived from stamps, and when it is refused."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from assay.records.attempts import COLUMNS, row, write

MS = 1_000_000
KNOWN = {"attempt_key": "k", "role": "measured", "model": "a", "bucket": "b"}
DISPATCHED = {"sitting": "s", "try": 1}
ANCHOR = {"wall_ns": 1_700_000_000_000_000_000, "perf_ns": 5_000 * MS}


def outcome(**changed: Any) -> dict[str, Any]:
    return {
        "dispatched_ns": 5_010 * MS,
        "sent_ns": 5_011 * MS,
        "first_content_ns": 5_111 * MS,
        "first_text_ns": 5_111 * MS,
        "last_content_ns": 5_211 * MS,
        "ended_ns": 5_221 * MS,
        "slot_free_ns": 5_321 * MS,
        "text": "x" * 100,
        "output_tokens": 50,
        "chunks": 10,
        "first_chunk_chars": 20,
        "content_chars": 100,
        **changed,
    }


def test_latencies_count_from_the_last_byte_sent_and_the_slot_from_its_dispatch() -> None:
    made = row(KNOWN, DISPATCHED, outcome(), ANCHOR)
    assert (made["ttft_ms"], made["e2e_ms"], made["slot_ms"]) == (100, 210, 311)
    assert made["dispatched_utc"] == datetime.fromtimestamp(1_700_000_000.010, UTC)
    assert made["ok"] and made["error"] is None


def test_an_attempt_keeps_its_worst_case_whatever_came_of_it() -> None:
    dispatched = {**DISPATCHED, "most": [900, 32]}
    for came in (outcome(), outcome(error="stream_cut"), None):
        made = row(KNOWN, dispatched, came, ANCHOR)
        assert (made["most_input_tokens"], made["most_output_tokens"]) == (900, 32)
    assert row(KNOWN, DISPATCHED, None, ANCHOR)["most_input_tokens"] is None, "of an older ledger"


def test_workers_sit_in_the_sitting_of_their_job() -> None:
    anchor = {**ANCHOR, "of": "job"}
    for came in (outcome(sitting="s"), None):
        assert row(KNOWN, DISPATCHED, came, anchor)["sitting"] == "job"
    assert row(KNOWN, DISPATCHED, outcome(sitting="s"), ANCHOR)["sitting"] == "s"


def test_time_per_output_token_leaves_out_the_first_chunks_share() -> None:
    assert row(KNOWN, DISPATCHED, outcome(), ANCHOR)["tpot_ms"] == pytest.approx(100 / 40)


@pytest.mark.parametrize(
    "changed",
    [
        {"output_tokens": 15},
        {"chunks": 3},
        {"error": "stream_cut"},
        {"output_tokens": None},
        {"first_chunk_chars": 100},
    ],
)
def test_time_per_output_token_is_refused_where_it_would_mean_little(changed: dict[str, Any]) -> None:
    assert row(KNOWN, DISPATCHED, outcome(**changed), ANCHOR)["tpot_ms"] is None


def test_an_answer_that_broke_off_is_nobodys_answer() -> None:
    made = row(KNOWN, DISPATCHED, outcome(error="half_frame"), ANCHOR)
    assert not made["ok"] and made["text"] is None and made["error"] == "half_frame"
    assert row(KNOWN, DISPATCHED, {**outcome(), "text": ""}, ANCHOR)["text"] == ""


def test_a_request_whose_sitting_crashed_is_interrupted() -> None:
    made = row(KNOWN, DISPATCHED, None, None)
    assert (made["ok"], made["error"], made["e2e_ms"]) == (False, "interrupted", None)


def test_records_survive_parquet_with_nulls_and_an_empty_list_too(tmp_path: Path) -> None:
    path = tmp_path / "r" / "x.parquet"
    rows = [row(KNOWN, DISPATCHED, outcome(), ANCHOR), row(KNOWN, DISPATCHED, None, None)]
    write(path, rows)
    table = pq.read_table(path)
    assert tuple(table.column_names) == COLUMNS
    assert table.to_pylist() == rows
    write(path, [])
    assert pq.read_table(path).num_rows == 0
