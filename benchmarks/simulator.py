"""Measures the simulator itself: how late it writes each event, and what that costs.

    python benchmarks/simulator.py [--repetitions 3] [--streams 1 8 32 64 128 256] [--out FILE]

The hand-written client keeps the streams going, since it takes the least of the machine. An event's deadline follows from
the behaviour, which has no jitter: so long after the simulator began to work on the request. Clients are compared with
the times of writing, which the journal has, and not with these deadlines: a late write is no client's fault.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import service
from sender import ANSWER_S, CLIENTS, SCRIPTS, cpu_s, machine, quantile, together


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--streams", type=int, nargs="+", default=[1, 8, 32, 64, 128, 256])
    parser.add_argument("--requests", type=int, default=3, help="of each stream")
    parser.add_argument("--transports", nargs="+", choices=("plain", "TLS"), default=["plain", "TLS"])
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results/simulator.json")
    given = parser.parse_args()
    rounds: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        certificate = service.certificate(folder) if "TLS" in given.transports else None
        for repetition in range(given.repetitions):
            for transport in given.transports:
                for streams in given.streams:
                    own = certificate if transport == "TLS" else None
                    figures = measure(folder, own, streams, given.requests, repetition)
                    rounds.append({"transport": transport, "streams": streams, **figures})
                    print(json.dumps(rounds[-1]), flush=True)
    result = {"machine": machine(), "repetitions": given.repetitions, "summary": summary(rounds)}
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def measure(
    folder: Path, certificate: tuple[Path, Path] | None, streams: int, requests: int, seed: int
) -> dict[str, float]:
    """Lateness of every event in ms, and the simulator's CPU share while it wrote them."""
    job = {
        "model": "fifty",
        "prompt": service.PROMPT,
        "max_tokens": service.TOKENS["fifty"],
        "streams": streams,
        "requests": requests,
        "seconds": None,
        "spread_s": ANSWER_S,
        "seed": seed,
        "ledger": "",
    }
    command = [sys.executable, str(CLIENTS / SCRIPTS["handwritten"])]
    environment = {**os.environ, **({"AWS_CA_BUNDLE": str(certificate[0])} if certificate else {})}
    with service.running(folder, journal=True, certificate=certificate) as served:
        before = cpu_s(served.pid)
        report = together([command], [job | {"url": served.url}], environment)[0]
        used_s = cpu_s(served.pid) - before
        written = served.written()
    late = [
        (ns - one.begun_ns) / 1e6 - service.TTFT_MS - number * service.GAP_MS["fifty"]
        for one in written.values()
        for number, ns in enumerate(one.text_ns)
    ]
    return {
        "events": float(len(late)),
        "late_ms_p50": quantile(late, 0.5),
        "late_ms_p99": quantile(late, 0.99),
        "late_ms_max": max(late),
        "cpu_share": used_s / report["wall_s"],
        "cpu_us_per_event": used_s * 1e6 / len(late),
        "load": round(os.getloadavg()[0], 1),
    }


def summary(rounds: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Medians over repetitions."""
    grouped: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for one in rounds:
        grouped.setdefault((one["transport"], one["streams"]), []).append(one)
    return [
        {"transport": transport, "streams": streams}
        | {
            name: statistics.median(one[name] for one in own)
            for name in own[0]
            if name not in ("transport", "streams")
        }
        for (transport, streams), own in grouped.items()
    ]


if __name__ == "__main__":
    main()
