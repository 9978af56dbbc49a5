"""Who judges the answers, and how they are asked."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from assay.bedrock.settings import Endpoint, Inference, Model, Quota, Retry, Timeouts
from assay.settings import Count, Edition, Settings
from assay.stopping.settings import JudgingWidth


class Judges(Settings):
    """A panel of judges: each gives a verdict on every distinct answer, and the majority decides."""

    panel: Annotated[tuple[Model, ...], Field(min_length=1)]
    """The judges: label, id and inference parameters, as for models. An odd number of families makes ties rare."""
    prompt: Path = Path("config/judging/correctness.txt")
    """A text file with the placeholders {question}, {references} and {answer}."""
    inference: Inference = Inference(max_tokens=300, temperature=0.0)
    """Defaults of all judges."""
    concurrency: Count = 8
    """Requests in flight of each judge."""
    timeouts: Timeouts = Timeouts()
    """When a request is given up."""
    retry: Retry = Retry(attempts=6)
    """Judging is not measured, so what fails is asked again."""
    quota: Quota = Quota()
    """What each judge's account may be asked. Requests are paced to stay just below it; where it isn't known, the pace
    is halved at each throttle and grows again."""


class JudgeJob(Settings):
    """Settings of one judge job: one judge's verdicts on one model's answers."""

    run: Edition
    endpoint: Endpoint
    model: str
    """Label of the model whose answers are judged."""
    judge: Model
    """With complete inference parameters: the judge's own over the panel's."""
    concurrency: Count
    timeouts: Timeouts
    retry: Retry
    quota: Quota = Quota()
    stop: JudgingWidth | None = None
    """What ends it early; null where nothing does."""
