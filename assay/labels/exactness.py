"""How exact the labels given so far make accuracy, in words that tell nothing of single models, answers or judges.

For the labelling page, and in its process alone: what is read here of models and verdicts is never sent. Leaves to others:
the numbers (`progress`), after which labels they may be told anew (`server`). The statistics are imported when they are first
asked for, which takes longer than all else before the page can be opened.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from assay.labels.labels import Label, answer_of, together
from assay.labels.settings import PageSettings
from assay.stopping.settings import fraction

if TYPE_CHECKING:
    import pandas as pd

    from assay.labels.progress import Progress


@dataclass
class Exactness:
    """Reads answers and verdicts when it is first asked; InputError then names the file that can't be used."""

    settings: PageSettings
    answers: Sequence[Path]
    """Of the score stage, of all models."""
    verdicts: Sequence[Path]
    """Of the judge stage; none without judges."""
    order: Sequence[str]
    """Items of the whole sample, also those after the first n."""

    @cached_property
    def _rated(self) -> "pd.DataFrame":
        from assay.records import reading
        from assay.records.rated import panel_of, rated_answers

        found = reading.read(
            self.answers, reading.ANSWERS, ("model", "answer_id", "prompt_id", "times", "score")
        )
        if not self.settings.judges:
            return rated_answers(found, None)
        said = reading.read(
            self.verdicts, reading.VERDICTS, ("model", "judge", "answer_id", "prompt_id", "verdict")
        )
        return rated_answers(found, panel_of(said, self.settings.judges))

    def __call__(self, labels: Sequence[Label]) -> str:
        """What to tell of these labels, in a sentence or two."""
        from assay.labels.progress import items_needed, progress

        settings = self.settings
        said = together(labels, settings.verdict)
        values = {answer: found.value for answer, found in said.items()}
        wanted = fraction(settings.half_width)
        models = progress(self._rated, values, settings.shares, settings.seed, wanted, settings.confidence)
        answer_ids = [answer_of(item) for item in self.order]
        needed = items_needed(self._rated, answer_ids, settings.seed, models)
        return in_words(models, needed, len(said), settings.n, wanted)


def in_words(models: "Sequence[Progress]", needed: int | None, labelled: int, n: int, wanted: float) -> str:
    """The sentence: of the model that is known least, unnamed, and how many more labels the wanted half-width takes.

    `needed` is of `items_needed`, `labelled` counts items that have a label, `n` those of the sample; `wanted` is a share.
    """
    widths = [model.half_width for model in models]
    known = [width for width in widths if width is not None]
    aim = f"the wanted ±{wanted * 100:.3g} points"
    if not models:
        return ""
    if len(known) < len(widths):
        so_far = "Too few labels yet to say how exact they make accuracy."
    elif max(known) <= wanted:
        return (
            f"Exact enough: these labels make every model's corrected accuracy known to ±{_points(max(known))} points "
            f"or better, and {aim} are reached."
        )
    else:
        so_far = f"So far these labels make every model's corrected accuracy known to ±{_points(max(known))} points or better."
    if needed is None:
        return f"{so_far} All answers of this run together would not give {aim}: that takes more prompts."
    more = max(1, needed - labelled)
    beyond = needed - n
    if beyond > 0:
        return (
            f"{so_far} About {more:,} more give {aim}, which is more than this sample has: "
            f"set `labels.n` to about {needed:,}."
        )
    return f"{so_far} About {more:,} more give {aim}."


def _points(share: float) -> str:
    return f"{share * 100:.1f}"
