"""The base of every room's settings: strict about names, forgiving about nothing that could be a typo.

Each room declares its own settings in its own `settings` module; `assay.config` composes them into one
benchmark. Field descriptions are the reference documentation: the JSON schema and docs/configuration.md are
generated from them.
"""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints


class Settings(BaseModel):
    """Immutable settings: an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False)


@dataclass(frozen=True, slots=True)
class Expected:
    """Stands in an annotated type, and says in words what a pattern asks for: error messages use it."""

    words: str


def _not_a_boolean(value: Any) -> Any:
    """YAML reads `yes`, `no`, `on` and `off` as booleans, which pydantic would take for 1 and 0."""
    if isinstance(value, bool):
        raise ValueError("expected a number (YAML reads yes, no, on and off as true and false)")
    return value


Count = Annotated[int, BeforeValidator(_not_a_boolean), Field(ge=1)]
"""A whole number of at least 1."""

Whole = Annotated[int, BeforeValidator(_not_a_boolean), Field(ge=0)]
"""A whole number of at least 0."""

Number = Annotated[float, BeforeValidator(_not_a_boolean)]
"""Any finite number."""

Positive = Annotated[float, BeforeValidator(_not_a_boolean), Field(gt=0)]
"""A finite number above 0."""

Share = Annotated[float, BeforeValidator(_not_a_boolean), Field(ge=0, le=1)]
"""A share or probability, from 0 to 1."""

Label = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$"),
    Expected("letters, digits, - and _, beginning with a letter or digit, at most 63 (it names files)"),
]
"""A name that is safe in file names and in figures: letters, digits, `-` and `_`, at most 63 characters."""


class Edition(Settings):
    """Which buying a job's requests belong to, and the seed of its random choices."""

    name: str
    """The run's."""
    edition: Count
    seed: Whole
