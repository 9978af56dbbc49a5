"""Ramps in the tables, on made-up records: latency and errors by the rate at that moment, and nothing of the decision."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from made_run import MadeModel, MadeRun, make_run

from assay.records.aggregate import aggregate
from assay.records.attempts import schema
from assay.records.settings import Aggregation

REQUESTS = 300


def ramped_run(folder: Path) -> MadeRun:
    """A closed loop of 1, and a ramp from 1 to 13 per second in which latency is 100 ms and 900 ms from 7/s on.

    From 10/s on every second request is throttled.
    """
    run = make_run(folder, {"swift": MadeModel()}, levels=(1, 4), buckets=("short",), requests=REQUESTS)
    (record,) = [path for path in run.records if "c4" in path.parts]
    target = record.parent.parent / "ramp1-13"
    shutil.move(record.parent, target)
    rows = [row for row in pq.read_table(target / record.name).to_pylist() if row["role"] == "measured"]
    for place, row in enumerate(rows):
        rate = 1 + 12 * place / len(rows)
        throttled = rate >= 10 and place % 2 == 0
        waited = None if throttled else 100.0 if rate < 7 else 900.0
        row |= {
            "load": "ramp1-13", "concurrency": None, "rate_rps": rate, "arrivals": "poisson", "sitting": "s",
            "ok": not throttled, "error": "throttling" if throttled else None,
            "ttft_from_intended_ms": waited, "e2e_from_intended_ms": waited,
        }  # fmt: skip
    pq.write_table(pa.Table.from_pylist(rows, schema=schema()), target / record.name)

    def moved(paths: list[Path]) -> list[Path]:
        return [target / path.name if "c4" in path.parts else path for path in paths]

    return replace(run, records=moved(run.records), statuses=moved(run.statuses))


def tables(run: MadeRun) -> dict[str, list[dict[str, Any]]]:
    settings = {"dataset_of_interest": "short", "models": run.models, "judges": run.judges}
    return aggregate(Aggregation.model_validate(settings), **run.inputs())


def test_a_ramp_is_told_by_slices_of_its_rate(tmp_path: Path) -> None:
    rows = tables(ramped_run(tmp_path))["ramps"]
    assert {(row["model"], row["bucket"], row["load"]) for row in rows} == {("swift", "short", "ramp1-13")}
    assert [row["rate_rps_from"] for row in rows] == pytest.approx(list(range(1, 13)))
    assert [row["rate_rps_to"] for row in rows] == pytest.approx(list(range(2, 14)))
    assert sum(row["n"] for row in rows) == REQUESTS
    assert [row["e2e_from_intended_ms_p50"] for row in rows] == [100.0] * 6 + [900.0] * 6
    assert all(row["error_rate"] == 0 for row in rows[:9])
    assert all(row["error_rate"] == pytest.approx(0.5, abs=0.05) for row in rows[9:])
    assert [row["n_ok"] + row["n_throttling"] for row in rows] == [row["n"] for row in rows]
    assert rows[0]["e2e_from_intended_ms_p95"] == 100.0
    assert rows[-1]["e2e_from_intended_ms_p95"] is None, "too few answers for a 95th percentile"


def test_a_ramp_has_a_cell_of_its_own_and_is_in_nothing_that_the_decision_looks_at(tmp_path: Path) -> None:
    run = ramped_run(tmp_path)
    closed_only = replace(run, records=run.records[:1], statuses=run.statuses[:1])
    found, without = tables(run), tables(closed_only)
    assert without["ramps"] == []
    closed, cell = found["cells"]
    assert closed == without["cells"][0]
    assert (cell["load"], cell["concurrency"], cell["rate_rps"]) == ("ramp1-13", None, None)
    assert (cell["status"], cell["n"]) == ("complete", REQUESTS)
    assert cell["e2e_from_intended_ms_p50"] == 100.0 and cell["e2e_from_intended_ms_p95"] == 900.0
    spent = {"requests_sent", "cost_usd", "cost_usd_at_most", "requests_cost_unknown"}
    (model,), (before,) = found["models"], without["models"]
    assert {name: value for name, value in model.items() if name not in spent} == {
        name: value for name, value in before.items() if name not in spent
    }
    assert model["requests_sent"] == before["requests_sent"] + REQUESTS
    assert found["accuracy"] == without["accuracy"]
