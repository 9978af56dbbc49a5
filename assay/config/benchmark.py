"""The whole benchmark: the settings of the rooms, composed, and what only the whole can check."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from assay.bedrock.settings import BedrockEndpoint, Endpoint, Inference, Model, SimulatorEndpoint
from assay.datasets.settings import Dataset, JsonLines, LongBench, Synthetic
from assay.decision.settings import Decision, Limits
from assay.judging.settings import Judges
from assay.prices.settings import PriceOverride
from assay.prompts.settings import Bucket, BucketName, PromptTemplate, Tekken, Tokenizer
from assay.schedule.settings import Load
from assay.settings import Count, Label, Positive, Settings, Whole


class Run(Settings):
    """Which run this is."""

    name: Label
    """Results go to `results/<name>/`."""
    edition: Count = 1
    """Raise it to buy every answer afresh. Nothing else does."""
    seed: Whole = 20261101
    """Of every random choice: samples, order, synthetic data."""
    ledger: Path | None = None
    """Folder of the ledger; by default `results/<name>/ledger`."""


class Report(Settings):
    """The report's own words."""

    title: str | None = None
    """By default made from the run's name."""
    author: str | None = None


class Publish(Settings):
    """An S3 place that the report and its tables are put into by `snakemake publish`."""

    bucket: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
    prefix: str = ""
    """Key prefix; the run's name is appended."""
    region: str | None = None
    profile: str | None = None
    url: str | None = None
    """S3 endpoint, for stores that are not AWS's."""


class Benchmark(Settings):
    """One benchmark: everything that one YAML file says."""

    run: Run
    endpoint: Endpoint
    dataset: Dataset
    tokenizer: Tokenizer = Tekken(kind="tekken")
    buckets: Annotated[tuple[Bucket, ...], Field(min_length=1)]
    prompt: PromptTemplate = PromptTemplate()
    inference: Inference = Inference(max_tokens=128, temperature=0.0)
    """Defaults of all models."""
    models: Annotated[tuple[Model, ...], Field(min_length=1)]
    load: Load = Load()
    judges: Judges | None = None
    """Without judges, accuracy is the dataset's own metric."""
    prices: dict[str, PriceOverride] = {}
    """Prices by model id that come before the public price data."""
    dataset_of_interest: BucketName | dict[BucketName, Positive]
    """The bucket that the decision is about, or weights of several."""
    limits: Limits = Limits()
    decision: Decision = Decision()
    report: Report = Report()
    publish: Publish | None = None
