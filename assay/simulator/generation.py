"""Carries out a plan: writes each event at its time, breaks the answer where a fault says so, and notes when it wrote.

Deadlines are absolute, so that a late event doesn't delay those after it. Leaves to `service` who may begin, and to
`plan` what is said.
"""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

from assay.simulator import frames
from assay.simulator.chance import index
from assay.simulator.http import Exchange
from assay.simulator.plan import Event, Plan
from assay.simulator.service_errors import EXCEPTIONS, ServiceError

Line = dict[str, Any]
"""A line of the journal."""


class StreamedAnswer:
    """An answer to ConverseStream on its way. Calls `over` once, with the output tokens that are paid for."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        exchange: Exchange,
        headers: list[tuple[str, str]],
        plan: Plan,
        fault: str | None,
        about: bytes,
        line: Line,
        over: Callable[[int], None],
    ) -> None:
        self._loop = loop
        self._exchange = exchange
        self._headers = headers
        self._plan = plan
        self._fault = fault
        # After messageStart, and before messageStop or in place of it.
        self._fault_at = None if fault is None else 1 + index(about, "fault place", len(plan.events) - 2)
        self._line = line
        self._over = over
        self._events_ns: list[int] = line["events_ns"]
        self._next = 0
        self._tokens = 0
        self._start = loop.time()
        self._timer = loop.call_at(self._start + plan.events[0].at_s, self._step)

    def cancel(self) -> None:
        """Write nothing more: the client has gone."""
        self._timer.cancel()

    @property
    def ends_at(self) -> float:
        """When the answer is complete, on the loop's clock."""
        return self._start + self._plan.end_s

    def _step(self) -> None:
        """Write all events of one moment, in one piece, and set the clock for the next."""
        at_s = self._plan.events[self._next].at_s
        data = bytearray()
        numbers: list[int] = []
        broken = False
        while self._next < len(self._plan.events) and self._plan.events[self._next].at_s == at_s:
            event = self._plan.events[self._next]
            if self._next == self._fault_at:
                piece, broken = self._broken(event)
            else:
                piece = self._frame(event)
            data += piece
            if piece:
                numbers.append(self._next)
            if broken:
                break
            self._tokens += event.tokens
            self._next += 1
        complete = self._next == len(self._plan.events)
        # stall and connection_lost leave the answer open; every other way ends it as if it were complete.
        ends = complete or (broken and self._fault not in ("stall", "connection_lost"))
        if numbers:
            self._write(bytes(data), numbers, ends)
        elif ends:
            self._exchange.end()
        if complete:
            self._over(self._tokens)
        elif broken:
            self._broken_off()
        else:
            self._timer = self._loop.call_at(self._start + self._plan.events[self._next].at_s, self._step)

    def _frame(self, event: Event) -> bytes:
        if event.kind == "metadata" and event.payload is not None:
            metrics = {"latencyMs": _since_ms(self._exchange.received_ns)}
            event = event._replace(payload={**event.payload, "metrics": metrics})
        return frames.message(frames.event_headers(event.kind), event.encoded(self._next))

    def _write(self, data: bytes, numbers: list[int], last: bool) -> None:
        if self._events_ns:
            ns = self._exchange.send(data, last)
        else:
            self._line["status"] = 200
            ns = self._exchange.begin(200, self._headers, data, last)
        for number in numbers:
            holds = self._plan.events[number].holds
            if holds is not None:
                self._line[f"last_{holds}_event"] = len(self._events_ns)
                self._line.setdefault(f"first_{holds}_event", len(self._events_ns))
            self._events_ns.append(ns)

    def _broken(self, event: Event) -> tuple[bytes, bool]:
        """What is written in place of the event, and whether nothing comes after it."""
        assert self._fault is not None
        self._line["error"] = self._fault
        if self._fault in EXCEPTIONS:
            error = ServiceError.usual(self._fault)
            return frames.message(frames.exception_headers(error.stream_member), _json(_body(error))), True
        whole = self._frame(event)
        if self._fault == "corrupt_frame":
            place = len(whole) - 6  # the payload's last byte but one, before the checksum
            return whole[:place] + bytes([whole[place] ^ 0x20]) + whole[place + 1 :], False
        if self._fault == "malformed_event":
            return frames.message(
                frames.event_headers(event.kind), b'{"contentBlockIndex": 0, "delta"'
            ), False
        return (whole[: len(whole) // 2] if self._fault == "half_frame" else b""), True

    def _broken_off(self) -> None:
        """What was generated is paid for, unless the service itself says that it failed."""
        if self._fault == "stall":
            return  # until the client goes
        if self._fault == "connection_lost":
            self._exchange.hang_up()
        self._over(self._tokens if self._fault in EXCEPTIONS else self._plan.output_tokens)


class WholeAnswer:
    """An answer to Converse on its way. Calls `over` once, with the output tokens that are paid for."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        exchange: Exchange,
        headers: list[tuple[str, str]],
        plan: Plan,
        fault: str | None,
        line: Line,
        over: Callable[[int], None],
    ) -> None:
        self._exchange = exchange
        self._headers = headers
        self._plan = plan
        self._fault = fault
        self._line = line
        self._over = over
        self.ends_at = loop.time() + plan.end_s
        self._timer = loop.call_at(self.ends_at, self._send)

    def cancel(self) -> None:
        """Write nothing: the client has gone."""
        self._timer.cancel()

    def _send(self) -> None:
        plan = self._plan
        body = _json(
            {
                "output": {"message": {"role": "assistant", "content": plan.content()}},
                "stopReason": plan.stop_reason,
                "usage": plan.usage(),
                "metrics": {"latencyMs": _since_ms(self._exchange.received_ns)},
                **plan.echoed,
            }
        )
        self._line["status"] = 200
        self._line["error"] = self._fault
        cut_at = None
        if self._fault == "body_cut":
            cut_at = len(body) // 2
        elif self._fault == "malformed_answer":
            body = body[: len(body) // 2]
        self._line["events_ns"].append(self._exchange.answer(200, self._headers, body, cut_at))
        self._over(plan.output_tokens)


def error_body(error: ServiceError) -> bytes:
    """The body of a refusal."""
    return _json(_body(error))


def _body(error: ServiceError) -> dict[str, Any]:
    body: dict[str, Any] = {"message": error.message}
    if error.kind == "model_stream_error":
        body |= {"originalStatusCode": 500, "originalMessage": "The model stopped answering."}
    return body


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _since_ms(ns: int) -> int:
    return round((time.perf_counter_ns() - ns) / 1e6)
