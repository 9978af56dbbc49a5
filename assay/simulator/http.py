"""HTTP/1.1 on the server's side: connections that stay open, bodies by length or in chunks, answers at once or bit by bit.

httptools parses; this module keeps requests of one connection in order and stamps what it writes. It knows nothing
of Bedrock: each whole request goes to a handler as an `Exchange`.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus

import httptools

MOST_BODY_BYTES = 64 * 1024 * 1024
MOST_HEADER_BYTES = 256 * 1024

_END = b"0\r\n\r\n"

Headers = Iterable[tuple[str, str]]


@dataclass(eq=False, slots=True)
class Exchange:
    """One request and the answer to it. Answer with `answer`, or with `begin`, `send` and `end`; or `hang_up`."""

    method: str
    target: str
    """Path and query as they stood in the request line."""
    headers: list[tuple[str, str]]
    """Names in lower case."""
    body: bytes
    received_ns: int
    """When the last byte of the request had been read."""
    keep_alive: bool
    _connection: "Connection"
    on_lost: Callable[[], None] | None = None
    """Called once if the client goes before the answer is complete."""

    def answer(self, status: int, headers: Headers, body: bytes, cut_at: int | None = None) -> int:
        """Send a whole answer. With `cut_at`, only so many bytes of the body, and close. Returns when, in ns."""
        sent = body if cut_at is None else body[:cut_at]
        ns = self._write(self._head(status, [*headers, ("content-length", str(len(body)))]) + sent)
        self._finished(keep=cut_at is None)
        return ns

    def begin(self, status: int, headers: Headers, first: bytes, last: bool = False) -> int:
        """Send the head of an answer in chunks, with its first chunk. Returns when, in ns."""
        head = self._head(status, [*headers, ("transfer-encoding", "chunked")])
        return self._send(head + _chunk(first), last)

    def send(self, data: bytes, last: bool = False) -> int:
        """Send one chunk, and the mark of the end with the last one. Returns when, in ns."""
        return self._send(_chunk(data), last)

    def end(self) -> None:
        """Send the mark of the end, where the last chunk did not bring it."""
        self._send(b"", last=True)

    def hang_up(self) -> None:
        """Close the connection with whatever has been sent."""
        self._finished(keep=False)

    def _send(self, data: bytes, last: bool) -> int:
        ns = self._write(data + _END if last else data)
        if last:
            self._finished(keep=True)
        return ns

    def _write(self, data: bytes) -> int:
        # Before the write: it wakes the client, who may read the bytes, and take this core, before it returns.
        ns = time.perf_counter_ns()
        self._connection.transport.write(data)
        return ns

    def _head(self, status: int, headers: Headers) -> bytes:
        lines = [f"HTTP/1.1 {status} {_phrase(status)}"]
        lines += [f"{name}: {value}" for name, value in headers]
        lines.append("connection: keep-alive" if self.keep_alive else "connection: close")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def _finished(self, keep: bool) -> None:
        self.on_lost = None
        self._connection.finished(self, keep and self.keep_alive)


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


class Connection(asyncio.Protocol):
    """One client's connection. Requests sent ahead wait until the answers before them are complete."""

    transport: asyncio.Transport

    def __init__(self, handle: Callable[[Exchange], None]) -> None:
        self._handle = handle
        self._parser = httptools.HttpRequestParser(self)
        self._waiting: deque[Exchange] = deque()
        self._current: Exchange | None = None
        self._closing = False
        self._start_request()

    def _start_request(self) -> None:
        self._url = b""
        self._headers: list[tuple[str, str]] = []
        self._body: list[bytes] = []
        self._header_bytes = 0
        self._body_bytes = 0

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport  # asyncio turns Nagle's algorithm off by itself

    def data_received(self, data: bytes) -> None:
        if self._closing:
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._refuse(HTTPStatus.BAD_REQUEST)
        except _TooLarge:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        except httptools.HttpParserError as error:
            too_large = isinstance(error.__context__, _TooLarge)
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE if too_large else HTTPStatus.BAD_REQUEST)

    def connection_lost(self, error: Exception | None) -> None:
        self._closing = True
        self._waiting.clear()
        current, self._current = self._current, None
        if current is not None and current.on_lost is not None:
            on_lost, current.on_lost = current.on_lost, None
            on_lost()

    # What httptools calls

    def on_message_begin(self) -> None:
        self._start_request()

    def on_url(self, url: bytes) -> None:
        self._url += url
        self._count_header(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count_header(len(name) + len(value))
        self._headers.append((name.decode("latin-1").lower(), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        if any(name == "expect" and value.lower() == "100-continue" for name, value in self._headers):
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        if self._body_bytes > MOST_BODY_BYTES:
            raise _TooLarge
        self._body.append(body)

    def on_message_complete(self) -> None:
        exchange = Exchange(
            method=self._parser.get_method().decode("latin-1"),
            target=self._url.decode("latin-1"),
            headers=self._headers,
            body=b"".join(self._body),
            received_ns=time.perf_counter_ns(),
            keep_alive=self._parser.should_keep_alive(),
            _connection=self,
        )
        self._body = []
        if self._current is None:
            self._current = exchange
            self._handle(exchange)
        else:
            self._waiting.append(exchange)

    # What an exchange calls

    def finished(self, exchange: Exchange, keep: bool) -> None:
        if self._current is not exchange:
            return
        self._current = None
        if not keep:
            self._closing = True
            self.transport.close()
        elif self._waiting:
            self._current = self._waiting.popleft()
            self._handle(self._current)

    def _count_header(self, count: int) -> None:
        self._header_bytes += count
        if self._header_bytes > MOST_HEADER_BYTES:
            raise _TooLarge

    def _refuse(self, status: HTTPStatus) -> None:
        self._closing = True
        if self._current is None:
            head = (
                f"HTTP/1.1 {status.value} {status.phrase}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
            )
            self.transport.write(head.encode())
        self.transport.close()


class _TooLarge(Exception):
    """The request is larger than anything that Bedrock takes."""
