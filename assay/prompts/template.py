"""Puts an example into words: a text file with {context} and {input}.

Tokens are counted by `assay.prompts.tokenizer`; the nonce before a prompt is left to the sender.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from assay.errors import InputError
from assay.prompts.tokenizer import TokenCounter

PLACEHOLDERS = ("context", "input")
_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True)
class Template:
    """A prompt's fixed words. `sha256` and `system_sha256` are those of the files' bytes."""

    text: str
    sha256: str
    system: str | None = None
    system_sha256: str | None = None

    def render(self, context: str, question: str) -> str:
        """The user's message for a document and a question.

        Both go in in one pass, so that braces in a document are never taken for placeholders.
        """
        values = {"context": context, "input": question}
        return _PLACEHOLDER.sub(lambda match: values[match.group(1)], self.text)

    def tokens(self, context: str, question: str, counter: TokenCounter) -> int:
        """Tokens of the formatted prompt: the user's message and the system prompt."""
        texts = [self.render(context, question)]
        if self.system is not None:
            texts.append(self.system)
        return sum(counter.count(texts))

    def places(self, name: str) -> bool:
        """Whether the template has the placeholder `name`."""
        return f"{{{name}}}" in self.text


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
    if system is None:
        return Template(text, sha256)
    system_text, system_sha256 = _read(system, "system prompt")
    if not system_text.strip():
        raise InputError(f"{system}: the system prompt is empty. Write one, or take `prompt.system` away.")
    return Template(text, sha256, system_text, system_sha256)


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
