"""A search for the highest rate that keeps the limits, on a service with a quota, cut off and taken up again."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from jobs import PROJECT, Place, environment

QUOTA_RPS = 100
SEARCH: dict[str, Any] = {"start_rps": 200, "probe_s": 0.3, "ratio": 1.5, "max_requests": 5000}
AT_EASE = {"canary_error_ms_p99": 1e4, "event_loop_blocked_ms": 1e4, "schedule_error_ms_p99": 1e4}


def place(folder: Path) -> Place:
    """A service that throttles above 100 requests per second: a fifth of what arrives at 125."""
    quotas = {"requests_per_minute": QUOTA_RPS * 60, "burst_s": 0.1}
    return Place(folder, behaviour={"quotas": quotas, "latency": {"base_ms": 5, "tokens_per_s": 1000}})


def command(
    place: Place,
    limits: dict[str, Any] | None = None,
    interest: Any = "small",
    self_check: dict[str, Any] = AT_EASE,
    **search: Any,
) -> list[str]:
    folder = place.folder
    settings = {
        "run": {"name": "x", "edition": 1, "seed": 1},
        "endpoint": {
            "kind": "simulator",
            "behaviour": f"{folder}/behaviour.yaml",
            "journal": f"{folder}/journal.jsonl",
        },
        "model": place.model,
        "inference": {"max_tokens": 32, "temperature": 0.0},
        "search": {**SEARCH, **search},
        "load": {
            "arrivals": "constant",
            "warmup_s": 0.0,
            "max_in_flight": 256,
            "timeouts": {},
            "retry": {},
            "self_check": self_check,
        },
        "limits": limits or {"error_rate": {"max": 0.2}},
        "dataset_of_interest": interest,
        "confidence": 0.95,
    }
    return [
        sys.executable, f"{PROJECT}/scripts/search.py", "--settings", json.dumps(settings),
        "--prompts", f"{folder}/prompts.parquet", "--answer-key", f"{folder}/key.jsonl",
        "--ledger", f"{folder}/ledger", "--log", f"{folder}/log.txt",
        "--out", f"{folder}/search.json", "--out-records", f"{folder}/search.parquet",
    ]  # fmt: skip


def search(place: Place, **changed: Any) -> dict[str, Any]:
    done = subprocess.run(
        command(place, **changed), capture_output=True, text=True, timeout=60, check=False, env=environment()
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads((place.folder / "search.json").read_text())
    return found


def test_the_answer_is_a_bracket_with_the_evidence_of_both_ends(tmp_path: Path) -> None:
    service = place(tmp_path)
    found = search(service)
    kept, missed = found["kept"], found["missed"]
    assert kept["rate_rps"] < 1.25 * QUOTA_RPS < missed["rate_rps"]
    assert found["ended"] in ("narrow", "undecided")
    assert [limit["state"] for limit in kept["limits"]] == ["met"]
    assert [limit["state"] for limit in missed["limits"]] == ["missed"]
    assert missed["errors"].keys() == {"throttling"}
    for probe in (kept, missed):
        assert probe["n"] >= probe["rate_rps"] * SEARCH["probe_s"]
        assert probe["error_rate_low"] <= probe["error_rate"] <= probe["error_rate_high"]
    assert kept["e2e_from_intended_ms_p50_all"] >= kept["ttft_from_intended_ms_p50_all"] > 0
    rows = pq.read_table(tmp_path / "search.parquet").to_pylist()
    assert {row["rate_rps"] for row in rows} == {probe["rate_rps"] for probe in found["probes"]}
    assert {row["bucket"] for row in rows} == {"small"}
    assert found["requests"] == len(rows) == service.served()


def test_a_finished_search_sends_nothing_again_and_other_limits_reuse_what_it_bought(tmp_path: Path) -> None:
    service = place(tmp_path)
    found, served = search(service), service.served()
    assert search(service) == found
    assert service.served() == served
    assert search(service, limits={"error_rate": {"max": 0.21}})["probes"]
    assert service.served() == served


def test_a_search_that_was_killed_pays_only_for_what_was_in_flight(tmp_path: Path) -> None:
    service = place(tmp_path)
    job = subprocess.Popen(command(service), stderr=subprocess.PIPE, text=True, env=environment())
    while len({line["tags"]["load"] for line in service.lines("dispatched")}) < 2:
        assert job.poll() is None
    os.kill(job.pid, signal.SIGKILL)
    job.communicate()
    settled = {line["key"] for line in service.lines("outcome")}
    search(service)
    times = Counter(line["key"] for line in service.lines("dispatched"))
    assert all(times[key] == 1 for key in settled)
    assert {line["key"] for line in service.lines("outcome")} == times.keys()


@pytest.mark.parametrize("budget", [60, 110, 130])
def test_the_budget_is_never_exceeded_and_its_end_is_said(tmp_path: Path, budget: int) -> None:
    service = place(tmp_path)
    found = search(service, max_requests=budget)
    assert service.served() == found["requests"] <= budget
    assert found["ended"] == "budget"
    assert found["missed"]["rate_rps"] == 200


def test_each_bucket_of_a_mix_is_asked(tmp_path: Path) -> None:
    service = place(tmp_path)
    found = search(service, interest={"small": 3, "large": 1}, max_requests=200)
    rows = pq.read_table(tmp_path / "search.parquet").to_pylist()
    assert {row["bucket"] for row in rows} == {"small", "large"}
    assert found["probes"][0]["n"] == 120


def test_a_limit_that_no_rate_keeps_leaves_the_lower_end_open(tmp_path: Path) -> None:
    service = Place(tmp_path, behaviour={"latency": {"base_ms": 20, "tokens_per_s": 1000}})
    found = search(service, limits={"e2e_ms_p50": {"max": 5}}, start_rps=400)
    assert found["kept"] is None and found["ended"] == "range"
    assert found["missed"]["rate_rps"] == 25


def test_a_rate_that_the_client_spoilt_is_no_end_of_the_bracket_and_ends_the_search(tmp_path: Path) -> None:
    found = search(place(tmp_path), self_check={**AT_EASE, "schedule_error_ms_p99": 1e-6})
    assert (found["ended"], found["kept"], found["missed"]) == ("not_evaluated", None, None)
    (only,) = found["probes"]
    assert only["outcome"] == "not_evaluated" and "after the schedule" in only["reason"]


def test_a_search_that_comes_to_the_cap_says_so_and_keeps_what_it_bought(tmp_path: Path) -> None:
    service = place(tmp_path)
    price = {"input_usd_per_million": 10.0, "output_usd_per_million": 100.0}
    (tmp_path / "prices.json").write_text(json.dumps({"prices": {"sim.plain": price}}))
    capped = [
        "--max-usd",
        "0.03",
        "--prices",
        f"{tmp_path}/prices.json",
        "--capped",
        f"{tmp_path}/capped.json",
    ]
    done = subprocess.run(
        [*command(service), *capped],
        capture_output=True, text=True, timeout=60, check=False, env=environment(),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "search.json").read_text())
    assert found["ended"] == "capped"
    assert "budget.max_usd 0.03: " in found["ended_because"]
    rows = pq.read_table(tmp_path / "search.parquet").to_pylist()
    assert 0 < found["requests"] == len(rows) == service.served()
    told = [line for line in service.lines("outcome") if "input_tokens" in line]
    assert sum(line["input_tokens"] * 10 + line["output_tokens"] * 100 for line in told) / 1e6 <= 0.03
    assert json.loads((tmp_path / "capped.json").read_text())["capped_at_usd"] == [0.03]
