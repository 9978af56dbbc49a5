"""Compares Assay's sender with other clients, interleaved in one run against a server with known write times.

    python benchmarks/sender.py [--python PATH] [--repetitions 3] [--streams 1 8 32 64 128 256] [--out FILE]

Three workloads: streams of 50 events 10 ms apart after 300 ms (precision), answers of one token from a server that does
nothing but answer (rate and CPU), and 1,000 streams of 25 events/s over several processes. `--python` names the interpreter of an environment that has the
peers (see benchmarks/README.md); without it those that this one has are measured. docs/precision.md is filled in by
benchmarks/page.py. What another load on the machine does to one client it does to its neighbour in the same round: read
the ratios first.
"""

import argparse
import json
import math
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import service

CLIENTS = Path(__file__).parent / "clients"
SCRIPTS = {
    "handwritten": "handwritten.py",
    "assay": "assay_sender.py",
    "boto3": "boto3_threads.py",
    "aiobotocore": "aiobotocore_tasks.py",
    "llmeter": "llmeter_endpoint.py",
    "aiohttp": "aiohttp_session.py",
}
PEERS = ("boto3", "aiobotocore", "llmeter", "aiohttp")
LONGEST_RUN_S = 300
ANSWER_S = 0.8
"""About how long an answer of 50 events takes: streams start spread over it."""

Figures = dict[str, float]


@dataclass(frozen=True)
class Cell:
    """One thing that is measured, of one client."""

    client: str
    workload: str
    transport: str
    streams: int
    processes: int = 1


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--python", type=Path, default=Path(sys.executable), help="interpreter of the peers")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--streams", type=int, nargs="+", default=[1, 8, 32, 64, 128, 256])
    parser.add_argument("--requests", type=int, default=3, help="of each stream; the first isn't counted")
    parser.add_argument("--spread", type=float, default=ANSWER_S, help="seconds that streams start over")
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement of the rate")
    parser.add_argument("--clients", nargs="+", choices=SCRIPTS, default=list(SCRIPTS))
    parser.add_argument("--transports", nargs="+", choices=("plain", "TLS"), default=["plain", "TLS"])
    parser.add_argument(
        "--workloads", nargs="+", choices=("precision", "rate", "many"), default=["precision", "rate", "many"]
    )
    parser.add_argument("--many", type=int, default=1000, help="streams of the workload over processes")
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--add", action="store_true", help="keep what the file has of other workloads")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results/sender.json")
    given = parser.parse_args()

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bench = Bench(given, folder)
        clients = [client for client in given.clients if bench.installed(client)]
        for client in set(given.clients) - set(clients):
            print(f"{client}: not installed for {bench.python(client)}, left out")
        rounds = []
        if given.add:
            old = json.loads(given.out.read_text(encoding="utf-8"))
            rounds = [one for one in old["rounds"] if one["workload"] not in given.workloads]
            bench.versions = old["versions"]
        for repetition in range(given.repetitions):
            for cells in _rounds(given, clients):
                # The order changes from round to round, so that none always comes after a hungry neighbour.
                order = random.Random(f"{repetition}{cells}").sample(cells, len(cells))
                for cell in order:
                    figures = bench.measure(cell, repetition)
                    load = round(os.getloadavg()[0], 1)
                    rounds.append({"repetition": repetition, **cell.__dict__, **figures, "load": load})
                    print(json.dumps(rounds[-1]), flush=True)
            # Written after each repetition, so that a run that is cut short isn't lost.
            write(given, bench, rounds)


def write(given: argparse.Namespace, bench: "Bench", rounds: list[dict[str, Any]]) -> None:
    """Write everything that was measured so far."""
    result = {
        "machine": machine(),
        "versions": bench.versions,
        "settings": {
            "repetitions": len({one["repetition"] for one in rounds}),
            "requests": given.requests,
            "seconds": given.seconds,
            "ttft_ms": service.TTFT_MS,
            "events": service.TOKENS["fifty"],
            "gap_ms": service.GAP_MS["fifty"],
            "spread_s": given.spread,
        },
        "summary": summary(rounds),
        "rounds": rounds,
    }
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def _rounds(given: argparse.Namespace, clients: list[str]) -> Iterable[list[Cell]]:
    """Cells that are measured one after the other and compared with each other."""
    for workload in given.workloads:
        if workload == "many":
            own = [client for client in clients if client in ("handwritten", "assay")]
            yield [Cell(client, workload, "plain", given.many, n) for client in own for n in given.processes]
            continue
        for transport in given.transports:
            # TLS costs every client about the same: the ones that matter most stand for the others.
            own = [one for one in clients if transport == "plain" or one in ("handwritten", "assay", "boto3")]
            for streams in given.streams if workload == "precision" else [32]:
                yield [Cell(client, workload, transport, streams) for client in own]


class Bench:
    """Runs cells."""

    def __init__(self, given: argparse.Namespace, folder: Path) -> None:
        self._given = given
        self._folder = folder
        self._certificate = service.certificate(folder) if "TLS" in given.transports else None
        self.versions: dict[str, dict[str, str]] = {}

    def python(self, client: str) -> Path:
        """The interpreter that runs a client."""
        return self._given.python if client in PEERS else Path(sys.executable)

    def installed(self, client: str) -> bool:
        """Whether the interpreter has what the client needs."""
        if client not in PEERS:
            return True
        found = subprocess.run([self.python(client), "-c", f"import {client}"], capture_output=True)
        return found.returncode == 0

    def measure(self, cell: Cell, repetition: int) -> Figures:
        """Run one cell against a server of its own."""
        precise = cell.workload != "rate"
        certificate = self._certificate if cell.transport == "TLS" else None
        # Against the simulator, which checks signatures and plans answers, rates would be the simulator's.
        server = service.running(self._folder, True, certificate) if precise else service.canned(certificate)
        with server as served:
            before = cpu_s(served.pid)
            reports = self._reports(cell, served.url, repetition)
            server_cpu_s = cpu_s(served.pid) - before
            wall_s = max(report["wall_s"] for report in reports)
            seen = [one for report in reports for one in report["seen"]]
            figures = {
                "n": float(len(seen)),
                "cpu_ms_per_request": sum(report["cpu_s"] for report in reports) * 1e3 / len(seen),
                "requests_per_s": len(seen) / max(1e-9, wall_s),
                "memory_mb": sum(report["memory_mb"] for report in reports),
                "cpu_share": sum(report["cpu_s"] for report in reports) / max(1e-9, wall_s),
                "server_cpu_share": server_cpu_s / max(1e-9, wall_s),
            }
            if precise:
                figures |= errors([one for one in seen if one[0] > 0], served.written())
        self.versions[cell.client] = reports[0]["versions"]
        return figures

    def _reports(self, cell: Cell, url: str, repetition: int) -> list[dict[str, Any]]:
        given = self._given
        model = {"precision": "fifty", "rate": "token", "many": "slow"}[cell.workload]
        rate = cell.workload == "rate"
        shares = [len(range(at, cell.streams, cell.processes)) for at in range(cell.processes)]
        jobs = []
        for number, share in enumerate(shares):
            ledger = self._folder / f"ledger-{number}"
            ledger.mkdir(exist_ok=True)
            for old in ledger.glob("*.jsonl"):
                old.unlink()
            jobs.append(
                {
                    "url": url,
                    "model": model,
                    "prompt": service.PROMPT,
                    "max_tokens": service.TOKENS[model],
                    "streams": share,
                    "requests": None if rate else given.requests,
                    "seconds": given.seconds if rate else None,
                    "spread_s": 0.0
                    if rate
                    else given.spread * service.GAP_MS[model] / service.GAP_MS["fifty"],
                    "seed": 1000 * repetition + number,
                    "ledger": str(ledger),
                }
            )
        return together([self._command(cell.client)] * len(jobs), jobs, self._environment())

    def _command(self, client: str) -> list[str]:
        return [str(self.python(client)), str(CLIENTS / SCRIPTS[client])]

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        kept |= {"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull}
        if self._certificate is not None:
            kept["AWS_CA_BUNDLE"] = str(self._certificate[0])
        return kept


def together(
    commands: list[list[str]], jobs: list[dict[str, Any]], environment: dict[str, str]
) -> list[dict[str, Any]]:
    """Run the clients at the same time, and end them if one fails."""
    running = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
        for command in commands
    ]
    try:
        for process, job in zip(running, jobs, strict=True):
            assert process.stdin is not None
            process.stdin.write(json.dumps(job).encode())
            process.stdin.close()
            process.stdin = None
        outputs = [process.communicate(timeout=LONGEST_RUN_S)[0] for process in running]
    finally:
        for process in running:
            if process.poll() is None:
                process.kill()
                process.wait()
    for process, command in zip(running, commands, strict=True):
        if process.returncode:
            raise RuntimeError(f"{command[1]} ended with status {process.returncode}")
    return [json.loads(output) for output in outputs]


def errors(seen: list[list[Any]], written: dict[str, service.Written]) -> Figures:
    """How far a client's times are from the server's, in ms.

    - `ttft_error`: size of the difference between the reported time to first token and the time between the request's
      arrival at the server and the write of the first text. Both ends' lateness is in it: bytes that left late, and
      bytes that were read late.
    - `ttft_bias`: the same difference with its sign.
    - `read_late`: the first text's stamp less its write, for clients that tell it.
    - `gap_error`: size of the difference between a gap as seen and as written.
    """
    ttft, bias, late, gaps = [], [], [], []
    for _, request_id, ttft_ns, text_ns in seen:
        truth = written[request_id]
        bias.append((ttft_ns - (truth.text_ns[0] - truth.received_ns)) / 1e6)
        ttft.append(abs(bias[-1]))
        if text_ns:
            if len(text_ns) != len(truth.text_ns):
                raise RuntimeError(f"{len(text_ns)} pieces of text were seen, {len(truth.text_ns)} written")
            late.append((text_ns[0] - truth.text_ns[0]) / 1e6)
            for at in range(1, len(text_ns)):
                true_gap = truth.text_ns[at] - truth.text_ns[at - 1]
                gaps.append(abs(text_ns[at] - text_ns[at - 1] - true_gap) / 1e6)
    figures = {"ttft_bias_ms_p50": quantile(bias, 0.5)}
    for name, values in (("ttft_error", ttft), ("read_late", late), ("gap_error", gaps)):
        if values:
            figures[f"{name}_ms_p50"] = quantile(values, 0.5)
            figures[f"{name}_ms_p99"] = quantile(values, 0.99)
    return figures


def quantile(values: list[float], share: float) -> float:
    """The order statistic at that share."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def summary(rounds: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Medians over repetitions, and medians of the ratios to the hand-written client of the same repetition."""
    keys = ("workload", "transport", "streams", "processes", "client")
    grouped: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for one in rounds:
        grouped.setdefault(tuple(one[key] for key in keys), []).append(one)
    made = []
    for key, own in grouped.items():
        limits = {one["repetition"]: one for one in grouped.get((*key[:-1], "handwritten"), [])}
        line = dict(zip(keys, key, strict=True))
        for name in own[0]:
            if name in keys or name == "repetition":
                continue
            line[name] = statistics.median(one[name] for one in own)
            if limits and name != "n":
                line[f"{name}_ratio"] = _ratio(own, limits, lambda one, name=name: one.get(name))
        made.append(line)
    return made


def _ratio(
    own: list[dict[str, Any]], limits: dict[int, dict[str, Any]], of: Callable[[dict[str, Any]], float | None]
) -> float | None:
    ratios = []
    for one in own:
        value, limit = of(one), of(limits[one["repetition"]])
        if value is not None and limit is not None and limit > 0:
            ratios.append(value / limit)
    return statistics.median(ratios) if ratios else None


def cpu_s(pid: int) -> float:
    """CPU time of a process, in s."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def machine() -> dict[str, Any]:
    """What the figures were measured on, without names."""
    model = platform.machine()
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "date": datetime.now(UTC).date().isoformat(),
    }


if __name__ == "__main__":
    main()
