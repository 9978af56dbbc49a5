"""A cell is invalid where the client spoilt it or a cache answered, and never because the service was slow."""

from typing import Any

import pytest

from assay.measurement.validity import verdicts
from assay.sender.selfcheck import worst
from assay.sender.settings import SelfCheckLimits

LIMITS = SelfCheckLimits()
GOOD = {
    "client_lag_ms_p99": 2.0,
    "client_lag_ms_max": 20.0,
    "canary_n": 400,
    "canary_error_ms_p50": 0.1,
    "canary_error_ms_p99": 5.0,
    "cpu_share": 0.2,
    "gc_pauses": 0,
    "gc_pause_ms_max": 0.0,
    "schedule_error_ms_p99": None,
    "began_utc": "2026-11-01T10:00:00+00:00",
    "ended_utc": "2026-11-01T10:05:00+00:00",
}


def row(**changed: Any) -> dict[str, Any]:
    return {
        "role": "measured",
        "bucket": "short",
        "ok": True,
        "ttft_ms": 300.0,
        "e2e_ms": 900.0,
        "cache_read_tokens": 0,
        **changed,
    }


def verdict(rows: list[dict[str, Any]] | None = None, **note: Any) -> dict[str, Any]:
    return verdicts({"short": GOOD | note}, [row()] if rows is None else rows, LIMITS)["short"]


def test_an_honest_cell_is_valid_and_keeps_its_figures() -> None:
    found = verdict()
    assert found == {**GOOD, "valid": True, "reason": None}


@pytest.mark.parametrize(
    ("note", "words"),
    [
        ({"canary_error_ms_p99": 101.0}, "canary 101 ms late (99th percentile), more than 100 ms"),
        ({"client_lag_ms_max": 700.0}, "stood still for 700 ms, more than 500 ms"),
        ({"schedule_error_ms_p99": 140.0}, "sent 140 ms after the schedule"),
    ],
)
def test_each_fault_of_the_client_makes_a_cell_invalid_and_is_named(note: dict[str, Any], words: str) -> None:
    found = verdict(**note)
    assert found["valid"] is False
    assert words in found["reason"]


def test_all_faults_are_named() -> None:
    reason = verdict(canary_error_ms_p99=190.0, client_lag_ms_max=900.0)["reason"]
    assert "canary" in reason and "; the client stood still" in reason


def test_a_slow_or_failing_service_is_a_result() -> None:
    slow = [row(ttft_ms=90_000.0, e2e_ms=600_000.0)]
    failed = [
        row(ok=False, error="throttling", ttft_ms=None),
        row(ok=False, error="timeout_total", ttft_ms=None),
    ]
    assert verdict(slow)["valid"] and verdict(failed)["valid"]


def test_the_canarys_lateness_counts_beside_what_is_measured() -> None:
    late = {"canary_error_ms_p99": 180.0}
    assert not verdict([row(ttft_ms=300.0)], **late)["valid"]
    assert verdict([row(ttft_ms=2000.0), row(ttft_ms=1900.0), row(ttft_ms=10.0)], **late)["valid"]
    assert verdict([row(ttft_ms=None, e2e_ms=1900.0)], **late)["valid"], "without streaming"


def test_a_cell_too_short_for_its_canary_is_not_found_guilty_by_it() -> None:
    assert verdict(canary_n=19, canary_error_ms_p99=200.0)["valid"]
    assert verdict(canary_n=0, canary_error_ms_p50=None, canary_error_ms_p99=None)["valid"]


def test_a_cold_cell_with_cached_tokens_is_invalid_and_a_warm_one_is_not() -> None:
    cold = [row(), row(cache_read_tokens=512, cache="cold"), row(cache_read_tokens=512)]
    found = verdict(cold)
    assert not found["valid"] and "2 of 3 requests" in found["reason"]
    assert verdict([row(cache_read_tokens=512, cache="warm")])["valid"]
    assert verdict([row(), row(cache_read_tokens=512, role="warmup")])["valid"], "warm-up measures nothing"


def test_cached_tokens_are_found_even_where_no_self_check_is_known() -> None:
    found = verdicts({}, [row(cache_read_tokens=1), row(bucket="long")], LIMITS)
    assert not found["short"]["valid"] and found["long"]["valid"]


def test_of_several_sittings_the_worst_stands() -> None:
    resumed = GOOD | {
        "canary_n": 30,
        "canary_error_ms_p99": 170.0,
        "client_lag_ms_max": 3.0,
        "began_utc": "2026-11-01T12:00:00+00:00",
        "ended_utc": "2026-11-01T12:05:00+00:00",
        "sitting": "b",
    }
    for order in ([GOOD, resumed], [resumed, GOOD]):
        found = worst(order)
        assert found == GOOD | {
            "canary_n": 30,
            "canary_error_ms_p99": 170.0,
            "ended_utc": "2026-11-01T12:05:00+00:00",
        }
        assert not verdicts({"short": found}, [row()], LIMITS)["short"]["valid"]


def test_what_no_sitting_saw_is_null() -> None:
    assert worst([{"client_lag_ms_p99": 1.0}])["canary_error_ms_p99"] is None
