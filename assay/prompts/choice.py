"""Which template files a benchmark's prompts are made with, where it names none: those of its dataset."""

from dataclasses import dataclass
from pathlib import Path

from assay.datasets.settings import Dataset, LongBench, LongBenchV2
from assay.metrics.longbench import METRIC_OF_SET, metric_of
from assay.prompts.longbench import own_prompts

_ANY = Path("config/prompts/question_answering.txt")
_LONGBENCH_V2 = Path("config/prompts/longbench_v2.txt")


@dataclass(frozen=True)
class TemplateFiles:
    """One template for all rows, or one for each set, or a file with LongBench's published prompts: one of the three."""

    one: Path | None = None
    by_set: tuple[Path, ...] = ()
    published: Path | None = None

    @property
    def described(self) -> str:
        """In words, as the benchmark spells paths."""
        if self.published is not None:
            return f"LongBench's published prompts, {self.published.name}"
        if self.one is not None:
            return str(self.one)
        return ", ".join(map(str, self.by_set[:1])) + (
            ", and one for each further set" if self.by_set[1:] else ""
        )


def template_files(dataset: Dataset, template: Path | None) -> TemplateFiles:
    """The files for a dataset. `template` is the benchmark's `prompt.template`, which comes before all others."""
    if template is not None:
        return TemplateFiles(one=template)
    match dataset:
        case LongBench(prompts=Path() as published):
            return TemplateFiles(published=published)
        case LongBench():
            # A set that there isn't is told of elsewhere.
            known = [name for name in dataset.sets or METRIC_OF_SET if metric_of(name) is not None]
            return TemplateFiles(by_set=own_prompts(known))
        case LongBenchV2():
            return TemplateFiles(one=_LONGBENCH_V2)
    return TemplateFiles(one=_ANY)
