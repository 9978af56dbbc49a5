"""The service that clients are measured against: Assay's simulator without jitter, and its journal as the truth."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from assay.simulator.process import SimulatorProcess  # noqa: E402

PROMPT = "How many arches does the old bridge of Linden have, and who built it? Answer at length."
TTFT_MS = 300.0
GAP_MS = {"fifty": 10.0, "slow": 40.0, "token": 10.0}
TOKENS = {"fifty": 50, "slow": 50, "token": 1}
"""Output tokens of each model's answers; a token is an event."""


def _behaviour() -> dict[str, Any]:
    exact = {"per_1k_input_tokens_ms": 0, "jitter": 0, "token_jitter": 0}
    return {
        "models": {
            name: {
                "kind": "model",
                "accuracy": 1.0,
                "latency": {
                    **exact,
                    "base_ms": 0.0 if name == "token" else TTFT_MS,
                    "tokens_per_s": 1000.0 / gap_ms,
                },
            }
            for name, gap_ms in GAP_MS.items()
        }
    }


@dataclass(frozen=True)
class Written:
    """One answer as the simulator wrote it, in ns of the clock that clients stamp with."""

    received_ns: int
    begun_ns: int
    text_ns: list[int]


class Service:
    """A running simulator."""

    def __init__(self, url: str, pid: int, journal: Path | None) -> None:
        self.url = url
        self.pid = pid
        self._journal = journal

    def written(self) -> dict[str, Written]:
        """Answers by request id. Only those that ended."""
        assert self._journal is not None
        found = {}
        with self._journal.open(encoding="utf-8") as lines:
            for line in map(json.loads, lines):
                if line["event"] == "ended" and line["error"] is None:
                    text_ns = line["events_ns"][line["first_text_event"] : line["last_text_event"] + 1]
                    found[line["id"]] = Written(line["received_ns"], line["begun_ns"], text_ns)
        return found


@contextmanager
def running(folder: Path, journal: bool, certificate: tuple[Path, Path] | None = None) -> Iterator[Service]:
    """Start a simulator with files in `folder`. With `certificate` (itself and its key), it serves TLS."""
    behaviour, key = folder / "behaviour.yaml", folder / "answer_key.jsonl"
    behaviour.write_text(json.dumps(_behaviour()), encoding="utf-8")  # JSON is YAML
    words = " ".join(["arch"] * (max(TOKENS.values()) + 1))
    entry = {"sha256": sha256(PROMPT.encode()).hexdigest(), "tokens": 20, "right": [words], "wrong": ["none"]}
    key.write_text(json.dumps(entry) + "\n", encoding="utf-8")
    path = folder / "journal.jsonl" if journal else None
    if path is not None:
        path.unlink(missing_ok=True)
    cert, cert_key = certificate or (None, None)
    with SimulatorProcess.started(behaviour, key, path, cert, cert_key) as process:
        yield Service(process.url, process.pid, path)


@contextmanager
def canned(certificate: tuple[Path, Path] | None = None) -> Iterator[Service]:
    """Start the server of one fixed answer, which is many times as fast as the simulator and keeps no journal."""
    command = [sys.executable, str(Path(__file__).parent / "canned.py")]
    if certificate is not None:
        command += ["--tls-cert", str(certificate[0]), "--tls-key", str(certificate[1])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            port = json.loads(process.stdout.readline())["port"]
            scheme = "http" if certificate is None else "https"
            yield Service(f"{scheme}://127.0.0.1:{port}", process.pid, None)
        finally:
            process.stdin.close()


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for loopback and its key, made by openssl."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
    ]
    command += ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    subprocess.run([*command, "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True)
    return cert, key
