"""The base of every room's settings: strict about names, forgiving about nothing that could be a typo.

Each room declares its own settings in its own `settings` module; `assay.config` composes them into one
benchmark. Field descriptions are the reference documentation: the JSON schema and docs/configuration.md are
generated from them.
"""

import re
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints


class Settings(BaseModel):
    """Immutable settings: an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False)


@dataclass(frozen=True, slots=True)
class Expected:
    """Stands in an annotated type, and says in words what a pattern asks for: error messages use it."""

    words: str


_NUMBER = re.compile(r"[+-]?[\d_]*\.?\d*([eE][+-]?\d+)?")


def _a_number(value: Any) -> Any:
    """Refuses what pydantic would take for a number: booleans, as YAML reads `yes` and `no`, and quoted digits."""
    if isinstance(value, bool):
        raise ValueError("expected a number (YAML reads yes, no, on and off as true and false)")
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        raise ValueError("expected a number, without quotes")
    return value


Count = Annotated[int, BeforeValidator(_a_number), Field(ge=1)]
"""A whole number of at least 1."""

Whole = Annotated[int, BeforeValidator(_a_number), Field(ge=0)]
"""A whole number of at least 0."""

Number = Annotated[float, BeforeValidator(_a_number)]
"""Any finite number."""

Positive = Annotated[float, BeforeValidator(_a_number), Field(gt=0)]
"""A finite number above 0."""

Share = Annotated[float, BeforeValidator(_a_number), Field(ge=0, le=1)]
"""A share or probability, from 0 to 1."""

Label = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$"),
    Expected("letters, digits, - and _, beginning with a letter or digit, at most 63 (it names files)"),
]
"""A name that is safe in file names and in figures: letters, digits, `-` and `_`, at most 63 characters."""


def _a_server(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:  # brackets that don't match, or a port that is none
        raise ValueError(
            f"expected scheme, host and port, such as https://host.example:8443 ({error})"
        ) from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError("expected scheme, host and port only, such as https://host.example:8443")
    if parts.username is not None or parts.password is not None:
        raise ValueError("expected no user or password in it: credentials come from the environment")
    if port == 0:
        raise ValueError("expected a port from 1 to 65535")
    return url


ServerUrl = Annotated[str, AfterValidator(_a_server)]
"""Scheme, host and port of a server: no path, and no credentials, which would end up in reports."""


class Edition(Settings):
    """Which buying a job's requests belong to, and the seed of its random choices."""

    name: str
    """The run's."""
    edition: Count
    seed: Whole
