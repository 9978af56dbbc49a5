"""What every judge said of every answer, as arrays: what judges are compared by.

A verdict is 1 (correct) or 0 (incorrect), a rating of 1 to 5 is (rating - 1) / 4; NaN is no verdict, whatever the reason.
An answer that two models gave stands once for each. Leaves to others: what is said of judges (`judges`, `agreement`), and of
models by parts of the panel (`families`, `left_out`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from assay.accuracy.inputs import Inputs
from assay.bedrock.family import family
from assay.judging.agreement import RATINGS, VERDICTS, Scale, rated
from assay.judging.panel import COUNTS
from assay.judging.settings import VerdictKind
from assay.records.settings import Named

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

KEYS = ["model", "answer_id"]

MISSING = -1
"""In place of an outcome: the judge has no row for the answer."""
_NOT_ASKED = COUNTS.index("not_asked")

DECIDES_BOTH = frozenset(
    {
        "exact_match",
        "numeric",
        "multiple_choice",
        "json_match",
        "regex",
        "longbench_v2",
        "classification",
        "retrieval",
        "retrieval_zh",
        "count",
    }
)
"""Metrics whose 1 says that an answer is correct, and whose 0 that it is incorrect."""
DECIDES_CORRECT = frozenset({"qa_f1", "qa_f1_zh", "token_f1"})
"""Metrics of which only the 1 decides: the same words as a reference. An answer without any of them may be right in other words."""


@dataclass(frozen=True, slots=True)
class Votes:
    """All answers (rows) by all judges (columns)."""

    answers: pd.DataFrame
    """Rows of `Inputs.answers`, numbered from 0."""
    judges: tuple[Named, ...]
    kind: VerdictKind
    said: Floats
    """Answers x judges, from 0 to 1."""
    outcomes: Codes
    """Answers x judges: the place in `COUNTS` of what came of asking, or MISSING."""
    clusters: Codes
    """Of each answer: the number of its source document."""
    decisive: Floats
    """Of each answer: 1 or 0 where the dataset's own metric decides, else NaN."""

    @property
    def ratings(self) -> Floats:
        """What judges said, in their own terms: 0 and 1, or 1 to 5."""
        return 1.0 + 4.0 * self.said if self.kind == "scale" else self.said

    @property
    def scale(self) -> Scale:
        """What they could say. Ratings between whole numbers are points of their own."""
        if self.kind == "correctness":
            return VERDICTS
        seen = np.unique(self.ratings[~np.isnan(self.ratings)])
        return (
            RATINGS
            if np.isin(seen, RATINGS.values).all()
            else rated(sorted({*RATINGS.values, *seen.tolist()}))
        )

    @property
    def asked(self) -> NDArray[np.bool_]:
        """Answers x judges: whether the judge was asked."""
        return np.asarray((self.outcomes != MISSING) & (self.outcomes != _NOT_ASKED))

    @property
    def working(self) -> list[bool | None]:
        """Of each judge: whether it stated a verdict on half or more of what it was asked; None where it was asked nothing."""
        asked = self.asked
        stated = (asked & ~np.isnan(self.said)).sum(axis=0)
        return [
            bool(2 * given >= n) if n else None
            for given, n in zip(stated.tolist(), asked.sum(axis=0).tolist(), strict=True)
        ]

    def by(self, chosen: Sequence[bool], tie: float = np.nan) -> Floats:
        """What the panel of the `chosen` judges alone says of each answer, by its own majority or mean and quorum."""
        return decided(self.said[:, np.asarray(chosen, dtype=bool)], self.kind, tie)


def votes(inputs: Inputs) -> Votes:
    """The votes of a run with judges."""
    answers = inputs.answers.reset_index(drop=True)
    place = pd.MultiIndex.from_frame(answers[KEYS].astype(object))
    judges = inputs.settings.judges
    said = np.full((len(answers), len(judges)), np.nan)
    outcomes = np.full(said.shape, MISSING, dtype=np.int64)
    given = inputs.verdicts
    rows = place.get_indexer(pd.MultiIndex.from_frame(given[KEYS].astype(object)))
    columns = pd.Index([judge.label for judge in judges]).get_indexer(pd.Index(given["judge"].astype(object)))
    there = (rows >= 0) & (columns >= 0)
    kinds = pd.Index(COUNTS).get_indexer(pd.Index(given["verdict"].astype(object)))
    outcomes[rows[there], columns[there]] = kinds[there]
    said[rows[there], columns[there]] = _said(given, inputs.settings.verdict)[there]
    return Votes(
        answers,
        judges,
        inputs.settings.verdict,
        said,
        outcomes,
        pd.factorize(answers["source"].fillna(answers["prompt_id"]).astype(object))[0].astype(np.int64),
        decisive(answers["metric"], answers["score"].to_numpy(dtype=np.float64)),
    )


def decided(said: Floats, kind: VerdictKind, tie: float = np.nan) -> Floats:
    """A panel's verdict on each answer, of what its judges said (answers x judges): as `assay.judging.panel` has it.

    1 or 0 by the majority of the stated verdicts, or the mean of the stated ratings; NaN where half of the judges or fewer
    stated one, and `tie` where as many say correct as incorrect.
    """
    stated = (~np.isnan(said)).sum(axis=1)
    quorum = 2 * stated > said.shape[1]
    mean = np.where(quorum, np.nansum(said, axis=1) / np.maximum(stated, 1), np.nan)
    if kind == "scale":
        return mean
    return np.where(mean > 0.5, 1.0, np.where(mean < 0.5, 0.0, np.where(quorum, tie, np.nan)))


def decisive(metrics: "pd.Series[str]", scores: Floats) -> Floats:
    """Of each answer 1 or 0 where its metric leaves no doubt whether it is correct; NaN elsewhere."""
    both = metrics.isin(list(DECIDES_BOTH)).to_numpy()
    correct = both | metrics.isin(list(DECIDES_CORRECT)).to_numpy()
    return np.where(correct & (scores == 1.0), 1.0, np.where(both & (scores == 0.0), 0.0, np.nan))


def family_of(line: Named, families: Mapping[str, str]) -> str | None:
    """The family of a model or judge, in lower case: as the benchmark says by label, else as its id tells."""
    found = families.get(line.label) or family(line.id)
    return None if found is None else found.casefold()


def _said(verdicts: pd.DataFrame, kind: VerdictKind) -> Floats:
    if kind == "scale":
        ratings = verdicts["rating"].to_numpy(dtype=np.float64)
        return np.where(verdicts["verdict"].eq("rated").to_numpy(), (ratings - 1.0) / 4.0, np.nan)
    words = verdicts["verdict"]
    return np.where(words.eq("correct"), 1.0, np.where(words.eq("incorrect"), 0.0, np.nan))
