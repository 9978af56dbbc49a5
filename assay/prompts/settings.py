"""How examples become prompts: tokenizer, template, buckets."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from assay.settings import Count, Expected, Settings, Whole


class Tekken(Settings):
    """The vocabulary that comes with the installation: tekken, 131k tokens, dated 2024-09-11. Needs no network."""

    kind: Literal["tekken"]


class TokenizerFile(Settings):
    """A `tokenizer.json` in the format of Hugging Face tokenizers."""

    kind: Literal["file"]
    path: Path
    """The file."""


class TokenizerHub(Settings):
    """A tokenizer from the Hugging Face hub."""

    kind: Literal["hub"]
    name: str
    """Such as `mistralai/Mistral-7B-v0.1`."""
    revision: str = "main"
    """Git revision on the hub. Name a commit, so that counts stay the same."""


Tokenizer = Annotated[Tekken | TokenizerFile | TokenizerHub, Field(discriminator="kind")]

BucketName = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.+-]{0,62}$"),
    Expected("the name of a bucket (letters, digits and - _ . +, beginning with a letter or digit)"),
]


class Bucket(Settings):
    """A range of prompt sizes, and how many prompts are drawn from it."""

    name: BucketName
    """Its name in tables and figures."""
    min: Whole
    """Least tokens of the formatted prompt, included."""
    max: Count
    """Most tokens of the formatted prompt, excluded."""
    n: Count
    """Prompts to draw. A larger n keeps those that were drawn before."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.min >= self.max:
            raise ValueError(f"expected min ({self.min}) to be below max ({self.max})")
        return self


class PromptTemplate(Settings):
    """How an example is put into words."""

    template: Path | None = None
    """A text file with the placeholders {context} and {input}. By default that of the dataset: `config/prompts/longbench/<set>.txt`
    for each set of LongBench, `config/prompts/longbench_v2.txt` for LongBench v2, and `config/prompts/question_answering.txt`
    for all others."""
    system: Path | None = None
    """A text file sent as system prompt."""
    truncate_tokens: Count | None = None
    """Most tokens of a prompt, system prompt included, by the benchmark's tokenizer. Of a longer one the middle is left out, as
    LongBench does it: as many tokens stay at its beginning as at its end."""
