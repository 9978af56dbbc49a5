"""The letter that an answer chooses. An answer that names two of them chooses none: nothing is guessed.

Understood are "B", "(B)", "B.", "**B**: because", "B - because", a line with nothing but "B", "The answer is (B)", "Answer: B",
'{"answer": "B"}', "option B", "I choose B", "B is correct", "\\boxed{B}", "答案是B", "Antwort: B", wherever they stand; a lone "(B)" in a
sentence too. A letter in prose ("Vitamin C") is no choice. What is thought aloud before `</think>` doesn't count.
"""

import re
import unicodedata
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
    text = unicodedata.normalize("NFKC", text.rpartition("</think>")[2])
    text = "".join(sign for sign in text if unicodedata.category(sign) != "Cf").strip()
    for pattern in _patterns(letters):
        if found := list(pattern.finditer(text)):
            if any(each.groupdict().get("other") for each in found):
                return None
            named = {(each["letter"] or each["of_it"]).upper() for each in found}
            return named.pop() if len(named) == 1 else None
    return None


@cache
def _patterns(letters: str) -> tuple[re.Pattern[str], ...]:
    """Forms, the clearest first: what a clearer one finds isn't held against what a vaguer one would.

    `other` is a further choice in the same breath, as in "A or B".
    """
    upper, either = f"[{letters}]", f"[{letters}{letters.lower()}]"
    # Letters of scripts that put no spaces between words may follow at once.
    closed = r"(?!(?![\u2e80-\u9fff\uac00-\ud7af])[\w'’])"
    other = rf"(?P<other>[\s)\]*.,]{{0,8}}(?:\b(?:or|and)\b|[/,&、或和]){_LEAD}{upper}{closed})?"
    # A small "a" is nearly always an article: outside of brackets small letters count at the end of a line only.
    small = rf"(?:{upper}{closed}|(?<=[(\[]){either}(?=[)\]])|{either}(?=[\s.)*\"'`]{{0,8}}(?:\n|\Z)))"
    announced = (
        r"(?:(?i:\b(?:answer|choice|option)\s{0,4}(?:is|would\s+be|should\s+be)\s{0,4}:?|\b(?:answer|choice|option)[\s*\"'_`]{0,8}[:=]|\\boxed)"
        r"|(?i:<answer>)"
        r"|(?i:\b(?:antwort|antwoord|respuesta|resposta|risposta|réponse|ответ)\b(?:\s\w{4,9})?\s{0,4}(?:is|ist|es|é|è|est|:))"
        r"|答案\s{0,4}(?:应该|应)?\s{0,4}(?:是|为|选|:)?|选项\s{0,4}(?:是|为|:)|选择?(?!项)|(?:答え|正解|정답)\s{0,4}(?:は|은|는|:)?)"
    )
    named = r"(?:(?i:\b(?:option|choice|answer)\b)|选项)"
    # Said of oneself, or of the letter.
    taken = r"(?i:\b(?:choose|pick|select|go\s+with|it\s+is|it['’]s|(?:must|should|would)\s+be))\b"
    right = r"\s(?i:(?:is|would\s+be)\s(?:the\s)?(?:only\s|most\s|best\s)?(?:correct|right|answer|best|accurate|appropriate)\b)"
    return (
        re.compile(rf"{announced}(?:\s{{0,4}}(?i:option|choice))?{_LEAD}(?P<letter>{small}){other}"),
        re.compile(rf"\A[\s\"'“‘*_`$(\[（]*(?P<letter>{either})[\s\"'”’*_`$)\].）:]*\Z"),
        re.compile(rf"(?m)^[ \t\"'“‘*_`(\[]{{0,8}}(?P<letter>{either})[*_`\"'”’)\].:]{{0,8}}[ \t]*$"),
        re.compile(
            rf"(?m)^[ \t\"'“‘*_`(\[（]{{0,8}}(?P<letter>{upper})[*_`\"']{{0,4}}[)\].）:：][*_`\"']{{0,4}}(?=\s|\Z){other}"
        ),
        re.compile(
            rf"(?m)^[ \t*_`]{{0,8}}(?P<letter>{upper})(?=[*_`\"']{{0,4}}(?:[ \t]?[-–—][ \t]|[;!?]|,[ \t]?(?:(?i:because|since)\b|因)))[*_`\"']{{0,4}}{other}"
        ),
        re.compile(rf"{named}{_LEAD}(?P<letter>{upper}){closed}{other}"),
        re.compile(
            rf"(?:{taken}{_LEAD}(?P<letter>{upper}){closed}|(?<![\w'’])(?P<of_it>{upper})[*_`\"')\]]{{0,4}}{right}){other}"
        ),
        re.compile(rf"[(\[（](?P<letter>{upper})[)\]）]{other}"),
    )
