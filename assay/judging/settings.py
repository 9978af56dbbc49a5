"""Who judges the answers, and how they are asked."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StrictBool, StringConstraints

from assay.bedrock.settings import Endpoint, Inference, Model, Quota, Retry, Timeouts
from assay.settings import Count, Edition, Expected, Label, Settings, Whole
from assay.stopping.settings import JudgingWidth

VerdictKind = Literal["correctness", "scale"]

PROMPTS: dict[VerdictKind, Path] = {
    "correctness": Path("config/judging/correctness.txt"),
    "scale": Path("config/judging/scale.txt"),
}
"""The judge prompt of each kind of verdict, where the benchmark names none."""

Family = Annotated[str, StringConstraints(min_length=1), Expected("the name of a family, such as anthropic")]


class Judge(Model):
    """A judge: a model, and how its verdict comes back."""

    output: Literal["auto", "json_schema", "tool", "text"] = "auto"
    """How it is made to reply in a fixed form: by a JSON schema, by a tool that it has to call, or by the prompt alone
    (`text`). `auto` takes the first of these that the model doesn't refuse."""


class Judges(Settings):
    """A panel of judges: each gives a verdict on every distinct answer, and the panel decides."""

    panel: Annotated[tuple[Judge, ...], Field(min_length=1)]
    """The judges: label, id and inference parameters, as for models. An odd number of families makes ties rare."""
    verdict: VerdictKind = "correctness"
    """`correctness`: each judge says correct or incorrect, and the majority decides. `scale`: each gives 1 to 5, and their
    mean counts, as (mean - 1) / 4 where a share is shown."""
    prompt: Path | None = None
    """A text file with the placeholders {question}, {references} and {answer}, and {context} if judges are to see the
    document. By default config/judging/correctness.txt or config/judging/scale.txt."""
    abstention: StrictBool = False
    """Whether judges may say that they are unsure. The prompt has to offer it; an abstention is no verdict."""
    repair: StrictBool = True
    """Whether a judge whose reply can't be read is asked once more."""
    asked_twice: Whole = 20
    """Answers of each model, drawn at random, that each judge is asked about a second time: how stable its verdicts are."""
    families: dict[Label, Family] = Field(default_factory=dict)
    """Family of models and judges, by label, where the id doesn't tell it. A judge favours its own family."""
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

    @property
    def prompt_file(self) -> Path:
        """The judge prompt: the benchmark's own, or the one of its kind of verdict."""
        return self.prompt or PROMPTS[self.verdict]


class JudgeJob(Settings):
    """Settings of one judge job: one judge's verdicts on one model's answers."""

    run: Edition
    endpoint: Endpoint
    model: str
    """Label of the model whose answers are judged."""
    judge: Judge
    """With complete inference parameters: the judge's own over the panel's."""
    concurrency: Count
    timeouts: Timeouts
    retry: Retry
    quota: Quota = Quota()
    verdict: VerdictKind = "correctness"
    abstention: StrictBool = False
    repair: StrictBool = True
    asked_twice: Whole = 0
    stop: JudgingWidth | None = None
    """What ends it early; null where nothing does."""
