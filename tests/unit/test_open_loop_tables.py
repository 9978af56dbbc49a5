"""Open loops in the tables and in the decision, on made-up records; and which cells ran at the same time."""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from made_run import MadeModel, MadeRun, make_run

from assay.decision.decide import decide
from assay.decision.stage import Choice
from assay.records.aggregate import aggregate
from assay.records.attempts import schema
from assay.records.metrics import TABLES
from assay.records.settings import Aggregation
from assay.records.writing import write_table

RATE_RPS = 2.5
START = datetime(2026, 11, 1, tzinfo=UTC)


def open_run(folder: Path, models: Mapping[str, MadeModel], wait_ms: Mapping[str, float]) -> MadeRun:
    """A run with a closed loop of 1 and an open loop at 2.5/s, in which a model's requests wait `wait_ms` for a place."""
    run = make_run(folder, models, levels=(1, 4), buckets=("short",), requests=80)
    records, statuses = list[Path](), list[Path]()
    for record, status in zip(run.records, run.statuses, strict=True):
        if "c4" not in record.parts:
            records.append(record)
            statuses.append(status)
            continue
        model = record.parent.parent.name
        target = record.parent.parent / "r2.5"
        shutil.move(record.parent, target)
        rows = pq.read_table(target / record.name).to_pylist()
        measured = [row for row in rows if row["role"] == "measured"]
        for place, row in enumerate(measured):
            intended_ns = int(1e9 * place / RATE_RPS)
            row |= {
                "load": "r2.5", "concurrency": None, "rate_rps": RATE_RPS, "arrivals": "constant", "sitting": "s",
                "intended_ns": intended_ns, "dispatched_ns": intended_ns + int(wait_ms[model] * 1e6),
                "dispatch_error_ms": wait_ms[model],
                "ttft_from_intended_ms": None if row["ttft_ms"] is None else row["ttft_ms"] + wait_ms[model],
                "e2e_from_intended_ms": row["e2e_ms"] + wait_ms[model],
                "dispatched_utc": START + timedelta(seconds=place / RATE_RPS),
            }  # fmt: skip
        pq.write_table(pa.Table.from_pylist(measured, schema=schema()), target / record.name)
        records.append(target / record.name)
        statuses.append(target / status.name)
    return replace(run, records=records, statuses=statuses)


def tables(run: MadeRun, **level: Any) -> dict[str, list[dict[str, Any]]]:
    settings = {"dataset_of_interest": "short", "models": run.models, "judges": run.judges, **level}
    return aggregate(Aggregation.model_validate(settings), **run.inputs())


def decided(folder: Path, run: MadeRun, limits: dict[str, Any], **choice_of: Any) -> dict[str, Any]:
    rows = tables(run, **{name: limits[name] for name in ("concurrency", "rate_rps") if name in limits})
    paths: dict[str, Any] = {name: folder / f"{name}.parquet" for name in ("cells", "models")}
    for name, path in paths.items():
        write_table(path, TABLES[name], rows[name])
    inputs = run.inputs()
    del inputs["statuses"]
    choice = {
        "models": run.models,
        "limits": limits,
        "dataset_of_interest": "short",
        "concurrency": [1],
        "rates_rps": [RATE_RPS],
        **choice_of,
    }
    return decide(Choice.model_validate(choice), **paths, **inputs)


def test_a_cell_of_an_open_loop_tells_its_rates_and_latency_from_when_requests_were_due(
    tmp_path: Path,
) -> None:
    run = open_run(tmp_path, {"swift": MadeModel(error_rate=0.1)}, {"swift": 30.0})
    closed, at_rate = tables(run)["cells"]
    assert (closed["load"], closed["concurrency"], closed["rate_rps"], closed["arrivals"]) == (
        "c1",
        1,
        None,
        None,
    )
    assert closed["achieved_rps"] is None and closed["e2e_from_intended_ms_p50"] is None
    assert (at_rate["load"], at_rate["concurrency"], at_rate["rate_rps"]) == ("r2.5", None, RATE_RPS)
    assert at_rate["arrivals"] == "constant"
    assert at_rate["achieved_rps"] == pytest.approx(RATE_RPS)
    assert at_rate["dispatch_error_ms_p99"] == 30.0
    for name in ("ttft", "e2e"):
        for end in ("p50", "p95", "p50_low", "p50_high"):
            assert at_rate[f"{name}_from_intended_ms_{end}"] == pytest.approx(
                at_rate[f"{name}_ms_{end}"] + 30
            )
    answered = 1 - at_rate["error_rate"]
    assert 0.8 < answered < 1
    assert at_rate["transactions_per_minute"] == pytest.approx(60 * RATE_RPS * answered)
    assert at_rate["transactions_per_minute_low"] < at_rate["transactions_per_minute"]
    assert at_rate["transactions_per_minute"] < at_rate["transactions_per_minute_high"] < 60 * RATE_RPS


def test_limits_at_a_rate_are_held_against_what_a_user_waits(tmp_path: Path) -> None:
    models = {"swift": MadeModel(e2e_ms=100, spread=0.05), "steady": MadeModel(e2e_ms=100, spread=0.05)}
    run = open_run(tmp_path, models, {"swift": 0.5, "steady": 400.0})
    limits = {"e2e_ms_p95": {"max": 300}}
    found = decided(tmp_path, run, {"rate_rps": RATE_RPS, **limits})
    assert (found["load"], found["rate_rps"], found["concurrency"]) == ("r2.5", RATE_RPS, None)
    assert (found["answer"], found["model"]) == ("winner", "swift")
    assert "2.5 requests per second" in found["sentence"]
    swift, steady = found["models"]
    assert (swift["qualifies"], steady["qualifies"]) == ("yes", "no")
    assert (swift["highest_concurrency"], swift["highest_rate_rps"]) == (1, RATE_RPS)
    assert (steady["highest_concurrency"], steady["highest_rate_rps"]) == (1, None)
    assert [level["load"] for level in steady["levels"]] == ["c1", "r2.5"]
    closed = decided(tmp_path, run, {"concurrency": 1, **limits})
    assert [model["qualifies"] for model in closed["models"]] == ["yes", "yes"]


def test_the_fastest_at_the_traffics_rate_is_the_one_that_users_wait_least_for(tmp_path: Path) -> None:
    models = {"swift": MadeModel(e2e_ms=100), "steady": MadeModel(e2e_ms=200)}
    run = open_run(tmp_path, models, {"swift": 400.0, "steady": 0.5})
    fastest = {"decision": {"objective": "fastest"}}
    found = decided(tmp_path, run, {}, traffic={"rate_rps": 2}, **fastest)
    assert (found["load"], found["objective_metric"]) == ("r2.5", "e2e_from_intended_ms_p50_all")
    assert found["model"] == "steady"
    assert found["models"][0]["objective_value"] == pytest.approx(530, abs=40)
    lacking = decided(tmp_path, run, {}, traffic={"rate_rps": 5}, **fastest)
    assert (lacking["load"], lacking["model"]) == ("c1", "swift")
    assert any(
        "The traffic is 5 requests per second, more than was measured (2.5)" in line
        for line in lacking["reasons"]
    )


def test_cells_that_had_requests_under_way_at_the_same_time_are_named(tmp_path: Path) -> None:
    models = {"swift": MadeModel(), "steady": MadeModel(), "scholar": MadeModel()}
    run = open_run(tmp_path, models, dict.fromkeys(models, 0.5))
    later = next(path for path in run.records if "scholar" in path.parts and "r2.5" in path.parts)
    rows = pq.read_table(later).to_pylist()
    for row in rows:
        row["dispatched_utc"] += timedelta(hours=1)
    pq.write_table(pa.Table.from_pylist(rows, schema=schema()), later)
    beside = {(row["model"], row["load"]): row["beside"] for row in tables(run)["cells"]}
    assert beside["swift", "r2.5"] == "steady short r2.5"
    assert beside["steady", "r2.5"] == "swift short r2.5"
    assert beside["scholar", "r2.5"] is None
    assert beside["swift", "c1"] is None, "whose times are unknown"


def test_two_blocks_of_a_cell_are_no_overlap_with_what_ran_between_them(tmp_path: Path) -> None:
    models = {"swift": MadeModel(), "steady": MadeModel()}
    run = open_run(tmp_path, models, dict.fromkeys(models, 0.5))
    path = next(path for path in run.records if "swift" in path.parts and "r2.5" in path.parts)
    rows = pq.read_table(path).to_pylist()
    for place, row in enumerate(rows):
        away = timedelta(hours=-1 if place % 2 else 1)
        row |= {"block": place % 2, "dispatched_utc": row["dispatched_utc"] + away}
    pq.write_table(pa.Table.from_pylist(rows, schema=schema()), path)
    assert {row["beside"] for row in tables(run)["cells"]} == {None}
