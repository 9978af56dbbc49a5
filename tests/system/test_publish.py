"""The report goes to S3 as it is, encrypted, of the right type, private, and is seen to have arrived."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest

from assay.config.benchmark import Publish
from assay.document.publish import publish
from assay.errors import InputError


@pytest.fixture
def store(aws: str, aws_keys: None) -> Any:
    client = boto3.client("s3", endpoint_url=aws, region_name="us-east-1")
    if "reports" not in [bucket["Name"] for bucket in client.list_buckets()["Buckets"]]:
        client.create_bucket(Bucket="reports")
    return client


def files(root: Path) -> list[Path]:
    contents = {"report/report.html": "<p>é</p>", "tables/cells.csv": "a,b\n", "figures/errors.svg": "<svg/>"}
    for name, text in contents.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return [root / name for name in contents]


def settings(url: str, **changes: Any) -> Publish:
    return Publish(
        bucket=changes.pop("bucket", "reports"), prefix="team/bench/", region="us-east-1", url=url, **changes
    )


def test_files_arrive_with_type_encryption_and_checksum(aws: str, store: Any, tmp_path: Path) -> None:
    keys = publish(settings(aws), "default", files(tmp_path), tmp_path)
    assert keys == [
        "team/bench/default/report/report.html",
        "team/bench/default/tables/cells.csv",
        "team/bench/default/figures/errors.svg",
    ]
    types = []
    for key, path in zip(keys, files(tmp_path), strict=True):
        held = store.get_object(Bucket="reports", Key=key, ChecksumMode="ENABLED")
        assert held["Body"].read() == path.read_bytes()
        assert held["ServerSideEncryption"] == "AES256"
        types.append(held["ContentType"])
        grants = store.get_object_acl(Bucket="reports", Key=key)["Grants"]
        assert not any("URI" in grant["Grantee"] for grant in grants), "nothing is public"
    assert types == ["text/html; charset=utf-8", "text/csv; charset=utf-8", "image/svg+xml"]


def test_publishing_twice_is_no_error(aws: str, store: Any, tmp_path: Path) -> None:
    for _ in range(2):
        publish(settings(aws), "twice", files(tmp_path), tmp_path)
    found = store.list_objects_v2(Bucket="reports", Prefix="team/bench/twice/")
    assert found["KeyCount"] == 3


def test_a_bucket_that_is_not_there_is_named(aws: str, store: Any, tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"s3://no-such-bucket/team/bench/default/report/report\.html.*NoSuchBucket"
    ):
        publish(settings(aws, bucket="no-such-bucket"), "default", files(tmp_path), tmp_path)


def test_a_file_outside_the_run_is_refused_before_anything_is_sent(
    aws: str, store: Any, tmp_path: Path
) -> None:
    inside = files(tmp_path / "run")
    outside = tmp_path / "secret.txt"
    outside.write_text("x", encoding="utf-8")
    with pytest.raises(InputError, match=r"secret\.txt: lies outside"):
        publish(settings(aws), "refused", [*inside, outside], tmp_path / "run")
    assert store.list_objects_v2(Bucket="reports", Prefix="team/bench/refused/")["KeyCount"] == 0


class Forgetful(BaseHTTPRequestHandler):
    """Takes everything, and holds something else."""

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(0)

    def do_HEAD(self) -> None:
        self._answer(7)

    def do_GET(self) -> None:
        self._answer(7)
        self.wfile.write(b"altered")

    def _answer(self, length: int) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def test_what_arrived_otherwise_than_sent_is_an_error(store: Any, tmp_path: Path) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Forgetful) as forgetful:
        threading.Thread(target=forgetful.serve_forever, daemon=True).start()
        with pytest.raises(InputError, match="Publish again"):
            publish(
                settings(f"http://127.0.0.1:{forgetful.server_port}"),
                "default",
                files(tmp_path)[:1],
                tmp_path,
            )
        forgetful.shutdown()
