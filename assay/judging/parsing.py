"""The verdict in a judge's reply: tolerant about the form, never about the content.

A verdict is taken where the reply states one and only one. Everything else (none, two that differ, one that was cut
off, "partially correct", the two choices echoed) is `unparseable`, an outcome of its own: a guess would be an error
that no table shows. The words in which judges state it, in their languages, stand in `words`; what the verdicts are worth is left
to `panel` and `agreement`.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from assay.judging import doubts, words
from assay.metrics.refusal import refusal_suspected

Verdict = Literal[
    "correct", "incorrect", "rated", "abstained", "refused", "unparseable", "failed", "not_asked"
]
"""`rated` comes with a rating, where judges give 1 to 5. A judge `abstained` if it said that it is unsure, and `refused` if it
declined to grade. `failed` is one that gave no reply at all; `unparseable` one whose reply states no single verdict;
`not_asked` one that was left out, since enough was spent, or enough is known."""

Kind = Literal["correctness", "scale"]
"""What is asked for: correct or incorrect, or a rating from 1 to 5."""

# Characters; a verdict and a sentence need a few hundred. Reading only a part could miss a contradiction.
_LONGEST = 32_000
_THINKING = re.compile(
    r"<(think(?:ing)?|thoughts?|reasoning|reflection|scratchpad|analysis|(?:inner_)?monologue)>.*?(?:</\1>|\Z)|^.*?</think(?:ing)?>|"
    r"\[think\].*?(?:\[/think\]|\Z)|◁think▷.*?(?:◁/think▷|\Z)|<\|channel\|>(?:analysis|commentary)\b.*?(?:(?=<\|channel\|>final)|\Z)",
    re.DOTALL | re.IGNORECASE,
)

_OTHER = "other"
"""In the place of a meaning: something was stated, and it is no verdict."""

_UNFAVOURABLE = frozenset({"incorrect", "1", "2", "3"})
"""What counts as the judge's even where the answer has it too: else an answer could undo such a verdict by stating it first."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """A reply's verdict, the judge's explanation where one was found, and the rating (1 to 5) of a verdict `rated`."""

    verdict: Verdict
    explanation: str | None
    rating: float | None = None


def parse(reply: str, kind: Kind = "correctness", answer: str | None = None) -> Parsed:
    """The verdict that the reply states. Never raises, whatever the judge wrote.

    JSON objects with a verdict (or rating) count, wherever they stand, and text around them such as `verdict: correct`, also
    in broken and truncated JSON; without any of these, a reply, or its first or last line, that is just the word or number.
    A reply without a verdict is `abstained` if it says that it is unsure, and `refused` if it declines.
    What a judge thinks aloud between <think> marks is no statement, and a reply beyond 32,000 characters no verdict.

    `answer` is the answer that is judged: a favourable verdict that stands in it word for word is the answer's, quoted in the
    reply, and not the judge's.
    """
    text = _readable(_THINKING.sub("", reply))
    if len(text) > _LONGEST:
        return Parsed("unparseable", None)
    grammar = _CORRECTNESS if kind == "correctness" else _SCALE
    quoted = _Quoted(answer)
    objects, quotations, around, after = _objects_with_verdict(text, grammar, quoted)
    labelled, doubtful, rest = grammar.labelled(_without_reasons(around), quoted)
    if objects:
        stated = {meaning for found in objects if (meaning := grammar.of_object(found)) is not None}
        explanation = _explanation_of(objects)
    elif labelled or doubtful:
        stated, explanation = set(), _explanation(text)
    else:
        echo = len(around.split()) > 3 and quoted(around)  # of one word nobody can tell whose it is
        stated, explanation = grammar.alone(around), around.strip() or None
        stated &= _UNFAVOURABLE if echo else stated
        if not stated and not quotations:
            return Parsed(_without_verdict(around), explanation)
        rest = ""
    stated |= labelled
    if len(stated) == 1 and any(
        doubts.taken_back(meaning, part) for meaning in stated for part in (after, rest)
    ):
        return Parsed("unparseable", explanation)
    if stated:  # what the judge says of the answer's words counts against its own only
        stated |= {meaning for found in quotations if (meaning := grammar.of_object(found)) is not None}
    return _parsed(stated, explanation)


def _parsed(stated: set[str], explanation: str | None) -> Parsed:
    if len(stated) != 1:
        return Parsed("unparseable", explanation)
    (meaning,) = stated
    if meaning.isdigit():
        return Parsed("rated", explanation, float(meaning))
    if meaning in ("correct", "incorrect", "abstained"):
        return Parsed(meaning, explanation)  # type: ignore[arg-type]
    return Parsed("unparseable", explanation)


def _without_verdict(text: str) -> Verdict:
    if any(_begins_clause(text, found.start()) for found in _UNDECIDED.finditer(text)):
        return "abstained"
    return "refused" if refusal_suspected(text) else "unparseable"


def _begins_clause(text: str, at: int) -> bool:
    """Whether a clause of the judge's own begins here, and not what it says of the answer."""
    before = text[:at].rstrip(" \t*_#>-")
    return not before or before[-1] in ".!?。！？\n;；,，、"


# --- characters ----------------------------------------------------------------------------------------------------------

_FULL_WIDTH = {
    **{
        code: code - 0xFEE0
        for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))
    },
    **{ord(wide): plain for wide, plain in zip("：＝／．％＊＿｜？！－＋", ":=/.%*_|?!-+", strict=True)},
}


def _readable(text: str) -> str:
    """The text without characters that don't show, full-width letters, digits and marks as plain ones."""
    plain = text.translate(_FULL_WIDTH)
    if plain.isascii():
        return plain
    plain = "".join(character for character in plain if unicodedata.category(character) != "Cf")
    return _ORNAMENTS.sub("", plain)


_ORNAMENTS = re.compile(
    r"[✅✔✓☑]\ufe0f?[ \t]*|[❌✗✘✖✕]\ufe0f?[ \t]*(?=[*_]*(?:incorrect|wrong|not correct)\b)|"
    r"(?<=incorrect)([*_.]*)[ \t]*[❌✗✘✖✕]\ufe0f?",
    re.IGNORECASE,
)
"""Ticks, and crosses beside what they say too."""


def _folded(value: str) -> str:
    """A value for comparison: no case, no marks around it, one space between words."""
    # Compatibility forms would make 4½ a 41⁄2, and 4² a 42.
    plain = "".join(
        character if unicodedata.decomposition(character).startswith(("<fraction>", "<super>", "<sub>"))
        else unicodedata.normalize("NFKC", character)
        for character in unicodedata.normalize("NFC", value)
    ) if not value.isascii() else value  # fmt: skip
    inner = re.sub(r"[\s_\-]+", " ", plain.casefold().replace("’", "'"))
    return inner.strip(" \"'`*.,;:!。．，；：！“”„«»‹›「」『』【】()（）[]")


def _alternation(phrases: Iterable[str]) -> str:
    """A regular expression for any of these phrases, the longest first."""
    ordered = sorted(set(phrases), key=len, reverse=True)
    return "|".join(re.escape(phrase).replace(r"\ ", r"[\s_-]+").replace("'", "['’]") for phrase in ordered)


def _is_letter(character: str) -> bool:
    """Of a word: a letter, digit, underscore, or a mark that belongs to a letter."""
    return character == "_" or unicodedata.category(character)[0] in "LNM"


_SPACELESS = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")


def _starts_word(text: str, at: int) -> bool:
    """Whether no word goes on at this place."""
    return at == 0 or not _is_letter(text[at - 1]) or bool(_SPACELESS.match(text[at - 1]))


_CLOSING = re.compile(r"[ \t\"'`”’»›*_)\]}】」』]*+")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_GOES_ON = frozenset(words.GOES_ON.replace("|", " ").split())
_OPENS = frozenset(words.OPENS.replace("|", " ").split()) | frozenset(words.phrases(words.EXPLANATIONS))
_NEGATES = frozenset(phrase for phrase in words.phrases(words.NEGATES))
_OR = frozenset(phrase for phrase in words.phrases(words.OR))
_HAN = re.compile(r"[\u3400-\u9fff]")
_HAN_NEGATES = "不非没沒無无未否"


def _ends(text: str, at: int) -> bool:
    """Whether what was stated up to this place is whole, and not taken back or put in question by what comes right after it."""
    if at < len(text) and (_is_letter(text[at]) or text[at] == "-"):
        return False
    closed = _CLOSING.match(text, at)
    assert closed is not None
    at = closed.end()
    if at == len(text) or text[at] in "\r\n":
        return True
    if text[at] in "?/|¿":
        return False
    comma = text[at] in ",，、"
    if _is_letter(text[at]) or comma:
        word = _WORD.search(text, at, at + 40)
        if word is None or text[at : word.start()].strip(" ,，、\"'“‘"):
            return comma
        said = word[0].casefold().replace("’", "'")
        if said in _OR or said in _NEGATES or any(said.startswith(f"{name}'") for name in _NEGATES):
            return False
        if _HAN.match(said):
            return said[0] not in _HAN_NEGATES and said[0] != "或"
        return comma or said in _GOES_ON or (word[0][0].isupper() and said in _OPENS)
    return True


# --- JSON ----------------------------------------------------------------------------------------------------------------

_VERDICT_KEYS = frozenset(words.phrases(words.STRONG_LABELS))
_OTHER_KEYS = frozenset(words.phrases(words.LABELS))
_BOOLEAN_KEYS = frozenset(words.phrases(words.BOOLEANS))
_RATING_KEYS = frozenset(words.phrases(words.RATING_LABELS))
_EXPLANATION_KEYS = frozenset(words.phrases(words.EXPLANATIONS))

_SAYS = (
    r"says?|said|contains?|holds?|states?|claims?|reads?|includes?|outputs?|asserts?|embeds?|wrote|writes?|tells?|quotes?|presents?|"
    r"demands?|asks?|inserts?|is|was|ends? with|begins? with|enthält|sagt|behauptet|lautet|contient|dit|affirme|contiene|dice|afirma|"
    r"contém|diz|afferma"
)
_BETWEEN = (
    r"a|an|the|its|own|only|just|text|string|json|object|verdict|line|following|injected|fake|embedded|literally|that|for|with|me|us|to|"
    r"output|instruction|phrase|words?|den|die|das|le|la|el|il|o|un|una|une|ein|eine|einen"
)
_ATTRIBUTED = re.compile(
    rf"(?:\b(?:answer|response|model|student|submission|text|it|system under test|antwort|réponse|respuesta|risposta|resposta)\b"
    rf"[^.!?\n]{{0,40}}?\b(?:{_SAYS})(?:\s+(?:{_BETWEEN})){{0,6}}|(?:回答|答案|解答|答え)[^。！？\n]{{0,10}}(?:写着|写道|写的是|说|声称|包含|は))"
    r"[\s:,\"'`“‘「『]*\Z",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Quoted:
    """Tells whether a part of a reply stands word for word in the answer that is judged."""

    answer: str | None

    def __call__(self, part: str) -> bool:
        return self.answer is not None and _squeezed(part) in _squeezed(self.answer)


@lru_cache(maxsize=64)
def _squeezed(text: str) -> str:
    return re.sub(r"\W+", " ", _readable(text)).casefold().strip()


def _objects_with_verdict(
    text: str, grammar: "_Grammar", quoted: _Quoted
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], str, str]:
    """The outermost JSON objects that have a verdict: the judge's own, those that it denies or says are the answer's; the text
    without any, and that behind the last one of its own. Those that stand in the answer are left out."""
    decoder = json.JSONDecoder(strict=False, object_pairs_hook=_folded_keys)
    objects: list[dict[str, Any]] = []
    quotations: list[dict[str, Any]] = []
    around: list[str] = []
    rest, behind = 0, len(text)
    at = text.find("{")
    while at >= 0:
        end = at + 1
        try:
            found, stop = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            pass
        else:
            if grammar.is_about(found):
                favourable = grammar.of_object(found) not in _UNFAVOURABLE
                if not favourable or not quoted(text[at:stop]):
                    said_before = text[max(rest, at - 240) : at]
                    another = _ATTRIBUTED.search(said_before[-120:]) or doubts.not_stated(
                        said_before, favourable=favourable
                    )
                    (quotations if another else objects).append(found)
                    behind = behind if another else stop
                around.append(text[rest:at])
                rest = end = stop
        at = text.find("{", end)
    return objects, quotations, "\n".join([*around, text[rest:]]), text[behind:]


def _folded_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object with its keys folded; a key given twice with two values has no value."""
    made: dict[str, Any] = {}
    for key, value in pairs:
        name = _folded(key)
        made[name] = value if made.get(name, value) == value else None
    return made


def _explanation_of(objects: list[dict[str, Any]]) -> str | None:
    texts = [
        value
        for found in objects
        for key, value in found.items()
        if key in _EXPLANATION_KEYS and isinstance(value, str)
    ]
    return texts[-1].strip() if texts else None


# --- what may be stated --------------------------------------------------------------------------------------------------


class _Grammar:
    """How one kind of verdict is stated. Meanings are `correct`, `incorrect`, a digit, `abstained`, or `other`."""

    keys: frozenset[str]
    weak_keys: frozenset[str]
    labels: re.Pattern[str]

    def meaning(self, value: Any) -> str | None:
        """What the value of a verdict says; None where it says nothing."""
        raise NotImplementedError

    def at(self, text: str, place: int) -> tuple[str, int] | None:
        """The verdict that begins at this place, and where it ends; None where there is none, or doubt about it."""
        raise NotImplementedError

    def alone(self, text: str) -> set[str]:
        """What a text says that has no label."""
        raise NotImplementedError

    def is_about(self, found: dict[str, Any]) -> bool:
        """Whether a JSON object has a verdict, or something in its place."""
        return any(
            key in self.keys or (key in self.weak_keys and isinstance(value, bool | int | float | str))
            for key, value in found.items()
        )

    def of_object(self, found: dict[str, Any]) -> str | None:
        """The verdict of a JSON object: that of its proper key, or else of one that may be such. A favourable one holds only if
        no object inside it says otherwise."""
        meaning = self._of_keys(found)
        if meaning is None or meaning in _UNFAVOURABLE:
            return meaning
        inner = {self._of_keys(each) for each in _objects_in(found)}
        return meaning if inner <= {None, meaning} else _OTHER

    def _of_keys(self, found: dict[str, Any]) -> str | None:
        for keys in (self.keys, self.weak_keys):
            values = [value for key, value in found.items() if key in keys]
            meanings = {meaning for value in values if (meaning := self.meaning(value)) is not None}
            if meanings:
                return meanings.pop() if len(meanings) == 1 else _OTHER
        return None

    def labelled(self, text: str, quoted: _Quoted) -> tuple[set[str], bool, str]:
        """The verdicts behind labels, whether there was a label without one, and the text behind the last verdict."""
        stated: set[str] = set()
        doubtful, end = False, len(text)
        for label in self.labels.finditer(text):
            if not _starts_word(text, label.start()):
                continue
            found = self.at(text, label.end())
            if found is None:
                # Without a colon it may be any sentence about verdicts.
                doubtful |= label["colon"] is not None and text[label.end() :].strip() != ""
                continue
            favourable = found[0] not in _UNFAVOURABLE
            if _NAMES_WHO.search(label[0]) or doubts.not_stated(text[: label.start()], favourable=favourable):
                doubtful = True
            elif not favourable or not quoted(text[label.start() : found[1]]):
                stated.add(found[0])
                end = found[1]
        return stated, doubtful, text[end:]


_NAMES_WHO = re.compile(r"[(（\[][^()（）]*\b(?:answer|response|model|student)\b", re.IGNORECASE)
"""In brackets behind a label: whose verdict it is."""


def _objects_in(found: Any) -> Iterator[dict[str, Any]]:
    """The JSON objects inside one, at any depth."""
    waiting = list(found.values())
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield value
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def _labels(strong: str, weak: str) -> re.Pattern[str]:
    """Finds labels with what stands between them and a verdict: `Verdict:`, `"rating" =`, `Das Urteil ist, dass die Antwort`."""
    many, few = (
        _alternation((*words.phrases(strong), *words.phrases(weak))),
        _alternation(words.phrases(strong)),
    )
    closing, opening = r"[\"'”’*_`\s]*+", r"[\"'“‘„«「『【*_`\s(\[]*+"
    return re.compile(
        rf"(?:(?P<any>{many}){closing}(?:[(（\[][^()（）\n]{{0,60}}[)）\]]{closing})?(?P<colon>:|=>?|->|→)|"
        rf"(?P<strong>{few}){closing}(?:(?<=\s)(?:is|are|ist|lautet|est|es|è|é|er|är|jest)(?=\W)(?:\s*:)?|为|為|是|は|—|–|(?<=\s)-(?=\s)))"
        rf"{opening}(?:(?:{_alternation(words.phrases(words.LEAD_INS))})(?=\W|[\u2e80-\uffff]){opening})?",
        re.IGNORECASE,
    )


_MEANINGS: dict[str, str] = {
    _folded(phrase): meaning
    for listed, meaning in (
        (words.CORRECT, "correct"),
        (words.TRUE, "correct"),
        (words.INCORRECT, "incorrect"),
        (words.FALSE, "incorrect"),
        (words.UNSURE, "abstained"),
    )
    for phrase in words.phrases(listed)
}
_SURE = {*words.phrases(words.CORRECT), *words.phrases(words.INCORRECT)}
_SURE_FOLDED = {_folded(phrase) for phrase in _SURE}
_STATED = re.compile(
    _alternation(
        (
            *_SURE,
            *(phrase for each in (words.TRUE, words.FALSE, words.UNSURE) for phrase in words.phrases(each)),
        )
    ),
    re.IGNORECASE,
)
_STANDING = re.compile(_alternation(_SURE), re.IGNORECASE)
_CHOICES = re.compile(r"\||/|…|\.\.\.|\bor\b|\boder\b|\bou\b|或|または", re.IGNORECASE)
_IN_ENGLISH = ("correct", "incorrect")

# "Incorrect. The correct answer is Paris" states one verdict, "Correct. Well, no: it is incorrect" two.
_OF_SOMETHING = re.compile(
    r"\b(?:the|a|an|its|more|most|la|le|el|il|die|der|das|den|o|una?|une|ein\w*)\s+\Z", re.IGNORECASE
)
_SENTENCE = re.compile(
    r"(?:\A|[.!?;:。！？；\n]\s*[*\"'“_`]*|\b(?:is|are|was|ist|war|est|était|es|era|è|é|está|this|it's|actually|rather)\s+|是|は)\Z"
)

_UNDECIDED = re.compile(
    r"\bI(?:['’]m| am| remain)\s+(?:\w+\s+)?(?:not (?:entirely |completely |quite )?(?:sure|certain|able to (?:determine|tell|judge|decide|say|assess))|"
    r"unsure|uncertain|undecided|unable to (?:determine|tell|judge|decide|say|assess))\b|"
    r"\bI\s+(?:can(?:not|['’]?t)|could(?: not|n['’]t)|do(?: not|n['’]t))\s+(?:\w+\s+)?(?:determine|tell|judge|decide|say|know|assess)\s+"
    r"(?:with\s+\w+\s+)?(?:whether|if)\b|"
    r"\b(?:it|this|correctness)\s+(?:can(?:not|['’]?t| not)\s+be\s+(?:determined|decided|judged|assessed|told)|is\s+(?:unclear|impossible to (?:determine|tell|judge|say)))|"
    r"\bich (?:bin (?:mir )?(?:nicht sicher|unsicher)|kann nicht (?:beurteilen|bestimmen|sagen|entscheiden))|\bes (?:ist unklar|lässt sich nicht (?:sagen|bestimmen|beurteilen))|"
    r"\bje (?:ne suis pas (?:sûre?|certaine?)|ne peux pas (?:déterminer|dire|juger))|\bil est impossible de (?:déterminer|dire|juger)|"
    r"\bno (?:estoy segur[oa]|puedo (?:determinar|decir|juzgar))|\bno se puede determinar|\bno es posible determinar|"
    r"\bnão (?:tenho certeza|posso (?:determinar|dizer|julgar)|consigo determinar)|\bnão é possível determinar|"
    r"\bnon (?:sono sicur[oa]|posso (?:determinare|dire|giudicare))|\bnon è possibile determinare|"
    r"我?(?:无法|不能|难以|無法)(?:确定|判断|判定|確定|判斷)|我不(?:太)?确定|判断(?:でき(?:ない|ません)|不能|がつか)|(?:わかり|分かり)ません|判断할 수 없|확실하지 않|판단할 수 없|알 수 없|"
    r"(?:я )?не (?:уверена?|могу (?:определить|сказать|судить))|невозможно определить",
    re.IGNORECASE,
)  # fmt: skip


class _Correctness(_Grammar):
    keys = _VERDICT_KEYS
    weak_keys = _OTHER_KEYS | _BOOLEAN_KEYS
    labels = _labels(words.STRONG_LABELS, words.LABELS)

    def _of_keys(self, found: dict[str, Any]) -> str | None:
        stated = super()._of_keys({key: value for key, value in found.items() if key not in _BOOLEAN_KEYS})
        if stated is not None:
            return stated
        said = {
            _YES_NO.get(_folded(str(value)), _OTHER) for key, value in found.items() if key in _BOOLEAN_KEYS
        }
        return said.pop() if len(said) == 1 else None

    def meaning(self, value: Any) -> str | None:
        if isinstance(value, bool):
            return "correct" if value else "incorrect"
        if isinstance(value, int | float):
            return _OTHER
        if not isinstance(value, str):
            return None
        folded = _folded(value)
        if "?" in value or _REVERSED.match(value):
            return _OTHER
        if folded in _MEANINGS:
            return _MEANINGS[folded]
        return None if _CHOICES.search(value) or not any(map(str.isalnum, folded)) else _OTHER

    def at(self, text: str, place: int) -> tuple[str, int] | None:
        found = _STATED.match(text, place)
        if found is None or not _ends(text, found.end()):
            return None
        folded = _folded(found[0])
        if not text[found.end() :].strip() and folded not in _IN_ENGLISH and _opened(text, place):
            return None  # cut off, and in some languages what negates it comes after it
        # In some languages letters that match without regard to case don't fold to the same.
        if folded not in _MEANINGS:
            return None
        if _opened(text, place) and re.match(r"\s*[,(]", text[found.end() :]):
            return _OTHER, found.end()  # more stands between the quotation marks
        limited = doubts.limited(text[found.end() : found.end() + 120])
        return (_OTHER if limited else _MEANINGS[folded], found.end())

    def alone(self, text: str) -> set[str]:
        text = doubts.without_unticked(text)
        whole = _folded(text)
        if "?" in text.strip()[-3:] or _REVERSED.match(text):
            return set()
        if whole in _MEANINGS:
            return {_MEANINGS[whole]}
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        ends = [lines[0], lines[-1]] if lines else []
        alone = {
            at: _MEANINGS[name]
            for at, line in enumerate(lines)
            if (name := _folded(line)) in _MEANINGS and self._may_stand(name)
        }
        if not all(doubts.stands_alone(lines, at) and not _REVERSED.match(lines[at]) for at in alone):
            return set()
        if alone or not ends:
            found = set(alone.values())
            besides = "\n".join(["", *(line for at, line in enumerate(lines) if at not in alone)])
            return set() if any(doubts.taken_back(meaning, besides) for meaning in found) else found
        opening = re.match(r"[\"'“‘*_`\s]*+", ends[0])
        assert opening is not None
        leading = _STANDING.match(ends[0], opening.end())
        if leading is None or not re.match(
            r"[\"'”’*_`]*+\s*+(?:[.,;!—–。，；！、:]|-\s)", ends[0][leading.end() :]
        ):
            return set()
        if not _ends(ends[0], leading.end()) or _folded(leading[0]) not in _MEANINGS:
            return set()
        rest = ends[0][leading.end() :] + "\n" + "\n".join(lines[1:])
        meaning = _MEANINGS[_folded(leading[0])]
        if meaning == "correct" and re.match(r"[\"'”’*_`\s]*:", rest):
            return set()  # what follows may be what would be correct
        if doubts.limited(rest[:120]) or doubts.taken_back(meaning, rest):
            return set()
        return {_MEANINGS[_folded(leading[0])], *self._standing(rest)}

    @staticmethod
    def _may_stand(name: str) -> bool:
        return name in _SURE_FOLDED or _MEANINGS[name] == "abstained"

    @staticmethod
    def _standing(text: str) -> Iterator[str]:
        """Verdicts in running text: in English wherever one stands that isn't about something else, elsewhere where a sentence
        begins or is about to say what it is."""
        for found in _STANDING.finditer(text):
            folded = _folded(found[0])
            if folded not in _MEANINGS or not _starts_word(text, found.start()):
                continue
            if found.end() < len(text) and _is_letter(text[found.end()]):
                continue
            before = text[max(0, found.start() - 24) : found.start()]
            if folded.rpartition(" ")[2] in _IN_ENGLISH:
                if not _OF_SOMETHING.search(before) and not re.match(
                    r"-|\s*[?/|]|\s+or\b", text[found.end() :]
                ):
                    yield _MEANINGS[folded]
            elif _SENTENCE.search(before) and _ends(text, found.end()):
                yield _MEANINGS[folded]


_REVERSED = re.compile(r"[\s\"'*`(“]*(?:[!¬~≠❌✗✘☒]|[-–—−](?=\w))")
"""In front of a verdict, a mark that turns it round."""


def _opened(text: str, place: int) -> bool:
    """Whether a quotation mark opens right before this place."""
    return text[place - 1 : place] in ('"', "'", "“", "‘", "「")


_YES_NO = {
    **dict.fromkeys(words.phrases(words.YES), "correct"),
    **dict.fromkeys(words.phrases(words.NO), "incorrect"),
}

_NUMBER = r"(?P<number>[0-9]+(?:[.,][0-9]+)?|" + "|".join(words.NUMBERS) + r")"
_UNITS = r"(?:[分点點점]|stars?|points?|sterne|punkte|étoiles|points|estrellas|puntos|estrelas|pontos|stelle|punti|балл\w*)"
_OUT_OF = (
    rf"(?:\s*{_UNITS})?(?:\s*(?:/|out\s+of|of|von|sur|de|su|из|van|av|aus)\s*(?:5|five)(?![0-9.,]?[0-9])(?:\s*{_UNITS})?)?"
    r"(?:\s*[(（]\s*(?:满分|滿分|満点|out of|max\.?)\s*5\s*分?\s*[)）])?"
)
_RATED = re.compile(_NUMBER + _OUT_OF, re.IGNORECASE)
_OF_FIVE = re.compile(
    r"5\s*[分点點점]\s*(?:中|满分|満点中)\s*(?P<number>[1-5])\s*[分点點점]?|(?P<stars>★[★☆]{4})"
)
_DENIED_WITHIN = re.compile(r"\b(?:not|never)\b|n['’]t\b", re.IGNORECASE)
_MOST = frozenset({"max", "maximum", "scale", "out of", "max score", "max rating", "maximum score", "of"})
"""Keys of a JSON object that say what the highest rating is."""
_LISTED = re.compile(r"[.)](?:\s+|$)")
_NO_POINT = re.compile(r"[0-9]\s*[-–—−~+%]|[-–—−~≈<>±+]\s*[0-9]|[½-¾²³¹⁄]")
"""A range, a sign, a fraction: no single rating."""

_GIVEN = re.compile(
    r"(?<![\w.,/⁄-])(?:(?P<slash>[0-9]+(?:[.,][0-9]+)?)\s*/\s*5(?![0-9/]|[.,][0-9])|"
    r"\b(?:rate|give|score|assign|award|deserves|merits|gets|earns)\b[^.!?\n]{0,60}?\b(?:an?\s+)(?P<given>[0-9]+(?:[.,][0-9]+)?)"
    r"(?:\s+(?:out\s+)?of\s+5)?)",
    re.IGNORECASE,
)


class _Scale(_Grammar):
    keys = _RATING_KEYS
    weak_keys = _VERDICT_KEYS | _OTHER_KEYS
    labels = _labels(words.RATING_LABELS, f"{words.STRONG_LABELS} | {words.LABELS}")

    def _of_keys(self, found: dict[str, Any]) -> str | None:
        if any(key in _MOST and str(value) not in ("5", "5.0", "1-5") for key, value in found.items()):
            return _OTHER
        return super()._of_keys(found)

    def meaning(self, value: Any) -> str | None:
        if isinstance(value, bool):
            return _OTHER
        if isinstance(value, int | float):
            return _rating(value)
        if not isinstance(value, str):
            return None
        folded = _folded(value)
        if _MEANINGS.get(folded) == "abstained":
            return "abstained"
        if _NO_POINT.search(value):
            return _OTHER
        found = _OF_FIVE.fullmatch(value.strip()) or _RATED.fullmatch(folded)
        if found is not None:
            return _number(found)
        # "1-5" and "1|2|3|4|5" are the choices, and "..." is nothing.
        return None if "|" in value or not any(map(str.isalnum, folded)) else _OTHER

    def at(self, text: str, place: int) -> tuple[str, int] | None:
        unsure = _STATED.match(text, place)
        if unsure and _MEANINGS.get(_folded(unsure[0])) == "abstained" and _ends(text, unsure.end()):
            return "abstained", unsure.end()
        found = _OF_FIVE.match(text, place) or _RATED.match(text, place)
        if found is None:
            return None
        if not _number_ends(text, found.end()):
            # Another scale, a range, a number that goes on: a statement, and no rating.
            return (_OTHER, found.end()) if found["number"] else None
        if not text[found.end() :].strip(" \n\t.,") and _unclosed(text):
            return None
        if _LISTED.match(text, found.end()) and found["number"] and self._is_listed(text, place, found):
            return None
        return _number(found), found.end()

    @staticmethod
    def _is_listed(text: str, place: int, found: re.Match[str]) -> bool:
        """Whether a number numbers the points of a list."""
        number = found["number"]
        follows = number.isdigit() and re.search(rf"(?<!\w){int(number) + 1}[.)]\s", text[found.end() :])
        return bool(follows) or "\n" in text[max(0, place - 3) : place]

    def alone(self, text: str) -> set[str]:
        given = {
            _number_of(found["slash"] or found["given"])
            for found in _GIVEN.finditer(text)
            if _number_ends(text, found.end())
            and not doubts.denied(text[: found.start()])
            and not _DENIED_WITHIN.search(found[0])
        }
        if given:
            return given
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        stated = set()
        for at in sorted({0, len(lines) - 1}) if lines else ():
            line = lines[at]
            if line.rstrip().endswith("?") or not doubts.stands_alone(lines, at):
                continue
            meaning = self.meaning(line) if len(line) < 60 else None
            if meaning not in (None, _OTHER):
                back = doubts.taken_back(str(meaning), "\n" + "\n".join(lines[at + 1 :]))
                stated.add(_OTHER if back else str(meaning))
        if stated or not lines:
            return stated
        leading = re.match(
            rf"[*_`\s]*+{_NUMBER}{_OUT_OF}[*_`]*+\s*(?:[–—:,，：]|-\s)\s*\S", lines[0], re.IGNORECASE
        )
        return {_number_of(leading["number"])} if leading else set()


def _number(found: re.Match[str]) -> str:
    groups = found.groupdict()
    if groups.get("stars"):
        return str(found["stars"].count("★"))
    return _number_of(found["number"])


def _number_of(text: str) -> str:
    """The meaning of a number in digits or words."""
    if re.fullmatch(r"[0-9]+,[0-9]{3}", text):
        return _OTHER  # thousands
    word = text.casefold()
    return _rating(words.NUMBERS[word] if word in words.NUMBERS else float(text.replace(",", ".")))


def _rating(value: float) -> str:
    return str(int(value)) if value in (1, 2, 3, 4, 5) else _OTHER


def _number_ends(text: str, at: int) -> bool:
    """Whether a rating is over at this place: no fraction, range, other scale or per cent goes on."""
    if re.match(
        r"\s*(?:[.,]?[0-9]|/|[-–—~～至到:]\s*[0-9]|to\s+[0-9]|bis\s+[0-9]|or\s|oder\s|[(（]?\s*(?:out\s+of|of\s+[0-9]|满分|滿分|max\.?\s*[0-9])|"
        r",?\s*(?:maybe|perhaps|not|no)\b|→|->|%|\+|⁄)",
        text[at : at + 16],
    ):
        return False
    if at < len(text) and unicodedata.decomposition(text[at]).startswith(("<fraction>", "<super>", "<sub>")):
        return False
    return _ends(text, at)


def _unclosed(text: str) -> bool:
    """Whether JSON was cut off: a number at its end may go on."""
    return text.count("{") > text.count("}")


_CORRECTNESS = _Correctness()
_SCALE = _Scale()

_EXPLAINED = re.compile(
    rf"(?:{_alternation(_EXPLANATION_KEYS)})[\"'”’*_`\s]*+(?::|=)\s*+"
    r"(?:\"(?P<double>(?:\\.|[^\"\\])*)|'(?P<single>(?:\\.|[^'\\])*)|(?P<bare>[^\n]*))",
    re.IGNORECASE,
)


def _without_reasons(text: str) -> str:
    """The text without reasons that stand between quotation marks: a verdict in them is only spoken of."""
    if "{" not in text:
        return text
    kept, at = [], 0
    for found in _EXPLAINED.finditer(text):
        if found["bare"] is None and _starts_word(text, found.start()):
            kept.append(text[at : found.start()])
            at = found.end()
    return "".join([*kept, text[at:]])


def _explanation(text: str) -> str | None:
    found = next((each for each in _EXPLAINED.finditer(text) if _starts_word(text, each.start())), None)
    if not found:
        return None
    quoted = found["double"] if found["double"] is not None else found["single"]
    said = (
        re.sub(r"\\(.)", lambda escape: {"n": "\n", "t": "\t"}.get(escape[1], escape[1]), quoted)
        if quoted
        else ""
    )
    return (said or found["bare"] or "").strip() or None
