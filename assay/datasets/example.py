"""The row that every dataset gives, whatever it was read from."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """The bucket that a row was made to fill, [min, max) tokens, and the row's turn to be drawn from it, from 0."""

    min: int
    max: int
    index: int


@dataclass(frozen=True, slots=True)
class Example:
    """A question, the document that its answer stands in, and the right answers: LongBench's schema.

    `source` names the document that the question was made from: rows that share it are one cluster in the
    statistics. `wrong` holds plausible wrong answers where the dataset knows any; only the simulator reads them.
    A row with a `place` is drawn for that bucket alone and in that order; other rows are drawn at random. `length` is the
    document's as the dataset itself gives it: LongBench counts words, and characters in Chinese.
    """

    id: str
    dataset: str
    language: str
    input: str
    context: str
    answers: tuple[str, ...]
    all_classes: tuple[str, ...] | None
    source: str
    metric: str
    wrong: tuple[str, ...] = ()
    place: Place | None = None
    length: int | None = None
