"""Puts an example into words: a text file with {context} and {input}.

Tokens are counted by `assay.prompts.tokenizer`; the nonce before a prompt is left to the sender.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from assay.errors import InputError
from assay.prompts.tokenizer import TokenCounter

PLACEHOLDERS = ("context", "input")
_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_PLACEHOLDER_OR_BRACE = re.compile(r"\{\{|\}\}|\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class LaidOut:
    """A user's message, and where in it the document stands: null where there is none, or where it stands several times."""

    text: str
    context_at: int | None
    context_chars: int | None


@dataclass(frozen=True)
class Template:
    """A prompt's fixed words. `sha256` and `system_sha256` are those of the files' bytes.

    With `doubled_braces`, as in Python's `str.format`, {{ and }} stand for single braces.
    """

    text: str
    sha256: str
    system: str | None = None
    system_sha256: str | None = None
    doubled_braces: bool = False

    def render(self, context: str, question: str) -> str:
        """The user's message for a document and a question.

        Both go in in one pass, so that braces in a document are never taken for placeholders.
        """
        return self.laid_out(context, question).text

    def laid_out(self, context: str, question: str) -> LaidOut:
        """The same, with the document's place in it."""
        values = {"context": context, "input": question}
        parts: list[str] = []
        places: list[int] = []
        at = 0
        for words, name in self._pieces():
            at += len(words)
            if name == "context":
                places.append(at)
            filled = "" if name is None else values[name]
            at += len(filled)
            parts += [words, filled]
        known = bool(context) and len(places) == 1
        return LaidOut("".join(parts), places[0] if known else None, len(context) if known else None)

    def placeholders(self) -> list[str]:
        """The names in braces, in their order."""
        return [name for _, name in self._pieces() if name is not None]

    def _pieces(self) -> Iterator[tuple[str, str | None]]:
        """Fixed words, each with the placeholder that follows it."""
        begin = 0
        for match in (_PLACEHOLDER_OR_BRACE if self.doubled_braces else _PLACEHOLDER).finditer(self.text):
            brace = match.group()[0] if match.group() in ("{{", "}}") else ""
            yield self.text[begin : match.start()] + brace, match.group(1)
            begin = match.end()
        yield self.text[begin:], None

    def tokens(self, context: str, question: str, counter: TokenCounter) -> int:
        """Tokens of the formatted prompt: the user's message and the system prompt."""
        texts = [self.render(context, question)]
        if self.system is not None:
            texts.append(self.system)
        return sum(counter.count(texts))

    def places(self, name: str) -> bool:
        """Whether the template has the placeholder `name`."""
        return name in self.placeholders()

    def with_system(self, system: str, sha256: str) -> "Template":
        """The same, with a system prompt."""
        return replace(self, system=system, system_sha256=sha256)


def read_template(template: Path, system: Path | None = None) -> Template:
    """Read a template and, if there is one, the system prompt that goes with it.

    One line end at the end of each file is the editor's and not part of the prompt.

    Raises InputError if a file can't be read, if the template has neither placeholder, or if it has one that
    is unknown.
    """
    text, sha256 = _read(template, "prompt template")
    names = _PLACEHOLDER.findall(text)
    for name in names:
        if name not in PLACEHOLDERS:
            line = text[: text.index(f"{{{name}}}")].count("\n") + 1
            raise InputError(
                f"{template}, line {line}: found the placeholder {{{name}}}, expected {{context}} or {{input}}. "
                "Rename it, or take the braces away if it is meant as text."
            )
    if not names:
        raise InputError(
            f"{template}: found neither {{context}} nor {{input}}, expected at least one of them. "
            "Put {context} where the document goes and {input} where the question goes."
        )
    made = Template(text, sha256)
    return made if system is None else made.with_system(*read_system(system))


def read_system(system: Path) -> tuple[str, str]:
    """A system prompt and the hash of its file. InputError if it can't be read, or is empty."""
    text, sha256 = _read(system, "system prompt")
    if not text.strip():
        raise InputError(f"{system}: the system prompt is empty. Write one, or take `prompt.system` away.")
    return text, sha256


def _read(path: Path, what: str) -> tuple[str, str]:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{path}: the {what} can't be read ({error.strerror}). Check the path in `prompt`."
        ) from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise InputError(f"{path}, line {line}: the {what} is not UTF-8. Save it as UTF-8.") from error
    return text.replace("\r\n", "\n").removesuffix("\n"), hashlib.sha256(raw).hexdigest()
