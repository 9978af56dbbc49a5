"""Which metric scores an answer, as a benchmark says it: a published one by name, or one of these with settings.

What the metrics do with their settings stands in the modules beside this one; how they are told apart in `scores`.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    TypeAdapter,
    model_validator,
)

from assay.settings import Expected, Number, Settings


class ComparedText(Settings):
    """How texts are made alike before they are compared. White space always counts as one space."""

    ignore_case: bool = True
    """Whether `Paris` is `paris`."""
    ignore_punctuation: bool = True
    """Whether punctuation is dropped. Marks inside numbers and a minus before one stay: 3.5 isn't 35, nor -2 the same as 2."""
    ignore_articles: bool = True
    """Whether the English words a, an and the are dropped."""


class ExactMatch(ComparedText):
    """1 if the answer is a reference, else 0."""

    kind: Literal["exact_match"]

    def for_rows(self) -> Self:
        """The settings that decide which rows can be scored, the others as by default."""
        return type(self)(kind=self.kind)


class Contains(ComparedText):
    """1 if the answer contains a reference, else 0."""

    kind: Literal["contains"]
    whole_words: bool = True
    """Whether a reference has to stand as whole words: `art` isn't in `party`, nor 3 in 3.5. Scripts without spaces between
    words are compared by character."""

    def for_rows(self) -> Self:
        """The settings that decide which rows can be scored, the others as by default."""
        return type(self)(kind=self.kind)


class TokenF1(ComparedText):
    """F1 over the words that answer and reference share. In scripts without spaces each character counts as a word."""

    kind: Literal["token_f1"]

    def for_rows(self) -> Self:
        """The settings that decide which rows can be scored, the others as by default."""
        return type(self)(kind=self.kind)


class RougeLTextbook(ComparedText):
    """ROUGE-L as its paper defines it: F1 over the longest common subsequence of the words of the two whole texts. In scripts
    without spaces each character counts as a word. LongBench's own variant is the metric `rouge_l`."""

    kind: Literal["rouge_l_textbook"]
    ignore_articles: bool = False
    """Whether the English words a, an and the are dropped."""

    def for_rows(self) -> Self:
        """The settings that decide which rows can be scored, the others as by default."""
        return type(self)(kind=self.kind)


class Numeric(Settings):
    """1 if the number that the answer states is a reference, within a tolerance, else 0."""

    kind: Literal["numeric"]
    absolute_tolerance: Annotated[Number, Field(ge=0)] = 0.0
    """Largest difference that counts as equal, in the reference's unit."""
    relative_tolerance: Annotated[Number, Field(ge=0)] = 0.0
    """Largest difference that counts as equal, as a share of the reference: 0.01 is 1 %. The larger of both tolerances holds."""
    take: Literal["last", "first", "only"] = "last"
    """Which number counts if the answer doesn't announce one ("the answer is 42"): the last, the first, or the only one;
    with `only`, several different numbers score 0."""
    decimal_mark: Literal["point", "comma"] = "point"
    """How decimals are written: 1,234.5 or 1.234,5."""

    def for_rows(self) -> Self:
        """The settings that decide which rows can be scored, the others as by default."""
        return type(self)(kind=self.kind, decimal_mark=self.decimal_mark)


class MultipleChoice(Settings):
    """1 if the answer chooses the reference's letter, and no other, else 0."""

    kind: Literal["multiple_choice"]
    letters: Annotated[
        str,
        StringConstraints(pattern=r"^[A-Z]{2,26}$"),
        Expected("at least two capital letters, such as ABCD"),
    ] = "ABCDEFGHIJ"
    """The letters of the choices."""

    @model_validator(mode="after")
    def _letters_differ(self) -> Self:
        if len(set(self.letters)) < len(self.letters):
            raise ValueError(f"expected letters that differ, found {self.letters!r}")
        return self

    def for_rows(self) -> Self:
        """The settings that decide which rows can be scored: all."""
        return self


class JsonMatch(Settings):
    """How well the JSON object in the answer agrees with the reference's, field by field."""

    kind: Literal["json_match"]
    fields: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """Fields to compare, by default all of the reference. A dot reaches inside: `address.city`."""
    score: Literal["share", "all"] = "share"
    """What the score is: the share of fields that agree, or 1 if all do, else 0."""
    ignore_case: bool = True
    """Whether `Paris` is `paris`. Only texts are compared so, not the names of fields."""
    relative_tolerance: Annotated[Number, Field(ge=0)] = 0.0
    """Largest difference between numbers that counts as equal, as a share of the reference."""

    def for_rows(self) -> Self:
        """The settings that decide which rows can be scored, the others as by default."""
        return type(self)(kind=self.kind, fields=self.fields)


class Regex(Settings):
    """1 if a regular expression (of Python's) fits the answer, or finds the reference in it, else 0."""

    kind: Literal["regex"]
    pattern: str
    """The expression. It may take 2 s of CPU on an answer: repetitions inside repetitions, such as `(a+)+`, can take for ever."""
    match: Literal["search", "fullmatch"] = "search"
    """Whether it may fit anywhere in the answer, or has to fit the whole, without white space around it."""
    against: Literal["reference", "nothing"] = "reference"
    """Whether what it found has to be a reference, or whether fitting is enough."""
    group: str | Annotated[int, Field(ge=0)] | None = None
    """Name or number of the group that is held against the reference; by default the first, or the whole if there is none."""
    take: Literal["first", "last"] = "first"
    """Which place counts if the expression fits at several."""
    ignore_case: bool = False
    """Whether upper and lower case are the same, in the expression and against the reference."""

    @model_validator(mode="after")
    def _is_an_expression(self) -> Self:
        try:
            made = re.compile(self.pattern)
        except (re.error, RecursionError, OverflowError) as error:
            raise ValueError(f"expected a regular expression: {error}") from None
        groups = [*made.groupindex, *range(made.groups + 1)]
        if self.group is not None and self.group not in groups:
            raise ValueError(f"expected a group of the expression, {groups}, found {self.group!r}")
        return self

    def for_rows(self) -> Self:
        """The settings that decide which rows can be scored, the others as by default."""
        return type(self)(kind=self.kind, pattern="")


WithSettings = ExactMatch | Contains | TokenF1 | RougeLTextbook | Numeric | MultipleChoice | JsonMatch | Regex

KINDS = (
    "exact_match",
    "contains",
    "token_f1",
    "rouge_l_textbook",
    "numeric",
    "multiple_choice",
    "json_match",
    "regex",
)
"""The metrics that take settings. A name alone stands for one with its defaults."""


def _with_defaults(value: Any) -> Any:
    return {"kind": value} if isinstance(value, str) and value in KINDS else value


def _name_or_keys(value: Any) -> str:
    return "the name of a metric" if isinstance(value, str) else "keys, by `kind`"


Metric = Annotated[
    Annotated[str, Tag("the name of a metric"), Expected("metric's name")]
    | Annotated[Annotated[WithSettings, Field(discriminator="kind")], Tag("keys, by `kind`")],
    Discriminator(_name_or_keys),
    BeforeValidator(_with_defaults),
]
"""A name, as in `metric: qa_f1`, or keys, as in `metric: {kind: numeric, relative_tolerance: 0.01}`."""


_METRIC: TypeAdapter[str | WithSettings] = TypeAdapter(Metric)


def with_defaults(name: str) -> str | WithSettings:
    """A metric by name alone. ValidationError if it has a setting without a default."""
    return _METRIC.validate_python(name)


def chosen(
    dataset: str, metric: str | WithSettings | None, metrics: Mapping[str, str | WithSettings]
) -> str | WithSettings | None:
    """The metric that a benchmark names for a set: its own of `metrics`, else `metric`."""
    return metrics.get(dataset, metric)


def name_of(metric: str | WithSettings) -> str:
    """The name that stands in the column `metric`."""
    return metric if isinstance(metric, str) else metric.kind


def for_rows(metric: str | WithSettings | None) -> str | WithSettings | None:
    """What decides which rows a metric can score. A tolerance doesn't, so changing one reads no row again."""
    return metric if metric is None or isinstance(metric, str) else metric.for_rows()
