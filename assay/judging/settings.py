"""Who judges the answers, and how they are asked."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from assay.bedrock.settings import Inference, Model, Retry, Timeouts
from assay.settings import Count, Settings


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
    retry: Retry = Retry(attempts=6)
