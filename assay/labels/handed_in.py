"""A file of labels held against the answers of a run: which count, and what has to be said of the others."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import pandas as pd

from assay.errors import InputError
from assay.judging.agreement import agreement
from assay.judging.settings import VerdictKind
from assay.labels.evidence import estimates, labelled
from assay.labels.labels import labelers, read_labels, together
from assay.stats.prediction_powered import Estimate


@dataclass(frozen=True, slots=True)
class HandedIn:
    """What people said."""

    values: Mapping[str, float | None]
    """By answer id, from 0 to 1: what they said together; None where everybody skipped it."""
    skipped: int
    """Answers that everybody skipped."""
    tied: int
    """Answers of which as many people said right as wrong; they count half."""
    strangers: int
    """Answers that this run doesn't have; they are left out."""
    people: int
    """Who gave a label."""
    twice: int
    """Answers that two people labelled, counted for each pair of people."""
    alike: float | None
    """Share of these on which the two agree; None without any."""
    kappa: float | None
    """Cohen's kappa of the two who labelled most answers in common; None where it is not defined."""


def handed_in(path: Path, verdict: VerdictKind, answers: pd.DataFrame) -> HandedIn:
    """Read a file of labels. `answers` are the run's (column answer_id). InputError where it can't be used, or none is of it."""
    labels = read_labels(path, verdict)
    there = set(answers["answer_id"])
    said = together(labels, verdict)
    known = {answer: what for answer, what in said.items() if answer in there}
    if said and not known:
        first = next(iter(labels))
        raise InputError(
            f"{path}, line {first.line}, column item: {first.item} is none of this run's answers, and neither is any other item "
            "of the file; hand in the labels of this run's own sample, or take the file away"
        )
    if len(known) < len(said):
        logging.warning(
            "%s: %d of %d labelled answers are none of this run's, and are left out",
            path,
            len(said) - len(known),
            len(said),
        )
    people = labelers(labels)
    pairs = [(people[a], people[b]) for a, b in combinations(people, 2)]
    both = [[(one[item], other[item]) for item in one if item in other] for one, other in pairs]
    most = max(both, key=len, default=[])
    twice = sum(len(pair) for pair in both)
    return HandedIn(
        {answer: what.value for answer, what in known.items()},
        sum(what.value is None for what in known.values()),
        sum(what.tied for what in known.values()),
        len(said) - len(known),
        len(people),
        twice,
        sum(a == b for pair in both for a, b in pair) / twice if twice else None,
        agreement([a for a, _ in most], [b for _, b in most]).kappa,
    )


def corrected(
    path: Path, verdict: VerdictKind, rated: pd.DataFrame, shares: Mapping[str, float], seed: int
) -> dict[str, Estimate]:
    """Corrected accuracy on the mix of buckets by model, as in `assay.labels.evidence.estimates`."""
    return estimates(labelled(rated, handed_in(path, verdict, rated).values, shares, seed), shares)
