"""The whole benchmark: the settings of the rooms, composed. What only the whole can check is in `consistency`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, StringConstraints, Tag, field_validator, model_validator
from pydantic_core import PydanticCustomError

from assay.bedrock.settings import Endpoint, Inference, Model, Quota
from assay.config.consistency import problems
from assay.config.problems import dotted
from assay.datasets.settings import Dataset
from assay.decision.settings import Decision, Limits, Traffic
from assay.judging.settings import Judges
from assay.labels.settings import Labels
from assay.preflight.settings import PreflightSettings
from assay.prices.settings import PriceOverride
from assay.prompts.settings import Bucket, BucketName, PromptTemplate, Tekken, Tokenizer
from assay.schedule.settings import Load
from assay.settings import Count, Expected, Label, Positive, ServerUrl, Settings, Whole
from assay.spending.settings import Budget
from assay.stopping.settings import Stop


class Run(Settings):
    """Which run this is."""

    name: Label
    """Results go to `results/<name>/`."""
    edition: Count = 1
    """Raise it to buy every answer afresh. Nothing else does."""
    seed: Whole = 20261101
    """Of every random choice: samples, order, synthetic data."""
    ledger: Path | None = None
    """Folder of the ledger; by default `results/<name>/ledger`. `~` is the home folder."""


class Report(Settings):
    """The report's own words."""

    title: str | None = None
    """By default made from the run's name."""
    author: str | None = None
    """Stands below the title."""
    examples: Whole = 3
    """How many answers the page of mistakes shows of each model, bucket and kind, with their questions and what judges said.
    With 0 it has counts only, and no text of the data or of a model is in the report."""


class Publish(Settings):
    """An S3 place that the report and its tables are put into by `snakemake publish`."""

    bucket: Annotated[
        str,
        StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"),
        Expected("the name of an S3 bucket"),
    ]
    """The S3 bucket. Nothing in it is made public."""
    prefix: str = ""
    """Key prefix; the run's name is appended."""
    region: str | None = None
    """AWS region of the bucket; by default that of the AWS configuration."""
    profile: str | None = None
    """Profile of the AWS configuration to take credentials from."""
    url: ServerUrl | None = None
    """S3 endpoint, for stores that are not AWS's."""
    encryption: Literal["AES256", "aws:kms"] = "AES256"
    """Encryption at rest: with keys of S3, or with a key of KMS."""
    kms_key: Annotated[str, Field(min_length=1)] | None = None
    """Id or ARN of the KMS key, with `aws:kms`; by default the one that AWS keeps for S3 in your account."""
    overwrite: bool = False
    """Replace objects that are there with other content. Without it, such a one is an error, and nothing is put."""
    may_be_public: bool = False
    """Publish into a bucket that is open to everyone, or of which your credentials may not learn whether it is."""

    @field_validator("prefix")
    @classmethod
    def _place(cls, prefix: str) -> str:
        if "://" in prefix or {".", ".."} & {*prefix.split("/")} or not prefix.isprintable():
            raise ValueError("expected the beginning of keys, without the bucket's name, such as team/bench")
        return prefix

    @model_validator(mode="after")
    def _key_of_kms(self) -> Self:
        if self.kms_key is not None and self.encryption != "aws:kms":
            raise ValueError("expected `encryption: aws:kms` beside kms_key")
        return self


def _one_or_weights(value: Any) -> str:
    return "weights of buckets" if isinstance(value, Mapping) else "the name of a bucket"


Interest = Annotated[
    Annotated[BucketName, Tag("the name of a bucket")]
    | Annotated[dict[BucketName, Positive], Tag("weights of buckets")],
    Discriminator(_one_or_weights),
]


class Benchmark(Settings):
    """One benchmark: everything that one YAML file says."""

    run: Run
    """Name, edition and seed."""
    endpoint: Endpoint
    """Where requests go: the simulator or Amazon Bedrock."""
    dataset: Dataset
    """Where questions, documents and right answers come from."""
    tokenizer: Tokenizer = Tekken(kind="tekken")
    """What prompts are measured with. The service counts by its own, which the report shows beside it."""
    buckets: Annotated[tuple[Bucket, ...], Field(min_length=1)]
    """Ranges of prompt size, which may not overlap. Each is measured by itself."""
    prompt: PromptTemplate = PromptTemplate()
    """How a question and its document are put to the models."""
    inference: Inference = Inference(max_tokens=128, temperature=0.0)
    """What every model is asked with, unless it says otherwise. If you give it, give `max_tokens` too."""
    models: Annotated[tuple[Model, ...], Field(min_length=1)]
    """The models to compare."""
    load: Load = Load()
    """How many requests, and how many at once."""
    judges: Judges | None = None
    """Models that say which answers are correct. Without them, accuracy is the dataset's own metric."""
    labels: Labels = Labels()
    """What people say of the answers, and how many they are asked about."""
    prices: dict[str, PriceOverride] = Field(default_factory=dict)
    """Prices by model id, for what the public price data does not know or has wrong."""
    quotas: dict[str, Quota] = Field(default_factory=dict)
    """Quotas by model id, where they are known: the estimate of minutes and the preflight go by them."""
    budget: Budget = Budget()
    """The most that the run may cost."""
    preflight: PreflightSettings = PreflightSettings()
    """The small calls before the first measurement."""
    stop: Stop | None = None
    """When to stop before the plan ends. By default nothing does."""
    reuse: tuple[Path, ...] = ()
    """Folders of other runs' ledgers, such as `results/other/ledger`. Answers to the very same questions are taken from
    them for accuracy and for judging, whatever their edition, and never for latency."""
    dataset_of_interest: Interest
    """The bucket that the decision is about, or weights by bucket: `{short: 3, long: 1}`."""
    limits: Limits = Limits()
    """What a model has to keep to."""
    decision: Decision = Decision()
    """What to prefer among the models that do."""
    traffic: Traffic | None = None
    """The traffic that the answer is for: what a month of it costs."""
    report: Report = Report()
    """Title and author of the report."""
    publish: Publish | None = None
    """Where `snakemake publish` puts the report. Nothing is published without it."""

    @model_validator(mode="after")
    def _sections_agree(self) -> Self:
        found = problems({name: getattr(self, name) for name in type(self).model_fields})
        if found:
            text = "; ".join(f"{dotted(problem.path)}: {problem.text}" for problem in found)
            raise PydanticCustomError("inconsistent", "{text}", {"text": text, "problems": found})
        return self
