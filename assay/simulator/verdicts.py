"""What a simulated judge replies: a verdict with known error rates, in the style of its behaviour."""

import json

from assay.simulator import wording
from assay.simulator.answer_key import Entry
from assay.simulator.behaviour import JudgesAnswers
from assay.simulator.chance import index, pick, share


def verdict(judge: JudgesAnswers, about: bytes, entry: Entry | None) -> str:
    """The reply's text. An answer that the key doesn't know counts as wrong."""
    if share(about, "malformed") < judge.malformed:
        return _one(about, wording.NO_VERDICT)
    truth = entry is not None and entry.correct is True
    if truth:
        says_correct = share(about, "verdict") < judge.sensitivity
    else:
        says_correct = share(about, "verdict") >= judge.specificity
    because = wording.CORRECT_BECAUSE if says_correct else wording.INCORRECT_BECAUSE
    reply = {"verdict": "correct" if says_correct else "incorrect", "explanation": _one(about, because)}
    style = pick(about, "style", judge.style.model_dump())
    if style == "fenced":
        return f"```json\n{json.dumps(reply, indent=2)}\n```"
    if style == "prose":
        return _one(about, wording.BEFORE_VERDICT) + json.dumps(reply)
    return json.dumps(reply)


def _one(about: bytes, choice: tuple[str, ...]) -> str:
    return choice[index(about, "words", len(choice))]
