"""The lines of a ledger file: how one is written, checked, and put right where a single bit of it has flipped.

A line is a JSON object whose last member is a checksum of all that stands before it, and a newline:

    {"line":"dispatched","key":"…",…,"crc":"0f3a9b21"}

The checksum is CRC-32, as of zlib. It tells any damage, and it names the place of any single flipped bit: with an error
in one place, the difference between the checksum that is there and the one that should be depends on that place only, and
no two places share it (up to 2^32 bits). What was repaired so has to be JSON again, too. What is damaged more than that
can't be known, and is left to the caller.
"""

import json
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

Entry = dict[str, Any]

_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode

_MARK = b',"crc":"'
_TAIL_BYTES = len(_MARK) + 8 + 2
_TAIL = re.compile(rb',"crc":"[0-9a-f]{8}"\}')
"""How every line ends. Inside a line it can't stand: quotes in a JSON string have a backslash before them."""
_HEAD = re.compile(rb'\{"line":"')

_NEWLINE = 0x0A
_POLYNOMIAL = 0xEDB88320


@dataclass(frozen=True, slots=True)
class Line:
    """One line that was found. `entry` is null where it is beyond repair."""

    number: int
    """Of the line in its file, from 1."""
    raw: bytes
    """Without its newline: as it should be, or as it was found where it is beyond repair."""
    entry: Entry | None
    repaired: str | None = None
    """What was put right; null where nothing had to be."""


def line(entry: Mapping[str, Any]) -> bytes:
    """The bytes of a line, newline included."""
    return sealed(_encode(entry).encode()[:-1])


def sealed(body: bytes) -> bytes:
    """A line whose JSON text without the closing brace is `body`."""
    return b'%s,"crc":"%08x"}\n' % (body, zlib.crc32(body))


def lines(data: bytes) -> Iterator[Line]:
    """All lines of a file's content, in their order; empty ones are passed over."""
    found = data.split(b"\n")
    after = 0
    while after < len(found):
        raw, number = found[after], after + 1
        after += 1
        if not raw:
            continue
        if (entry := checked(raw)) is not None:
            yield Line(number, raw, entry)
            continue
        mended = list(_mended(number, raw))
        hopeless = all(each.entry is None for each in mended) and after < len(found)
        if hopeless and (joined := _joined(number, raw, found[after])) is not None:
            after += 1
            yield joined
        else:
            yield from mended


def checked(raw: bytes) -> Entry | None:
    """The line's entry, or null if its checksum doesn't hold."""
    body, tail = raw[:-_TAIL_BYTES], raw[-_TAIL_BYTES:]
    if not body or tail != _tail(body):
        return None
    entry: Entry = json.loads(body + b"}")
    return entry


def _tail(body: bytes) -> bytes:
    return b'%s%08x"}' % (_MARK, zlib.crc32(body))


def _mended(number: int, raw: bytes) -> Iterator[Line]:
    """What can be had of a damaged line: it may also be several that have run together."""
    if (right := _single(raw)) is not None:
        yield Line(number, right, checked(right), "a flipped bit")
        return
    begin = 0
    for end in [match.end() for match in _TAIL.finditer(raw)]:
        piece = raw[begin:end]
        if (entry := checked(piece)) is not None:
            yield Line(number, piece, entry, "lines that had run together")
        elif (head := _last_head(piece)) and (entry := checked(piece[head:])) is not None:
            yield Line(number, piece[:head], None)
            yield Line(number, piece[head:], entry, "lines that had run together")
        else:
            yield Line(number, piece, None)
        begin = end + (end < len(raw) and _one_bit(raw[end] ^ _NEWLINE))
    if begin < len(raw):
        yield Line(number, raw[begin:], None)


def _last_head(piece: bytes) -> int:
    """Where the last beginning of a line stands in `piece`; 0 where there is none but its own."""
    return max((match.start() for match in _HEAD.finditer(piece)), default=0)


def _joined(number: int, first: bytes, second: bytes) -> Line | None:
    """The line that a flipped bit has torn in two, since it made a newline of a character."""
    for bit in range(8):
        raw = b"%s%c%s" % (first, _NEWLINE ^ (1 << bit), second)
        if (entry := _entry_if_whole(raw)) is not None:
            return Line(number, raw, entry, "a flipped bit that had torn it in two")
    return None


def _single(raw: bytes) -> bytes | None:
    """The line as it was before a single bit of it flipped, or null if that isn't what became of it."""
    body, tail = raw[:-_TAIL_BYTES], raw[-_TAIL_BYTES:]
    if not body:
        return None
    right = _tail(body)
    if _one_bit(int.from_bytes(tail) ^ int.from_bytes(right)):
        mended = body + right
    elif _TAIL.fullmatch(tail) is None:
        return None  # half of a line, say: nothing to look for
    else:
        stood = int(tail[len(_MARK) : -2], 16)
        place = _place_of(stood ^ zlib.crc32(body), len(body))
        if place is None:
            return None
        at, bit = place
        mended = body[:at] + bytes([body[at] ^ bit]) + body[at + 1 :] + tail
    return mended if _entry_if_whole(mended) is not None else None


def _entry_if_whole(raw: bytes) -> Entry | None:
    """As `checked`, for what was put together by trial: it may not be JSON for all that its checksum holds."""
    try:
        entry = checked(raw)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) and isinstance(entry.get("line"), str) else None


def _one_bit(value: int) -> bool:
    return value.bit_count() == 1


def _place_of(difference: int, length: int) -> tuple[int, int] | None:
    """Byte and bit of the one flipped bit in a body of `length` bytes that changes its checksum by `difference`.

    A flipped bit in the last byte changes the checksum by an entry of the table; each byte that follows turns the
    change one step further. So the change is turned back step by step until it is such an entry.
    """
    table, by_high_byte, last_byte = _tables()
    for at in range(length - 1, -1, -1):
        if (bit := last_byte.get(difference)) is not None:
            return at, bit
        entry = by_high_byte[difference >> 24]
        difference = ((difference ^ table[entry]) << 8 | entry) & 0xFFFFFFFF
    return None


@cache
def _tables() -> tuple[list[int], list[int], dict[int, int]]:
    """The table of CRC-32, the place of each entry by its high byte, and the bit that each single-bit entry stands for."""
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (_POLYNOMIAL if value & 1 else 0)
        table.append(value)
    by_high_byte = [0] * 256
    for place, value in enumerate(table):
        by_high_byte[value >> 24] = place
    return table, by_high_byte, {table[1 << bit]: 1 << bit for bit in range(8)}
