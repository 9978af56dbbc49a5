"""What CloudWatch says of a model stands beside what the run saw; where it can't be asked, that is said, and no error."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from jobs import PROJECT, environment
from moto.cloudwatch.models import MetricDatum, cloudwatch_backends
from moto.core import DEFAULT_ACCOUNT_ID

from assay.measurement.seen import seen, span
from assay.records.attempts import row, write

BEGAN = datetime.now(UTC).replace(second=10, microsecond=0) - timedelta(minutes=30)
MODEL = {"label": "a", "id": "us.vendor.model-v1:0"}


@pytest.fixture
def account(aws: str, aws_keys: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDWATCH", aws)


def counted(metric: str, value: float, at: datetime, model: str = MODEL["id"]) -> None:
    """AWS itself writes these metrics, and lets nobody else: so they are put into the server's own store."""
    backend = cloudwatch_backends[DEFAULT_ACCOUNT_ID]["us-east-1"]
    backend.metric_data.append(
        MetricDatum(
            namespace="AWS/Bedrock",
            name=metric,
            value=value,
            dimensions=[{"Name": "ModelId", "Value": model}],
            timestamp=at.replace(tzinfo=None),  # it keeps them in UTC, without saying so
        )
    )


def record(seconds: float, **outcome: Any) -> dict[str, Any]:
    """A record of a request that was sent so many seconds after the beginning, and took 500 ms."""
    at = BEGAN + timedelta(seconds=seconds)
    stamps = {"dispatched_ns": 0, "sent_ns": 0, "ended_ns": 500_000_000, "slot_free_ns": 500_000_000}
    anchor = {"wall_ns": round(at.timestamp() * 1e9), "perf_ns": 0}
    known = {"role": "measured", "model": "a", "bucket": "b"}
    return row(known, {"sitting": "s", "try": 1}, {**stamps, "chunks": 0, **outcome}, anchor)


RECORDS = [
    record(0, input_tokens=100, output_tokens=10, service_latency_ms=450.0, http_status=200),
    record(70, input_tokens=200, output_tokens=20, service_latency_ms=350.0, http_status=200),
    record(80, error="throttling", http_status=429),
    record(85, error="validation", http_status=400),
    record(90, error="internal_server", http_status=500),
]


def run(folder: Path) -> dict[str, Any]:
    """The stage's own command line; what it wrote."""
    write(folder / "b0.parquet", RECORDS)
    settings = {"endpoint": {"kind": "bedrock", "region": "us-east-1"}, "model": MODEL}
    command = [
        sys.executable, f"{PROJECT}/scripts/cloudwatch.py", "--settings", json.dumps(settings),
        "--records", f"{folder}/b0.parquet", "--out", f"{folder}/a.json",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment())
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads((folder / "a.json").read_text())
    return found


def test_the_minutes_of_the_run_are_summed_and_set_beside_its_own_counts(
    account: None, tmp_path: Path
) -> None:
    for seconds, latency_ms in ((0, 440.0), (70, 360.0)):
        at = BEGAN + timedelta(seconds=seconds)
        counted("Invocations", 1, at)
        counted("InvocationLatency", latency_ms, at)
        counted("InputTokenCount", 100, at)
    counted("InvocationThrottles", 1, BEGAN + timedelta(seconds=80))
    counted("Invocations", 50, BEGAN - timedelta(minutes=5))
    counted("Invocations", 50, BEGAN + timedelta(minutes=5))
    counted("Invocations", 50, BEGAN, model="another")
    found = run(tmp_path)
    told, ours = found["cloudwatch"], found["ours"]
    assert (told["Invocations"], told["InvocationThrottles"], told["InputTokenCount"]) == (2, 1, 200)
    assert told["OutputTokenCount"] == told["InvocationServerErrors"] == 0
    assert told["latency_ms_mean"] == 400
    assert len(told["minutes"]) == 2
    assert datetime.fromisoformat(told["from_utc"]) == BEGAN.replace(second=0)
    assert ours == {
        "Invocations": 2, "InvocationThrottles": 1, "InvocationClientErrors": 1, "InvocationServerErrors": 1,
        "InputTokenCount": 300, "OutputTokenCount": 30, "latency_ms_mean": 500, "service_latency_ms_mean": 400,
    }  # fmt: skip


def test_where_it_cannot_be_asked_the_reason_is_written_and_the_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    found = run(tmp_path)
    assert "credentials" in found["cloudwatch"]["error"]
    assert found["ours"]["Invocations"] == 2


def test_the_minutes_reach_from_the_first_dispatch_to_the_last_end() -> None:
    assert span(RECORDS) == (BEGAN, BEGAN + timedelta(seconds=90, milliseconds=500))
    assert seen([])["latency_ms_mean"] is None
