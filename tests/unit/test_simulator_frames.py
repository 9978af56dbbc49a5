"""The simulator's frames are what botocore's own decoder takes them for."""

import json

import pytest
from botocore.eventstream import ChecksumMismatch, EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from assay.simulator import frames

PAYLOADS = st.dictionaries(st.text(max_size=20), st.text(max_size=50), max_size=5)


@given(PAYLOADS, st.integers(min_value=1, max_value=40))
def test_botocore_decodes_every_frame_in_any_split(payload: dict[str, str], step: int) -> None:
    encoded = json.dumps(payload).encode()
    data = frames.message(frames.event_headers("contentBlockDelta"), encoded) * 3
    buffer = EventStreamBuffer()
    messages = []
    for start in range(0, len(data), step):
        buffer.add_data(data[start : start + step])
        messages += list(buffer)
    assert [message.payload for message in messages] == [encoded] * 3
    assert messages[0].headers == {
        ":event-type": "contentBlockDelta",
        ":content-type": "application/json",
        ":message-type": "event",
    }


def test_an_exception_frame_is_an_error_for_botocore() -> None:
    buffer = EventStreamBuffer()
    buffer.add_data(
        frames.message(frames.exception_headers("throttlingException"), b'{"message":"slow down"}')
    )
    (message,) = buffer
    answer = message.to_response_dict()
    assert answer["status_code"] == 400
    assert answer["headers"][":exception-type"] == "throttlingException"


@given(st.data())
def test_botocore_notices_every_flipped_bit(data: st.DataObject) -> None:
    whole = frames.message(frames.event_headers("metadata"), b'{"usage":{}}')
    # A flipped bit in the lengths makes the decoder wait for more bytes, so the checksums are what is tried here.
    place = data.draw(st.integers(min_value=8, max_value=len(whole) - 1))
    bit = data.draw(st.integers(min_value=0, max_value=7))
    flipped = whole[:place] + bytes([whole[place] ^ (1 << bit)]) + whole[place + 1 :]
    buffer = EventStreamBuffer()
    buffer.add_data(flipped)
    with pytest.raises(ChecksumMismatch):
        next(buffer)
