"""A small server that stands in for the Hugging Face hub, with the headers that its clients go by, and stages run against it."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).parents[2]
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Hub:
    """Files by path and revision, and the requests that came."""

    files: dict[str, bytes]
    url: str = ""
    requests: list[tuple[str, str]] = field(default_factory=list)


def missing(path: str, files: dict[str, bytes]) -> str:
    """What the hub says of a path that it doesn't have: no such repository, no such revision, or no such file."""
    repository, _, rest = path.replace("/revision/", "/resolve/").partition("/resolve/")
    at = f"{repository}/resolve/{rest.partition('/')[0]}/"
    if any(each.startswith(at) for each in files):
        return "EntryNotFound"
    return "RevisionNotFound" if any(each.startswith(f"{repository}/") for each in files) else "RepoNotFound"


@contextmanager
def serving(files: dict[str, bytes]) -> Iterator[Hub]:
    hub = Hub(files)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self.answer()

        def do_GET(self) -> None:
            self.answer()

        def answer(self) -> None:
            hub.requests.append((self.command, self.path))
            path = self.path.partition("?")[0]
            body = hub.files.get(path)
            if body is None:
                self.send_response(404)
                self.send_header("X-Error-Code", missing(path, hub.files))
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(200)
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("ETag", f'"{hashlib.sha256(body).hexdigest()}"')
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def run(
    script: str, folder: Path, hub: Hub | None, settings: dict[str, object], *arguments: object
) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    environment |= {"PYTHONPATH": str(ROOT), "HF_HOME": str(folder / "cache")}
    environment |= {"HF_ENDPOINT": hub.url} if hub is not None else {"HF_HUB_OFFLINE": "1"}
    return subprocess.run(
        [
            sys.executable,
            str(ROOT / "scripts" / script),
            "--settings",
            json.dumps(settings),
            *map(str, arguments),
        ],
        env=environment,
        capture_output=True,
        text=True,
    )
