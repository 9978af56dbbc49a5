"""Serves requests: who asks, what is asked, whether it may begin, and the account of how it ended.

Puts the parts together; each part has a module of its own. One `Service` is one process's simulated Bedrock.
"""

import asyncio
import functools
import logging
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any

from assay.simulator import answer_key, generation, plan, refusals, requests, tokens
from assay.simulator.behaviour import Behaviour, Served
from assay.simulator.cache import PromptCache
from assay.simulator.chance import digest, happens
from assay.simulator.generation import Line, StreamedAnswer, WholeAnswer
from assay.simulator.http import Exchange
from assay.simulator.journal import Journal
from assay.simulator.quotas import Account, Reservation
from assay.simulator.requests import Ask
from assay.simulator.service_errors import ServiceError
from assay.simulator.signature import authenticate
from assay.simulator.slots import Slots

_AFTER_A_WHILE = {"internal_server", "model_error", "model_timeout", "service_unavailable"}
"""Errors that show only when the model has been tried. The others come at once."""

_ERROR_TYPE_SUFFIX = ":http://internal.amazon.com/coral/com.amazon.bedrock/"
"""Bedrock puts this behind the name in x-amzn-errortype, and clients have to cut it off."""

_EVENT_STREAM = "application/vnd.amazon.eventstream"


class Station:
    """One simulated model at work."""

    def __init__(self, model_id: str, served: Served, now: float) -> None:
        self.model_id = model_id
        self.served = served
        self.account = Account(served.quotas, now)
        self.slots = Slots(served.capacity)
        self.errors = served.errors.model_dump()
        self.stream_errors = served.stream_errors.model_dump()
        self.body_errors = served.body_errors.model_dump()
        self.cache = PromptCache(served.implicit_cache)
        self.seen: dict[bytes, int] = {}
        """How often each very text was asked: a retry must be able to succeed."""


class Service:
    """All models of a behaviour."""

    def __init__(
        self, behaviour: Behaviour, key: answer_key.Key, journal: Journal, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._seed = behaviour.seed
        self._key = key
        self._journal = journal
        self._loop = loop
        self._stations = {
            model_id: Station(model_id, served, loop.time()) for model_id, served in behaviour.models.items()
        }
        self._open: dict[str, Line] = {}

    def handle(self, exchange: Exchange) -> None:
        """Answer a request, now or later."""
        line = self._arrive(exchange)
        try:
            self._serve(exchange, line)
        except ServiceError as error:
            self._refuse(exchange, line, error)
        except Exception:
            logging.exception("the simulator failed")
            self._refuse(exchange, line, ServiceError.usual("internal_server"))

    def close(self) -> None:
        """Write the account of what is still going on."""
        for line in list(self._open.values()):
            self._depart(line, line["error"] or "simulator_ended")

    def _serve(self, exchange: Exchange, line: Line) -> None:
        authenticate(exchange.method, exchange.target, exchange.headers, exchange.body, datetime.now(UTC))
        wanted = requests.target(exchange.method, exchange.target)
        ask = requests.read(wanted.operation, exchange.body)
        station = self._stations.get(wanted.model_id)
        if station is None:
            raise ServiceError.usual("resource_not_found")
        refusals.check(station.model_id, station.served, wanted.operation, ask)
        found = answer_key.find(self._key, ask.prompt)
        if found.entry is None and len(ask.questions) > 1:  # asked again in the same conversation
            found = answer_key.find(self._key, ask.questions[0])
        input_tokens = self._input_tokens(station.served, ask, found)
        line["prompt_sha256"] = found.sha256
        line["max_tokens"], line["system"] = ask.max_tokens, "system_prompt" in ask.uses
        line["input_tokens"] = input_tokens
        if wanted.operation == "count-tokens":
            body = b'{"inputTokens":%d}' % input_tokens
            line["status"] = 200
            line["events_ns"].append(exchange.answer(200, _headers(line, "application/json"), body))
            self._depart(line, None)
            return
        most_tokens = _most_tokens(station.served, ask, input_tokens)
        text = digest(self._seed, station.model_id, ask.text)
        seen = station.seen[text] = station.seen.get(text, 0) + 1
        attempt = digest(text.hex(), seen)
        about = text if ask.temperature else digest(self._seed, station.model_id, found.sha256)
        cached = station.cache.look_up(ask, input_tokens, self._loop.time())
        shared = digest(self._seed, "all judges", found.sha256)
        settled = plan.make(
            station.served,
            ask,
            found.entry,
            input_tokens,
            most_tokens,
            about,
            attempt,
            cached,
            shared,
            asking=text,
        )
        error = happens(attempt, "error", station.errors)
        if error is not None:
            self._fail(exchange, line, error, settled.first_s)
            return
        self._admit(exchange, line, station, settled, most_tokens, wanted.operation, attempt)

    def _input_tokens(self, served: Served, ask: Ask, found: answer_key.Found) -> int:
        if found.entry is None:
            return max(1, tokens.guess(ask.prompt) + tokens.guess(ask.context.strip()))
        # The key counts the formatted prompt, system text included; the paragraph in front of it comes on top.
        leading = (ask.context.lstrip() + ask.prompt).partition("\n\n")[0]
        nonce = tokens.guess(leading) if answer_key.is_nonce(leading) else 0
        return max(1, round(found.entry.tokens * served.input_tokens_factor) + nonce)

    def _fail(self, exchange: Exchange, line: Line, error: str, first_s: float) -> None:
        """Answer with an error that the behaviour wants."""
        if error == "hang_up":
            exchange.hang_up()
            self._depart(line, error)
        elif error == "silence":
            line["error"] = error
            exchange.on_lost = functools.partial(self._depart, line, error)
        else:
            refuse = functools.partial(self._refuse, exchange, line, ServiceError.usual(error))
            if error in _AFTER_A_WHILE:
                timer = self._loop.call_later(first_s, refuse)
                exchange.on_lost = functools.partial(self._gone, line, timer.cancel)
            else:
                refuse()

    def _admit(
        self,
        exchange: Exchange,
        line: Line,
        station: Station,
        settled: plan.Plan,
        most_tokens: int,
        operation: str,
        attempt: bytes,
    ) -> None:
        """Let the model begin, when it has a slot and the quotas allow it."""
        if not station.slots.has_room():
            raise ServiceError.usual(station.served.capacity.overflow)
        reservation = station.account.reserve(settled.input_tokens, most_tokens, self._loop.time())
        if isinstance(reservation, str):
            raise ServiceError("throttling", reservation)
        begin = functools.partial(
            self._begin, exchange, line, station, settled, operation, attempt, reservation
        )
        exchange.on_lost = functools.partial(self._gone_from_queue, line, station, begin, reservation)
        station.slots.enter(begin)

    def _begin(
        self,
        exchange: Exchange,
        line: Line,
        station: Station,
        settled: plan.Plan,
        operation: str,
        attempt: bytes,
        reservation: Reservation,
    ) -> None:
        line["begun_ns"] = time.perf_counter_ns()
        now = self._loop.time()
        station.cache.keep(settled.cached, now, ready=now + settled.first_s)
        if settled.cached.read_tokens:
            line["cache_read_tokens"] = settled.cached.read_tokens

        def release(output_tokens: int) -> None:
            counted = settled.input_tokens - settled.cached.read_tokens  # what is read from the cache is free
            station.account.settle(reservation, counted, output_tokens, self._loop.time())
            station.slots.leave()

        def over(output_tokens: int) -> None:
            line["output_tokens"] = output_tokens
            self._depart(line, line["error"])
            release(output_tokens)

        answer: StreamedAnswer | WholeAnswer
        if operation == "converse-stream":
            fault = happens(attempt, "stream error", station.stream_errors)
            headers = _headers(line, _EVENT_STREAM)
            answer = StreamedAnswer(self._loop, exchange, headers, settled, fault, attempt, line, over)
        else:
            fault = happens(attempt, "body error", station.body_errors)
            headers = _headers(line, "application/json")
            answer = WholeAnswer(self._loop, exchange, headers, settled, fault, line, over)

        def gone() -> None:
            """The client has gone: the model goes on to the end all the same, and that is paid for."""
            answer.cancel()
            line["output_tokens"] = settled.output_tokens
            self._depart(line, line["error"] or "client_disconnected")
            self._loop.call_at(answer.ends_at, release, settled.output_tokens)

        exchange.on_lost = gone

    def _gone_from_queue(
        self, line: Line, station: Station, begin: Callable[[], None], reservation: Reservation
    ) -> None:
        if station.slots.withdraw(begin):
            station.account.settle(reservation, 0, 0, self._loop.time())
            self._depart(line, "client_disconnected")

    def _gone(self, line: Line, cancel: Callable[[], None]) -> None:
        cancel()
        self._depart(line, "client_disconnected")

    def _refuse(self, exchange: Exchange, line: Line, error: ServiceError) -> None:
        headers = [
            *_headers(line, "application/json"),
            ("x-amzn-errortype", error.exception + _ERROR_TYPE_SUFFIX),
        ]
        station = self._stations.get(line["model"])
        if station is not None and station.served.retry_after_s is not None and error.status in (429, 503):
            headers.append(("retry-after", str(station.served.retry_after_s)))
        line["status"] = error.status
        line["events_ns"].append(exchange.answer(error.status, headers, generation.error_body(error)))
        self._depart(line, error.kind)

    def _arrive(self, exchange: Exchange) -> Line:
        identity = str(uuid.uuid4())
        try:
            wanted = requests.target(exchange.method, exchange.target)
            operation, model_id = wanted.operation, wanted.model_id
        except ServiceError:
            operation, model_id = None, None
        line: dict[str, Any] = {
            "event": "received",
            "id": identity,
            "model": model_id,
            "operation": operation,
            "received_ns": exchange.received_ns,
        }
        self._journal.write(line)
        line |= {
            "event": "ended",
            "prompt_sha256": None,
            "status": None,
            "error": None,
            "input_tokens": None,
            "output_tokens": 0,
            "events_ns": [],
        }
        self._open[identity] = line
        return line

    def _depart(self, line: Line, error: str | None) -> None:
        if self._open.pop(line["id"], None) is None:
            return
        line["error"] = error
        line["ended_ns"] = time.perf_counter_ns()
        self._journal.write(line)


def _most_tokens(served: Served, ask: Ask, input_tokens: int) -> int:
    """Most output tokens of the answer. Raises ServiceError where the request asks for more than the model can."""
    limit = served.max_output_tokens
    if ask.max_tokens is not None and ask.max_tokens > limit:
        message = (
            f"The maximum tokens you requested exceeds the model limit of {limit}. Try again with a maximum tokens "
            f"value that is lower than {limit}."
        )
        raise ServiceError("validation", message)
    if input_tokens > served.context_tokens:
        raise ServiceError("validation", "Input is too long for requested model.")
    return limit if ask.max_tokens is None else ask.max_tokens


def _headers(line: Line, content_type: str) -> list[tuple[str, str]]:
    return [
        ("date", formatdate(usegmt=True)),
        ("content-type", content_type),
        ("x-amzn-requestid", line["id"]),
    ]
