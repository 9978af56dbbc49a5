"""What made a report: versions, commit, machine. Nothing in it names a host, a person or a path."""

import hashlib
import importlib.metadata
import platform
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.canonical import canonical_json

_PACKAGES = (
    "snakemake",
    "botocore",
    "httptools",
    "pandas",
    "pyarrow",
    "scipy",
    "matplotlib",
    "pydantic",
    "tiktoken",
    "tokenizers",
    "mistral-common",
    "datasets",
    "genai-prices",
    "pypandoc-binary",
)
"""The packages that a figure in the report may depend on."""

_ACCOUNT = re.compile(r"(?<=:)\d{12}(?=:)")

PRINCIPAL = r"(arn:[a-z-]*:(?:iam|sts)::)(?:\d{12}|…|\\u2026):[^\s\"',;\\]+"
"""Who asked, in an error message of the service: an account id, which may be gone already, and often the name of a person."""

_LOGIN = re.compile(r"(?<=://)[^/?#\s]*@")
"""What stands before the host of a URL: a name, and often a password."""


@dataclass(frozen=True, slots=True)
class Commit:
    """The Git commit that the code is at."""

    id: str
    changed: bool
    """Whether files differ from it."""


def versions(project: str) -> dict[str, str]:
    """Versions of Python and of the packages that matter, by name."""
    found = {"assay": project, "python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def commit(folder: Path) -> Commit | None:
    """The commit that `folder` is at; None where Git or its repository is missing."""
    try:
        found = _git(folder, "rev-parse", "HEAD").strip()
        return Commit(
            found, changed=bool(_git(folder, "status", "--porcelain", "--untracked-files=no").strip())
        )
    except (OSError, subprocess.SubprocessError):
        return None


def _git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", str(folder), *arguments], check=True, capture_output=True, text=True, timeout=20
    ).stdout


def clock(time: str | None) -> str | None:
    """A time in ISO 8601 as a person reads it, to the second: 2026-11-01 10:00:00."""
    return None if time is None else time[:19].replace("T", " ")


def settings_hash(settings: Any) -> str:
    """SHA-256 of settings as canonical JSON, hex: the same however their keys were ordered."""
    return hashlib.sha256(canonical_json(settings).encode()).hexdigest()


def public_settings(benchmark: dict[str, Any]) -> dict[str, Any]:
    """A benchmark as the report prints it: without private parts, and without AWS profiles, often people's names."""
    made: dict[str, Any] = without_private_parts(benchmark)
    for part in ("endpoint", "publish"):
        if isinstance(made.get(part), dict):
            made[part] = {key: value for key, value in made[part].items() if key != "profile"}
    return made


def without_private_parts(value: Any) -> Any:
    """`value` without what a reader has no use for: AWS account ids in ARNs, who asked in an error message of the service,
    names and passwords in URLs, and folders of absolute paths."""
    if isinstance(value, dict):
        return {without_private_parts(key): without_private_parts(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [without_private_parts(item) for item in value]
    if isinstance(value, str):
        if value.startswith(("/", "~")) or re.match(r"[A-Za-z]:[\\/]", value):
            return "…/" + re.split(r"[\\/]", value)[-1]
        return _ACCOUNT.sub("…", re.sub(PRINCIPAL, r"\1…", _LOGIN.sub("", value)))
    return value
