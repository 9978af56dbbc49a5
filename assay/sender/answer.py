"""Reads one answer while it arrives: fills the timeline and the outcome, and tells how it ended.

Answers of Converse are one JSON body; those of ConverseStream are frames. botocore reports nothing where a stream
ends without messageStop or in the middle of a frame: here each way of ending is a kind of its own.
"""

import json
import re
from typing import Any

from assay.bedrock.errors import kind_of
from assay.bedrock.eventstream import Decoder, Frame, FrameError
from assay.bedrock.outcome import Outcome
from assay.sender.timeline import Timeline

_MESSAGE_LIMIT = 500
_MOST_TOKENS = 10**9
_MOST_MS = 1e9
_GIVEN_UP = frozenset({"timeout_gap", "timeout_total"})
_raw_decode = json.JSONDecoder().raw_decode
_ACCOUNT = re.compile(r"(?<=:)\d{12}(?=:)")


class Answer:
    """The answer to one request. The connection calls `headers`, `body` and `end`; then `outcome` is final."""

    __slots__ = ("_body", "_decoder", "_named", "_stopped", "_stream", "_tools", "outcome", "timeline")

    def __init__(self, stream: bool, timeline: Timeline, tools: bool = False) -> None:
        """`tools` is whether the request offers any: then what the model gives them is text of the answer."""
        self.timeline = timeline
        self.outcome = Outcome()
        self._stream = stream
        self._tools = tools
        self._decoder: Decoder | None = None
        self._body: list[bytes] = []
        self._stopped = False
        self._named = False

    def headers(self, status: int, headers: dict[str, str], stamp: int) -> None:
        """Status line and headers (names in lower case) have come."""
        self.timeline.headers_ns = stamp
        outcome = self.outcome
        outcome.http_status = status
        outcome.request_id = headers.get("x-amzn-requestid")
        if status >= 300:
            name = headers.get("x-amzn-errortype")
            self._named = name is not None
            outcome.error = kind_of(name, status)
            outcome.retry_after_s = _seconds(headers.get("retry-after"))
        elif self._stream:
            self._decoder = Decoder()

    def body(self, data: bytes, stamp: int) -> None:
        """Bytes of the body have come, read at `stamp`."""
        if self._decoder is None:
            self._body.append(data)
            return
        if self.outcome.error is not None:
            return
        try:
            for frame in self._decoder.feed(data):
                self._event(frame, stamp)
        except FrameError as error:
            self.fail("corrupt_frame", str(error), in_stream=True)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self.fail("malformed_answer", f"an event can't be read: {error!r}", in_stream=True)

    def end(self, stamp: int, whole: bool, reason: str | None = None) -> None:
        """The answer is over. `whole` is whether HTTP's own framing ended where it said it would."""
        self.timeline.ended_ns = stamp
        outcome = self.outcome
        outcome.text = _paired(outcome.text)
        outcome.reasoning_text = _paired(outcome.reasoning_text)
        if outcome.http_status is None:
            self.fail("disconnected", reason or "the connection ended before an answer came")
        elif outcome.http_status >= 300:
            self._error_body()
        elif self._decoder is not None:
            self._end_of_stream(whole, reason)
        elif not whole:
            self.fail("body_cut", reason or "the connection ended in the middle of the answer")
        else:
            self._converse_body(stamp)

    def fail(self, kind: str, message: str, in_stream: bool = False) -> None:
        """Note an error, unless there is one already: the first is the cause."""
        if self.outcome.error is None:
            self.outcome.error = kind
            self.outcome.error_message = _shown(message)
            self.outcome.error_in_stream = in_stream

    def _event(self, frame: Frame, stamp: int) -> None:
        timeline, outcome = self.timeline, self.outcome
        if timeline.first_event_ns is None:
            timeline.first_event_ns = stamp
        kind = frame.headers.get(":message-type")
        if kind != "event":
            name = frame.headers.get(":exception-type") or frame.headers.get(":error-code")
            message = frame.headers.get(":error-message") or _message(frame.payload)
            self.fail(kind_of(name, None) if name else "model_stream_error", message, in_stream=True)
            if outcome.error == "http_error":
                outcome.error = "model_stream_error"
            return
        name = frame.headers.get(":event-type")
        if name == "contentBlockDelta":
            self._delta(_object(frame.payload)["delta"], stamp)
        elif name == "messageStop":
            self._stopped = True
            outcome.stop_reason = _name(_object(frame.payload).get("stopReason"))
        elif name == "metadata":
            timeline.metadata_ns = stamp
            self._metadata(_object(frame.payload))

    def _delta(self, delta: dict[str, Any], stamp: int) -> None:
        timeline, outcome = self.timeline, self.outcome
        text = delta.get("text")
        if text is not None:
            content = text
            if not text:
                return
            outcome.text += text
            if timeline.first_text_ns is None:
                timeline.first_text_ns = stamp
            timeline.last_text_ns = stamp
        elif "reasoningContent" in delta:
            content = delta["reasoningContent"].get("text") or ""
            if not content:
                return  # a signature or redacted content: nothing that a token rate could be made from
            outcome.reasoning_text += content
            if timeline.first_reasoning_ns is None:
                timeline.first_reasoning_ns = stamp
        elif "toolUse" in delta:
            content = delta["toolUse"].get("input") or ""  # a piece of JSON text
            if self._tools:
                outcome.text += content
        else:
            return
        if timeline.first_content_ns is None:
            timeline.first_content_ns = stamp
            outcome.first_chunk_chars = len(content)
        timeline.last_content_ns = stamp
        outcome.chunks += 1
        outcome.content_chars += len(content)

    def _metadata(self, data: dict[str, Any]) -> None:
        outcome = self.outcome
        usage = _part(data, "usage")
        outcome.input_tokens = _count(usage.get("inputTokens"))
        outcome.output_tokens = _count(usage.get("outputTokens"))
        outcome.cache_read_tokens = _count(usage.get("cacheReadInputTokens"))
        outcome.cache_write_tokens = _count(usage.get("cacheWriteInputTokens"))
        outcome.service_latency_ms = _milliseconds(_part(data, "metrics").get("latencyMs"))
        outcome.service_tier = _name(_part(data, "serviceTier").get("type"))
        router = _part(_part(data, "trace"), "promptRouter")
        outcome.invoked_model_id = _name(router.get("invokedModelId"))

    def _end_of_stream(self, whole: bool, reason: str | None) -> None:
        assert self._decoder is not None
        if self.outcome.error is not None:
            return
        if self._decoder.in_frame:
            self.fail("half_frame", reason or "the stream ended in the middle of a frame")
        elif not self._stopped or self.timeline.metadata_ns is None:
            missing = "metadata" if self._stopped else "messageStop"
            self.fail("stream_cut", reason or f"the stream ended without {missing}")
        elif self.outcome.output_tokens is None:
            self.fail("malformed_answer", "the metadata event has no usage")

    def _converse_body(self, stamp: int) -> None:
        outcome = self.outcome
        try:
            data = json.loads(b"".join(self._body))
            blocks = data["output"]["message"]["content"]
            outcome.text = _paired("".join(self._said(block) for block in blocks))
            reasoning = "".join(
                block["reasoningContent"].get("reasoningText", {}).get("text", "")
                for block in blocks
                if "reasoningContent" in block
            )
            outcome.reasoning_text = _paired(reasoning)
            outcome.stop_reason = _name(data["stopReason"])
            self._metadata(data)
            outcome.content_chars = len(outcome.text) + len(outcome.reasoning_text)
            if outcome.output_tokens is None:
                self.fail("malformed_answer", "the answer has no usage")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self.fail("malformed_answer", f"the answer isn't what Converse answers: {error!r}")

    def _said(self, block: dict[str, Any]) -> str:
        """What a content block adds to the answer's text."""
        if "text" in block:
            said: str = block["text"]
            return said
        if self._tools and "toolUse" in block:
            return json.dumps(block["toolUse"]["input"], ensure_ascii=False)
        return ""

    def _error_body(self) -> None:
        outcome = self.outcome
        raw = b"".join(self._body)
        if not self._named and outcome.error not in _GIVEN_UP:
            outcome.error = kind_of(_named_in(raw), outcome.http_status)
        if outcome.error_message is None:
            outcome.error_message = _shown(_message(raw))


def _object(payload: bytes) -> Any:
    """The JSON of an event. json.loads would first guess its encoding and look for spaces, which takes as long again."""
    text = payload.decode("utf-8", "surrogatepass")
    value, end = _raw_decode(text)
    return value if end == len(text) else json.loads(text)


# What a service says of an answer is money and columns of tables: nothing gets there that isn't what it should be.


def _part(data: dict[str, Any], name: str) -> dict[str, Any]:
    found = data.get(name)
    return found if isinstance(found, dict) else {}


def _count(value: Any) -> int | None:
    """A number of tokens; null where it is none."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if type(value) is int and 0 <= value < _MOST_TOKENS else None


def _milliseconds(value: Any) -> float | None:
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return value if known and 0 <= value < _MOST_MS else None


def _name(value: Any) -> str | None:
    return _paired(value) if isinstance(value, str) else None


def _paired(text: str) -> str:
    """The text as Unicode that can be written: surrogates that two chunks had apart are joined, lone ones replaced."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _shown(message: str) -> str:
    """What may be written down of an error message.

    Only its first paragraph, since what AWS says of a bad signature goes on with the request's headers, session
    token included; and without account numbers.
    """
    return _paired(_ACCOUNT.sub("…", message.strip().split("\n\n", 1)[0])[:_MESSAGE_LIMIT])


def _message(raw: bytes) -> str:
    """The message of an error's body, or the body itself where it isn't JSON."""
    try:
        data = json.loads(raw)
        found = data.get("message") or data.get("Message")
        if isinstance(found, str):
            return found
    except (ValueError, AttributeError):
        pass  # not JSON, or not an object: a proxy's page, say; shown as it is
    return raw.decode(errors="replace")


def _named_in(raw: bytes) -> str | None:
    """The exception's name where it stands in the body rather than in a header."""
    try:
        found = json.loads(raw).get("__type")
    except (ValueError, AttributeError):
        return None
    return found if isinstance(found, str) else None


def _seconds(retry_after: str | None) -> float | None:
    """A Retry-After in seconds; null for the form that is a date, which Bedrock doesn't use."""
    try:
        return max(0.0, float(retry_after)) if retry_after else None
    except ValueError:
        return None
