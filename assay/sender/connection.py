"""One HTTP/1.1 connection: writes a request, stamps what comes back when it is read, hands it to the answer.

One request at a time, no pipelining, no redirects, no retries. Parsing is httptools' (the parser of Node.js).
"""

import asyncio
import ssl
from time import perf_counter_ns
from typing import cast

import httptools

from assay.bedrock.address import Address
from assay.bedrock.settings import Timeouts
from assay.sender.answer import Answer

_USED_HEADERS = frozenset(
    (b"content-length", b"transfer-encoding", b"x-amzn-requestid", b"x-amzn-errortype", b"retry-after")
)


class Connection(asyncio.Protocol):
    """A connection to `address`, kept open between requests."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._headers: dict[str, str] = {}
        self._answer: Answer | None = None
        self._done: asyncio.Future[None] | None = None
        self._stamp = 0
        self._last_read_ns = 0
        self._watch: asyncio.TimerHandle | None = None
        self._timeouts = Timeouts()
        self._until_closed = False
        self.opened_ns = 0
        self.connect_ms = 0.0
        """How long the name's look-up and the TCP handshake took."""
        self.tls_ms: float | None = None
        """How long the TLS handshake took after that; null without TLS."""
        self.requests = 0
        """Requests that were written to it."""

    @staticmethod
    async def open(address: Address, timeouts: Timeouts, tls: ssl.SSLContext | None) -> "Connection":
        """Connect, TLS handshake included. Raises OSError (TLS errors are OSErrors) or TimeoutError."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(timeouts.connect_s):
            began_ns = perf_counter_ns()
            plain, connection = await loop.create_connection(
                lambda: Connection(loop), address.host, address.port
            )
            connected_ns = perf_counter_ns()
            connection.connect_ms = (connected_ns - began_ns) / 1e6
            if tls is not None and address.scheme == "https":
                secured = await loop.start_tls(plain, connection, tls, server_hostname=address.host)
                if secured is None:
                    raise ConnectionResetError("the connection ended during the TLS handshake")
                connection.tls_ms = (perf_counter_ns() - connected_ns) / 1e6
                connection.connection_made(secured)
        return connection

    @property
    def usable(self) -> bool:
        """Whether another request can be written."""
        return self._transport is not None and not self._transport.is_closing()

    async def ask(self, request: bytes, answer: Answer, timeouts: Timeouts) -> None:
        """Write `request` and return when `answer` has ended, in whatever way."""
        assert self._transport is not None and self._answer is None
        self._answer, self._timeouts = answer, timeouts
        self._done = self._loop.create_future()
        self._parser = httptools.HttpResponseParser(self)
        self._headers = {}
        self._until_closed = False
        self._last_read_ns = 0
        if self.requests == 0:
            answer.outcome.connect_ms, answer.outcome.tls_ms = self.connect_ms, self.tls_ms
        self.requests += 1
        self._transport.write(request)
        if self._transport.get_write_buffer_size() == 0:
            answer.timeline.sent_ns = perf_counter_ns()
        # otherwise resume_writing stamps it, when the operating system has taken the last byte
        self._watch_until(min(timeouts.first_byte_s, timeouts.total_s))
        try:
            await self._done
        finally:
            if self._answer is not None:  # cancelled from outside: the connection's state is unknown
                self._answer = None
                self.close()

    def close(self) -> None:
        """Drop the connection."""
        self._unwatch()
        if self._transport is not None:
            self._transport.abort()

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(0)
        self.opened_ns = perf_counter_ns()

    def resume_writing(self) -> None:
        """The write buffer is empty: a large request has left."""
        if self._answer is not None and self._answer.timeline.sent_ns is None:
            self._answer.timeline.sent_ns = perf_counter_ns()

    def data_received(self, data: bytes) -> None:
        """Bytes are here: the stamp comes first, everything else after it."""
        self._stamp = self._last_read_ns = perf_counter_ns()
        if self._answer is None:
            self.close()  # an answer that nobody asked for
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            if self._answer is not None:
                self._answer.fail("malformed_answer", f"the answer isn't HTTP/1.1: {error}")
                self._finish(whole=False)
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone, in the middle of an answer or between two."""
        self._transport = None
        self._unwatch()
        if self._answer is not None:
            self._stamp = perf_counter_ns()
            self._finish(whole=self._until_closed and exc is None, reason=str(exc) if exc else None)

    # What the parser calls.

    def on_header(self, name: bytes, value: bytes) -> None:
        """See httptools."""
        name = name.lower()
        if name in _USED_HEADERS:
            self._headers[name.decode("latin-1")] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """See httptools."""
        status = self._parser.get_status_code()
        if status < 200:
            self._headers = {}
            return
        self._until_closed = (
            "content-length" not in self._headers and "transfer-encoding" not in self._headers
        )
        if self._answer is not None:
            self._answer.headers(status, self._headers, self._stamp)

    def on_body(self, body: bytes) -> None:
        """See httptools."""
        if self._answer is not None:
            self._answer.body(body, self._stamp)

    def on_message_complete(self) -> None:
        """See httptools."""
        if self._parser.get_status_code() < 200:
            return
        keep = self._parser.should_keep_alive()
        self._finish(whole=True)
        if not keep:
            self.close()

    def _finish(self, whole: bool, reason: str | None = None) -> None:
        answer, self._answer = self._answer, None
        if answer is None:
            return
        answer.end(self._stamp, whole, reason)
        if answer.outcome.error == "corrupt_frame":
            self.close()
        if self._done is not None and not self._done.done():
            self._done.set_result(None)

    def _watch_until(self, delay_s: float) -> None:
        """See to it that `_look` is called within `delay_s`.

        A timer that is still there from an earlier request does, if it is early enough: a timer for each request, or
        for each read, would cost more than the reading.
        """
        if self._watch is not None:
            if self._watch.when() <= self._loop.time() + delay_s:
                return
            self._watch.cancel()
        self._watch = self._loop.call_later(delay_s, self._look)

    def _unwatch(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def _look(self) -> None:
        """Give the request up if one of its time limits has passed, else look again when the next one could."""
        self._watch = None
        answer = self._answer
        if answer is None:
            return
        limits, now = self._timeouts, perf_counter_ns()
        sent = answer.timeline.sent_ns or answer.timeline.dispatched_ns or now
        ends = {"timeout_total": sent + int(limits.total_s * 1e9)}
        if self._last_read_ns == 0:
            ends["timeout_first_byte"] = sent + int(limits.first_byte_s * 1e9)
        else:
            ends["timeout_gap"] = self._last_read_ns + int(limits.gap_s * 1e9)
        kind = min(ends, key=lambda name: ends[name])
        if ends[kind] > now:
            self._watch_until((ends[kind] - now) / 1e9)
            return
        answer.fail(
            kind, f"given up after {(now - sent) / 1e9:.3g} s (timeouts.{kind.removeprefix('timeout_')}_s)"
        )
        self._stamp = now
        self._finish(whole=False)
        self.close()
