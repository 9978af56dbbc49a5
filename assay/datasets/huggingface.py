"""Any dataset that the package `datasets` reads: from the Hugging Face hub, or from local files.

The package takes a second to load, so it is imported when a benchmark names such a dataset, and not before.
"""

import hashlib
import logging
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from assay.datasets.distinct import distinct
from assay.datasets.example import Example
from assay.datasets.examples_file import Source
from assay.datasets.filters import keep
from assay.datasets.hub import reason, there
from assay.datasets.rows import example_from
from assay.datasets.settings import HuggingFace
from assay.errors import InputError

_BUILDERS = {
    ".parquet": "parquet",
    ".csv": "csv",
    ".tsv": "csv",
    ".json": "json",
    ".jsonl": "json",
    ".arrow": "arrow",
}
_INSTEAD = "To do without the hub, get the dataset's files by other means and name them: `dataset: {kind: huggingface, path: ...}`."


def huggingface_examples(settings: HuggingFace) -> tuple[Iterable[Example], Source]:
    """The rows of one split, by the mapping of columns, and the commit or the hashes they came with.

    On the hub the commit that `revision` stands for is found first and then asked for, so that what is recorded is what was
    read. The hub's environment variables hold: `HF_ENDPOINT`, `HF_TOKEN`, `HF_HUB_OFFLINE`, `HF_HOME`. Without a network the
    copy in the cache serves, if `revision` is a commit.

    Rows are read while they are consumed. The warnings are complete when all were.

    Raises InputError if the dataset can't be had, if it has no such configuration, split or column, or if a row is bad.
    """
    if settings.path is not None:
        where, name = str(settings.path), settings.path.name.split(".")[0]
        files = _hashes(settings.path)
        loaded, revision = _local(settings, settings.path), None
        description = f"{settings.path.name}, split {settings.split}, files of the user's"
    else:
        assert settings.repo is not None
        where, name = settings.repo, settings.repo.rpartition("/")[2]
        files = {}
        revision = _commit(settings.repo, settings.revision)
        loaded = _from_hub(settings, revision)
        description = f"{settings.repo}{f' ({settings.config})' if settings.config else ''}, split {settings.split}, at {revision}"
    where = f"{where}, split {settings.split}"
    _columns_there(settings, loaded, where)
    warnings: list[str] = []
    examples = keep(
        islice(distinct(_rows(settings, loaded, name, where), where, "row", warnings), settings.limit),
        settings.sets,
        settings.languages,
        where=where,
        metrics=settings.metrics,
    )
    listing = "".join(f"{sha256}  {file}\n" for file, sha256 in sorted(files.items()))
    sha256 = (
        hashlib.sha256(listing.encode()).hexdigest() if len(files) > 1 else next(iter(files.values()), None)
    )
    return examples, Source("huggingface", description, revision, sha256, files, warnings)


def _rows(
    settings: HuggingFace, loaded: Iterable[Mapping[str, Any]], name: str, where: str
) -> Iterator[tuple[int, Example]]:
    for number, row in enumerate(_read(loaded, where), start=1):
        example = example_from(
            row,
            settings.columns,
            where=f"{where}, row {number}",
            dataset=name,
            metric=settings.metric,
            metrics=settings.metrics,
        )
        yield number, example


def _read(loaded: Iterable[Mapping[str, Any]], where: str) -> Iterator[Mapping[str, Any]]:
    """The rows. What is streamed may break off, or turn out to be damaged, at any of them."""
    from datasets.exceptions import DatasetsError

    rows = iter(loaded)
    number = 0
    while True:
        number += 1
        try:
            row = next(rows)
        except StopIteration:
            return
        except (DatasetsError, ValueError, OSError, RuntimeError) as error:
            raise InputError(f"{where}, row {number}: can't be read ({_reason(error)}).") from error
        yield row


def _columns_there(settings: HuggingFace, loaded: Any, where: str) -> None:
    """A column that is missing is found before any row is read, where the format says what columns there are."""
    names = loaded.column_names
    if names is None:  # streamed, from a format that doesn't say
        return
    for column, key in settings.columns.model_dump(exclude_none=True).items():
        if key not in names and key.partition(".")[0] not in names:
            raise InputError(
                f"{where}: there is no column {key!r}, found {', '.join(map(repr, names)) or 'none'}. "
                f"Name the right one in `dataset.columns.{column}`."
            )


def _local(settings: HuggingFace, path: Path) -> Any:
    if path.is_dir():
        return _load(settings, str(path.resolve()), settings.config)
    builder, options = _builder(path)
    # A file alone has one split, whatever it is called.
    return _load(
        settings, builder, settings.config, data_files={settings.split: [str(path.resolve())]}, **options
    )


def _builder(path: Path) -> tuple[str, dict[str, Any]]:
    """The format of a local file by its ending, and what it is read with."""
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    builder = _BUILDERS.get(suffixes[-1] if suffixes else "")
    if builder is None:
        raise InputError(
            f"{path}: found a file that is no dataset by its ending, expected one of {', '.join(_BUILDERS)} (each also with "
            ".gz behind it), or a folder of them. Check `dataset.path`."
        )
    return builder, {"sep": "\t"} if suffixes[-1] == ".tsv" else {}


def _hashes(path: Path) -> dict[str, str]:
    """SHA-256 by name of the file, or of all files in the folder, hidden ones left out."""
    files = [path] if not path.is_dir() else [each for each in path.rglob("*") if each.is_file()]
    root = path if path.is_dir() else path.parent
    hashes = {}
    for each in sorted(files):
        name = each.relative_to(root).as_posix()
        if path.is_dir() and any(part.startswith(".") for part in Path(name).parts):
            continue
        try:
            with each.open("rb") as file:
                hashes[name] = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise InputError(
                f"{each}: the dataset can't be read ({error.strerror}). Check `dataset.path`."
            ) from error
    return hashes


def _commit(repo: str, revision: str) -> str:
    """The commit that a revision of a dataset stands for. A commit stands for itself, and no one is asked."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import OfflineModeIsEnabled

    if _is_commit(revision):
        return revision
    _quiet()
    where = f"{repo} at revision {revision}"
    try:
        with there(repo, where, _INSTEAD, "dataset"):
            commit = HfApi().dataset_info(repo, revision=revision, timeout=60).sha
    except InputError:
        raise
    except OfflineModeIsEnabled as error:
        raise InputError(
            f"{where}: without the hub (HF_HUB_OFFLINE) it isn't known which commit that is. Name a commit in "
            f"`dataset.revision` whose files are in the cache. {_INSTEAD}"
        ) from error
    except Exception as error:  # also those of the hub's HTTP client, which may change with any release
        raise InputError(f"{where}: the hub did not answer ({_reason(error)}). {_INSTEAD}") from error
    if commit is None:
        raise InputError(f"{where}: the hub named no commit. Name one in `dataset.revision`.")
    return commit


def _from_hub(settings: HuggingFace, commit: str) -> Any:
    assert settings.repo is not None
    loaded = _load(settings, settings.repo, settings.config, revision=commit)
    # Without the hub the package takes the newest copy in its cache, whatever commit was asked for.
    for file in getattr(loaded, "cache_files", ()):
        found = Path(file["filename"]).parent.name
        if _is_commit(found) and found != commit:
            raise InputError(
                f"{settings.repo} at revision {settings.revision}: the hub did not give it, and the copy in the cache is of "
                f"{found}. Name that in `dataset.revision`, or let the run reach the hub. {_INSTEAD}"
            )
    return loaded


def _is_commit(name: str) -> bool:
    return len(name) == 40 and all(sign in "0123456789abcdef" for sign in name)


def _load(settings: HuggingFace, source: str, config: str | None, **options: Any) -> Any:
    """The split as the package gives it: rows as plain values, and `column_names`."""
    import datasets
    from datasets.exceptions import DatasetsError
    from huggingface_hub.errors import HfHubHTTPError

    datasets.disable_progress_bars()
    _quiet()
    where = (
        str(settings.path)
        if settings.path is not None
        else f"{settings.repo} at revision {settings.revision}"
    )
    instead = "" if settings.path is not None else f" {_INSTEAD}"
    try:
        return datasets.load_dataset(
            source, config, split=settings.split, streaming=settings.streaming, **options
        )
    except (DatasetsError, ValueError, OSError, RuntimeError, HfHubHTTPError) as error:
        # The package names what there is ("BuilderConfig 'x' not found. Available: ...", "Unknown split ...").
        raise InputError(
            f"{where}: can't be loaded with `dataset.config` {settings.config or 'unset'} and `dataset.split` "
            f"{settings.split}: {_reason(error)}.{instead}"
        ) from error


def _reason(error: BaseException) -> str:
    """The first line of what went wrong; "an error occurred while generating the dataset" says less than its cause."""
    return reason(error.__cause__ or error)


def _quiet() -> None:
    """The log is the run's: the packages would tell of every request in it, and of every guess."""
    for name in ("datasets", "httpx", "httpx2"):
        logging.getLogger(name).setLevel(logging.ERROR)
