"""Every way in which an answer can end is told apart, and what arrived is kept."""

import asyncio
from itertools import pairwise
from pathlib import Path

import pytest
from scripted import END, METADATA, STOP, STREAM_HEAD, Reply, chunk, delta, event, plain, scripted

from assay.bedrock.address import Address
from assay.bedrock.request import Line
from assay.bedrock.settings import Inference, Model, Retry, Timeouts
from assay.bedrock.signing import Bearer
from assay.ledger.ledger import opened
from assay.sender.sender import Attempt, Planned, Sender, SetupError
from assay.simulator import frames

HALF = delta("two")[:-5]
FLIPPED = bytearray(delta("two"))
FLIPPED[-9] ^= 4
GOOD = [STREAM_HEAD, chunk(delta("one")), chunk(delta("two")), chunk(STOP + METADATA), END]
CONVERSE = (
    b'{"output":{"message":{"role":"assistant","content":[{"text":"fine"}]}},"stopReason":"end_turn",'
    b'"usage":{"inputTokens":3,"outputTokens":1,"totalTokens":4},"metrics":{"latencyMs":5}}'
)
QUICK = Timeouts(connect_s=5, first_byte_s=0.2, gap_s=0.2, total_s=5)


def asked(
    tmp_path: Path,
    replies: list[Reply],
    stream: bool = True,
    timeouts: Timeouts = Timeouts(),  # noqa: B008 - immutable
    retry: Retry = Retry(),  # noqa: B008
    requests: int | None = None,
    in_flight: int = 1,
    address: Address | None = None,
) -> tuple[list[Attempt], int]:
    """Send a request for each reply, one after the other; the attempts and how many connections it took."""
    attempts: list[Attempt] = []

    async def go() -> int:
        async with scripted(lambda number: replies[min(number, len(replies) - 1)]) as server:
            waiting = iter([Planned(f"k{n}", "why", None, {}) for n in range(requests or len(replies))])
            line = Line(Model(label="a", id="m", stream=stream), Inference(max_tokens=5))
            with opened(tmp_path / "ledger" / "f.jsonl") as ledger:
                async with Sender(
                    address or server.address, Bearer("t"), line, ledger, timeouts, retry, seed=1
                ) as sender:
                    await sender.run(
                        in_flight, lambda: next(waiting, None), lambda _p, a, _l: attempts.append(a)
                    )
            return server.connections

    connections = asyncio.run(go())
    return attempts, connections


STREAMS = {
    "a whole answer": (Reply(GOOD, "keep"), None, False),
    "a stream without messageStop": (Reply([*GOOD[:3], END], "keep"), "stream_cut", False),
    "a stream without metadata": (Reply([*GOOD[:3], chunk(STOP), END], "keep"), "stream_cut", False),
    "a connection that ends between frames": (Reply(GOOD[:2]), "stream_cut", False),
    "a connection that ends in a frame": (
        Reply([STREAM_HEAD, chunk(delta("one")), chunk(HALF)]),
        "half_frame",
        False,
    ),
    "a stream that ends in a frame": (
        Reply([STREAM_HEAD, chunk(delta("one")), chunk(HALF), END], "keep"),
        "half_frame",
        False,
    ),
    "a flipped bit": (
        Reply([STREAM_HEAD, chunk(delta("one")), chunk(bytes(FLIPPED)), END], "keep"),
        "corrupt_frame",
        True,
    ),
    "an event that is no JSON": (
        Reply([STREAM_HEAD, chunk(delta("one")), chunk(event("contentBlockDelta", b"{")), END], "keep"),
        "malformed_answer",
        True,
    ),
    "throttling in the stream": (
        Reply(
            [
                STREAM_HEAD,
                chunk(delta("one")),
                chunk(frames.message(frames.exception_headers("throttlingException"), b'{"message":"slow"}')),
                END,
            ],
            "keep",
        ),
        "throttling",
        True,
    ),
}


@pytest.mark.parametrize("name", STREAMS)
def test_the_ending_of_a_stream_is_told(name: str, tmp_path: Path) -> None:
    reply, error, in_stream = STREAMS[name]
    retry = Retry(base_s=0.001, cap_s=0.001)
    (attempt,), _ = asked(tmp_path, [reply], retry=retry)
    outcome, timeline = attempt.answer.outcome, attempt.answer.timeline
    assert outcome.error == error
    assert outcome.error_in_stream == in_stream
    assert outcome.text.startswith("one")
    with opened(tmp_path / "ledger" / "f.jsonl") as ledger:
        kept = [each["text"] for outcomes in ledger.outcomes.values() for each in outcomes]
    assert kept[-1] == outcome.text, "what came before it broke off was paid for, and is kept"
    assert (
        timeline.sent_ns is not None and timeline.first_text_ns is not None and timeline.ended_ns is not None
    )
    assert timeline.dispatched_ns <= timeline.sent_ns <= timeline.headers_ns <= timeline.first_event_ns
    assert timeline.first_event_ns <= timeline.first_text_ns <= timeline.last_text_ns <= timeline.ended_ns
    if error is None:
        assert (outcome.text, outcome.stop_reason, outcome.output_tokens) == ("onetwo", "end_turn", 20)
        assert (outcome.service_latency_ms, outcome.request_id, outcome.chunks) == (12, "r-1", 2)


@pytest.mark.parametrize("tokens", ["-5", '"7"', "1.5", "1e400", "true", "[]", "99999999999999999999", "NaN"])
@pytest.mark.parametrize("stream", [True, False])
def test_counts_that_are_none_are_unknown_and_never_money(tmp_path: Path, stream: bool, tokens: str) -> None:
    told = (
        f'"usage":{{"inputTokens":{tokens},"outputTokens":20,"cacheReadInputTokens":{tokens}}},"metrics":{{"latencyMs":"soon"}},'
        '"serviceTier":"flex","trace":[]'
    )
    if stream:
        stop = event("messageStop", b'{"stopReason":["end_turn"]}')
        metadata = event("metadata", b"{%s}" % told.encode())
        reply = Reply([STREAM_HEAD, chunk(delta("one")), chunk(stop + metadata), END], "keep")
    else:
        body = b'{"output":{"message":{"content":[{"text":"one"}]}},"stopReason":7,%s}' % told.encode()
        reply = Reply([plain(body)], "keep")
    attempts, _ = asked(tmp_path, [reply, reply], stream=stream)
    assert len(attempts) == 2, "one odd answer doesn't end the others"
    outcome = attempts[0].answer.outcome
    assert (outcome.error, outcome.text, outcome.output_tokens) == (None, "one", 20)
    assert (outcome.input_tokens, outcome.cache_read_tokens) == (None, None)
    assert (outcome.service_latency_ms, outcome.service_tier, outcome.stop_reason) == (None, None, None)


def test_a_connection_that_ends_before_an_answer_is_told(tmp_path: Path) -> None:
    (attempt,), _ = asked(tmp_path, [Reply([])])
    assert attempt.answer.outcome.error == "disconnected"


def test_what_isnt_http_is_told(tmp_path: Path) -> None:
    (attempt,), _ = asked(tmp_path, [Reply([b"SSH-2.0-OpenSSH\r\n\r\n"])])
    assert attempt.answer.outcome.error == "malformed_answer"


CONVERSES = {
    "whole": (plain(CONVERSE), None),
    "cut": (plain(CONVERSE)[:-9], "body_cut"),
    "empty": (plain(b"{}"), "malformed_answer"),
    "no JSON": (plain(b"<html>"), "malformed_answer"),
}


@pytest.mark.parametrize("name", CONVERSES)
def test_the_ending_of_a_converse_answer_is_told(name: str, tmp_path: Path) -> None:
    raw, error = CONVERSES[name]
    (attempt,), _ = asked(tmp_path, [Reply([raw])], stream=False)
    assert attempt.answer.outcome.error == error
    if error is None:
        assert attempt.answer.outcome.text == "fine"
        assert attempt.answer.timeline.first_text_ns is None


@pytest.mark.parametrize(
    ("status", "headers", "body", "kind"),
    [
        (
            "429 Too Many Requests",
            b"x-amzn-errortype: ThrottlingException:http://x/\r\n",
            b'{"message":"no"}',
            "throttling",
        ),
        (
            "429 Too Many Requests",
            b"x-amzn-errortype: ModelNotReadyException\r\n",
            b'{"message":"no"}',
            "model_not_ready",
        ),
        (
            "400 Bad Request",
            b"",
            b'{"__type":"ServiceQuotaExceededException","message":"no"}',
            "service_quota_exceeded",
        ),
        ("418 Odd", b"", b'{"__type":"a#ThrottlingException","message":"no"}', "throttling"),
        ("502 Bad Gateway", b"content-type: text/html\r\n", b"no", "http_error"),
    ],
)
def test_the_services_own_errors_keep_their_kind_and_message(
    status: str, headers: bytes, body: bytes, kind: str, tmp_path: Path
) -> None:
    (attempt,), _ = asked(
        tmp_path, [Reply([plain(body, status, headers)], "keep")], retry=Retry(base_s=0.001)
    )
    assert (attempt.answer.outcome.error, attempt.answer.outcome.error_message) == (kind, "no")
    assert attempt.answer.outcome.http_status == int(status[:3])


def test_no_secret_and_no_account_number_is_kept_of_an_error(tmp_path: Path) -> None:
    body = (
        b'{"message":"User: arn:aws:iam::123456789012:user/x may not\\n\\n'
        b"The Canonical String should have been 'POST x-amz-security-token:SECRET'\"}"
    )
    with pytest.raises(SetupError) as caught:
        asked(tmp_path, [Reply([plain(body, "403 Forbidden")], "keep")], requests=9)
    written = (tmp_path / "ledger" / "f.jsonl").read_text()
    for text in (str(caught.value), written):
        assert "arn:aws:iam::…:user/x may not" in text
        assert "SECRET" not in text and "123456789012" not in text


TIMEOUTS = {
    "no answer": (Reply([], "hold"), "timeout_first_byte"),
    "a gap": (Reply(GOOD[:2], "hold"), "timeout_gap"),
}


@pytest.mark.parametrize("name", TIMEOUTS)
def test_a_time_limit_that_passes_is_told_by_its_name(name: str, tmp_path: Path) -> None:
    reply, error = TIMEOUTS[name]
    (attempt,), _ = asked(tmp_path, [reply], timeouts=QUICK)
    assert attempt.answer.outcome.error == error
    assert f"timeouts.{error.removeprefix('timeout_')}_s" in str(attempt.answer.outcome.error_message)


def test_the_limit_on_the_whole_answer_holds_while_bytes_keep_coming(tmp_path: Path) -> None:
    reply = Reply([STREAM_HEAD] + [chunk(delta("x"))] * 2, "hold")
    limits = Timeouts(connect_s=5, first_byte_s=5, gap_s=5, total_s=0.2)
    (attempt,), _ = asked(tmp_path, [reply], timeouts=limits)
    assert attempt.answer.outcome.error == "timeout_total"
    assert attempt.answer.outcome.text == "xx"


def test_a_connection_is_used_again_and_a_broken_one_is_replaced(tmp_path: Path) -> None:
    good = Reply(GOOD, "keep")
    attempts, connections = asked(tmp_path, [good, good, Reply(GOOD[:2]), good])
    assert [attempt.answer.outcome.error for attempt in attempts] == [None, None, "stream_cut", None]
    assert connections == 2


def test_nobody_listening_is_a_wrong_setup_not_a_result(tmp_path: Path) -> None:
    nowhere = Address("http", "127.0.0.1", 9, "us-east-1", "nowhere")
    with pytest.raises(SetupError, match="connect_failed"):
        asked(tmp_path, [Reply([])], requests=50, address=nowhere)
    assert (tmp_path / "ledger" / "f.jsonl").read_text().count('"outcome"') == 3


def test_a_retry_waits_at_least_as_long_as_the_service_asks_and_every_try_is_kept(tmp_path: Path) -> None:
    throttled = plain(b'{"message":"no"}', "429 Slow", b"retry-after: 0.05\r\n")
    replies = [Reply([throttled], "keep"), Reply([throttled], "keep"), Reply(GOOD, "keep")]
    attempts, _ = asked(tmp_path, replies, retry=Retry(attempts=5, base_s=0.001, cap_s=0.001), requests=1)
    assert [(attempt.try_number, attempt.answer.outcome.error) for attempt in attempts] == [
        (1, "throttling"),
        (2, "throttling"),
        (3, None),
    ]
    for before, after in pairwise(attempts):
        assert after.answer.timeline.dispatched_ns - before.answer.timeline.ended_ns >= 50_000_000


def test_what_cannot_pass_is_not_tried_again(tmp_path: Path) -> None:
    bad = Reply([plain(b'{"message":"too long"}', "400 Bad Request")], "keep")
    attempts, _ = asked(tmp_path, [bad], retry=Retry(attempts=5))
    assert len(attempts) == 1


def test_a_throttled_slot_of_a_closed_loop_waits_before_it_asks_again(tmp_path: Path) -> None:
    throttled = Reply([plain(b'{"message":"no"}', "429 Slow", b"retry-after: 0.05\r\n")], "keep")
    attempts, _ = asked(tmp_path, [throttled, Reply(GOOD, "keep")])
    first, second = (attempt.answer.timeline for attempt in attempts)
    assert second.dispatched_ns >= first.slot_free_ns >= first.ended_ns + 50_000_000


def test_a_large_prompt_is_sent_when_its_last_byte_has_left(tmp_path: Path) -> None:
    attempts: list[Attempt] = []

    async def go() -> bytes:
        async with scripted(lambda _: Reply(GOOD, "keep")) as server:
            waiting = iter([Planned("k", "word " * 2_000_000, None, {})])
            line = Line(Model(label="a", id="m"), Inference())
            with opened(tmp_path / "ledger" / "f.jsonl") as ledger:
                async with Sender(
                    server.address, Bearer("t"), line, ledger, Timeouts(), Retry(), 1
                ) as sender:
                    await sender.run(1, lambda: next(waiting, None), lambda _p, a, _l: attempts.append(a))
            return server.requests[0]

    request = asyncio.run(go())
    assert len(request) > 10_000_000
    timeline = attempts[0].answer.timeline
    assert timeline.dispatched_ns < timeline.sent_ns < timeline.headers_ns


def test_surrogates_that_two_chunks_had_apart_are_one_character(tmp_path: Path) -> None:
    halves = [delta("\\ud83d"), delta("\\ude00"), delta("\\ud83d")]
    reply = Reply([STREAM_HEAD, *map(chunk, halves), chunk(STOP + METADATA), END], "keep")
    (attempt,), _ = asked(tmp_path, [reply])
    assert attempt.answer.outcome.text == "\U0001f600\ufffd"
