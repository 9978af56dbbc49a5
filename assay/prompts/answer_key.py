"""What the simulator is told: for each prompt, answers that are right and answers that are wrong.

It goes to the simulator as a file of its own, so that no answer ever travels with a request.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assay.datasets.example import Example

WRONG_ANSWERS = 4
_FALLBACK = "The text does not say."


@dataclass(frozen=True, slots=True)
class KeyLine:
    """One prompt's line: the hash of its text, without nonce, its tokens, and answers of both kinds."""

    sha256: str
    tokens: int
    right: tuple[str, ...]
    wrong: tuple[str, ...]

    def to_json(self) -> str:
        """The line as JSON."""
        values = {"sha256": self.sha256, "tokens": self.tokens, "right": self.right, "wrong": self.wrong}
        return json.dumps(values, ensure_ascii=False)


def wrong_answers(example: Example, answers_by_set: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Plausible wrong answers: at least one, and the same ones whenever the data are the same.

    The example's own, else its other classes, else answers to other questions of its set. None of them contains
    a right answer or is contained in one. `answers_by_set` has the distinct answers of every set.
    """
    if example.wrong:
        return example.wrong
    right = [answer.casefold().strip() for answer in example.answers]
    pool = example.all_classes or answers_by_set.get(example.dataset, ())
    found: list[str] = []
    # Each example starts elsewhere in the pool, so that wrong answers differ from question to question.
    start = int.from_bytes(hashlib.sha256(f"{example.dataset}\0{example.id}".encode()).digest()[:8], "big")
    for step in range(len(pool)):
        answer = pool[(start + step) % len(pool)]
        folded = answer.casefold().strip()
        if folded and not any(folded in one or one in folded for one in right) and answer not in found:
            found.append(answer)
            if len(found) == WRONG_ANSWERS:
                break
    return tuple(found) or (_FALLBACK,)
