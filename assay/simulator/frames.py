"""Encodes messages of application/vnd.amazon.eventstream.

A message is: total length and headers' length (4 bytes each, big-endian), CRC-32 of those eight bytes, headers,
payload, CRC-32 of everything before it. A header is: length of the name (1 byte), name, type (7 is a string), length of
the value (2 bytes), value. Written apart from the sender's decoder on purpose, so that neither can hide a mistake
of the other.
"""

import struct
from functools import cache
from zlib import crc32

_PRELUDE = struct.Struct(">II")
_CRC = struct.Struct(">I")
_STRING = 7


def headers(*pairs: tuple[str, str]) -> bytes:
    """String headers, encoded."""
    encoded = bytearray()
    for name, value in pairs:
        name_bytes, value_bytes = name.encode(), value.encode()
        encoded += bytes([len(name_bytes)]) + name_bytes
        encoded += struct.pack(">BH", _STRING, len(value_bytes)) + value_bytes
    return bytes(encoded)


@cache
def event_headers(event_type: str) -> bytes:
    """Headers of an event, such as contentBlockDelta."""
    return headers(
        (":event-type", event_type), (":content-type", "application/json"), (":message-type", "event")
    )


@cache
def exception_headers(exception_type: str) -> bytes:
    """Headers of an error inside a stream, such as throttlingException."""
    return headers(
        (":exception-type", exception_type),
        (":content-type", "application/json"),
        (":message-type", "exception"),
    )


def message(encoded_headers: bytes, payload: bytes) -> bytes:
    """A whole message with both checksums."""
    prelude = _PRELUDE.pack(len(encoded_headers) + len(payload) + 16, len(encoded_headers))
    body = b"".join((prelude, _CRC.pack(crc32(prelude)), encoded_headers, payload))
    return body + _CRC.pack(crc32(body))
