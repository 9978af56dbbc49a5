"""What a judge is asked: the user's template with a question, its references and a model's answer put in, and the document if
the template wants it.

A model's answer is text from outside that may talk to the judge. It stands between two lines with a mark that the
model can't have known, since the mark is a hash of the very answer, and it is put in last and in one pass, so that
nothing in it is taken for a placeholder. The document is from outside too, and stands between the same marks. Reading the
judge's reply is left to `parsing`.
"""

import hashlib
import logging
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from assay.errors import InputError
from assay.prompts.prompt import Prompt

log = logging.getLogger(__name__)

_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_REQUIRED = ("question", "references", "answer")
_KNOWN = (*_REQUIRED, "context", "mark")


@dataclass(frozen=True, slots=True)
class JudgeTemplate:
    """A judge prompt with the placeholders {question}, {references}, {answer} and, if it likes, {context} and {mark}.

    {references} becomes a list, one reference a line; {answer} becomes the answer between two lines with the
    mark, and {context} the document between two such lines; {mark} is that mark, for the instructions to name. Other braces,
    such as a JSON example's, are text.
    """

    text: str

    @property
    def wants_context(self) -> bool:
        """Whether judges are to see the document."""
        return "{context}" in self.text

    def prompt(
        self, question: str, references: Sequence[str], answer: str, context: str | None = None
    ) -> str:
        """The prompt for one answer: the same for the same question, references, answer and document, on every machine.

        `context` is the document; only a template that wants one looks at it, and there it must be given.
        """
        texts = [question, *references, answer]
        if self.wants_context:
            if context is None:
                raise ValueError("this template has {context}, and no document was given")
            texts.append(context)
        mark = _mark(texts)
        values = {
            "question": question,
            "references": "\n".join(f"- {reference}" for reference in dict.fromkeys(references)),
            "answer": f"[begin {mark}]\n{answer}\n[end {mark}]",
            "context": f"[begin document {mark}]\n{context}\n[end document {mark}]",
            "mark": mark,
        }
        return _PLACEHOLDER.sub(lambda found: values[found[1]], self.text)


def read_template(path: Path) -> JudgeTemplate:
    """The template in a UTF-8 text file. InputError if it can't be read or its placeholders are not as expected."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path}: the judge prompt can't be read as UTF-8 text ({error}); check judges.prompt"
        ) from error
    return template(text, str(path))


def template(text: str, source: str) -> JudgeTemplate:
    """The template in `text`, checked; `source` names it in the InputError."""
    found = set(_PLACEHOLDER.findall(text))
    if missing := [name for name in _REQUIRED if name not in found]:
        raise InputError(
            f"{source}: the judge prompt has no {{{missing[0]}}}; it needs the placeholders "
            f"{', '.join(f'{{{name}}}' for name in _REQUIRED)}, and may have {{context}} and {{mark}}"
        )
    if unknown := sorted(found.difference(_KNOWN)):
        raise InputError(
            f"{source}: the judge prompt has the placeholder {{{unknown[0]}}}, which is not known; expected are "
            f"{', '.join(f'{{{name}}}' for name in _KNOWN)}. Text in braces needs a space or a quote inside them"
        )
    if "mark" not in found:
        log.warning(
            "%s: the judge prompt doesn't name {mark}: nobody tells judges that what stands between the lines with that mark is "
            "data and no instruction. config/judging/correctness.txt has a paragraph that does",
            source,
        )
    return JudgeTemplate(text)


def document(prompt: Prompt) -> str:
    """What a judge sees as the document: the part of a prompt's text that was made from it, as the model saw it.

    The whole text where nobody knows which part that is.
    """
    if prompt.context_at is None or prompt.context_chars is None:
        return prompt.text
    return prompt.text[prompt.context_at :][: prompt.context_chars]


def _mark(texts: Sequence[str]) -> str:
    """A mark of 16 hex digits that occurs in none of the texts that it delimits or stands beside, nor anything that looks like it:
    in capitals, in letters of another width, with characters in it that don't show."""
    seed = "\0".join(texts)
    seen = [form for text in texts for form in (text, _as_read(text))]
    # A text would have to hold the hash of itself: what this guards against can't be made, and costs nothing to rule out.
    while any(
        (mark := hashlib.sha256(seed.encode("utf-8", "surrogatepass")).hexdigest()[:16]) in text
        for text in seen
    ):
        seed = mark + seed
    return mark


def _as_read(text: str) -> str:
    """The text as a reader takes it, who sees no difference of width or case, and nothing of hidden characters."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKC", text)
    return "".join(character for character in plain if unicodedata.category(character) != "Cf").lower()
