"""What a simulated judge replies: a verdict or rating with known error rates, in the style of its behaviour.

Which draws decide what: the answer's own (`Draws.answer`) what the judge thinks of it, one that all judges share
(`Draws.shared`) a share of their errors, and the asking's (`Draws.asking`) whether it thinks otherwise this time.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assay.simulator import orders, wording
from assay.simulator.answer_key import Entry
from assay.simulator.behaviour import JudgesAnswers
from assay.simulator.chance import index, pick, share
from assay.simulator.requests import Ask

_HIGH = {"5": 2.0, "4": 1.0}
"""Weights of ratings where the judge takes the answer for right: their mean is 14/3."""
_LOW = {"1": 2.0, "2": 1.0}
"""Weights where it takes it for wrong: 4/3 on the mean."""


@dataclass(frozen=True, slots=True)
class Draws:
    """What is left to chance follows from these."""

    answer: bytes
    """Of the judge and the prompt, without what stands in front of it."""
    shared: bytes
    """Of the prompt alone."""
    asking: bytes
    """Of the judge and the whole text."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a judge replies: a text, or JSON text that is the input of the tool that it was to call."""

    text: str
    calls_tool: bool = False


def verdict(judge: JudgesAnswers, draws: Draws, entry: Entry | None, ask: Ask) -> Reply:
    """The reply to one prompt. An answer that the key doesn't know counts as wrong."""
    about = draws.answer
    rates = _asks_for_rating(ask)
    # Asked again about the same reply, it may be well-formed this time.
    if share(about, f"malformed {len(ask.questions)}") < judge.malformed:
        return Reply(_one(about, wording.NO_VERDICT))
    if share(about, "refusal") < judge.refusal:
        return Reply(_one(about, wording.REFUSALS))
    if share(about, "abstention") < judge.abstention and (ask.output is None or _unsure_word(ask.form)):
        return _unsure(judge, about, ask, rates)
    obeys = share(about, "obeys") < judge.obeys
    ordered = orders.order(ask.questions[0] if ask.questions else ask.prompt) if obeys else None
    says_correct = _thinks_correct(judge, draws, entry) if ordered is None else ordered
    because = _one(about, wording.CORRECT_BECAUSE if says_correct else wording.INCORRECT_BECAUSE)
    said: str | int = "correct" if says_correct else "incorrect"
    if rates:
        said = int(pick(about, "rating", _HIGH if says_correct else _LOW))
    return _formed(judge, about, ask, said, because)


def _thinks_correct(judge: JudgesAnswers, draws: Draws, entry: Entry | None) -> bool:
    """The verdict, true with the judge's probability.

    An error is made where an evenly distributed number is in the topmost part of its range. Where the number is the one that all
    judges share, the errors of the stricter judge are among those of the laxer one. Since what is shared is decided by a
    shared number too, errors of two judges with equal rates correlate by the share itself, and no judge's own rate changes.
    """
    truth = entry is not None and entry.correct is True
    rate = judge.rate(truth, entry.model if entry is not None else None)
    common = share(draws.shared, "whether shared") < judge.shared_errors
    drawn = share(draws.shared, "error") if common else share(draws.answer, "verdict")
    flips = (1 - math.sqrt(1 - 2 * judge.instability)) / 2
    if not flips:
        errs = drawn >= rate
    else:
        # Turned round in each asking with the probability `flips`, two askings differ with 2 flips (1 - flips), the instability.
        # The rate before that is such that it is `rate` after it.
        errs = (drawn >= (rate - flips) / (1 - 2 * flips)) != (share(draws.asking, "flip") < flips)
    return truth != errs


def _asks_for_rating(ask: Ask) -> bool:
    """Whether it is a number from 1 to 5 that is asked for: by the schema, or else by the last of the prompt's text."""
    if ask.form:
        return not any("correct" in _choices(spec) for spec in _properties(ask.form).values())
    return '"rating"' in ask.prompt[-600:]


def _properties(form: Mapping[str, Any]) -> Mapping[str, Any]:
    properties = form.get("properties")
    return properties if isinstance(properties, dict) else {}


def _choices(spec: Any) -> list[Any]:
    """The values that a schema of a member names, one of several schemas included."""
    if not isinstance(spec, dict):
        return []
    return [*spec.get("enum", ()), *(value for one in spec.get("anyOf", ()) for value in _choices(one))]


def _unsure_word(form: Mapping[str, Any]) -> str | None:
    """The name that the schema has for saying neither."""
    words = [word for spec in _properties(form).values() for word in _choices(spec) if isinstance(word, str)]
    return next((word for word in words if word not in ("correct", "incorrect")), None)


def _unsure(judge: JudgesAnswers, about: bytes, ask: Ask, rates: bool) -> Reply:
    word = _unsure_word(ask.form) or "unsure"
    if ask.output is None and index(about, "how unsure", 2):
        return Reply(_one(about, wording.UNSURE_WORDS))
    return _formed(judge, about, ask, word, _one(about, wording.UNSURE), "rating" if rates else "verdict")


def _formed(
    judge: JudgesAnswers, about: bytes, ask: Ask, said: str | int, because: str, key: str | None = None
) -> Reply:
    """The object in the form that the request enforces, or else in the judge's own style."""
    reply: dict[str, Any] = {
        key or ("rating" if isinstance(said, int) else "verdict"): said,
        "explanation": because,
    }
    if ask.output is not None:
        return Reply(json.dumps(_fitted(ask.form, said, because) or reply), calls_tool=ask.output == "tool")
    style = pick(about, "style", judge.style.model_dump())
    if style == "fenced":
        return Reply(f"```json\n{json.dumps(reply, indent=2)}\n```")
    if style == "prose":
        return Reply(_one(about, wording.BEFORE_VERDICT) + json.dumps(reply))
    return Reply(json.dumps(reply))


def _fitted(form: Mapping[str, Any], said: str | int, because: str) -> dict[str, Any]:
    """An object with the schema's members in its order: what is said where it is a choice, the explanation elsewhere."""
    return {name: said if said in _choices(spec) else because for name, spec in _properties(form).items()}


def _one(about: bytes, choice: tuple[str, ...]) -> str:
    return choice[index(about, "words", len(choice))]
