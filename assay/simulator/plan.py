"""What will be answered to one request, and when: settled before the first byte is written.

Everything here follows from the behaviour, the request and chance that repeats itself; `generation` carries it out.
"""

import json
import math
import random
from dataclasses import dataclass
from json.encoder import encode_basestring
from typing import Any, NamedTuple

from assay.simulator import answers, tokens, verdicts
from assay.simulator.answer_key import Entry
from assay.simulator.behaviour import AnswersQuestions, Latency, Served
from assay.simulator.cache import NOTHING_CACHED, Cached
from assay.simulator.requests import Ask

HEADERS_SHARE = 0.9
"""Headers and messageStart come when this share of the time to first token is over: nearly together, as with Bedrock."""

CACHED_SHARE = 0.1
"""A token that is read from the prompt cache takes this share of the time of one that is read afresh."""

# Bedrock pads events with a member `p` of varying length, against guesses from their sizes.
_PADDING = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


class Event(NamedTuple):
    """One event of a stream. A delta's payload is put together when it is sent, since streams have thousands."""

    at_s: float
    """After the model began to work on the request."""
    kind: str
    """Such as contentBlockDelta."""
    payload: dict[str, Any] | None = None
    """All of it, where the event is not a delta of reasoning or text."""
    block: int = 0
    words: str = ""
    tokens: int = 0
    """Output tokens that it carries."""
    holds: str | None = None
    """`reasoning`, `text` or `tool` (a piece of its input), where it carries some."""

    def encoded(self, number: int) -> bytes:
        """The payload as JSON. `number` is the event's place in the stream."""
        padding = _PADDING[: 1 + (number * 23) % len(_PADDING)]
        if self.payload is not None:
            return _json({**self.payload, "p": padding})
        delta = f'{{"text":{encode_basestring(self.words)}}}'
        if self.holds == "reasoning":
            delta = f'{{"reasoningContent":{delta}}}'
        elif self.holds == "tool":
            delta = f'{{"toolUse":{{"input":{encode_basestring(self.words)}}}}}'
        text = f'{{"contentBlockIndex":{self.block},"delta":{delta},"p":"{padding}"}}'
        return text.encode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole answer with its times."""

    reasoning: str
    text: str
    stop_reason: str
    input_tokens: int
    output_tokens: int
    first_s: float
    """Time to the first token, from when the model began to work on the request."""
    end_s: float
    events: tuple[Event, ...]
    """In order. The last one is metadata, whose latency is filled in when it is sent."""
    echoed: dict[str, Any]
    cached: Cached = NOTHING_CACHED
    tool: dict[str, str] | None = None
    """`toolUseId` and `name` of the tool that is called, with `text` as JSON of its input; None where `text` is text."""

    def usage(self) -> dict[str, int]:
        return _usage(self.input_tokens, self.output_tokens, self.cached)

    def content(self) -> list[dict[str, Any]]:
        """Content blocks of the message as Converse gives them."""
        blocks: list[dict[str, Any]] = []
        if self.reasoning:
            blocks.append(
                {"reasoningContent": {"reasoningText": {"text": self.reasoning, "signature": _SIGNATURE}}}
            )
        if self.tool is not None:
            blocks.append({"toolUse": {**self.tool, "input": _input(self.text)}})
        elif self.text:
            blocks.append({"text": self.text})
        return blocks


_SIGNATURE = "c2ltdWxhdGVk"


def _input(text: str) -> Any:
    """The input of a tool. A document can't be cut: what max_tokens has cut off leaves nothing."""
    try:
        return json.loads(text)
    except ValueError:
        return {}


def make(
    served: Served,
    ask: Ask,
    entry: Entry | None,
    input_tokens: int,
    most_tokens: int,
    about: bytes,
    timing: bytes,
    cached: Cached = NOTHING_CACHED,
    shared: bytes = b"",
    asking: bytes = b"",
) -> Plan:
    """Settle an answer. `about` decides what is said, `timing` the jitter; `most_tokens` cuts the answer off.

    What a judge says follows also from `shared`, which is the same for all judges, and from `asking`, which differs where the
    same is asked twice. `input_tokens` are all of the prompt's, those that are in the cache included.
    """
    tool: dict[str, str] | None = None
    if isinstance(served, AnswersQuestions):
        thought = answers.reasoning(served, about)
        said = answers.answer(served, about, entry, input_tokens)
    else:
        thought = ""
        reply = verdicts.verdict(served, verdicts.Draws(about, shared, asking), entry, ask)
        said = reply.text
        if reply.calls_tool:
            tool = {"toolUseId": f"tooluse_{about.hex()[:22]}", "name": ask.tool}
    stops = () if tool is not None else ask.stop_sequences
    said, stop_reason = _until_stop(said, stops, "end_turn" if tool is None else "tool_use")
    thinking = tokens.pieces(thought)
    saying = tokens.pieces(said)
    if len(thinking) + len(saying) > most_tokens:
        thinking = thinking[:most_tokens]
        saying = saying[: most_tokens - len(thinking)]
        stop_reason = "max_tokens"
    first_s, contents, end_s = _timed(
        served.latency, effort_tokens(input_tokens, cached), thinking, saying, timing, tool
    )
    output_tokens = len(thinking) + len(saying)
    echoed = dict(ask.echoed)
    usage = _usage(input_tokens, output_tokens, cached)
    events = [
        Event(first_s * HEADERS_SHARE, "messageStart", {"role": "assistant"}),
        *contents,
        Event(end_s, "messageStop", {"stopReason": stop_reason}),
        Event(
            end_s,
            "metadata",
            {"usage": usage, "metrics": {"latencyMs": 0}, **echoed},
        ),
    ]
    return Plan(
        reasoning="".join(thinking),
        text="".join(saying),
        stop_reason=stop_reason,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        first_s=first_s,
        end_s=end_s,
        events=tuple(events),
        echoed=echoed,
        cached=cached,
        tool=tool,
    )


def effort_tokens(input_tokens: int, cached: Cached) -> float:
    """Input tokens by the time that they take."""
    return input_tokens - (1 - CACHED_SHARE) * cached.read_tokens


def _usage(input_tokens: int, output_tokens: int, cached: Cached) -> dict[str, int]:
    """As Bedrock tells it: `inputTokens` are those that the cache had nothing to do with."""
    usage = {
        "inputTokens": input_tokens - cached.read_tokens - cached.write_tokens,
        "outputTokens": output_tokens,
        "totalTokens": input_tokens + output_tokens,
    }
    if cached.read_tokens or cached.write_tokens:
        usage |= {"cacheReadInputTokens": cached.read_tokens, "cacheWriteInputTokens": cached.write_tokens}
    return usage


def _until_stop(text: str, stops: tuple[str, ...], at_end: str) -> tuple[str, str]:
    places = [place for stop in stops if (place := text.find(stop)) >= 0]
    return (text[: min(places)], "stop_sequence") if places else (text, at_end)


def _timed(
    latency: Latency,
    input_tokens: float,
    thinking: list[str],
    saying: list[str],
    timing: bytes,
    tool: dict[str, str] | None = None,
) -> tuple[float, list[Event], float]:
    """Time to first token, content events, and time of the last of them, in seconds."""
    chance = random.Random(timing)
    first_s = (latency.base_ms + latency.per_1k_input_tokens_ms * input_tokens / 1000) / 1000
    first_s *= _lognormal(chance, latency.jitter)
    events: list[Event] = []
    at_s = first_s
    begun = False
    block = 0
    for holds, parts in (("reasoning", thinking), ("text" if tool is None else "tool", saying)):
        if not parts:
            continue
        if holds == "tool":
            opening = {"contentBlockIndex": block, "start": {"toolUse": tool}}
            events.append(Event(at_s, "contentBlockStart", opening))
        for start in range(0, len(parts), latency.tokens_per_event):
            group = parts[start : start + latency.tokens_per_event]
            if begun:
                at_s += len(group) / latency.tokens_per_s * _lognormal(chance, latency.token_jitter)
            begun = True
            events.append(Event(at_s, "contentBlockDelta", None, block, "".join(group), len(group), holds))
        if holds == "reasoning":
            signature = {"contentBlockIndex": block, "delta": {"reasoningContent": {"signature": _SIGNATURE}}}
            events.append(Event(at_s, "contentBlockDelta", signature))
        events.append(Event(at_s, "contentBlockStop", {"contentBlockIndex": block}))
        block += 1
    return first_s, events, at_s


def _lognormal(chance: random.Random, sigma: float) -> float:
    """A factor whose median is 1."""
    return math.exp(sigma * chance.gauss()) if sigma else 1.0


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
