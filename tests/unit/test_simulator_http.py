"""The simulator's HTTP takes requests in any split, keeps answers in order and survives whatever it is sent."""

import asyncio
import itertools
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.simulator import http
from assay.simulator.http import Connection, Exchange

REQUEST = b"POST /model/x/converse HTTP/1.1\r\nHost: a\r\nX-Odd:  b c\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"POST /y HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"


class Wire(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def close(self) -> None:
        self.closed = True


def connected(handle: Callable[[Exchange], None]) -> tuple[Connection, Wire]:
    connection, wire = Connection(handle), Wire()
    connection.connection_made(wire)
    return connection, wire


@given(st.lists(st.integers(min_value=1, max_value=len(REQUEST + CHUNKED)), max_size=12))
def test_any_split_of_the_bytes_gives_the_same_requests(cuts: list[int]) -> None:
    seen: list[tuple[str, str, bytes, list[tuple[str, str]]]] = []

    def handle(exchange: Exchange) -> None:
        seen.append((exchange.method, exchange.target, exchange.body, exchange.headers))
        exchange.answer(200, [], b"ok")

    connection, wire = connected(handle)
    data = REQUEST + CHUNKED
    places = [0, *sorted(cuts), len(data)]
    for start, end in itertools.pairwise(places):
        connection.data_received(data[start:end])
    assert [(method, target, body) for method, target, body, _ in seen] == [
        ("POST", "/model/x/converse", b"hello"),
        ("POST", "/y", b"hello"),
    ]
    assert ("x-odd", "b c") in seen[0][3]
    assert wire.written.count(b"HTTP/1.1 200 OK") == 2
    assert not wire.closed


def test_answers_come_in_the_order_of_the_requests() -> None:
    waiting: list[Exchange] = []
    connection, wire = connected(waiting.append)
    connection.data_received(REQUEST + CHUNKED)
    assert [exchange.target for exchange in waiting] == ["/model/x/converse"]
    waiting[0].answer(200, [], b"first")
    assert [exchange.target for exchange in waiting] == ["/model/x/converse", "/y"]
    waiting[1].begin(200, [("a", "b")], b"second")
    waiting[1].send(b"third", last=True)
    assert wire.written.index(b"first") < wire.written.index(b"second")
    assert wire.written.endswith(b"6\r\nsecond\r\n5\r\nthird\r\n0\r\n\r\n")


def test_a_client_that_waits_is_told_to_continue() -> None:
    connection, wire = connected(lambda exchange: None)
    connection.data_received(b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    assert wire.written == b"HTTP/1.1 100 Continue\r\n\r\n"


def test_closes_when_the_client_wants_it() -> None:
    connection, wire = connected(lambda exchange: exchange.answer(200, [], b"") and None)
    connection.data_received(b"POST / HTTP/1.1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    assert b"connection: close" in wire.written
    assert wire.closed


@pytest.mark.parametrize(
    "data",
    [
        b"nonsense\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
def test_what_is_not_http_is_refused(data: bytes) -> None:
    connection, wire = connected(lambda exchange: pytest.fail("nothing was asked"))
    connection.data_received(data)
    assert wire.written.startswith(b"HTTP/1.1 400 ")
    assert wire.closed


def test_what_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MOST_BODY_BYTES", 4)
    connection, wire = connected(lambda exchange: pytest.fail("nothing was asked"))
    connection.data_received(REQUEST)
    assert wire.written.startswith(b"HTTP/1.1 413 ")
    assert wire.closed


def test_a_lost_client_is_noticed_once_and_only_while_its_answer_is_open() -> None:
    lost: list[str] = []

    def handle(exchange: Exchange) -> None:
        exchange.on_lost = lambda: lost.append(exchange.target)

    connection, _ = connected(handle)
    connection.data_received(REQUEST)
    connection.connection_lost(None)
    assert lost == ["/model/x/converse"]

    def answer(exchange: Exchange) -> None:
        handle(exchange)
        exchange.answer(200, [], b"")

    connection, _ = connected(answer)
    connection.data_received(REQUEST)
    connection.connection_lost(None)
    assert lost == ["/model/x/converse"]


def test_an_answer_can_be_cut() -> None:
    connection, wire = connected(lambda exchange: exchange.answer(200, [], b"0123456789", cut_at=4) and None)
    connection.data_received(REQUEST)
    assert b"content-length: 10\r\n" in wire.written
    assert wire.written.endswith(b"\r\n\r\n0123")
    assert wire.closed
