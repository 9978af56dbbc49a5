"""Puts files into S3: encrypted at rest, of the right type, and seen to have arrived whole. Nothing is made public."""

import base64
import hashlib
import logging
import mimetypes
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from assay.config.benchmark import Publish
from assay.errors import InputError

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".md": "text/markdown; charset=utf-8",
    ".qmd": "text/markdown; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".parquet": "application/vnd.apache.parquet",
}


def publish(settings: Publish, run: str, files: Sequence[Path], root: Path) -> list[str]:
    """Upload `files` under the prefix and the run's name, keeping their places below `root`; the keys, in order.

    The bucket's own policy decides who can read them: no ACL is set. Each upload carries its SHA-256, and the
    store's is compared afterwards. Raises InputError where a file lies outside `root`, the store refuses, or what
    it holds is not what was sent.
    """
    session = boto3.Session(profile_name=settings.profile, region_name=settings.region)
    store = session.client(
        "s3",
        endpoint_url=settings.url,
        config=Config(
            connect_timeout=10,
            read_timeout=60,
            retries={"mode": "standard", "total_max_attempts": 5},
            s3={"addressing_style": "path" if settings.url else "auto"},
        ),
    )
    keys = [_key(settings.prefix, run, path, root) for path in files]
    for path, key in zip(files, keys, strict=True):
        try:
            _put(store, settings.bucket, key, path)
        except (BotoCoreError, ClientError) as error:
            raise InputError(
                f"s3://{settings.bucket}/{key}: the upload of {path} failed: {error}. Check `publish` in the benchmark "
                "file, and that your credentials may put and read objects there."
            ) from error
        except OSError as error:
            raise InputError(f"{path}: can't be read ({error})") from error
        logging.info("published s3://%s/%s", settings.bucket, key)
    return keys


def _key(prefix: str, run: str, path: Path, root: Path) -> str:
    try:
        place = path.resolve().relative_to(root.resolve()).as_posix()
    except ValueError as error:
        raise InputError(f"{path}: lies outside {root}; only files of the run are published") from error
    return "/".join(part for part in (prefix.strip("/"), run, place) if part)


def _put(store: Any, bucket: str, key: str, path: Path) -> None:
    content = path.read_bytes()
    digest = _digest(content)
    store.put_object(
        Bucket=bucket,
        Key=key,
        Body=content,
        ContentType=_TYPES.get(path.suffix)
        or mimetypes.guess_type(path.name)[0]
        or "application/octet-stream",
        ServerSideEncryption="AES256",
        ChecksumSHA256=digest,
    )
    held = _held_digest(store, bucket, key)
    if held != digest:
        raise InputError(
            f"s3://{bucket}/{key}: its content has the SHA-256 {held} (base64); expected {digest}, that of {path}. "
            "Publish again."
        )


def _held_digest(store: Any, bucket: str, key: str) -> str:
    """SHA-256 of what the store holds, base64: as it says itself, or from reading it back where it doesn't say."""
    said = store.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED").get("ChecksumSHA256")
    if said is not None:
        return str(said)
    return _digest(store.get_object(Bucket=bucket, Key=key)["Body"].read())


def _digest(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()
