"""What a judge's reply comes to: a verdict of `Verdict`, whatever became of the request.

How a text is understood is left to `parsing`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from assay.judging.parsing import Parsed, parse
from assay.judging.reply import NOT_ASKED, Reply
from assay.judging.schema import Form

REFUSED = frozenset({"content_filtered", "guardrail_intervened", "refusal"})
"""Stop reasons of a service that kept the reply back, or cut it off, because of what it says."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Reads the replies of judges who were asked for `form`."""

    form: Form = field(default_factory=Form)
    answers: Mapping[str, str] = field(default_factory=dict)
    """By judge prompt, the answer that it is about: what a judge repeats of it is no word of the judge's own."""

    def __call__(self, prompt: str, reply: Reply) -> Parsed:
        """Verdict, explanation and rating of a reply to a judge prompt."""
        if reply.text is None:
            return Parsed("not_asked" if reply.error == NOT_ASKED else "failed", None)
        if reply.stop_reason in REFUSED:
            return Parsed("refused", reply.text.strip() or None)
        return parse(reply.text, self.form.verdict, self.answers.get(prompt))


def right(parsed: Parsed) -> float | None:
    """How right a judge calls the answer, from 0 to 1; None where it stated nothing."""
    if parsed.verdict == "rated" and parsed.rating is not None:
        return (parsed.rating - 1.0) / 4.0
    return {"correct": 1.0, "incorrect": 0.0}.get(parsed.verdict)
