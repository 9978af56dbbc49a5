"""Puts files into S3: encrypted at rest, of the right type, and seen to have arrived whole. Nothing is made public.

Everything is looked at before anything is put: files, the bucket, and what stands there under the same names.
"""

import base64
import hashlib
import logging
import mimetypes
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from assay.config.benchmark import Publish
from assay.document.public_access import refuse_public
from assay.document.publishable import publishable
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
    ".pdf": "application/pdf",
    ".parquet": "application/vnd.apache.parquet",
}

_ABSENT = frozenset({"404", "NoSuchKey", "NotFound"})
_HIDDEN = frozenset({"403", "AccessDenied", "Forbidden"})
"""What a store says of an object that isn't there to someone who may not list the bucket."""
_TAKEN = frozenset({"412", "PreconditionFailed", "409", "ConditionalRequestConflict"})

_NAMED = 5
"""Objects that an error names."""


@dataclass(frozen=True, slots=True)
class _Item:
    path: Path
    key: str
    digest: str
    """SHA-256 of what is put, base64."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What stands under a key."""

    digest: str
    """SHA-256 of its content, base64."""
    otherwise: str | None
    """In what its type or encryption is otherwise than asked for, in words; null where it isn't."""


def publish(settings: Publish, run: str, files: Sequence[Path], root: Path) -> list[str]:
    """Upload `files` under the prefix and the run's name, keeping their places below `root`; the keys, in order.

    The bucket's own policy decides who can read them: no ACL is set, and a bucket that is open to everyone is refused.
    What stands there already as it would be put is left alone; where its content, type or encryption is another one, that
    is an error, unless `overwrite`.
    Each upload carries its SHA-256; the store's, its type and its encryption are compared afterwards. Raises InputError
    where a file lies outside `root`, the bucket is public, the store refuses, or what it holds is not what was sent.
    """
    place = _Place(settings)
    items = [
        _Item(path, _key(settings.prefix, run, path, root), _digest(publishable(path))) for path in files
    ]
    with place.errors(f"s3://{settings.bucket}"):
        if not settings.may_be_public:
            refuse_public(place.store, settings.bucket)
    there = {item.key: place.there(item) for item in items}
    if not settings.overwrite:
        found = [(item, held) for item in items if (held := there[item.key]) is not None]
        if others := [item.key for item, held in found if held.digest != item.digest]:
            raise place.taken(others)
        if wrong := next(((item, held.otherwise) for item, held in found if held.otherwise), None):
            raise place.otherwise(wrong[0], wrong[1])
    put = 0
    for item in items:
        if there[item.key] != _Found(item.digest, None):
            place.put(item)
            put += 1
            logging.info("published s3://%s/%s", settings.bucket, item.key)
        place.check(item)
    logging.info(
        "%d files are at s3://%s/%s: %d put there now, %d as they were",
        len(items), settings.bucket, _key(settings.prefix, run, root, root).rstrip("./"), put, len(items) - put,
    )  # fmt: skip
    return [item.key for item in items]


class _Errors:
    """Turns what the store's client raises into one clear error."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: Any, error: BaseException | None, __: Any) -> None:
        if isinstance(error, (BotoCoreError, ClientError)):
            raise InputError(
                f"{self._what} failed: {error}. Check `publish` in the benchmark file, and that your credentials may put and"
                " read objects there."
            ) from error


class _Place:
    """The bucket, and how objects are put into it."""

    def __init__(self, settings: Publish) -> None:
        self._settings = settings
        with self.errors("publish: the AWS configuration"):
            session = boto3.Session(profile_name=settings.profile, region_name=settings.region)
            self.store: Any = session.client(
                "s3",
                endpoint_url=settings.url,
                config=Config(
                    connect_timeout=10,
                    read_timeout=60,
                    retries={"mode": "standard", "total_max_attempts": 5},
                    s3={"addressing_style": "path" if settings.url else "auto"},
                ),
            )

    @staticmethod
    def errors(what: str) -> _Errors:
        return _Errors(what)

    def there(self, item: _Item) -> _Found | None:
        """What stands under the item's key; null where nothing does, or nobody may know."""
        with self.errors(f"s3://{self._settings.bucket}/{item.key}: looking whether it is there"):
            try:
                return self._held(item)
            except ClientError as error:
                if _code(error) in _ABSENT | _HIDDEN:
                    return None
                raise

    def put(self, item: _Item) -> None:
        """Upload it. Without `overwrite`, the store itself refuses where something stands there by now."""
        settings = self._settings
        body = publishable(item.path)
        if _digest(body) != item.digest:
            raise InputError(
                f"{item.path}: changed while it was published. Publish again once the run is done"
            )
        given: dict[str, str] = {} if settings.overwrite else {"IfNoneMatch": "*"}
        if settings.kms_key is not None:
            given["SSEKMSKeyId"] = settings.kms_key
        with self.errors(f"s3://{settings.bucket}/{item.key}: the upload of {item.path}"):
            try:
                self.store.put_object(
                    Bucket=settings.bucket,
                    Key=item.key,
                    Body=body,
                    ContentType=_type(item.path),
                    ServerSideEncryption=settings.encryption,
                    ChecksumSHA256=item.digest,
                    **given,
                )
            except ClientError as error:
                # Ours, where the answer to an earlier attempt was lost: then the check that follows finds it whole.
                if _code(error) not in _TAKEN:
                    raise
                found = self.there(item)
                if found is None or found.digest != item.digest:
                    raise self.taken([item.key]) from error

    def check(self, item: _Item) -> None:
        """Raises InputError where what the store holds isn't what was sent, in content, type or encryption."""
        where = f"s3://{self._settings.bucket}/{item.key}"
        with self.errors(f"{where}: reading what arrived of {item.path}"):
            found = self._held(item)
        if found.digest != item.digest:
            raise InputError(
                f"{where}: its content has the SHA-256 {found.digest} (base64); expected {item.digest}, that of {item.path}. "
                "Publish again."
            )
        if found.otherwise:
            raise self.otherwise(item, found.otherwise)

    def otherwise(self, item: _Item, how: str) -> InputError:
        """The error that names an object of another type or encryption than asked for."""
        return InputError(
            f"s3://{self._settings.bucket}/{item.key}: {how}. Replace it with `publish: {{overwrite: true}}`, or, if the store"
            " gives it that itself, choose another store or `publish.encryption`"
        )

    def taken(self, keys: Sequence[str]) -> InputError:
        """The error that names objects with other content."""
        named = ", ".join(f"s3://{self._settings.bucket}/{key}" for key in keys[:_NAMED])
        more = f" and {len(keys) - _NAMED} more" if len(keys) > _NAMED else ""
        return InputError(
            f"{named}{more}: there already, with other content, and not replaced. Publish under another `publish.prefix`, or"
            " replace what is there with `publish: {overwrite: true}`"
        )

    def _held(self, item: _Item) -> _Found:
        """What the store holds under the item's key: as it says itself, or as reading it back shows."""
        bucket = self._settings.bucket
        head = self.store.head_object(Bucket=bucket, Key=item.key, ChecksumMode="ENABLED")
        said = head.get("ChecksumSHA256")
        # What was uploaded in parts has a checksum of checksums, with the number of parts in it or in the ETag.
        if said is None or "-" in said or "-" in head.get("ETag", ""):
            said = _digest(self.store.get_object(Bucket=bucket, Key=item.key)["Body"].read())
        return _Found(str(said), self._otherwise(head, item))

    def _otherwise(self, head: Any, item: _Item) -> str | None:
        settings = self._settings
        wanted = {"ContentType": _type(item.path), "ServerSideEncryption": settings.encryption}
        if settings.kms_key is not None and "alias/" not in settings.kms_key:
            wanted["SSEKMSKeyId"] = settings.kms_key.rsplit("/", 1)[-1]
        for name, value in wanted.items():
            said = str(head.get(name))
            if (said.rsplit("/", 1)[-1] if name == "SSEKMSKeyId" else said) != value:
                return f"has {name} {head.get(name)}; expected {value}"
        return None


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _type(path: Path) -> str:
    return _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"


def _key(prefix: str, run: str, path: Path, root: Path) -> str:
    try:
        place = path.resolve().relative_to(root.resolve()).as_posix()
    except ValueError as error:
        raise InputError(f"{path}: lies outside {root}; only files of the run are published") from error
    return "/".join(part for part in (prefix.strip("/"), run, place) if part)


def _digest(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()
