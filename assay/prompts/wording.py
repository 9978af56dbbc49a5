"""How rows are put to the models: by which template, with which system prompt, up to which length, and for how long an answer.

A benchmark has one template for all its rows, or one for each set of LongBench.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from assay.errors import InputError
from assay.metrics.longbench import set_of
from assay.prompts.longbench import published_prompts
from assay.prompts.template import Template, read_system, read_template


@dataclass(frozen=True)
class Wording:
    """Templates and limits. What is by set holds for the set's `_e` variant too."""

    template: Template | None
    """Of every set without one of its own."""
    by_set: Mapping[str, Template] = field(default_factory=dict)
    output_limits: Mapping[str, int] = field(default_factory=dict)
    """Most output tokens, of sets that have a limit of their own."""
    without_chat: Collection[str] = frozenset()
    """Sets whose prompts go without the system prompt."""
    truncate_tokens: int | None = None
    """Most tokens of a prompt, system prompt included; null for no limit."""

    def of(self, dataset: str) -> Template:
        """A set's template. InputError if there is none."""
        found = self.by_set.get(set_of(dataset), self.template)
        if found is None:
            raise InputError(
                f"set {dataset!r} has no prompt of its own; there are prompts for {', '.join(sorted(self.by_set))}. Name a "
                "template for all sets in `prompt.template`, or take the set out of `dataset.sets`"
            )
        return found

    def output_limit(self, dataset: str) -> int | None:
        """Most output tokens of a set's answers; null where it has no limit of its own."""
        return self.output_limits.get(set_of(dataset))

    def chat(self, dataset: str) -> bool:
        """Whether the system prompt goes with a set's prompts."""
        return set_of(dataset) not in self.without_chat

    @property
    def system(self) -> str | None:
        """The system prompt."""
        return self._any.system

    @property
    def system_sha256(self) -> str | None:
        """The hash of its file."""
        return self._any.system_sha256

    @property
    def template_sha256(self) -> str:
        """The hash of the template's file; of several, that of the list of their names and hashes."""
        hashes = {name: template.sha256 for name, template in self.by_set.items()}
        if self.template is not None:
            return self.template.sha256
        if len(set(hashes.values())) == 1:
            return self._any.sha256
        listing = "".join(f"{sha256}  {name}\n" for name, sha256 in sorted(hashes.items()))
        return hashlib.sha256(listing.encode()).hexdigest()

    @property
    def _any(self) -> Template:
        return self.template or next(iter(self.by_set.values()))


def read_by_set(files: Sequence[Path], published: Path | None, system: Path | None) -> dict[str, Template]:
    """A template for each set: of `files`, which are named after their sets, or of LongBench's `published` prompts."""
    if published is not None:
        found = published_prompts(published)
    else:
        found = {path.stem: read_template(path) for path in files}
    if system is None:
        return found
    told = read_system(system)
    return {name: template.with_system(*told) for name, template in found.items()}
