"""Which questions are asked: the datasets that a benchmark can name."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StrictBool, model_validator

from assay.metrics.choice import Metric, for_rows
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
    """LongBench v1 from the Hugging Face hub, or from a local copy of its `data.zip`.

    Each set is asked with a prompt of its own, `config/prompts/longbench/<set>.txt`, unless `prompts` or `prompt.template`
    names others.
    """

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
    metrics: dict[str, Metric] = Field(default_factory=dict)
    """Metrics by set, in place of the published ones, such as `{lcc: code_similarity_levenshtein}`."""
    prompts: Path | None = None
    """LongBench's own `dataset2prompt.json`: its published prompts in place of Assay's, for figures to set beside published
    ones. A `prompt.template` comes before it."""
    output_limits: StrictBool = True
    """Whether each set has LongBench's own limit of output tokens, from 32 to 512. It comes before the benchmark's
    `inference.max_tokens`; the `inference.max_tokens` of a model comes before both."""
    maxlen: Path | None = None
    """A `dataset2maxlen.json` with limits in place of the published ones, which Assay knows."""

    @model_validator(mode="after")
    def _limits_are_wanted(self) -> Self:
        if self.maxlen is not None and not self.output_limits:
            raise ValueError("expected either `output_limits: false` or `maxlen`, not both")
        return self


class LongBenchV2(Settings):
    """LongBench v2 from the Hugging Face hub, or from a local copy of its `data.json`: 503 multiple-choice questions.

    Its prompt is `config/prompts/longbench_v2.txt`. Rows belong to sets by difficulty and length, such as
    longbench_v2_easy_short.
    """

    kind: Literal["longbench-v2"]
    difficulties: Annotated[tuple[Literal["easy", "hard"], ...], Field(min_length=1)] | None = None
    """Only questions of these difficulties."""
    lengths: Annotated[tuple[Literal["short", "medium", "long"], ...], Field(min_length=1)] | None = None
    """Only questions on documents of these lengths: below 32k words, up to 128k, above."""
    domains: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """Only questions of these domains, such as Single-Document QA."""
    revision: str = "2b48e494f2c7a2f0af81aae178e05c7e1dde0fe9"
    """Git revision of THUDM/LongBench-v2 on the hub: a commit, so that the data stay the same, or a branch or tag, whose
    commit is then recorded."""
    path: Path | None = None
    """A local `data.json` in place of the hub."""


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
    metric: Metric | None = None
    """A metric by name, or with settings; by default that of the LongBench set of the row's name, else qa_f1,
    or qa_f1_zh for rows in zh."""
    metrics: dict[str, Metric] = Field(default_factory=dict)
    """Metrics by set, each before `metric`."""
    sets: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """Only rows of these sets."""
    languages: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """Only rows in these languages."""
    limit: Count | None = None
    """Read at most so many rows, before the filters."""


class HuggingFace(Settings):
    """Any dataset of the Hugging Face hub that the package `datasets` reads, or local files in its formats."""

    kind: Literal["huggingface"]
    repo: str | None = None
    """Its name on the hub, such as `rajpurkar/squad`. Either this or `path`."""
    path: Path | None = None
    """A local file (.parquet, .csv, .tsv, .json, .jsonl, .arrow, each also as .gz), or a folder of them, in place of the hub."""
    config: str | None = None
    """Name of the configuration (subset), where the dataset has several."""
    split: str = "test"
    """Name of the split. Parts of it, such as `test[:100]`, are left to `limit`."""
    revision: str = "main"
    """Git revision on the hub: a commit, so that the data stay the same, or a branch or tag, whose commit is then recorded."""
    streaming: bool = False
    """Read rows over the network as they are needed, in place of downloading the whole split. Needs `limit`."""
    columns: Columns = Columns()
    """Which columns hold what."""
    metric: Metric | None = None
    """A metric by name, or with settings; by default qa_f1, or qa_f1_zh for rows in zh."""
    metrics: dict[str, Metric] = Field(default_factory=dict)
    """Metrics by set, each before `metric`."""
    sets: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """Only rows of these sets."""
    languages: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """Only rows in these languages."""
    limit: Count | None = None
    """Read at most so many rows, before the filters."""

    @model_validator(mode="after")
    def _from_one_place(self) -> Self:
        if (self.repo is None) == (self.path is None):
            raise ValueError(
                "expected either `repo`, a dataset on the hub, or `path`, a local file or folder"
            )
        if self.streaming and self.limit is None:
            raise ValueError("expected `limit` beside `streaming`, since it would read the whole split")
        if "[" in self.split or "+" in self.split:
            raise ValueError(
                f"expected the name of one split, found {self.split!r}; `limit` reads a part of it"
            )
        return self


Dataset = Annotated[
    Synthetic | LongBench | LongBenchV2 | JsonLines | HuggingFace, Field(discriminator="kind")
]


def as_fetched(dataset: Any) -> Any:
    """The settings that decide which rows there are: neither a metric's tolerance nor a prompt changes one."""
    update: dict[str, Any] = {}
    if isinstance(dataset, LongBench):
        update |= {"prompts": None, "output_limits": True, "maxlen": None}
    if getattr(dataset, "metric", None) is not None:
        update["metric"] = for_rows(dataset.metric)
    if getattr(dataset, "metrics", None):
        update["metrics"] = {name: for_rows(metric) for name, metric in dataset.metrics.items()}
    return dataset.model_copy(update=update) if update else dataset


def metrics_with_settings(dataset: Any) -> dict[str, Any]:
    """`metric` and `metrics` as the score stage needs them. Those by name are left out: they stand in each prompt."""
    metric, metrics = getattr(dataset, "metric", None), getattr(dataset, "metrics", {})
    found = {} if metric is None or isinstance(metric, str) else {"metric": metric}
    # A set with a metric by name stays, or `metric` would be taken to be its own.
    return {
        **found,
        **(
            {"metrics": metrics} if found or any(not isinstance(one, str) for one in metrics.values()) else {}
        ),
    }
