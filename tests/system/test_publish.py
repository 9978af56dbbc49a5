"""The report goes to S3 as it is, encrypted, of the right type, private, and is seen to have arrived."""

import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from assay.config.benchmark import Publish
from assay.document import publish as publishing
from assay.document.publish import publish
from assay.document.publishable import publishable
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
    with pytest.raises(InputError, match=r"s3://no-such-bucket: there is no such bucket"):
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


def held(store: Any, run: str) -> list[str]:
    """The keys below a run's place."""
    found = store.list_objects_v2(Bucket="reports", Prefix=f"team/bench/{run}/")
    return [each["Key"].rsplit("/", 1)[-1] for each in found.get("Contents", [])]


def test_what_is_there_with_other_content_is_replaced_only_when_asked(
    aws: str, store: Any, tmp_path: Path
) -> None:
    one, *others = files(tmp_path)
    publish(settings(aws), "again", [one], tmp_path)
    one.write_text("<p>changed</p>", encoding="utf-8")
    with pytest.raises(InputError, match=r"again/report/report\.html: there already.*overwrite: true"):
        publish(settings(aws), "again", [*others, one], tmp_path)
    assert held(store, "again") == ["report.html"], "looked at before anything is put"
    publish(settings(aws, overwrite=True), "again", [*others, one], tmp_path)
    content = store.get_object(Bucket="reports", Key="team/bench/again/report/report.html")["Body"].read()
    assert content == b"<p>changed</p>"


def test_what_is_there_of_another_encryption_or_type_is_replaced_only_when_asked(
    aws: str, store: Any, tmp_path: Path
) -> None:
    one, *others = files(tmp_path)
    publish(settings(aws), "otherwise", [one], tmp_path)
    with pytest.raises(
        InputError, match=r"has ServerSideEncryption AES256; expected aws:kms.*overwrite: true"
    ):
        publish(settings(aws, encryption="aws:kms"), "otherwise", [*others, one], tmp_path)
    assert held(store, "otherwise") == ["report.html"], "looked at before anything is put"
    publish(settings(aws, encryption="aws:kms", overwrite=True), "otherwise", [*others, one], tmp_path)
    head = store.head_object(Bucket="reports", Key="team/bench/otherwise/report/report.html")
    assert head["ServerSideEncryption"] == "aws:kms"


def test_what_somebody_uploaded_in_parts_is_compared_by_its_content(
    aws: str, store: Any, tmp_path: Path
) -> None:
    (tmp_path / "big.svg").write_bytes(bytes(9_000_000))
    kind = {"ContentType": "image/svg+xml", "ServerSideEncryption": "AES256", "ChecksumAlgorithm": "SHA256"}
    store.upload_file(str(tmp_path / "big.svg"), "reports", "team/bench/parts/big.svg", ExtraArgs=kind)
    assert publish(settings(aws), "parts", [tmp_path / "big.svg"], tmp_path)


@pytest.mark.parametrize("prefix", ["s3://reports/team", "team/../other", "./team", "team/\nbench"])
def test_a_prefix_that_is_no_place_in_a_bucket_is_refused(prefix: str) -> None:
    with pytest.raises(ValidationError, match="such as team/bench"):
        Publish(bucket="reports", prefix=prefix)


def test_what_somebody_put_there_meanwhile_is_not_replaced(
    aws: str, store: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = files(tmp_path)[0]
    seen = publishing._Place.there
    looks = []

    def there(self: Any, item: Any) -> Any:
        looks.append(item.key)
        if len(looks) == 1:  # after which somebody else is quicker
            store.put_object(Bucket="reports", Key=item.key, Body=b"theirs")
            return None
        return seen(self, item)

    monkeypatch.setattr(publishing._Place, "there", there)
    with pytest.raises(InputError, match="there already"):
        publish(settings(aws), "raced", [one], tmp_path)
    assert store.get_object(Bucket="reports", Key=looks[0])["Body"].read() == b"theirs"


def test_a_key_of_kms_encrypts_where_it_is_asked_for(aws: str, store: Any, tmp_path: Path) -> None:
    kms = boto3.client("kms", endpoint_url=aws, region_name="us-east-1")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    (found,) = publish(settings(aws, encryption="aws:kms", kms_key=key), "kms", files(tmp_path)[:1], tmp_path)
    head = store.head_object(Bucket="reports", Key=found)
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"].rsplit("/")[-1]) == ("aws:kms", key)
    with pytest.raises(ValidationError, match="aws:kms"):
        settings(aws, kms_key=key)


PUBLIC = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::open/*"}
    ],
}


@pytest.mark.parametrize("how", ["policy", "acl"])
def test_a_bucket_that_is_open_to_everyone_is_refused_unless_that_is_meant(
    aws: str, store: Any, tmp_path: Path, how: str
) -> None:
    name = f"open-{how}"
    store.create_bucket(Bucket=name, ObjectOwnership="ObjectWriter")
    if how == "policy":
        store.put_bucket_policy(Bucket=name, Policy=json.dumps(PUBLIC).replace("open/", f"{name}/"))
    else:
        store.put_bucket_acl(Bucket=name, ACL="public-read")
    with pytest.raises(InputError, match=rf"s3://{name}: is public: its .*everyone.*may_be_public"):
        publish(settings(aws, bucket=name), "default", files(tmp_path), tmp_path)
    assert "Contents" not in store.list_objects_v2(Bucket=name)
    assert publish(settings(aws, bucket=name, may_be_public=True), "default", files(tmp_path), tmp_path)
    blocked = dict.fromkeys(
        ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
    )
    store.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=blocked)
    assert publish(settings(aws, bucket=name), "default", files(tmp_path), tmp_path)


def test_account_ids_and_principals_stay_at_home(aws: str, store: Any, tmp_path: Path) -> None:
    account = "123456789012"
    arn = f"arn:aws:bedrock:us-east-1:{account}:application-inference-profile/abc"
    denied = f"User: arn:aws:sts::{account}:assumed-role/Dev/alice is not authorized"
    rows = {"model_id": [arn], "error_message": [denied], "text": ["12:34"], "n": [1]}
    root = tmp_path / "run"
    root.mkdir()
    pq.write_table(pa.table(rows), root / "records.parquet")
    pq.write_table(pa.table({"n": [1]}), root / "plain.parquet")
    (root / "cells.csv").write_text(f"model_id,reason,ttft_ms\n{arn},{denied},{account}\n", encoding="utf-8")
    published = publish(settings(aws), "private", sorted(root.iterdir()), root)
    contents = {
        key.rsplit("/")[-1]: store.get_object(Bucket="reports", Key=key)["Body"].read() for key in published
    }
    assert contents["cells.csv"].decode() == (
        "model_id,reason,ttft_ms\narn:aws:bedrock:us-east-1:…:application-inference-profile/abc,"
        f"User: arn:aws:sts::… is not authorized,{account}\n"
    )
    table = pq.read_table(io.BytesIO(contents["records.parquet"])).to_pydict()
    assert table["error_message"] == ["User: arn:aws:sts::… is not authorized"]
    assert (account not in table["model_id"][0], table["text"], table["n"]) == (True, ["12:34"], [1])
    assert contents["plain.parquet"] == (root / "plain.parquet").read_bytes()


def test_who_asked_stays_at_home_where_the_account_was_left_out_before(tmp_path: Path) -> None:
    message = "User: arn:aws:sts::…:assumed-role/Dev/alice is not authorized"
    pq.write_table(pa.table({"error_message": [message]}), tmp_path / "records.parquet")
    told = {"reason": message, "quoted": 'by "arn:aws:iam::123456789012:user/alice"'}
    for name, escaped in (("escaped.json", True), ("plain.json", False)):
        (tmp_path / name).write_text(json.dumps(told, ensure_ascii=escaped), encoding="utf-8")
        found = json.loads(publishable(tmp_path / name))
        assert found == {
            "reason": "User: arn:aws:sts::… is not authorized",
            "quoted": 'by "arn:aws:iam::…"',
        }
    table = pq.read_table(io.BytesIO(publishable(tmp_path / "records.parquet"))).to_pydict()
    assert table == {"error_message": ["User: arn:aws:sts::… is not authorized"]}


class Closed(BaseHTTPRequestHandler):
    """Tells nobody anything."""

    def do_GET(self) -> None:
        body = b"<Error><Code>AccessDenied</Code><Message>no</Message></Error>"
        self.send_response(403)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if self.command != "HEAD" else b"")

    do_HEAD = do_GET

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *_: object) -> None:
        pass


class Forgetful(Closed):
    """Takes everything, and holds something else."""

    taken = False

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        type(self).taken = True
        self._answer(0)

    def do_HEAD(self) -> None:
        if not self.taken:
            self.send_error(404)
            return
        self._answer(7)

    def do_GET(self) -> None:
        self._answer(7)
        self.wfile.write(b"altered")

    def _answer(self, length: int) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(length))
        self.end_headers()


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_what_arrived_otherwise_than_sent_is_an_error(store: Any, tmp_path: Path) -> None:
    with serving(Forgetful) as url, pytest.raises(InputError, match="Publish again"):
        publish(settings(url, may_be_public=True), "default", files(tmp_path)[:1], tmp_path)


def test_where_it_cannot_be_learned_whether_a_bucket_is_public_nothing_is_put(
    store: Any, tmp_path: Path
) -> None:
    one = files(tmp_path)[:1]
    with serving(Closed) as url:
        with pytest.raises(
            InputError, match=r"can't be learned whether it is public.*GetBucketPublicAccessBlock"
        ):
            publish(settings(url), "default", one, tmp_path)
        with pytest.raises(InputError, match=r"the upload of .*report\.html failed: .*AccessDenied"):
            publish(settings(url, may_be_public=True), "default", one, tmp_path)
