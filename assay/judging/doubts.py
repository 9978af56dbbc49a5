"""What makes a stated verdict none: words that limit it, take it back, deny it, or say that it is somebody else's.

A judge may write "Verdict: correct in part", "Verdict: correct. No wait, it is wrong", "I don't think the verdict is correct", or
"the answer asks for verdict: correct". What is in doubt is no verdict, and the judge is asked once more; so these
patterns err towards doubt. Where a verdict may stand, and which words state one, is left to `parsing` and `words`.
"""

import re

from assay.judging import words

_NO = r"not?|nope|nah|nicht|nein|non|pas|nej|inte|ikke|niet|нет|не|não"

_LIMITS = re.compile(
    r"[\s,(\[–—*_-]*(?:(?:but |though |although |and )?(?:only |just |at (?:best|most) |rather |more or less )?"
    r"(?:in (?:part|parts|some|spirit|principle|theory)|part(?:ly|ially|ial)?|most(?:ly)?|largely|mainly|half|somewhat|hardly|barely|scarcely|"
    r"sort of|kind of|for the most part|up to a point|to (?:a|some) (?:degree|extent)|teil(?:s|weise)|zum teil|größtenteils|halb|"
    r"en partie|partiellement|en parte|parcialmente|in parte|parzialmente|em parte|отчасти|частично|лишь)|"
    r"(?:only )?(?:if|unless|provided|assuming|whenever|wenn|falls|sofern|si|se)|(?:in)?sofar|(?:so|as) far as|that|dass|except|save for|"
    r"as (?:was |is )?(?:claimed|stated|asserted|said|alleged|demanded|asked|the (?:answer|model|student|response) (?:claims?|states?|says?|asserts?)))\b",
    re.IGNORECASE,
)
_CROSSED = re.compile(r"[\W_]{0,12}?[❌✗✘✖✕👎🚫☒≠]")
_DENIED_AFTER = re.compile(
    rf"[\W_]*?\b(?:{_NO})\b(?:\s+(?:really|quite|at all|so|wait|sorry))*\s*(?:[.!?)\]…,;:]|\Z|\n)",
    re.IGNORECASE,
)
_FALSE_AFTER = re.compile(
    r"[\s\"'*`]*(?::|=|→|->|–|—|-\s|\()[\s\"'*`]*(?:false|0\b|no\b|incorrect|wrong|not correct|falsch|faux|falso)",
    re.IGNORECASE,
)
_CUE = (
    r"(?:\A|[.!?;:,()\n–—-])[\s*_]*(?:but |or |and |well,? |oh,? )?(?:wait|actually|on (?:reflection|second thoughts?|rereading|closer (?:look|inspection))|"
    r"after (?:rereading|reflection|a second look)|correction|scratch that|i was (?:wrong|mistaken)|my mistake|my error|i take (?:that|it) back|i mean|"
    r"sorry|rather|final(?:ly| answer)?|no(?=[,.:]| wait)|in fact|mine|now|however|halt|moment|korrektur|nein,|en fait|correction|perdón|更正|等等|不对|訂正)\b"
)
_SUBJECT = (
    r"\b(?:(?:the|this|that|given|model's|student's)\s+(?:\w+\s+)?(?:answer|response|reply|submission)|it|this|die antwort|la réponse|la respuesta|"
    r"la risposta|a resposta)(?:['’]s|\s+(?:is|was|ist|est|es|è|é|está))\s+(?:in fact |actually |clearly |therefore |thus |also |really )?"
)
_NEGATIVES = r"(?:incorrect|wrong|inaccurate|not (?:correct|right|accurate)|false|untrue|falsch|nicht (?:richtig|korrekt)|fausse|incorrecte|incorrect[ao]|falsa)"
_POSITIVES = r"(?:(?<!not )correct|right|accurate|richtig|korrekt|correcte|correct[ao])"
_OVER = r"(?=[\"'”’*_`]*(?:[.!;,)\n]|\Z))"
_TAKEN_BACK = {
    "correct": re.compile(
        rf"{_CUE}[^\n]{{0,100}}?(?<!\bthe )(?<!\ban )(?<!\ba )\b{_NEGATIVES}\b|{_SUBJECT}{_NEGATIVES}{_OVER}|"
        rf"\b(?:it|this|that|the answer|the response)(?: is(?: not|n['’]t)|['’]s not)\s*{_OVER}|\b(?:the answer|the response|it) (?:is|was)n['’]t (?:correct|right)\b|"
        r"\b(?:ne l|n)['’]est pas\s*(?:[.!]|\Z)",
        re.IGNORECASE,
    ),
    "incorrect": re.compile(
        rf"{_CUE}[^\n]{{0,100}}?(?<!\bthe )(?<!\ban )(?<!\ba )(?<!not )\b{_POSITIVES}{_OVER}|{_SUBJECT}{_POSITIVES}{_OVER}", re.IGNORECASE
    ),
}  # fmt: skip
_OTHER_NUMBER = re.compile(
    rf"{_CUE}[^\n]{{0,60}}?(?<![\w./])(?P<number>[1-5])(?![\w/]|[.,][0-9])|\A[\s*]*(?:→|->|=>)\s*(?P<next>[0-9])|"
    r"\n[\s*_]*(?P<alone>[1-5])(?:\s*/\s*5)?[\s*_.]*(?:\n|\Z)",
    re.IGNORECASE,
)
_LOOKED_AT = 4_000
"""Characters behind a verdict in which it may be taken back."""


def limited(after: str) -> bool:
    """Whether what follows a verdict makes it hold in part, or on a condition, only."""
    return _LIMITS.match(after[:120]) is not None


def taken_back(meaning: str, after: str) -> bool:
    """Whether what follows a verdict (`correct`, `incorrect`, or a digit) takes it back."""
    after = after[:_LOOKED_AT]
    if meaning.isdigit():
        others = (found[found.lastgroup or 0] for found in _OTHER_NUMBER.finditer(after))
        return any(number != meaning for number in others)
    if meaning not in _TAKEN_BACK:
        return False
    if meaning == "correct" and (_FALSE_AFTER.match(after) or _CROSSED.match(after)):
        return True
    return bool(_DENIED_AFTER.match(after) or _TAKEN_BACK[meaning].search(after))


# --- before a verdict ----------------------------------------------------------------------------------------------------

_SENTENCE = re.compile(r"[.!?。！？\n{}]|[\"'”’]\s*,")
_CLAUSE = re.compile(
    r",(?!\s*(?:dass|daß|que|che|что|that)\b)|[，;；、]|\b(?:but|however|so|therefore|hence|thus|and|aber|also|daher|mais|donc|pero|ma|mas)\b",
    re.IGNORECASE,
)
_DENIES = re.compile(
    r"(?:\b(?:not|never|cannot|no way|no reason|without|refuse|nicht|kein\w*|niemals|pas|nunca|jamais|não|не)\b|n['’]t\b|"
    r"\bno (?:creo|puedo|considero|diría)\b|\b(?:mistake|wrong|absurd|error) to\b)(?:[^\w]+\w+){0,8}\W*\Z|"
    r"[不没沒無无非勿][^，。；、：:\s]{0,8}[「“\"']?\Z",
    re.IGNORECASE,
)
_SUPPOSES = re.compile(
    r"\W*(?:only )?(?:if|had|were|should|unless|assuming|suppose|wenn|falls|hätte|wäre)\b", re.IGNORECASE
)
_MIGHT = re.compile(r"\b(?:would|could|might|könnte|würde|pourrait|podría)\b", re.IGNORECASE)
_NAMES_ANOTHERS = re.compile(
    r"(?:\b(?:asks|demands|wants|tries|attempts|injects?|claims|says|contains|instructs|orders|tells|pretends|ignor(?:e|es|ing)|injected|embedded|"
    r"instead of|rather than|as opposed to|sagt|behauptet|schreibt|verlangt|fordert|affirme|prétend|dit|demande|exige|dice|afirma|pide|exige|diz|pede|"
    r"afferma|chiede|утверждает|говорит|требует)\b(?:\W+\w+){0,6}|(?:回答|答案)[^，。；\n]{0,6}(?:写|寫|说|說|称|稱|要求|包含|声明)[^，。；\n]{0,4}|\b(?:by|of|from|in) the (?:answer|model|response|student))\W*\Z",
    re.IGNORECASE,
)
_SHOWS_THE_FORM = re.compile(
    r"\W*(?:the )?(?:expected |required |output )?(?:format|example|template|schema)\b", re.IGNORECASE
)
_NOT_THE_LAST = re.compile(
    r"\b(?:previous|initial|earlier|preliminary|first|tentative|suggested|proposed|injected|claimed|alleged|embedded|fake|desired|opposite)[\W_]*\Z",
    re.IGNORECASE,
)


def not_stated(before: str, *, favourable: bool) -> bool:
    """Whether what leads to a verdict denies it, supposes it, or says that it is another's or an earlier one.

    `before` ends where the verdict, its label or its JSON begins. Words that name another one count against a favourable verdict only:
    else an answer could undo one against it by stating it first.
    """
    sentence = _SENTENCE.split(before[-240:])[-1]
    clause = _CLAUSE.split(sentence)[-1]
    if (
        _NOT_THE_LAST.search(clause)
        or _DENIES.search(clause)
        or _SUPPOSES.match(sentence)
        or _MIGHT.search(clause)
    ):
        return True
    return favourable and bool(_NAMES_ANOTHERS.search(clause) or _SHOWS_THE_FORM.match(sentence))


def denied(before: str) -> bool:
    """Whether what leads to a verdict denies it."""
    return _DENIES.search(_CLAUSE.split(_SENTENCE.split(before[-240:])[-1])[-1]) is not None


# --- lines ---------------------------------------------------------------------------------------------------------------

_LABELS = frozenset(
    words.phrases(f"{words.STRONG_LABELS} | {words.LABELS} | {words.RATING_LABELS} | answer | final answer")
)
_COMPLETE = re.compile(r"[.!?:。！？：;)\]\"'”’`*|]\s*\Z|\A\s*(?:#|\*\*|\|)|\A[-=_*`~\s]*\Z")
_UNTICKED = re.compile(r"^[^\w\n\[☐⬜]*+(?:\[ *\]|☐|⬜).*$", re.MULTILINE)


def without_unticked(text: str) -> str:
    """The text without the choices of a list that aren't ticked."""
    return _UNTICKED.sub("", text)


def stands_alone(lines: list[str], at: int) -> bool:
    """Whether a line that is just a verdict is one, and not the end of a sentence that the lines before it begin."""
    if not at:
        return True
    before = lines[at - 1]
    if before.strip(" *_#:").casefold() in _LABELS:
        return True
    if not _COMPLETE.search(before):
        return False
    return before.rstrip(" *_")[-1:] != ":" or not _DENIES.search(before.rstrip(" *_")[:-1][-80:])
