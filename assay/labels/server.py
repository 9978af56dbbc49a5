"""A web server for one person on this machine: the labelling page, and the labels that it gives.

It listens on the loopback address alone, and answers nobody but the page itself. A page from elsewhere that the same browser
has open can't label or read: requests need a random token in a header, which only the address that was printed carries, in
the part that browsers don't send; the Host header has to name this machine, so that a name that was pointed here (DNS
rebinding) doesn't do; and nothing is allowed to other origins. Neither token nor addresses are logged. Leaves to others: what
the page shows (`page`), how labels are kept (`store`), how exact they make the accuracy.
"""

import json
import logging
import re
import secrets
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from assay.errors import InputError
from assay.labels import page
from assay.labels.labels import Label
from assay.labels.store import CHOICES, Closed, Conflict, Store

ADDRESS = "127.0.0.1"
HOSTS = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?", re.IGNORECASE | re.ASCII)
"""What a Host header may be: this machine as such, on any port, since a tunnel may lead here from another machine."""

LONGEST_BODY = 4096
"""Bytes of a request's body; a label has about 100."""

STEP = 10
"""How exact the labels are is told anew after so many. After each one, it would tell whether the judges agree with it."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Of every answer: the page loads its own few files, runs no script from elsewhere, and stands in no other page."""


@dataclass(slots=True)
class Labelling:
    """What is labelled, and by which address it is reached."""

    items: Mapping[str, page.Item]
    store: Store
    file: str
    """The file of labels as its user knows it."""
    exactness: Callable[[Sequence[Label]], str] = lambda labels: ""
    """How exact labels make the accuracy, in words that tell nothing of single models."""
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    ending: "Ending" = field(default_factory=lambda: Ending())
    _told: tuple[int, str] = (0, "")
    _telling: threading.Lock = field(default_factory=threading.Lock)

    def done(self) -> str:
        """How far it is, in words."""
        try:
            labels = self.store.labels()
        except InputError as error:
            return str(error)
        return f"{len(labels):,} of {len(self.items):,} answers are labelled, in {self.file}."

    def how_exact(self) -> str:
        """What `exactness` says of the labels given so far, in whole tens of answers: no single label shows in it."""
        with self._telling:
            labels = self.store.everyones()
            answered = list(dict.fromkeys(label.item for label in labels))
            counted = len(answered) // STEP * STEP
            if counted != self._told[0]:
                first = set(answered[:counted])
                self._told = counted, self.exactness([label for label in labels if label.item in first])
            return self._told[1]


class Ending:
    """Waits for the end, which the page or a signal brings.

    By a socket, since the interpreter writes there whichever thread a signal reaches: the main thread, waiting for a lock,
    would sleep on where it was another one.
    """

    def __init__(self) -> None:
        self._told = False
        self._reader, self._writer = socket.socketpair()
        self._writer.setblocking(False)

    def tell(self) -> None:
        """It is to end."""
        self._told = True
        with suppress(OSError):
            self._writer.send(b"\0")

    def wait(self) -> None:
        """Returns once it is told to end."""
        while not self._told:
            self._reader.recv(64)

    @contextmanager
    def also_by_signal(self) -> Iterator[None]:
        """Meanwhile SIGINT and SIGTERM tell it, too. To be called from the main thread."""
        numbers = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, lambda *_: self.tell()) for number in numbers}
        woken = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(woken)
            for number, handler in before.items():
                signal.signal(number, handler)


class Server(ThreadingHTTPServer):
    """Serves a labelling on a port of the loopback address."""

    daemon_threads = True
    allow_reuse_address = True  # the port that it had before, also when it was killed a moment ago

    def __init__(self, labelling: Labelling, port: int = 0) -> None:
        self.labelling = labelling
        self._answering = 0
        self._idle = threading.Condition()
        super().__init__((ADDRESS, port), _Handler)

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Around the answer to a request."""
        with self._idle:
            self._answering += 1
        try:
            yield
        finally:
            with self._idle:
                self._answering -= 1
                self._idle.notify_all()

    def finish_answers(self) -> None:
        """Let requests that have come be answered, within reason."""
        with self._idle:
            self._idle.wait_for(lambda: not self._answering, timeout=10)

    @property
    def url(self) -> str:
        """The address to open. What stands after the # is a secret."""
        return f"http://{ADDRESS}:{self.server_port}/#{self.labelling.token}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that goes away in the middle is no error; anything else is a fault of ours."""
        if not isinstance(sys.exception(), (ConnectionError, TimeoutError)):
            logging.exception("error: this is a fault in Assay: a request of the page could not be answered")


def serve(
    labelling: Labelling, port: int | None, announce: Callable[[str, int], None], preferred: int = 0
) -> None:
    """Serve until the page says that it is finished, or the process is told to end (SIGINT, SIGTERM); then return.

    `announce` is given the address and the port. Without a port the preferred one is taken, or, where that is taken or 0, a
    free one. Has to be called from the main thread. Raises InputError where `port` is taken.
    """
    try:
        server = Server(labelling, preferred if port is None else port)
    except (OSError, OverflowError) as error:
        if port is not None:
            raise InputError(
                f"port {port} of {ADDRESS} can't be listened on ({error}); give another one"
            ) from error
        server = Server(labelling)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    with labelling.ending.also_by_signal():
        thread.start()
        try:
            announce(server.url, server.server_port)
            labelling.ending.wait()
        finally:
            labelling.store.close()
            server.shutdown()
            server.finish_answers()
            server.server_close()


class _Refused(Exception):
    """A request that gets no other answer than this."""

    def __init__(self, status: HTTPStatus, error: str, **more: object) -> None:
        super().__init__(error)
        self.status = status
        self.said = {"error": error, **more}


class _Handler(BaseHTTPRequestHandler):
    server: Server
    timeout = 30  # seconds in which a request has to come
    wbufsize = 1 << 16  # headers and what follows them leave together

    def do_GET(self) -> None:
        with self.server.answering():
            self._answered(self._get)

    def do_POST(self) -> None:
        with self.server.answering():
            self._answered(self._post)

    def _answered(self, answer: Callable[[str, Mapping[str, str]], None]) -> None:
        try:
            self._check_host()
            try:
                asked = urlsplit(self.path)
                query = {name: values[-1] for name, values in parse_qs(asked.query).items()}
            except ValueError as error:
                raise _Refused(HTTPStatus.BAD_REQUEST, "that is no address") from error
            answer(asked.path, query)
        except _Refused as refused:
            self._json(refused.status, refused.said)
        except Closed:
            self._json(HTTPStatus.SERVICE_UNAVAILABLE, {"error": "labelling has ended"})
        except InputError as error:
            self._json(HTTPStatus.INTERNAL_SERVER_ERROR, {"error": str(error)})
        except OSError as error:
            if isinstance(error, (ConnectionError, TimeoutError)):
                raise
            self._json(
                HTTPStatus.INSUFFICIENT_STORAGE, {"error": f"it can't be saved ({error.strerror or error})"}
            )

    def _get(self, path: str, query: Mapping[str, str]) -> None:
        if (found := page.file(path)) is not None:
            self._bytes(HTTPStatus.OK, *found)
            return
        self._check_token()
        if path == "/api/state":
            self._json(HTTPStatus.OK, self._state())
        elif path == "/api/precision":
            self._json(HTTPStatus.OK, {"words": self.server.labelling.how_exact()})
        elif path == "/api/answer":
            item = asdict(self._item(query))
            document = item.pop("document")
            self._json(HTTPStatus.OK, {"id": query["id"], **item, "document_characters": len(document)})
        elif path == "/api/document":
            self._json(HTTPStatus.OK, {"text": self._item(query).document})
        else:
            raise _Refused(HTTPStatus.NOT_FOUND, "there is nothing of that name")

    def _post(self, path: str, query: Mapping[str, str]) -> None:
        self._check_origin()
        self._check_token()
        body = self._body()
        if path == "/api/label":
            self._json(HTTPStatus.OK, self._label(body))
        elif path == "/api/finish":
            try:
                self._json(HTTPStatus.OK, {"words": self.server.labelling.done()})
            finally:
                self.server.labelling.ending.tell()
        else:
            raise _Refused(HTTPStatus.NOT_FOUND, "there is nothing of that name")

    def _state(self) -> dict[str, object]:
        labelling = self.server.labelling
        labels = labelling.store.labels()
        return {
            "answers": list(labelling.items),
            "labels": labels,
            "version": labelling.store.changes,
            "choices": CHOICES[labelling.store.verdict],
            "labeler": labelling.store.labeler,
            "file": labelling.file,
        }

    def _item(self, query: Mapping[str, str]) -> page.Item:
        item = self.server.labelling.items.get(query.get("id", ""))
        if item is None:
            raise _Refused(HTTPStatus.NOT_FOUND, "this answer isn't in the sample; load the page again")
        return item

    def _label(self, body: Mapping[str, Any]) -> dict[str, object]:
        item, label, before = (body.get(name) for name in ("id", "label", "before"))
        store = self.server.labelling.store
        if not isinstance(item, str) or not isinstance(label, str) or not isinstance(before, str | None):
            raise _Refused(HTTPStatus.BAD_REQUEST, "expected an answer's id, its label, and the one before")
        try:
            store.give(item, label, before)
        except Conflict as conflict:
            raise _Refused(
                HTTPStatus.CONFLICT, "it has another label meanwhile", label=conflict.label
            ) from conflict
        except KeyError as error:
            raise _Refused(
                HTTPStatus.NOT_FOUND, "this answer isn't in the sample; load the page again"
            ) from error
        except ValueError as error:
            raise _Refused(HTTPStatus.BAD_REQUEST, "that is no label") from error
        return {"version": store.changes}

    def _check_host(self) -> None:
        given = self.headers.get_all("Host", ())
        if len(given) != 1 or not HOSTS.fullmatch(given[0]):
            raise _Refused(HTTPStatus.FORBIDDEN, "this server answers under the address that it printed only")

    def _check_origin(self) -> None:
        origin = self.headers.get("Origin")
        elsewhere = origin is not None and origin != f"http://{self.headers['Host']}"
        if elsewhere or self.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
            raise _Refused(HTTPStatus.FORBIDDEN, "this request comes from another page")

    def _check_token(self) -> None:
        given = self.headers.get("X-Assay-Token", "").encode()
        if not secrets.compare_digest(given, self.server.labelling.token.encode()):
            raise _Refused(HTTPStatus.FORBIDDEN, "the address isn't the one that the server printed")

    def _body(self) -> dict[str, Any]:
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit() or "Transfer-Encoding" in self.headers:
            raise _Refused(HTTPStatus.LENGTH_REQUIRED, "expected a body of known length")
        if len(length) > 20 or int(length) > LONGEST_BODY:
            raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a body has at most {LONGEST_BODY} bytes")
        if self.headers.get_content_type() != "application/json":
            raise _Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "expected JSON")
        try:
            body = json.loads(self.rfile.read(int(length)))
        except (ValueError, RecursionError) as error:
            raise _Refused(HTTPStatus.BAD_REQUEST, "expected JSON") from error
        if not isinstance(body, dict):
            raise _Refused(HTTPStatus.BAD_REQUEST, "expected a JSON object")
        return body

    def _json(self, status: HTTPStatus, said: Mapping[str, object]) -> None:
        self._bytes(status, json.dumps(said, ensure_ascii=True).encode(), "application/json")

    def _bytes(self, status: HTTPStatus, content: bytes, kind: str) -> None:
        self.send_response_only(status)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()
        if status >= HTTPStatus.BAD_REQUEST:
            self._let_go()

    def _let_go(self) -> None:
        """Read what is left of a refused request: a connection that is closed before loses the answer as well."""
        self.connection.shutdown(socket.SHUT_WR)
        self.connection.settimeout(1)
        left = 1 << 20
        try:
            while left > 0 and (got := self.connection.recv(1 << 16)):
                left -= len(got)
        except OSError:
            return

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """A request that isn't HTTP, or of a method that isn't here."""
        self.command, self.request_version = self.command or "GET", "HTTP/1.0"
        self._json(HTTPStatus(code), {"error": message or HTTPStatus(code).phrase})

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: labels are in their file, and an address might carry a secret."""
