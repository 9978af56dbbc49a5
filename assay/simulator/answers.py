"""What a simulated model answers: right or wrong with a set probability, in wording of its style.

A right answer holds one of the key's right answers word for word; a wrong one holds none of them, not even inside
other words or in another case. Leaves to others when and how the words travel.
"""

from assay.simulator import wording
from assay.simulator.answer_key import Entry
from assay.simulator.behaviour import AnswersQuestions
from assay.simulator.chance import index, pick, share

_LONG_WORDS = 15
"""From so many words on, an answer is a text of its own and is not put into a sentence."""


def answer(model: AnswersQuestions, about: bytes, entry: Entry | None, input_tokens: int) -> str:
    """The answer's text. `about` decides everything that is left to chance."""
    right = entry.right if entry is not None else ()
    if share(about, "refusal") < model.refusal:
        return _without(right, [_one(about, "words", wording.REFUSALS)])
    accuracy = model.accuracy - model.accuracy_loss_per_1k_input_tokens * input_tokens / 1000
    style = pick(about, "style", model.wording.model_dump())
    if right and share(about, "accuracy") < accuracy:
        return _put(right[index(about, "which right", len(right))], style, about)
    wrong = entry.wrong if entry is not None else ()
    start = index(about, "which wrong", len(wrong)) if wrong else 0
    candidates = wrong[start:] + wrong[:start]
    generic = _one(about, "words", wording.GENERIC)
    return _without(right, [*(_put(text, style, about) for text in candidates), *candidates, generic])


def reasoning(model: AnswersQuestions, about: bytes) -> str:
    """What the model says to itself first: about `reasoning_tokens` tokens, empty if it doesn't reason."""
    if model.reasoning_tokens == 0:
        return ""
    wanted = round(model.reasoning_tokens * (0.75 + 0.5 * share(about, "reasoning length")))
    start = index(about, "reasoning words", len(wording.REASONING))
    words: list[str] = []
    # A token has about 4.5 characters of these sentences; the sum need not be exact.
    while sum(len(sentence) + 1 for sentence in words) < wanted * 4.5:
        words.append(wording.REASONING[(start + len(words)) % len(wording.REASONING)])
    return " ".join(words)


def _put(text: str, style: str, about: bytes) -> str:
    if style == "bare":
        return _one(about, "words", wording.BARE).replace("{}", text)
    if len(text.split()) >= _LONG_WORDS or len(text) >= 8 * _LONG_WORDS:
        return _one(about, "words", wording.LONG).replace("{}", text)
    choice = wording.SENTENCES if style == "sentence" else wording.VERBOSE
    return _one(about, "words", choice).replace("{}", text)


def _one(about: bytes, purpose: str, choice: tuple[str, ...]) -> str:
    return choice[index(about, purpose, len(choice))]


def _without(right: tuple[str, ...], candidates: list[str]) -> str:
    """The first candidate that holds none of the right answers."""
    for candidate in (*candidates, *wording.LAST_RESORTS):
        if not any(_holds(candidate, text) for text in right):
            return candidate
    return wording.LAST_RESORTS[-1]


def _holds(text: str, wanted: str) -> bool:
    """Whether `wanted` stands in the text, punctuation, spaces and case apart."""
    if wanted.casefold() in text.casefold():
        return True
    bare = _bare(wanted)
    return bool(bare) and bare in _bare(text)


def _bare(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())
