"""What will be answered to one request, and when: settled before the first byte is written.

Everything here follows from the behaviour, the request and chance that repeats itself; `generation` carries it out.
"""

import random
from dataclasses import dataclass
from typing import Any

from assay.simulator import answers, tokens, verdicts
from assay.simulator.answer_key import Entry
from assay.simulator.behaviour import AnswersQuestions, Latency, Served
from assay.simulator.requests import Ask

HEADERS_SHARE = 0.9
"""Headers and messageStart come when this share of the time to first token is over: nearly together, as with Bedrock."""

_PADDING = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a stream."""

    at_s: float
    """After the model began to work on the request."""
    kind: str
    """Such as contentBlockDelta."""
    payload: dict[str, Any]
    tokens: int = 0
    """Output tokens that it carries."""
    holds: str | None = None
    """`reasoning` or `text`, where it carries some."""


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

    def usage(self) -> dict[str, int]:
        return {
            "inputTokens": self.input_tokens,
            "outputTokens": self.output_tokens,
            "totalTokens": self.input_tokens + self.output_tokens,
        }

    def content(self) -> list[dict[str, Any]]:
        """Content blocks of the message as Converse gives them."""
        blocks: list[dict[str, Any]] = []
        if self.reasoning:
            blocks.append(
                {"reasoningContent": {"reasoningText": {"text": self.reasoning, "signature": _SIGNATURE}}}
            )
        if self.text:
            blocks.append({"text": self.text})
        return blocks


_SIGNATURE = "c2ltdWxhdGVk"


def make(
    served: Served,
    ask: Ask,
    entry: Entry | None,
    input_tokens: int,
    most_tokens: int,
    about: bytes,
    timing: bytes,
) -> Plan:
    """Settle an answer. `about` decides what is said, `timing` the jitter; `most_tokens` cuts the answer off."""
    if isinstance(served, AnswersQuestions):
        thought = answers.reasoning(served, about)
        said = answers.answer(served, about, entry, input_tokens)
    else:
        thought = ""
        said = verdicts.verdict(served, about, entry)
    said, stop_reason = _until_stop(said, ask.stop_sequences)
    thinking = tokens.pieces(thought)
    saying = tokens.pieces(said)
    if len(thinking) + len(saying) > most_tokens:
        thinking = thinking[:most_tokens]
        saying = saying[: most_tokens - len(thinking)]
        stop_reason = "max_tokens"
    first_s, contents, end_s = _timed(served.latency, input_tokens, thinking, saying, timing)
    output_tokens = len(thinking) + len(saying)
    echoed = dict(ask.echoed)
    usage = {
        "inputTokens": input_tokens,
        "outputTokens": output_tokens,
        "totalTokens": input_tokens + output_tokens,
    }
    events = [
        Event(first_s * HEADERS_SHARE, "messageStart", {"role": "assistant", "p": _padding(timing, 0)}),
        *contents,
        Event(end_s, "messageStop", {"stopReason": stop_reason, "p": _padding(timing, 1)}),
        Event(
            end_s,
            "metadata",
            {"usage": usage, "metrics": {"latencyMs": 0}, **echoed, "p": _padding(timing, 2)},
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
    )


def _until_stop(text: str, stops: tuple[str, ...]) -> tuple[str, str]:
    places = [place for stop in stops if (place := text.find(stop)) >= 0]
    return (text[: min(places)], "stop_sequence") if places else (text, "end_turn")


def _timed(
    latency: Latency, input_tokens: int, thinking: list[str], saying: list[str], timing: bytes
) -> tuple[float, list[Event], float]:
    """Time to first token, content events, and time of the last of them, in seconds."""
    chance = random.Random(timing)
    first_s = (latency.base_ms + latency.per_1k_input_tokens_ms * input_tokens / 1000) / 1000
    first_s *= chance.lognormvariate(0, latency.jitter)
    events: list[Event] = []
    at_s = first_s
    begun = False
    block = 0
    for holds, parts in (("reasoning", thinking), ("text", saying)):
        if not parts:
            continue
        for start in range(0, len(parts), latency.tokens_per_event):
            group = parts[start : start + latency.tokens_per_event]
            if begun:
                at_s += len(group) / latency.tokens_per_s * chance.lognormvariate(0, latency.token_jitter)
            begun = True
            words = "".join(group)
            delta: dict[str, Any] = (
                {"reasoningContent": {"text": words}} if holds == "reasoning" else {"text": words}
            )
            events.append(_delta(at_s, block, delta, timing, len(group), holds))
        if holds == "reasoning":
            events.append(_delta(at_s, block, {"reasoningContent": {"signature": _SIGNATURE}}, timing))
        events.append(Event(at_s, "contentBlockStop", {"contentBlockIndex": block}))
        block += 1
    return first_s, events, at_s


def _delta(
    at_s: float, block: int, delta: dict[str, Any], timing: bytes, count: int = 0, holds: str | None = None
) -> Event:
    payload = {"contentBlockIndex": block, "delta": delta, "p": _padding(timing, int(at_s * 1e6))}
    return Event(at_s, "contentBlockDelta", payload, count, holds)


def _padding(timing: bytes, number: int) -> str:
    """Bedrock pads events with a member `p` of varying length, against guesses from their sizes."""
    return _PADDING[: 1 + (timing[0] + number * 7) % len(_PADDING)]
