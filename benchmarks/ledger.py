"""What the ledger costs: microseconds of CPU for a request's two lines, beside the CPU of a whole request in the sender.

    python benchmarks/ledger.py [--requests 5000] [--repetitions 7] [--out benchmarks/results/ledger.json]

Lines of usual size, an answer of 800 characters; with and without room taken on the disk ahead, and with money reserved
and settled in the purse. The sender's requests go to `canned.py`, which answers at once, from the same process in the same
run. Times are medians over the repetitions; CPU time of this process, kernel included.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from sender import machine  # noqa: E402

from assay.bedrock.address import parsed  # noqa: E402
from assay.bedrock.outcome import Outcome  # noqa: E402
from assay.bedrock.request import Line  # noqa: E402
from assay.bedrock.settings import Inference, Model, Retry, Timeouts  # noqa: E402
from assay.bedrock.signing import Credentials, SigV4  # noqa: E402
from assay.ledger.ledger import Ledger, opened  # noqa: E402
from assay.ledger.room import Room  # noqa: E402
from assay.prices.book import Price  # noqa: E402
from assay.sender.allowance import Allowance, Reserved  # noqa: E402
from assay.sender.sender import Attempt, Planned, Sender  # noqa: E402
from assay.spending.cap import Cap  # noqa: E402

MODEL = Model(label="bench", id="bench.token-v1:0")
INFERENCE = Inference(max_tokens=300)
PROMPT = "How many arches does the old bridge of Linden have, and who built it? " * 40
TAGS = {
    "role": "measured",
    "ask": "0" * 32,
    "model": MODEL.id,
    "edition": 1,
    "load": "c8",
    "block": 0,
    "bucket": "500-1000",
    "prompt_id": "0" * 16,
}
STAMPS = ("dispatched_ns", "sent_ns", "headers_ns", "first_event_ns", "first_text_ns", "last_text_ns", "first_content_ns",
          "last_content_ns", "metadata_ns", "ended_ns", "slot_free_ns")  # fmt: skip
OUTCOME = {
    "try": 1,
    "last": True,
    **dict.fromkeys(STAMPS, 123_456_789_012_345),
    "http_status": 200,
    "request_id": "00000000-0000-4000-8000-000000000000",
    "stop_reason": "end_turn",
    "text": "The bridge has 7 arches. " * 32,
    "input_tokens": 800,
    "output_tokens": 200,
    "service_latency_ms": 900,
    "chunks": 150,
    "first_chunk_chars": 6,
    "content_chars": 800,
}


@contextmanager
def no_room_ahead() -> Iterator[None]:
    """As if the ledger took no room on the disk before a request."""
    ensure = Room.ensure
    Room.ensure = lambda *_: None  # type: ignore[method-assign]
    try:
        yield
    finally:
        Room.ensure = ensure  # type: ignore[method-assign]


@contextmanager
def allowance(folder: Path) -> Iterator[Allowance]:
    """A cap that is never reached."""
    prices = folder / "prices.json"
    price = Price(input_usd_per_million=1.0, output_usd_per_million=5.0)
    prices.write_text(json.dumps({"prices": {MODEL.id: price.as_json()}}), encoding="utf-8")
    with Cap(folder, "bench", 1e6, prices).allowance(MODEL) as made:
        yield made


def lines(ledger: Ledger, requests: int) -> None:
    for number in range(requests):
        key = f"{number:032x}"
        ledger.write_dispatched(key, {"try": 1, "most": [3000, 300], "tags": TAGS})
        ledger.write_outcome(key, OUTCOME)


def money(purse: Allowance, requests: int) -> None:
    outcome = Outcome(input_tokens=800, output_tokens=200)
    for _ in range(requests):
        reserved = purse.reserve(3000, 300)
        assert isinstance(reserved, Reserved)
        purse.settle(reserved, outcome)


async def send(url: str, ledger: Ledger, purse: Allowance | None, requests: int) -> None:
    keys = Credentials("simulator", "simulator")
    left = iter(range(requests))

    def take() -> Planned | None:
        number = next(left, None)
        return None if number is None else Planned(f"{number:032x}", PROMPT, None, TAGS)

    def done(_planned: Planned, attempt: Attempt, _last: bool) -> None:
        assert attempt.answer.outcome.ok, attempt.answer.outcome.error_message

    async with Sender(
        parsed(url, "us-east-1", "bench"),
        SigV4(lambda: keys, "us-east-1"),
        Line(MODEL, INFERENCE),
        ledger,
        Timeouts(),
        Retry(),
        1,
        purse,
    ) as sender:
        await sender.run(8, take, done)


@contextmanager
def canned() -> Iterator[str]:
    command = [sys.executable, str(ROOT / "benchmarks/canned.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdin is not None
        yield f"http://127.0.0.1:{json.loads(process.stdout.readline())['port']}"
        process.stdin.close()


def microseconds(work: Any, requests: int) -> float:
    """CPU of this process for each request."""
    began = time.process_time_ns()
    work()
    return (time.process_time_ns() - began) / 1e3 / requests


def round_of(url: str, folder: Path, requests: int) -> dict[str, float]:
    """Each measurement once, on files of their own."""
    found: dict[str, float] = {}
    with opened(folder / "with.jsonl") as ledger:
        found["lines"] = microseconds(lambda: lines(ledger, requests), requests)
    found["bytes"] = ledger.path.stat().st_size / requests
    with no_room_ahead(), opened(folder / "without.jsonl") as ledger:
        found["lines_without_room_ahead"] = microseconds(lambda: lines(ledger, requests), requests)
    with allowance(folder) as purse:
        found["purse"] = microseconds(lambda: money(purse, requests), requests)
    with opened(folder / "sender.jsonl") as ledger:
        found["request"] = microseconds(lambda: asyncio.run(send(url, ledger, None, requests)), requests)
    with allowance(folder) as purse, opened(folder / "capped.jsonl") as ledger:
        found["request_with_cap"] = microseconds(
            lambda: asyncio.run(send(url, ledger, purse, requests)), requests
        )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--requests", type=int, default=5000)
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks/results/ledger.json")
    given = parser.parse_args()
    rounds = []
    with canned() as url:
        for _ in range(given.repetitions):
            with tempfile.TemporaryDirectory(prefix="assay-ledger-") as folder:
                rounds.append(round_of(url, Path(folder), given.requests))
    median = {name: round(statistics.median(each[name] for each in rounds), 1) for name in rounds[0]}
    share = {
        "ledger_of_request": median["lines"] / median["request"],
        "room_ahead_of_request": (median["lines"] - median["lines_without_room_ahead"]) / median["request"],
        "purse_of_request_with_cap": median["purse"] / median["request_with_cap"],
    }
    made = {
        "machine": machine(),
        "requests": given.requests,
        "repetitions": given.repetitions,
        "bytes_per_request": round(median.pop("bytes")),
        "cpu_us_per_request": median,
        "share": {name: round(value, 4) for name, value in share.items()},
    }
    given.out.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(made, indent=1))


if __name__ == "__main__":
    main()
