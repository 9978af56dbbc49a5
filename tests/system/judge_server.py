"""A server that judges as a test says, request by request: for modes that are refused, replies that can't be read, no access."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import scripted
from scripted import END, STREAM_HEAD, Reply, Scripted, chunk, event, plain

from assay.bedrock.request import Line
from assay.bedrock.settings import Inference, Model, Retry, Timeouts
from assay.bedrock.signing import Bearer
from assay.judging.asking import Asking

Judge = Callable[[dict[str, Any]], Reply]
"""From a request's body to what is answered."""


@contextmanager
def judging(judge: Judge) -> Iterator[Scripted]:
    """Serve in a thread, since who asks has an event loop of its own."""
    started = threading.Event()
    found: list[Scripted] = []
    loop = asyncio.new_event_loop()
    ending = asyncio.Event()

    async def serve() -> None:
        async with scripted.scripted(lambda number: judge(body_of(found[0].requests[number]))) as seen:
            found.append(seen)
            started.set()
            await ending.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert started.wait(30)
    try:
        yield found[0]
    finally:
        loop.call_soon_threadsafe(ending.set)
        thread.join(30)
        loop.close()


def body_of(request: bytes) -> dict[str, Any]:
    """The JSON of a request."""
    body: dict[str, Any] = json.loads(request.partition(b"\r\n\r\n")[2])
    return body


def mode_of(body: dict[str, Any]) -> str:
    """How a request asks for its reply's form."""
    return "json_schema" if "outputConfig" in body else "tool" if "toolConfig" in body else "text"


def prompt_of(body: dict[str, Any]) -> str:
    """A request's prompt without the paragraph in front of it."""
    text: str = body["messages"][0]["content"][0]["text"]
    return text.partition("\n\n")[2]


USAGE = {"inputTokens": 100, "outputTokens": 10, "totalTokens": 110}


def says(text: str, stop_reason: str = "end_turn") -> Reply:
    """A whole answer of ConverseStream, in pieces of a few characters."""
    pieces = [text[at : at + 7] for at in range(0, len(text), 7)]
    return _streamed([{"text": piece} for piece in pieces], stop_reason)


def calls(given: str) -> Reply:
    """The same, where the model calls the tool: its input comes as pieces of JSON text."""
    pieces = [given[at : at + 5] for at in range(0, len(given), 5)]
    return _streamed([{"toolUse": {"input": piece}} for piece in pieces], "tool_use")


def _streamed(deltas: list[dict[str, Any]], stop_reason: str) -> Reply:
    events = [
        *(("contentBlockDelta", {"contentBlockIndex": 0, "delta": delta}) for delta in deltas),
        ("messageStop", {"stopReason": stop_reason}),
        ("metadata", {"usage": USAGE, "metrics": {"latencyMs": 5}}),
    ]
    frames = b"".join(event(name, json.dumps(payload).encode()) for name, payload in events)
    return Reply([STREAM_HEAD, chunk(frames), END], "keep")


def whole(*blocks: dict[str, Any], stop_reason: str = "tool_use") -> Reply:
    """An answer of Converse with these content blocks."""
    answer = {
        "output": {"message": {"role": "assistant", "content": list(blocks)}},
        "stopReason": stop_reason,
        "usage": USAGE,
        "metrics": {"latencyMs": 5},
    }
    return Reply([plain(json.dumps(answer).encode())], "keep")


def refuses(message: str, name: str = "ValidationException", status: str = "400 Bad Request") -> Reply:
    """An error in place of an answer."""
    header = b"x-amzn-errortype: %s\r\n" % name.encode()
    return Reply([plain(json.dumps({"message": message}).encode(), status, header)], "keep")


def asking(**changed: Any) -> Asking:
    """A judge as a job asks it."""
    stream = changed.pop("stream", True)
    given: dict[str, Any] = {
        "name": "judge j on a",
        "label": "j",
        "endpoint": "s",
        "region": "us-east-1",
        "line": Line(Model(label="j", id="x.judge", stream=stream), Inference(max_tokens=64)),
        "edition": 1,
        "concurrency": 4,
        "timeouts": Timeouts(),
        "retry": Retry(attempts=2, base_s=0.01, cap_s=0.01),
        "seed": 1,
        "output": "auto",
    }
    return Asking(**(given | changed))


def reach(server: Scripted) -> Any:
    """How a job reaches the server."""
    return lambda: nullcontext((server.address, Bearer("t")))
