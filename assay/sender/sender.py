"""Sends what it is given, stamps what comes back, and has every attempt in the ledger before it is used.

What to send next is the caller's question (`Take`); what an answer is worth is nobody's business here.
"""

import asyncio
import gc
import os
import random
import ssl
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from time import perf_counter_ns
from typing import Any

from assay.bedrock.address import Address
from assay.bedrock.errors import HOPELESS, MAY_PASS, THROTTLED
from assay.bedrock.outcome import Outcome
from assay.bedrock.request import Line, body, nonce
from assay.bedrock.settings import Retry, Timeouts
from assay.bedrock.signing import Signer
from assay.ledger.ledger import Ledger
from assay.ledger.room import NoRoom
from assay.sender.allowance import Allowance, Capped, Reserved, most_input_tokens
from assay.sender.answer import Answer
from assay.sender.connection import Connection
from assay.sender.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Planned:
    """A request to be sent. `tags` go into the ledger as they are: role, bucket, position, ..."""

    key: str
    prompt: str
    system: str | None
    tags: dict[str, Any]
    at_s: float | None = None
    """When, in seconds after the run's beginning; null: at once. In an open loop it is the time it is meant to leave."""
    cached_chars: int | None = None
    """How much of the prompt is to come from the prompt cache; null: nothing may."""
    shape: Mapping[str, Any] | None = None
    """Members of the body that shape the answer, an output format or a tool; null: it is plain text."""
    max_tokens: int | None = None
    """Most output tokens of this request; null: those of the line."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request that was sent, and what came of it. `try_number` counts from 1."""

    planned: Planned
    try_number: int
    answer: Answer
    reserved: Reserved | None = None
    """What was set aside for it; null without a cap."""


Take = Callable[[], Planned | None]
Done = Callable[[Planned, Attempt, bool], None]
"""Called after each attempt; the last argument says whether it was the request's last try."""


@dataclass(frozen=True, slots=True)
class Intended:
    """When a request of an open loop was meant to leave, and how that went."""

    at_ns: int
    launched_ns: int
    """When the client came to it. Later than `at_ns` is the client's own lateness."""
    request: bytes | None
    """What was made of it beforehand; null where it had to wait for a place, since a signature grows old."""


class SetupError(Exception):
    """Nothing but errors that mean a wrong set-up, or a lost one: no access, no such model, no connection."""

    def __init__(self, message: str, kind: str | None = None) -> None:
        """`kind` is that of the errors, where it is one."""
        super().__init__(message)
        self.kind = kind


PATIENCE_AFTER_AN_ANSWER = 4
"""How many times as many hopeless errors in a row it takes to give up once the service has answered."""

SETUP_ADVICE = (
    "Nothing more is sent, and what was answered is kept. Check that the account has access to the model, the id (some "
    "models need an inference profile such as `us.…`), the region, the credentials and the network; then run again."
)
"""What to do about a SetupError."""


class Sender:
    """Sends to one model at one address. Use as an async context manager, which closes the connections."""

    _waits_for_money = False
    """Whether to wait, where what may be spent doesn't hold the next request, for what those in flight give back.

    What is measured doesn't: to wait would be another load."""

    def __init__(
        self,
        address: Address,
        signer: Signer,
        line: Line,
        ledger: Ledger,
        timeouts: Timeouts,
        retry: Retry,
        seed: int,
        allowance: Allowance | None = None,
    ) -> None:
        """`allowance` is asked before each attempt; null where there is no cap on what is spent."""
        self._address = address
        self._signer = signer
        self._line = line
        self._ledger = ledger
        self._timeouts = timeouts
        self._retry = retry
        self._random = random.Random(seed)
        self._allowance = allowance
        self._unsettled = 0
        self._settled = asyncio.Event()
        self._tls = _tls() if address.scheme == "https" else None
        self._connections: dict[int, Connection] = {}
        self._answered = False
        self._hopeless: list[Attempt] = []
        self.lost: Exception | None = None
        """Why nothing more is sent: a SetupError, or what the allowance said, a Capped say; null while all is well."""

    async def __aenter__(self) -> "Sender":
        return self

    async def __aexit__(self, *_: object) -> None:
        for connection in self._connections.values():
            connection.close()

    async def run(self, in_flight: int, take: Take, done: Done) -> None:
        """Keep `in_flight` requests going until `take` gives none, and follow each to its end.

        Raises SetupError if the first requests all end in errors that mean a wrong set-up, and Capped where what may be
        spent doesn't hold the next one.
        """
        await self.open(range(in_flight))
        began_s = asyncio.get_running_loop().time()
        patience = max(3, in_flight)

        async def slot(number: int) -> None:
            throttled_in_a_row = 0
            while self.lost is None and (planned := take()) is not None:
                if planned.at_s is not None:
                    await asyncio.sleep(began_s + planned.at_s - asyncio.get_running_loop().time())
                throttled_in_a_row = await self._carry(number, planned, done, patience, throttled_in_a_row)

        await self.undisturbed(slot(number) for number in range(in_flight))

    async def undisturbed(self, parts: Iterable[Coroutine[Any, Any, None]]) -> None:
        """Run `parts`, which send, side by side to their end. Raises SetupError where access or connection is lost.

        And Capped where what may be spent doesn't hold the next request, NoRoom where the disk doesn't hold the ledger.
        What is in flight then is still followed to its end, since it may be paid for.
        """
        # Objects that live on needn't be looked through again, and a collection in the middle of a cell is a pause.
        gc.collect()
        gc.freeze()
        gc.disable()
        try:
            async with asyncio.TaskGroup() as group:
                for part in parts:
                    group.create_task(part)
        finally:
            gc.enable()
            gc.unfreeze()
        if isinstance(self.lost, SetupError):
            given_up = [[attempt.planned.key, attempt.try_number] for attempt in self._hopeless]
            self._ledger.write_note({"given_up": given_up})
        if self.lost is not None:
            raise self.lost

    async def open(self, slots: Iterable[int]) -> None:
        """Open the connections of `slots` before they are needed. What fails here is tried again by a request, and recorded."""

        async def one(slot: int) -> None:
            connection = self._connections.pop(slot, None)
            if connection is None or not connection.usable:
                try:
                    connection = await Connection.open(self._address, self._timeouts, self._tls)
                except (OSError, TimeoutError):
                    return
            self._connections[slot] = connection

        await asyncio.gather(*(one(slot) for slot in slots))

    async def _carry(
        self, slot: int, planned: Planned, done: Done, patience: int, throttled_in_a_row: int
    ) -> int:
        """Send a request of a closed loop, again where the policy says so. Returns the throttles in a row by then.

        A throttled slot waits before it asks again, so that instant refusals don't eat the sample.
        """
        for try_number in range(1, self._retry.attempts + 1):
            attempt = await self._attempt(slot, planned, try_number, None)
            if attempt is None:
                break
            outcome = attempt.answer.outcome
            throttled_in_a_row = throttled_in_a_row + 1 if outcome.error in THROTTLED else 0
            last = self._is_last(attempt)
            wait_s = 0.0
            if outcome.error in THROTTLED or not last:
                wait_s = self._wait_s(max(throttled_in_a_row, try_number), outcome.retry_after_s)
            await self._conclude(attempt, last, wait_s, done, patience)
            if last or self.lost is not None:
                break
        return throttled_in_a_row

    async def carry_at(self, slot: int, planned: Planned, intended: Intended, done: Done) -> None:
        """Send a request of an open loop, again where the policy says so. Nothing but a retry waits."""
        for try_number in range(1, self._retry.attempts + 1):
            attempt = await self._attempt(slot, planned, try_number, intended)
            if attempt is None:
                break
            last = self._is_last(attempt)
            wait_s = 0.0 if last else self._wait_s(try_number, attempt.answer.outcome.retry_after_s)
            await self._conclude(attempt, last, wait_s, done, patience=3)
            if last or self.lost is not None:
                break

    def _is_last(self, attempt: Attempt) -> bool:
        return attempt.answer.outcome.error not in MAY_PASS or attempt.try_number == self._retry.attempts

    async def _conclude(self, attempt: Attempt, last: bool, wait_s: float, done: Done, patience: int) -> None:
        """Put an attempt that has ended into the ledger, tell of it, and wait."""
        timeline = attempt.answer.timeline
        assert timeline.ended_ns is not None
        timeline.slot_free_ns = timeline.ended_ns + int(wait_s * 1e9)
        self._ledger.write_outcome(
            attempt.planned.key, {"try": attempt.try_number, "last": last, **_flat(attempt.answer)}
        )
        if self._ledger.full is not None:
            self.lost = self.lost or self._ledger.full
        if attempt.reserved is not None:
            self._settle(attempt.reserved, attempt.answer.outcome)
        done(attempt.planned, attempt, last)
        self._notice(attempt, patience)
        if wait_s and self.lost is None:
            await asyncio.sleep((timeline.slot_free_ns - perf_counter_ns()) / 1e9)

    def request(self, planned: Planned, try_number: int) -> bytes:
        """The whole request, nonce and signature included. Signatures hold for some minutes."""
        cached = planned.cached_chars
        if cached is None:
            lead = nonce(self._ledger.salt, planned.key, try_number)
        else:  # of the question, so that all its requests begin alike, and nobody else's do
            lead = nonce(self._ledger.salt, planned.tags["ask"], 0)
        content = body(
            self._line, planned.prompt, planned.system, lead, cached, planned.shape, planned.max_tokens
        )
        signed = self._signer.headers(self._address.host_header, self._line.path, content)
        return request_bytes(self._address.host_header, self._line.path, signed, content)

    async def _attempt(
        self, slot: int, planned: Planned, try_number: int, intended: Intended | None
    ) -> Attempt | None:
        """Send a request once. Null where nothing more may be sent: then it has left no trace."""
        timeline = Timeline()
        request = None
        if intended is not None:
            timeline.intended_ns = intended.at_ns
            if try_number == 1:
                timeline.launched_ns, request = intended.launched_ns, intended.request
        request = request or self.request(planned, try_number)
        body_bytes = len(request) - request.index(b"\r\n\r\n") - 4
        reserved = (
            None if self._allowance is None else await self._reserved(self._allowance, body_bytes, planned)
        )
        if self.lost is not None:
            return None
        offers_tools = planned.shape is not None and "toolConfig" in planned.shape
        answer = Answer(self._line.model.stream, timeline, offers_tools)
        attempt = Attempt(planned, try_number, answer, reserved)
        most = [most_input_tokens(body_bytes), self._most_output_tokens(planned)]
        if reserved is not None:
            most = [reserved.input_tokens, reserved.output_tokens]
        try:
            self._ledger.write_dispatched(
                planned.key,
                {"try": try_number, "most": most, "tags": planned.tags},
            )
        except NoRoom as error:
            self.lost = error
            if reserved is not None:
                self._settle(reserved, Outcome(error="connect_failed"))  # it costs nothing
            return None
        connection = self._connections.get(slot)
        timeline.dispatched_ns = perf_counter_ns()
        if connection is None or not connection.usable:
            self._connections.pop(slot, None)
            try:
                connection = await Connection.open(self._address, self._timeouts, self._tls)
            except (OSError, TimeoutError) as error:
                timeline.ended_ns = perf_counter_ns()
                if isinstance(error, TimeoutError):
                    answer.fail("timeout_connect", f"no connection within {self._timeouts.connect_s:g} s")
                else:
                    answer.fail("connect_failed", f"{self._address.host}:{self._address.port}: {error}")
                return attempt
            self._connections[slot] = connection
        await connection.ask(request, answer, self._timeouts)
        return attempt

    def _most_output_tokens(self, planned: Planned) -> int:
        return planned.max_tokens or self._line.inference.max_tokens or 0

    async def _reserved(self, allowance: Allowance, body_bytes: int, planned: Planned) -> Reserved | None:
        """Set aside what a request can cost; null where that can't be: then `lost` says why."""
        while self.lost is None:
            found = allowance.reserve(body_bytes, self._most_output_tokens(planned))
            if isinstance(found, Reserved):
                self._unsettled += 1
                return found
            if not (self._waits_for_money and isinstance(found, Capped) and self._unsettled):
                self.lost = found
                return None
            self._settled.clear()
            await self._settled.wait()
        return None

    def _settle(self, reserved: Reserved, outcome: Outcome) -> None:
        """Put what a request came to in the place of what was set aside for it, and let others look again."""
        assert self._allowance is not None
        self._allowance.settle(reserved, outcome)
        self._unsettled -= 1
        self._settled.set()

    def _wait_s(self, failures: int, retry_after_s: float | None) -> float:
        """Exponential backoff with full jitter, never less than what the service asked for.

        Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
        """
        most = min(self._retry.cap_s, self._retry.base_s * 2.0 ** min(failures - 1, 30))
        return max(self._random.uniform(0.0, most), retry_after_s or 0.0)

    def _notice(self, attempt: Attempt, patience: int) -> None:
        """End early where nothing can come of it: `patience` hopeless errors in a row, or more after an answer.

        They are given up: no access or no connection says nothing about the model, so what was lost by it is asked
        again another time. A single one among answers stays a result.
        """
        outcome = attempt.answer.outcome
        if outcome.error not in HOPELESS:
            if self.lost is None:
                self._answered = True
                self._hopeless.clear()
            return
        self._hopeless.append(attempt)
        count = len(self._hopeless)
        enough = PATIENCE_AFTER_AN_ANSWER * patience if self._answered else patience
        if count >= enough and self.lost is None:
            self.lost = SetupError(
                f"{outcome.error}: {outcome.error_message}. The last {count} requests all failed like this.",
                outcome.error,
            )


def _tls() -> ssl.SSLContext:
    """Certificates are checked against the system's authorities, or those of AWS_CA_BUNDLE, as in the AWS SDKs."""
    return ssl.create_default_context(cafile=os.environ.get("AWS_CA_BUNDLE"))


def request_bytes(host: str, path: str, signed: dict[str, str], content: bytes) -> bytes:
    """The whole HTTP request. `signed` are the headers that the signer gave."""
    lines = [
        f"POST {path} HTTP/1.1",
        f"host: {host}",
        "user-agent: assay",
        "content-type: application/json",
        f"content-length: {len(content)}",
        *(f"{name}: {value}" for name, value in signed.items()),
    ]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + content


def _flat(answer: Answer) -> dict[str, Any]:
    """Timeline and outcome as they stand in the ledger: what is null or empty is left out."""
    # Every value is a plain one: dataclasses.asdict, which copies deeply, takes ten times as long.
    return {
        name: value
        for part in (answer.timeline, answer.outcome)
        for name in part.__slots__
        if (value := getattr(part, name)) is not None and value != "" and value is not False
    }
