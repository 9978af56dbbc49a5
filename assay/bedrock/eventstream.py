"""Decodes `application/vnd.amazon.eventstream`, the framing of Bedrock's streamed answers.

Frames may arrive in any split over reads. Both checksums are checked; what a frame means is left to
`assay.bedrock.answer`. The simulator has a codec of its own, so that neither can hide the other's mistake.
"""

import struct
import zlib
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

_PRELUDE = struct.Struct(">III")
_CRC = struct.Struct(">I")
_OVERHEAD = _PRELUDE.size + _CRC.size
MAX_FRAME_BYTES = 24 * 1024 * 1024
_MAX_HEADER_BYTES = 128 * 1024
_STRING = 7
_FIXED_LENGTHS = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
_LENGTH_PREFIXED = (6, _STRING)


class FrameError(Exception):
    """A frame is not what its checksums or lengths say: the stream can't be trusted from here on."""


class Frame(NamedTuple):
    """One message: its string headers (`:event-type`, `:exception-type`, ...) and its payload."""

    headers: Mapping[str, str]
    payload: bytes


class Decoder:
    """Turns bytes, in any split, into frames."""

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = b""

    @property
    def in_frame(self) -> bool:
        """Whether the bytes so far end inside a frame."""
        return bool(self._buffer)

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that `data` completes.

        Raises FrameError on a checksum or length that doesn't hold, at once for a bad prelude.
        """
        buffer = self._buffer + data if self._buffer else data
        frames: list[Frame] = []
        start, end = 0, len(buffer)
        while end - start >= _PRELUDE.size:
            total, header_bytes, prelude_crc = _PRELUDE.unpack_from(buffer, start)
            if zlib.crc32(buffer[start : start + 8]) != prelude_crc:
                raise FrameError("the checksum of a frame's prelude doesn't match")
            if not _OVERHEAD <= total <= MAX_FRAME_BYTES or header_bytes > min(
                total - _OVERHEAD, _MAX_HEADER_BYTES
            ):
                raise FrameError(
                    f"a frame of {total} bytes with {header_bytes} bytes of headers is not possible"
                )
            if end - start < total:
                break
            body_end = start + total - _CRC.size
            if zlib.crc32(buffer[start:body_end]) != _CRC.unpack_from(buffer, body_end)[0]:
                raise FrameError("the checksum of a frame doesn't match")
            headers_end = start + _PRELUDE.size + header_bytes
            frames.append(
                Frame(_headers(buffer[start + _PRELUDE.size : headers_end]), buffer[headers_end:body_end])
            )
            start += total
        self._buffer = buffer[start:]
        return frames


# Nearly all frames of a stream have the same headers, which were a third of the cost of an event.
@lru_cache(maxsize=64)
def _headers(data: bytes) -> Mapping[str, str]:
    """String headers by name; headers of other types are stepped over."""
    headers: dict[str, str] = {}
    at, end = 0, len(data)
    try:
        while at < end:
            name_end = at + 1 + data[at]
            name = data[at + 1 : name_end].decode()
            kind = data[name_end]
            at = name_end + 1
            if kind in _LENGTH_PREFIXED:
                value_start = at + 2
                at = value_start + int.from_bytes(data[at:value_start], "big")
                if at > end:
                    raise FrameError("a header's value is longer than the headers")
                if kind == _STRING:
                    headers[name] = data[value_start:at].decode()
            else:
                at += _FIXED_LENGTHS[kind]
    except (IndexError, KeyError, UnicodeDecodeError) as error:
        raise FrameError("a frame's headers can't be read") from error
    return MappingProxyType(headers)
