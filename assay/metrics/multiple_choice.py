"""The letter that an answer chooses. An answer that names two of them chooses none: nothing is guessed.

Understood are "B", "(B)", "B.", "**B**: because", "The answer is (B)", "Answer: B", "option B", "\\boxed{B}", "答案是B",
wherever they stand; a lone "(B)" in a sentence too. A letter in prose ("Vitamin C") is no choice.
"""

import re
from collections.abc import Sequence
from functools import cache

from assay.metrics.choice import MultipleChoice

_LEAD = r"[\s\"'“‘*_`$({\[（【<]{0,8}(?:\\(?:text|mathrm|mathbf|textbf)\s?\{\s?)?[\s*(]{0,4}"
"""What may stand between the words and the letter. Bounded, as all repetitions here: a model may write a page of spaces."""


def multiple_choice(prediction: str, answers: Sequence[str], settings: MultipleChoice) -> float:
    """1 if the prediction chooses the letter of an answer."""
    letter = choice(prediction, settings.letters)
    return float(letter is not None and any(letter == choice(answer, settings.letters) for answer in answers))


def choice(text: str, letters: str) -> str | None:
    """The one letter, in upper case, that a text chooses of `letters`; None if it chooses none, or several."""
    text = text.strip()
    patterns = _patterns(letters)
    for pattern in patterns:
        if found := list(pattern.finditer(text)):
            if any(each.groupdict().get("other") for each in found):
                return None
            named = {each["letter"].upper() for each in found}
            return named.pop() if len(named) == 1 else None
    return None


@cache
def _patterns(letters: str) -> tuple[re.Pattern[str], ...]:
    """Forms, the clearest first: what a clearer one finds isn't held against what a vaguer one would.

    `other` is a further choice in the same breath, as in "A or B".
    """
    upper, either = f"[{letters}]", f"[{letters}{letters.lower()}]"
    other = rf"(?P<other>[\s)\]*.,]{{0,8}}(?:\b(?:or|and)\b|[/,&、或和]){_LEAD}{upper}(?![\w'’]))?"
    closed = r"(?![\w'’])"
    # A small "a" is nearly always an article: outside of brackets small letters count at the end of a line only.
    small = rf"(?:{upper}{closed}|(?<=[(\[]){either}(?=[)\]])|{either}(?=[\s.)*\"'`]{{0,8}}(?:\n|\Z)))"
    announced = (
        r"(?:(?i:\b(?:answer|choice|option)\s{0,4}(?:is|would\s+be|should\s+be)\s{0,4}:?|\banswer[\s*]{0,8}[:：=]|\\boxed)"
        r"|(?i:<answer>)|答案\s{0,4}(?:是|为|:|：)?|选(?:择|项)?)"
    )
    named = r"(?i:\b(?:option|choice|answer)\b)"
    return (
        re.compile(rf"{announced}(?:\s{{0,4}}(?i:option|choice))?{_LEAD}(?P<letter>{small}){other}"),
        re.compile(rf"\A[\s\"'“‘*_`$(\[（]*(?P<letter>{either})[\s\"'”’*_`$)\].）:]*\Z"),
        re.compile(
            rf"(?m)^[ \t\"'“‘*_`(\[（]{{0,8}}(?P<letter>{upper})[*_`\"']{{0,4}}[)\].）:：][*_`\"']{{0,4}}(?=\s|\Z){other}"
        ),
        re.compile(rf"{named}{_LEAD}(?P<letter>{upper}){closed}{other}"),
        re.compile(rf"[(\[（](?P<letter>{upper})[)\]）]{other}"),
    )
