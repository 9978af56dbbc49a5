"""A server that answers every request at once with the same bytes: for rates, where the simulator would be the limit.

    python benchmarks/canned.py [--tls-cert FILE --tls-key FILE]

It checks nothing, and finds the end of a request by its length. Says its port when it listens; ends when its standard
input closes.
"""

import argparse
import asyncio
import json
import ssl
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from assay.simulator import frames  # noqa: E402

_EVENTS = (
    ("messageStart", {"role": "assistant"}),
    ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "arch"}, "p": "abcdefghijklmnop"}),
    ("contentBlockStop", {"contentBlockIndex": 0}),
    ("messageStop", {"stopReason": "max_tokens"}),
    (
        "metadata",
        {"usage": {"inputTokens": 27, "outputTokens": 1, "totalTokens": 28}, "metrics": {"latencyMs": 1}},
    ),
)
_BODY = b"".join(
    frames.message(frames.event_headers(name), json.dumps(payload).encode()) for name, payload in _EVENTS
)
_ANSWER = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/vnd.amazon.eventstream\r\n"
    b"x-amzn-requestid: 00000000-0000-4000-8000-000000000000\r\ntransfer-encoding: chunked\r\n\r\n"
    b"%x\r\n%b\r\n0\r\n\r\n" % (len(_BODY), _BODY)
)


class Connection(asyncio.Protocol):
    """One client."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._raw = b""

    def data_received(self, data: bytes) -> None:
        raw = self._raw + data
        end = raw.find(b"\r\n\r\n")
        if end >= 0:
            length = int(raw[:end].lower().split(b"content-length: ", 1)[1].split(b"\r\n", 1)[0])
            if len(raw) >= end + 4 + length:
                raw = raw[end + 4 + length :]
                self._transport.write(_ANSWER)
        self._raw = raw


async def serve(tls: ssl.SSLContext | None) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Connection, "127.0.0.1", 0, ssl=tls, backlog=1024)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tls-cert", type=Path)
    parser.add_argument("--tls-key", type=Path)
    given = parser.parse_args()
    tls = None
    if given.tls_cert is not None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(given.tls_cert, given.tls_key)
    asyncio.run(serve(tls))


if __name__ == "__main__":
    main()
