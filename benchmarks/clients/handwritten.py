"""The limit: a client written by hand for this benchmark, with nothing in it that the measurement doesn't need.

Signs (Signature Version 4), takes chunks and frames apart, checks both checksums of each frame, stamps on read. It has
no time limits, no ledger, no retries, reads no JSON, and knows only answers that are right.
"""

import asyncio
import hashlib
import hmac
import os
import ssl
import struct
import time
from urllib.parse import quote, urlsplit
from zlib import crc32

from job import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY, Job, Meter, Seen, run

_FRAME = struct.Struct(">III")


def deltas(body: bytes) -> tuple[int, bytes]:
    """How many whole frames carry text, and what is left of an unfinished one. Both checksums are checked."""
    count = start = 0
    while len(body) - start >= 16:
        total, header_bytes, check = _FRAME.unpack_from(body, start)
        end = start + total
        if len(body) < end:
            break
        if crc32(body[start : start + 8]) != check:
            raise ValueError("checksum of a prelude")
        if crc32(body[start : end - 4]) != int.from_bytes(body[end - 4 : end], "big"):
            raise ValueError("checksum of a frame")
        if body.find(b"contentBlockDelta", start, start + 12 + header_bytes) > 0:
            count += 1
        start = end
    return count, body[start:]


class Connection(asyncio.Protocol):
    """One connection, one request at a time."""

    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def ask(self, request: bytes) -> asyncio.Future[Seen]:
        self._head = True
        self._raw = b""
        self._body = b""
        self._text_ns: list[int] = []
        self._done: asyncio.Future[Seen] = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        self._sent_ns = time.perf_counter_ns()
        return self._done

    def data_received(self, data: bytes) -> None:
        stamp = time.perf_counter_ns()
        raw = self._raw + data if self._raw else data
        if self._head:
            end = raw.find(b"\r\n\r\n")
            if end < 0:
                self._raw = raw
                return
            head = raw[:end]
            if not head.startswith(b"HTTP/1.1 200"):
                self._done.set_exception(RuntimeError(raw.decode(errors="replace")))
                return
            at = head.index(b"x-amzn-requestid: ") + 18
            self._id = head[at : at + 36].decode()
            raw = raw[end + 4 :]
            self._head = False
        start, over = 0, False
        while (line := raw.find(b"\r\n", start)) >= 0:
            size = int(raw[start:line], 16)
            if len(raw) < line + size + 4:
                break
            if size == 0:
                over = True
                break
            self._body += raw[line + 2 : line + 2 + size]
            start = line + size + 4
        self._raw = raw[start:]
        count, self._body = deltas(self._body)
        if count:
            self._text_ns += [stamp] * count
        if over:
            self._done.set_result(Seen(0, self._id, self._text_ns[0] - self._sent_ns, self._text_ns))

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._done.done():
            self._done.set_exception(exc or ConnectionError("closed"))


class Maker:
    """Makes requests: what they have in common is made once."""

    def __init__(self, job: Job) -> None:
        host = urlsplit(job.url).netloc
        path = f"/model/{quote(job.model, safe='')}/converse-stream"
        self._body_end = f'{job.prompt}"}}]}}],"inferenceConfig":{{"maxTokens":{job.max_tokens}}}}}'
        self.path = path
        self._head = f"POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n"
        self._canonical = f"POST\n{quote(path, safe='/~')}\n\ncontent-type:application/json\nhost:{host}\n"
        day = time.strftime("%Y%m%d", time.gmtime())
        key = f"AWS4{SECRET_ACCESS_KEY}".encode()
        for part in (day, REGION, "bedrock", "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        self._key = key
        self._scope = f"{day}/{REGION}/bedrock/aws4_request"
        self._number = 0

    def request(self) -> bytes:
        head, body = self.parts()
        lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
        return f"{self._head}content-length: {len(body)}\r\n{lines}\r\n".encode() + body

    def parts(self) -> tuple[dict[str, str], bytes]:
        """The headers that prove who asks, and the body."""
        self._number += 1
        body = f'{{"messages":[{{"role":"user","content":[{{"text":"{_nonce(self._number)}{self._body_end}'.encode()
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        names = "content-type;host;x-amz-date"
        canonical = f"{self._canonical}x-amz-date:{stamp}\n\n{names}\n{hashlib.sha256(body).hexdigest()}"
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{self._scope}\n{digest}"
        signature = hmac.digest(self._key, to_sign.encode(), "sha256").hex()
        proof = f"Credential={ACCESS_KEY_ID}/{self._scope}, SignedHeaders={names}, Signature={signature}"
        return {"x-amz-date": stamp, "authorization": f"AWS4-HMAC-SHA256 {proof}"}, body


def _nonce(number: int) -> str:
    digits = f"{number:015d}"
    return "Request " + " ".join(digits[at : at + 3] for at in range(0, 15, 3)) + ".\\n\\n"


async def client(job: Job, meter: Meter) -> list[Seen]:
    loop = asyncio.get_running_loop()
    parts = urlsplit(job.url)
    tls = ssl.create_default_context(cafile=os.environ["AWS_CA_BUNDLE"]) if parts.scheme == "https" else None
    maker = Maker(job)
    opened = await asyncio.gather(
        *(loop.create_connection(Connection, parts.hostname, parts.port, ssl=tls) for _ in range(job.streams))
    )
    meter.start()
    began_ns = time.perf_counter_ns()
    seen: list[Seen] = []

    async def stream(connection: Connection, delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        number = 0
        while job.more(number, began_ns):
            one = await connection.ask(maker.request())
            one.number = number
            seen.append(one)
            number += 1

    await asyncio.gather(
        *(stream(made[1], delay_s) for made, delay_s in zip(opened, job.delays_s(), strict=True))
    )
    meter.stop()
    return seen


if __name__ == "__main__":
    run(lambda job, meter: asyncio.run(client(job, meter)), dict)
