"""One thing that preflight found wrong: where it stands in the benchmark, what was found, and what to do about it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]

_ACCOUNT = re.compile(r"(?<!\d)\d{12}(?!\d)")


@dataclass(frozen=True, slots=True)
class Problem:
    """`key` leads to the place in the benchmark file; `kind` is one word, such as `needs_profile`."""

    key: str
    label: str
    """Of the model or judge; empty where the problem is everybody's."""
    kind: str
    severity: Severity
    found: str
    remedy: str

    def words(self) -> str:
        """Two lines for a reader."""
        whose = f" ({self.label})" if self.label else ""
        return f"  {self.severity}: {self.key}{whose}: {self.found}\n      do: {self.remedy}"


def said(message: str) -> str:
    """What a service said, in quotes and without account numbers."""
    return f'"{_ACCOUNT.sub("…", message.strip())}"'


def listed(problems: Sequence[Problem]) -> str:
    """All problems, errors first."""
    ordered = sorted(problems, key=lambda problem: problem.severity != "error")
    return "\n".join(problem.words() for problem in ordered)
