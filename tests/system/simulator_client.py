"""Ways for tests to talk to a simulator: boto3's own client, and plain HTTP with the bearer token."""

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import yaml
from botocore.config import Config
from botocore.eventstream import EventStreamBuffer, EventStreamMessage

from assay.simulator.credentials import ACCESS_KEY_ID, BEARER_TOKEN, REGION, SECRET_ACCESS_KEY

USER = {"role": "user", "content": [{"text": "What is the capital of France?"}]}
BODY = json.dumps({"messages": [USER]}).encode()


def behaviour(folder: Path, models: dict[str, Any], seed: int = 7) -> Path:
    """Write a behaviour file of quick models and return its path."""
    quick = {"base_ms": 5, "per_1k_input_tokens_ms": 0, "tokens_per_s": 2000}
    whole = {
        name: {"kind": "model", **settings, "latency": {**quick, **settings.get("latency", {})}}
        for name, settings in models.items()
    }
    path = folder / "behaviour.yaml"
    path.write_text(yaml.safe_dump({"seed": seed, "models": whole}), encoding="utf-8")
    return path


def boto(url: str, **overrides: Any) -> Any:
    """boto3's client of bedrock-runtime, without its retries."""
    options: dict[str, Any] = {
        "endpoint_url": url,
        "region_name": REGION,
        "aws_access_key_id": ACCESS_KEY_ID,
        "aws_secret_access_key": SECRET_ACCESS_KEY,
        "config": Config(retries={"total_max_attempts": 1}, read_timeout=20, max_pool_connections=32),
    }
    return boto3.client("bedrock-runtime", **{**options, **overrides})


def ask(
    port: int,
    model: str,
    operation: str = "converse",
    body: bytes = BODY,
    headers: dict[str, str] | None = None,
    connection: http.client.HTTPConnection | None = None,
) -> http.client.HTTPResponse:
    """A plain request with the bearer token. The answer's body is still to be read."""
    connection = connection or http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    authorization = {"Authorization": f"Bearer {BEARER_TOKEN}"} if headers is None else headers
    connection.request("POST", f"/model/{model}/{operation}", body, authorization)
    return connection.getresponse()


def messages(response: http.client.HTTPResponse) -> Iterator[EventStreamMessage]:
    """The events of a stream as botocore decodes them."""
    buffer = EventStreamBuffer()
    while data := response.read1(65536):
        buffer.add_data(data)
        yield from buffer


def journal(path: Path) -> list[dict[str, Any]]:
    """All lines of a journal."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def ended(path: Path) -> list[dict[str, Any]]:
    """The lines of requests that ended, in order of arrival."""
    lines = [line for line in journal(path) if line["event"] == "ended"]
    return sorted(lines, key=lambda line: line["received_ns"])
