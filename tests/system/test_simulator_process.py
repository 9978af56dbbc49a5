"""The simulator lives exactly as long as whoever started it, and keeps its limits while clients come and go."""

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from simulator_client import BODY, USER, ask, behaviour, boto, ended, messages

from assay.errors import InputError
from assay.simulator.credentials import BEARER_TOKEN
from assay.simulator.process import SimulatorProcess

ROOT = Path(__file__).parents[2]
SLOW = {"base_ms": 10, "tokens_per_s": 20, "token_jitter": 0}
VERBOSE = {"bare": 0, "verbose": 1}
HELD = {"stream_errors": {"stall": 1.0}, "wording": VERBOSE}
"""A model whose streams stay open until their clients go."""

PARENT = """
import sys
from pathlib import Path
from assay.simulator.credentials import BEARER_TOKEN
from assay.simulator.process import SimulatorProcess
with SimulatorProcess.started(Path(sys.argv[1]), journal=Path(sys.argv[2])) as running:
    print(running.port, flush=True)
    sys.stdin.read()
"""


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "assay.simulator", *arguments]


def test_a_killed_parent_takes_the_simulator_with_it(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            PARENT,
            str(behaviour(tmp_path, {"m": {"errors": {"silence": 1.0}}})),
            str(path),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    assert parent.stdin is not None and parent.stdout is not None
    with (
        parent,
        socket.create_connection(
            ("127.0.0.1", port := int(parent.stdout.readline())), timeout=20
        ) as connection,
    ):
        connection.sendall(_raw_request("m"))
        assert ask(port, "unknown").status == 404  # by now the one before has been read
        parent.kill()
        assert connection.recv(1) == b""  # its end closes the connection; nothing but its end would
    assert [line["error"] for line in ended(path)] == ["silence", "resource_not_found"]


def _raw_request(model: str, operation: str = "converse") -> bytes:
    head = (
        f"POST /model/{model}/{operation} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {BEARER_TOKEN}\r\n"
        f"Content-Length: {len(BODY)}\r\n\r\n"
    )
    return head.encode() + BODY


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(tmp_path: Path, number: signal.Signals) -> None:
    process = subprocess.Popen(
        command("--behaviour", str(behaviour(tmp_path, {"m": {}}))),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdout is not None
    with process:
        said = json.loads(process.stdout.readline())
        assert said["pid"] == process.pid
        process.send_signal(number)
        assert process.wait(timeout=20) == 0


def test_keep_goes_on_without_standard_input(tmp_path: Path) -> None:
    process = subprocess.Popen(
        command("--behaviour", str(behaviour(tmp_path, {"m": {}})), "--keep"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdout is not None
    with process:
        port = json.loads(process.stdout.readline())["port"]
        assert ask(port, "m").status == 200
        process.terminate()


def test_the_end_is_in_order_and_can_be_asked_for_twice(tmp_path: Path) -> None:
    with SimulatorProcess.started(behaviour(tmp_path, {"m": {}})) as running:
        assert ask(running.port, "m").status == 200
        running.end()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", running.port))
    with pytest.raises(ProcessLookupError):
        os.kill(running.pid, 0)


def test_what_it_cannot_use_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "behaviour.yaml"
    path.write_text("models: {m: {kind: model, acuracy: 1}}", encoding="utf-8")
    with pytest.raises(InputError, match=r"models\.m\.acuracy") as caught:
        SimulatorProcess.started(path)
    assert "Traceback" not in str(caught.value)
    good = behaviour(tmp_path, {"m": {}})
    for options in (
        {"answer_key": tmp_path / "none.jsonl"},
        {"journal": tmp_path / "no" / "j"},
        {"tls_key": good},
    ):
        with pytest.raises(InputError):
            SimulatorProcess.started(good, **options)


def test_a_port_that_is_taken_is_one_clear_error(tmp_path: Path) -> None:
    path = behaviour(tmp_path, {"m": {}})
    with SimulatorProcess.started(path) as running:
        done = subprocess.run(
            command("--behaviour", str(path), "--port", str(running.port)),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd=ROOT,
        )
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: port {running.port}")


def test_a_client_that_goes_has_still_to_pay(tmp_path: Path) -> None:
    """Its answer is generated to the end, and holds its slot as long."""
    path = tmp_path / "journal.jsonl"
    models = {"m": {"latency": SLOW, "capacity": {"slots": 1}, "wording": VERBOSE}}
    with SimulatorProcess.started(behaviour(tmp_path, models), journal=path) as running:
        with socket.create_connection(("127.0.0.1", running.port), timeout=20) as connection:
            connection.sendall(_raw_request("m", "converse-stream"))
            assert connection.recv(1)
        assert ask(running.port, "m").read()
    gone, next_one = ended(path)
    assert gone["error"] == "client_disconnected"
    assert gone["output_tokens"] == next_one["output_tokens"] > 5
    assert len(gone["events_ns"]) < gone["output_tokens"]
    planned_ns = (gone["output_tokens"] - 1) / 20 * 1e9
    assert next_one["begun_ns"] - gone["begun_ns"] > planned_ns
    assert next_one["error"] is None


def test_a_client_that_goes_while_it_waits_pays_nothing(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    models = {"busy": {**HELD, "capacity": {"slots": 1}}, "m": {"latency": {"base_ms": 100}}}
    with SimulatorProcess.started(behaviour(tmp_path, models), journal=path) as running:
        first = ask(running.port, "busy", "converse-stream")  # its head has come, so it has the slot
        with socket.create_connection(("127.0.0.1", running.port), timeout=20) as connection:
            connection.sendall(_raw_request("busy"))
            assert ask(running.port, "m").read()  # by now the one before has been read
        assert ask(running.port, "m").read()
        first.close()
    held, gone = (line for line in ended(path) if line["model"] == "busy")
    assert held["begun_ns"] and "begun_ns" not in gone
    assert (gone["error"], gone["output_tokens"]) == ("client_disconnected", 0)


def test_requests_beyond_the_slots_wait_their_turn(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    models = {"m": {"latency": {"base_ms": 30}, "capacity": {"slots": 2}}}
    with (
        SimulatorProcess.started(behaviour(tmp_path, models), journal=path) as running,
        ThreadPoolExecutor(8) as pool,
    ):
        statuses = list(pool.map(lambda _: ask(running.port, "m").status, range(8)))
    assert statuses == [200] * 8
    lines = ended(path)
    for line in lines:
        beside = [other for other in lines if other["begun_ns"] <= line["begun_ns"] < other["events_ns"][-1]]
        assert len(beside) <= 2
    assert [line["begun_ns"] for line in lines] == sorted(line["begun_ns"] for line in lines)


@pytest.mark.parametrize(("overflow", "status"), [("throttling", 429), ("service_unavailable", 503)])
def test_a_full_queue_refuses(tmp_path: Path, overflow: str, status: int) -> None:
    models = {"m": {**HELD, "capacity": {"slots": 1, "queue": 0, "overflow": overflow}}}
    with SimulatorProcess.started(behaviour(tmp_path, models)) as running:
        first = ask(running.port, "m", "converse-stream")
        assert ask(running.port, "m").status == status
        first.close()


def test_max_tokens_are_reserved_while_a_request_runs(tmp_path: Path) -> None:
    quotas = {"tokens_per_minute": 300}
    models = {"held": {**HELD, "quotas": quotas}, "m": {"quotas": quotas}}
    body = json.dumps({"messages": [USER], "inferenceConfig": {"maxTokens": 200}}).encode()
    with SimulatorProcess.started(behaviour(tmp_path, models)) as running:
        first = ask(running.port, "held", "converse-stream", body)
        refused = ask(running.port, "held", body=body)
        assert (refused.status, b"Too many tokens" in refused.read()) == (429, True)
        first.close()
        for _ in range(3):  # one after the other there is room: what was not used is given back
            answer = ask(running.port, "m", body=body)
            assert (answer.status, bool(answer.read())) == (200, True)


def test_a_silent_or_stalled_request_ends_with_its_client(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    models = {
        "silent": {"errors": {"silence": 1.0}},
        "stalled": {"stream_errors": {"stall": 1.0}},
        "m": {"latency": {"base_ms": 200}},
    }
    with SimulatorProcess.started(behaviour(tmp_path, models), journal=path) as running:
        for model in ("silent", "stalled"):
            with socket.create_connection(("127.0.0.1", running.port), timeout=20) as connection:
                connection.sendall(_raw_request(model, "converse-stream"))
                if model == "stalled":
                    assert connection.recv(1)
                # One loop serves in the order of deadlines: with this answer the stall, due earlier, has begun.
                assert ask(running.port, "m").read()
            assert ask(running.port, "m").read()
    errors = {line["model"]: line["error"] for line in ended(path)}
    assert errors == {"silent": "silence", "stalled": "stall", "m": None}


def test_two_processes_answer_alike(tmp_path: Path) -> None:
    path = behaviour(tmp_path, {"m": {"accuracy": 0.5, "wording": {"bare": 1, "sentence": 1}}})

    def texts() -> list[str]:
        with SimulatorProcess.started(path) as running:
            client = boto(running.url)
            answers = [
                client.converse(
                    modelId="m", messages=[{"role": "user", "content": [{"text": f"question {number}"}]}]
                )
                for number in range(10)
            ]
        return [answer["output"]["message"]["content"][0]["text"] for answer in answers]

    first = texts()
    assert first == texts() and len(set(first)) > 1


def test_many_streams_at_once_are_all_whole(tmp_path: Path) -> None:
    models = {"m": {"latency": {"base_ms": 50, "tokens_per_s": 100}, "wording": VERBOSE}}
    path = tmp_path / "journal.jsonl"
    with SimulatorProcess.started(behaviour(tmp_path, models), journal=path) as running:
        barrier = threading.Barrier(64)

        def one(_: int) -> str:
            barrier.wait(timeout=20)
            return str(list(messages(ask(running.port, "m", "converse-stream")))[-1].headers[":event-type"])

        with ThreadPoolExecutor(64) as pool:
            assert list(pool.map(one, range(64))) == ["metadata"] * 64
    assert all(line["error"] is None for line in ended(path))


def test_serves_tls(tmp_path: Path, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    cert, key = certificate
    path = behaviour(tmp_path, {"m": {}})
    with SimulatorProcess.started(path, tls_cert=cert, tls_key=key) as running:
        assert running.url == f"https://127.0.0.1:{running.port}"
        client: Any = boto(running.url, verify=str(cert))
        assert client.converse(modelId="m", messages=[USER])["stopReason"] == "end_turn"
        with (
            socket.create_connection(("127.0.0.1", running.port), timeout=20) as raw,
            pytest.raises(ssl.SSLCertVerificationError),
        ):
            ssl.create_default_context().wrap_socket(raw, server_hostname="127.0.0.1")
        monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", BEARER_TOKEN)  # which boto3 sends over TLS only
        bearer: Any = boto(running.url, verify=str(cert), aws_access_key_id=None, aws_secret_access_key=None)
        assert bearer.converse(modelId="m", messages=[USER])["stopReason"] == "end_turn"
        monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "wrong")
        wrong: Any = boto(running.url, verify=str(cert), aws_access_key_id=None, aws_secret_access_key=None)
        with pytest.raises(wrong.exceptions.AccessDeniedException):
            wrong.converse(modelId="m", messages=[USER])
