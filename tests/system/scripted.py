"""A server that answers each request with bytes that a test wrote down: for answers that no honest server gives."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from assay.bedrock.address import Address, parsed
from assay.simulator import frames


@dataclass
class Reply:
    """Pieces of bytes to write one after the other; then hold the connection open, keep it for more, or end it."""

    pieces: Sequence[bytes]
    after: str = "close"


@dataclass
class Scripted:
    """What the server saw."""

    address: Address
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0


@asynccontextmanager
async def scripted(reply: Callable[[int], Reply]) -> AsyncIterator[Scripted]:
    """Serve on loopback; `reply` is given the number of the request, from 0."""
    open_writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_writers.append(writer)
        seen.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                number = len(seen.requests)
                seen.requests.append(head + await reader.readexactly(length))
                answer = reply(number)
                for piece in answer.pieces:
                    writer.write(piece)
                    await writer.drain()
                if answer.after == "close":
                    writer.close()
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    seen = Scripted(parsed(f"http://127.0.0.1:{port}", "us-east-1", "scripted"))
    try:
        yield seen
    finally:
        server.close()
        for writer in open_writers:
            writer.close()


def event(name: str, payload: bytes) -> bytes:
    """A frame of an event."""
    return frames.message(frames.event_headers(name), payload)


def delta(text: str) -> bytes:
    """A frame with a piece of text."""
    return event("contentBlockDelta", b'{"contentBlockIndex":0,"delta":{"text":"%s"}}' % text.encode())


STOP = event("messageStop", b'{"stopReason":"end_turn"}')
METADATA = event(
    "metadata", b'{"usage":{"inputTokens":7,"outputTokens":20,"totalTokens":27},"metrics":{"latencyMs":12}}'
)


def chunk(data: bytes) -> bytes:
    """A chunk of HTTP's chunked coding."""
    return b"%x\r\n%s\r\n" % (len(data), data)


STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/vnd.amazon.eventstream\r\nx-amzn-requestid: r-1\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)
END = b"0\r\n\r\n"


def plain(body: bytes, status: str = "200 OK", headers: bytes = b"") -> bytes:
    """A whole response with a length."""
    return b"HTTP/1.1 %s\r\ncontent-length: %d\r\n%s\r\n%s" % (status.encode(), len(body), headers, body)
