"""Frames: any split gives the same events, any flipped bit is an error, any cut is told."""

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from assay.bedrock.eventstream import Decoder, Frame, FrameError
from assay.simulator import frames

payloads = st.lists(st.binary(max_size=80), min_size=1, max_size=6)


def encoded(bodies: list[bytes]) -> bytes:
    return b"".join(frames.message(frames.event_headers("contentBlockDelta"), body) for body in bodies)


def test_a_frame_means_what_botocore_says_it_means() -> None:
    raw = encoded([b'{"a":1}']) + frames.message(frames.exception_headers("throttlingException"), b"{}")
    theirs = EventStreamBuffer()
    theirs.add_data(raw)
    expected = [Frame(message.headers, message.payload) for message in theirs]
    assert Decoder().feed(raw) == expected
    assert expected[1].headers[":exception-type"] == "throttlingException"


@given(payloads, st.data())
def test_any_split_over_reads_gives_the_same_frames(bodies: list[bytes], data: st.DataObject) -> None:
    raw = encoded(bodies)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=8)))
    decoder = Decoder()
    found = [
        frame
        for start, end in zip([0, *cuts], [*cuts, len(raw)], strict=True)
        for frame in decoder.feed(raw[start:end])
    ]
    assert [frame.payload for frame in found] == bodies
    assert not decoder.in_frame


@given(st.binary(max_size=60), st.data())
def test_any_flipped_bit_is_an_error_or_an_unfinished_frame(body: bytes, data: st.DataObject) -> None:
    raw = bytearray(encoded([body]))
    bit = data.draw(st.integers(0, 8 * len(raw) - 1))
    raw[bit // 8] ^= 1 << bit % 8
    with pytest.raises(FrameError):
        Decoder().feed(bytes(raw))


@given(payloads, st.data())
def test_any_cut_inside_a_frame_is_told(bodies: list[bytes], data: st.DataObject) -> None:
    raw = encoded(bodies)
    ends = set()
    at = 0
    for body in bodies:
        at += len(encoded([body]))
        ends.add(at)
    cut = data.draw(st.integers(1, len(raw)))
    decoder = Decoder()
    decoder.feed(raw[:cut])
    assert decoder.in_frame == (cut not in ends)


def test_headers_of_other_types_are_stepped_over() -> None:
    number = (
        b"\x01n\x04\x00\x00\x00\x07" + b"\x04flag\x00" + b"\x02at\x08" + bytes(8) + b"\x02id\x09" + bytes(16)
    )
    raw = frames.message(number + frames.headers((":event-type", "metadata")), b"{}")
    assert Decoder().feed(raw) == [Frame({":event-type": "metadata"}, b"{}")]


def test_headers_longer_than_they_can_be_are_an_error() -> None:
    with pytest.raises(FrameError):
        Decoder().feed(frames.message(b"\x01a\x07\xff\xff", b""))
