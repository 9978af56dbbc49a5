"""The row that every dataset gives, whatever it was read from."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Example:
    """A question, the document that its answer stands in, and the right answers: LongBench's schema.

    `source` names the document that the question was made from: rows that share it are one cluster in the
    statistics. `wrong` holds plausible wrong answers where the dataset knows any; only the simulator reads them.
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
