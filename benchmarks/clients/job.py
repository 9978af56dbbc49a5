"""What every client of the benchmark is given and gives back. Standard library only: peers run in other environments.

A client reads one job as JSON from standard input and writes one report as JSON to standard output. How its requests
are sent is its own business; when its streams start and how many requests each has is the job's.
"""

import json
import random
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ACCESS_KEY_ID = "simulator"
SECRET_ACCESS_KEY = "simulator"
REGION = "us-east-1"


@dataclass
class Seen:
    """One request as the client saw it. Stamps are `time.perf_counter_ns`, one clock for all processes on Linux."""

    number: int
    """Of the request within its stream, from 0."""
    request_id: str
    ttft_ns: int | None
    """Time to first text, as this client reports it."""
    text_ns: list[int] = field(default_factory=list)
    """When each piece of text came; empty where the client doesn't tell."""


@dataclass
class Job:
    """What to send. Either `requests` for each stream, or for so many `seconds`."""

    url: str
    model: str
    prompt: str
    max_tokens: int
    streams: int
    requests: int | None
    seconds: float | None
    spread_s: float
    seed: int
    ledger: str
    """A folder for a client that writes things down."""

    def delays_s(self) -> list[float]:
        """When each stream starts: spread evenly at random, the same for every client."""
        chance = random.Random(self.seed)
        return [chance.uniform(0.0, self.spread_s) for _ in range(self.streams)]

    def more(self, number: int, began_ns: int) -> bool:
        """Whether a stream that has sent `number` requests sends another."""
        if self.requests is not None:
            return number < self.requests
        assert self.seconds is not None
        return time.perf_counter_ns() - began_ns < self.seconds * 1e9


class Meter:
    """CPU and wall-clock time of what runs between `start` and `stop`, all threads together."""

    def start(self) -> None:
        self._cpu_ns, self._wall_ns = time.process_time_ns(), time.perf_counter_ns()

    def stop(self) -> None:
        self.cpu_s = (time.process_time_ns() - self._cpu_ns) / 1e9
        self.wall_s = (time.perf_counter_ns() - self._wall_ns) / 1e9


def run(client: Callable[[Job, Meter], list[Seen]], versions: Callable[[], dict[str, str]]) -> None:
    """Read the job, let `client` do it, report. `client` starts the meter when it is set up, and stops it."""
    job = Job(**json.load(sys.stdin))
    meter = Meter()
    seen = client(job, meter)
    report: dict[str, Any] = {
        "cpu_s": meter.cpu_s,
        "wall_s": meter.wall_s,
        "memory_mb": _peak_mb(),
        "versions": {"python": sys.version.split()[0], **versions()},
        "seen": [[one.number, one.request_id, one.ttft_ns, one.text_ns] for one in seen],
    }
    json.dump(report, sys.stdout)


def _peak_mb() -> float:
    """Largest resident memory. Not from getrusage, whose figure starts at that of the process which started this one."""
    with Path("/proc/self/status").open(encoding="ascii") as lines:
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def threads(job: Job, one: Callable[[int], Seen]) -> list[Seen]:
    """Run the streams on a thread each; `one` sends the request of a number and follows it to its end."""
    seen: list[Seen] = []
    failed: list[BaseException] = []
    began_ns = time.perf_counter_ns()

    def stream(delay_s: float) -> None:
        try:
            time.sleep(delay_s)
            number = 0
            while job.more(number, began_ns):
                seen.append(one(number))
                number += 1
        except BaseException as error:
            failed.append(error)
            raise

    running = [threading.Thread(target=stream, args=(delay_s,)) for delay_s in job.delays_s()]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    if failed:
        raise failed[0]
    return seen
