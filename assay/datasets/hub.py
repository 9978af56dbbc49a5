"""One file from the Hugging Face hub, through its cache, with the commit it belongs to; and what the hub's refusals mean."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assay.errors import InputError


def download(repo: str, file: str, *, repo_type: str, revision: str, instead: str) -> tuple[Path, str | None]:
    """A local copy of a file on the hub, and the commit that `revision` stood for.

    The hub's own cache is used (`HF_HOME`), and its environment variables hold: `HF_ENDPOINT`, `HF_TOKEN`,
    `HF_HUB_OFFLINE`. Without a network the copy in the cache serves, if there is one.

    Raises InputError with `instead`, which says how to do without the hub, if the file can't be had.
    """
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, LocalEntryNotFoundError

    where = f"{file} of {repo} at revision {revision}"
    try:
        with there(repo, where, instead):
            path = Path(hf_hub_download(repo, file, repo_type=repo_type, revision=revision))
    except LocalEntryNotFoundError as error:
        raise InputError(
            f"{where}: the hub did not give it ({reason(error.__cause__ or error)}), and there is no copy in the "
            f"cache. {instead}"
        ) from error
    except EntryNotFoundError as error:
        raise InputError(f"{where}: the repository has no such file. {instead}") from error
    except (HfHubHTTPError, OSError) as error:
        raise InputError(f"{where}: the download failed ({reason(error)}). {instead}") from error
    # The cache keeps files under snapshots/<commit>/.
    commit = path.parent.name if path.parent.parent.name == "snapshots" else None
    return path, commit


@contextmanager
def there(repo: str, where: str, instead: str, what: str = "repository") -> Iterator[None]:
    """Raises InputError where the hub says within the block that a name, a revision or a repository isn't there.

    `where` names what was asked for, `what` is the kind of repository, and `instead` says how to do without the hub.
    """
    from huggingface_hub.errors import HFValidationError, RepositoryNotFoundError, RevisionNotFoundError

    try:
        yield
    except HFValidationError as error:
        raise InputError(f"{repo!r} is no name of a repository on the hub: {error}") from error
    except RevisionNotFoundError as error:
        raise InputError(
            f"{where}: the hub has no such revision. Name a branch, a tag or a commit."
        ) from error
    except RepositoryNotFoundError as error:
        raise InputError(
            f"{where}: the hub has no such {what}, or it needs a token (HF_TOKEN). {instead}"
        ) from error


def reason(error: BaseException) -> str:
    """The first line of what went wrong."""
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
