"""Which questions are asked: the datasets that a benchmark can name."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from assay.settings import Count, Settings

SyntheticTask = Literal["find", "join", "count", "classify", "summarise"]


class Synthetic(Settings):
    """Made from the run's seed, in LongBench's schema: long documents with questions whose answers stand in them.

    Rows are made to fill every bucket, so no bucket runs short.
    """

    kind: Literal["synthetic"]
    tasks: Annotated[tuple[SyntheticTask, ...], Field(min_length=1)] = (
        "find",
        "join",
        "count",
        "classify",
        "summarise",
    )
    """Find one fact, join two, count, classify, summarise: in equal parts."""


class LongBench(Settings):
    """LongBench v1 from the Hugging Face hub, or from a local copy of its `data.zip`."""

    kind: Literal["longbench"]
    sets: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """Names such as hotpotqa or hotpotqa_e; by default the 21 sets, without the `_e` ones."""
    languages: Annotated[tuple[Literal["en", "zh"], ...], Field(min_length=1)] | None = None
    """Only rows in these languages. The code sets lcc and repobench-p are in neither."""
    revision: str = "5e628be450b7e67fb7ae6e201bd6d8f7056f7672"
    """Git revision of THUDM/LongBench on the hub: a commit, so that the data stay the same, or a branch or tag, whose
    commit is then recorded."""
    path: Path | None = None
    """A local `data.zip`, or the folder it was unpacked to, in place of the hub."""


class Columns(Settings):
    """Which keys of the user's rows hold what. A dot reaches inside: `meta.topic`."""

    input: str = "input"
    """The question."""
    context: str | None = "context"
    """The document the answer stands in; null if there is none."""
    answers: str = "answers"
    """The right answers: a list, or one string."""
    id: str | None = None
    """Unique name of the row within its set; by default the row's `_id`, if it has one, else a hash of its content."""
    dataset: str | None = None
    """Name of the set that the row belongs to; by default the row's `dataset`, if it has one, else the file's name
    without its ending."""
    language: str | None = None
    """By default the row's `language`, if it has one, else `en`."""
    all_classes: str | None = None
    """Classes of a classification task; by default the row's `all_classes`, if it has any."""
    source: str | None = None
    """The document that the row was made from: rows that share it are one cluster in the statistics. By default rows
    with the very same `context` share one."""


class JsonLines(Settings):
    """A file of the user's: one JSON object a line."""

    kind: Literal["jsonl"]
    path: Path
    """The file."""
    columns: Columns = Columns()
    """Which keys of a row hold what."""
    metric: str | None = None
    """Metric by name (see the table of metrics); by default that of the LongBench set of the row's name, else qa_f1,
    or qa_f1_zh for rows in zh."""
    sets: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """Only rows of these sets."""
    languages: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """Only rows in these languages."""
    limit: Count | None = None
    """Read at most so many rows, before the filters."""


Dataset = Annotated[Synthetic | LongBench | JsonLines, Field(discriminator="kind")]
