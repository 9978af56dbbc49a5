"""Whom the labelling page's server answers: its own page, and nobody else that the browser or the network brings along."""

import http.client
import json
import logging
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from labelled_run import LabelServer, Sample

from assay.labels import page
from assay.labels.server import LONGEST_BODY, Labelling, Server
from assay.labels.store import Store, opened


class Asking:
    """A client that says what it is told to say."""

    def __init__(self, server: Server) -> None:
        self.port = server.server_port
        self.token = server.labelling.token
        self.item = next(iter(server.labelling.items))

    def __call__(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        token: str | None = None,
    ) -> tuple[int, dict[str, str], bytes]:
        sent = {
            "Host": f"127.0.0.1:{self.port}",
            "X-Assay-Token": self.token if token is None else token,
            **({"Content-Type": "application/json"} if body is not None else {}),
            **(headers or {}),
        }
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in sent.items():
            if value:
                connection.putheader(name, value)
        if body is not None and "Content-Length" not in sent:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        found = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        connection.close()
        return found

    def label(self, **more: Any) -> tuple[int, dict[str, str], bytes]:
        body = {"id": self.item, "label": "correct", "before": None}
        return self("POST", "/api/label", json.dumps(body).encode(), **more)


@pytest.fixture
def sample(tmp_path: Path) -> Sample:
    return Sample(tmp_path).write()


@pytest.fixture
def store(sample: Sample) -> Iterator[Store]:
    found = page.read(sample.folder / "labels" / "sample.parquet", sample.folder / "prompts.parquet", 12)
    with opened(sample.labels, "correctness", found.items) as store:
        yield store


@pytest.fixture
def ask(sample: Sample, store: Store) -> Iterator[Asking]:
    found = page.read(sample.folder / "labels" / "sample.parquet", sample.folder / "prompts.parquet", 12)
    server = Server(Labelling(found.items, store, "labels.csv"))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield Asking(server)
    server.shutdown()
    server.server_close()


def test_the_page_itself_is_answered(ask: Asking, sample: Sample) -> None:
    assert ask.label()[0] == 200
    assert [row["label"] for row in sample.given()] == ["correct"]
    for host in (f"localhost:{ask.port}", "localhost:8080", f"[::1]:{ask.port}"):  # as through a tunnel
        assert ask("GET", "/api/state", headers={"Host": host})[0] == 200


def test_it_listens_on_the_loopback_address_alone(ask: Asking, store: Store) -> None:
    server = Server(Labelling({}, store, ""))
    assert server.server_address[0] == "127.0.0.1"
    server.server_close()


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "evil.example:80@127.0.0.1", "", "0.0.0.0", "[::"]
)
def test_a_name_that_was_pointed_here_is_refused(ask: Asking, sample: Sample, host: str) -> None:
    for path in ("/", "/label.js", "/api/state"):
        assert ask("GET", path, headers={"Host": host})[0] == 403
    assert ask.label(headers={"Host": host})[0] == 403
    assert not sample.labels.exists()


@pytest.mark.parametrize("token", ["wrong", " ", "é", "x" * 500])
def test_without_the_secret_nothing_is_told_or_taken(ask: Asking, sample: Sample, token: str) -> None:
    token = token.encode().decode("latin-1")
    for path in (
        "/api/state",
        f"/api/answer?id={ask.item}",
        f"/api/document?id={ask.item}",
        "/api/precision",
    ):
        status, _, told = ask("GET", path, token=token)
        assert status == 403
        assert b"bridge" not in told
    assert ask.label(token=token)[0] == 403
    assert ask("POST", "/api/finish", b"{}", token=token)[0] == 403
    assert ask("GET", "/api/state")[0] == 200
    assert not sample.labels.exists()


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Content-Type": "text/plain"},
    ],
)
def test_another_page_cant_label(ask: Asking, sample: Sample, headers: dict[str, str]) -> None:
    assert ask.label(headers=headers)[0] in (403, 415)
    assert not sample.labels.exists()


def test_no_other_origin_is_allowed_to_ask(ask: Asking) -> None:
    status, headers, _ = ask("OPTIONS", "/api/label", headers={"Origin": "http://evil.example"})
    assert status >= 400
    for told in (headers, ask("GET", "/")[1], ask("GET", "/api/state")[1]):
        assert not [name for name in told if name.startswith("access-control")]
        assert told["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
        assert told["x-content-type-options"] == "nosniff"
        assert told["referrer-policy"] == "no-referrer"
        assert told["cache-control"] == "no-store"
        assert told["x-frame-options"] == "DENY"
        assert "server" not in told


@pytest.mark.parametrize(
    "path",
    [
        "/labels.csv",
        "/../store.py",
        "/static/label.js",
        "/%2e%2e/page.py",
        "//etc/passwd",
        "/api",
        "/api/",
        "/api/answer?id=../x",
        "/.git/config",
    ],
)
def test_no_file_is_served_but_the_pages_own(ask: Asking, path: str) -> None:
    status, headers, told = ask("GET", path)
    assert status == 404
    assert headers["content-type"] == "application/json"
    assert set(json.loads(told)) == {"error"}


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"x" * (LONGEST_BODY + 1), {}, 413),
        (b"x" * 500_000, {}, 413),
        (b"{}", {"Content-Length": "99999999999"}, 413),
        (b"{}", {"Content-Length": "9" * 5000}, 413),
        (b"{}", {"Content-Length": "-1"}, 411),
        (b"{}", {"Content-Length": "two"}, 411),
        (b"2\r\n{}\r\n0\r\n\r\n", {"Transfer-Encoding": "chunked"}, 411),
        (b"", {}, 400),
        (b"not json", {}, 400),
        (b"\xff\xfe", {}, 400),
        (b"[" * 4000, {}, 400),
        (b"[]", {}, 400),
        (b"{}", {}, 400),
        (b'{"id": 5, "label": "correct", "before": null}', {}, 400),
    ],
)
def test_a_body_that_is_no_label_is_refused(
    ask: Asking, sample: Sample, body: bytes, headers: dict[str, str], status: int
) -> None:
    assert ask("POST", "/api/label", body, headers)[0] == status
    assert not sample.labels.exists()


def test_an_unknown_answer_or_label_is_refused(ask: Asking, sample: Sample) -> None:
    for item, label, status in ((ask.item, "maybe", 400), ("a-0000000000000000", "correct", 404)):
        body = json.dumps({"id": item, "label": label, "before": None}).encode()
        assert ask("POST", "/api/label", body)[0] == status
    assert not sample.labels.exists()


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "TRACE", "CONNECT"])
def test_other_methods_are_refused(ask: Asking, method: str) -> None:
    assert ask(method, "/api/label")[0] == 501


def test_what_is_no_address_is_refused(ask: Asking) -> None:
    assert ask("GET", "http://[nowhere/api/state")[0] == 400


def test_what_isnt_http_ends_its_own_connection_only(ask: Asking) -> None:
    for said in (
        b"\x16\x03\x01\x00\xa5\x01",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET " + b"/" * 70_000 + b" HTTP/1.1\r\n\r\n",
        b"GET /\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", ask.port), timeout=30) as connection:
            connection.sendall(said)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(1 << 16):
                pass
    assert ask("GET", "/api/state")[0] == 200


def test_many_at_once_are_each_saved_once(ask: Asking, sample: Sample, store: Store) -> None:
    """Every answer labelled by eight threads at the same time: one row each, and each thread hears 200 or 409."""
    heard: list[int] = []

    def label_all(which: str) -> None:
        for item in store.items:
            body = json.dumps({"id": item, "label": which, "before": None}).encode()
            heard.append(ask("POST", "/api/label", body)[0])

    threads = [
        threading.Thread(target=label_all, args=(("correct", "incorrect")[number % 2],))
        for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    rows = sample.given()
    assert sorted(row["item"] for row in rows) == sorted(store.items)
    assert len(heard) == 8 * 12 and set(heard) <= {200, 409}
    assert heard.count(200) == 4 * 12


def test_nothing_is_logged_of_who_asks_what(
    ask: Asking, caplog: pytest.LogCaptureFixture, capfd: Any
) -> None:
    with caplog.at_level(logging.DEBUG):
        ask("GET", f"/api/state?token={ask.token}")
        ask("GET", f"/{ask.token}")
        ask.label()
    out, err = capfd.readouterr()
    assert ask.token not in caplog.text + out + err


def test_a_port_can_be_asked_for_and_a_taken_one_is_named(sample: Sample) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        with pytest.raises(AssertionError, match=f"port {taken} of 127.0.0.1 can't be listened on"):
            LabelServer(sample, ("--port", str(taken))).__enter__()
    with LabelServer(sample, ("--port", str(taken))) as server:
        assert server.url.startswith(f"http://127.0.0.1:{taken}/#")


def test_a_second_server_on_the_same_labels_is_refused(sample: Sample) -> None:
    with (
        LabelServer(sample),
        pytest.raises(AssertionError, match="another process is labelling into this file"),
    ):
        LabelServer(sample).__enter__()
