"""Any dataset that the package `datasets` reads: from the Hugging Face hub, or from local files.

The package takes a second to load, so it is imported when a benchmark names such a dataset, and not before.
"""

import hashlib
import logging
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, time
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

from assay.datasets.distinct import distinct
from assay.datasets.example import Example
from assay.datasets.examples_file import Source
from assay.datasets.filters import keep
from assay.datasets.hub import reason, there
from assay.datasets.rows import LONGBENCH_KEYS, example_from
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
    names, used = _class_names(loaded), _used(settings)
    used |= {key.partition(".")[0] for key in used}
    digits_lost = settings.path is not None and settings.path.suffix in (".json", ".jsonl", ".gz")
    for number, row in enumerate(_read(loaded, where), start=1):
        plain = {
            key: _plain(
                row[key], names.get(key), f"{where}, row {number}, key {key!r}" if digits_lost else None
            )
            for key in used & row.keys()
        }
        example = example_from(
            {**row, **plain},
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
            raise InputError(
                f"{where}, row {number}: can't be read ({_reason(error)}). Get the data again."
            ) from error
        yield row


def _class_names(loaded: Any) -> dict[str, Sequence[str]]:
    """The names of classes by column, where the dataset keeps only their numbers in its rows."""
    found = {}
    for key, feature in (loaded.features or {}).items():
        inner = getattr(feature, "feature", feature)
        if hasattr(inner, "int2str") and getattr(inner, "names", None):
            found[key] = inner.names
    return found


def _plain(value: Any, names: Sequence[str] | None, exact: str | None) -> Any:
    """A value as text, number, list or object. Of a typed column some come otherwise: classes as numbers, whole numbers with a
    point and NaN for null where any is missing, dates and decimals as objects.

    InputError, at the place `exact`, for a number that has lost digits. Null for `exact`: a float is as it was written.
    """
    if isinstance(value, Mapping):
        return {key: _plain(each, None, exact) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each, names, exact) for each in value]
    if names is not None and isinstance(value, int) and not isinstance(value, bool):
        return names[value] if 0 <= value < len(names) else None
    if isinstance(value, float):
        if math.isnan(value):
            return None
        if exact is not None and 2.0**53 <= abs(value) < math.inf:
            raise InputError(
                f"{exact}: found a number that is too long to be read digit by digit, about {value:g}. Put it into quotes, or "
                "read the file with `dataset: {kind: jsonl}`."
            )
        return int(value) if value.is_integer() and abs(value) < 2.0**53 else value
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


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
        endings = {file.suffix.lower() for file in path.rglob("*")} & _BUILDERS.keys()
        options = _as_written(settings) if endings == {".csv"} else {}
        return _load(settings, str(path.resolve()), settings.config, **options)
    builder, options = _builder(path)
    if builder == "csv":
        options |= _as_written(settings)
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


def _as_written(settings: HuggingFace) -> dict[str, Any]:
    """Reads the columns of a CSV file that are used as they are written: 007 isn't 7, 8.50 not 8.5, and NA no null."""
    return {"converters": dict.fromkeys(sorted(_used(settings)), str), "keep_default_na": False}


def _used(settings: HuggingFace) -> set[str]:
    """The keys that are read of a row."""
    named = settings.columns.model_dump().values()
    return {key for key in (*named, *LONGBENCH_KEYS.values()) if key is not None}


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
    try:
        return datasets.load_dataset(
            source, config, split=settings.split, streaming=settings.streaming, **options
        )
    except (DatasetsError, ValueError, OSError, RuntimeError, HfHubHTTPError) as error:
        cause = error.__cause__ or error
        instead = "Mend the file, or correct the key." if settings.path is not None else _INSTEAD
        instead = "Save the file as UTF-8." if isinstance(cause, UnicodeDecodeError) else instead
        # The package names what there is ("BuilderConfig 'x' not found. Available: ...", "Unknown split ...").
        raise InputError(
            f"{where}: can't be loaded with `dataset.config` {settings.config or 'unset'} and `dataset.split` "
            f"{settings.split}: {_reason(error)}. {instead}"
        ) from error


def _reason(error: BaseException) -> str:
    """The first line of what went wrong; "an error occurred while generating the dataset" says less than its cause."""
    return reason(error.__cause__ or error)


def _quiet() -> None:
    """The log is the run's: the packages would tell of every request in it, and of every guess."""
    for name in ("datasets", "httpx", "httpx2"):
        logging.getLogger(name).setLevel(logging.ERROR)
