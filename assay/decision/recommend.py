"""Which model to use: the rule, and nothing but the rule.

1. A model qualifies if it meets every limit, and not if it misses one. Where a cell that the decision needs wasn't
   measured whole, the model is not evaluated, which is not the same as beaten.
2. The models that qualify, or may, are compared by the objective, each pair once, adjusted by Holm.
3. A model is out of the running if one that surely qualifies is better, adjusted. A model that only may qualify puts
   nobody out. One whose figure is infinite in this sample, since too many of its requests failed, can't be tested: it is out
   if its interval begins at infinity too, or lies beyond that of one that surely qualifies.
4. If one is left and it surely qualifies, it is the winner. If several are left that surely qualify, and each pair of
   them is shown to differ by less than the margin, or costs the same on every prompt, they are equivalent. Everything else
   is undecided; nobody left means that none qualifies.

Leaves to others: limits (`limits`), comparisons (`compare`), margins (`equivalence`), words (`words`).
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from assay.decision.compare import Comparison
from assay.decision.limits import Checked, Qualifies, State
from assay.schedule.level import Level

Answer = Literal["winner", "undecided", "equivalent", "none_qualifies", "not_evaluated"]


@dataclass(frozen=True, slots=True)
class Beside:
    """What a reader has to know of a model, whatever was limited."""

    n: int
    """Measured requests."""
    n_ok: int
    error_rate: float | None
    accuracy: float | None
    accuracy_n: int
    """Prompts."""
    accuracy_by: str | None
    """`panel`, `ratings`, `people` (or `people_ratings`) where their labels correct it, or without judges the name of the dataset's own metric."""
    labels: int = 0
    """Of people, that it is corrected by."""
    unsure: int = 0
    """Answers that these people couldn't tell right from wrong."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model as the rule sees it."""

    model: str
    qualifies: Qualifies
    reason: str | None
    """Why it wasn't evaluated."""
    limits: Sequence[Checked]
    objective_value: float | None
    objective_low: float | None
    objective_high: float | None
    levels: Mapping[Level, State]
    """Whether all limits are met at each level; empty without limits."""
    beside: Beside | None = None
    settled: bool = False
    """Where nothing can be said of it: whether that is so whatever further blocks bring."""
    complete: bool = True
    """Whether every cell that the decision needs was measured whole."""

    @property
    def possible(self) -> bool:
        """Whether it may be the best: it may qualify, and its figure may be finite.

        Where about as many requests fail as the percentile leaves room for, it is by chance whether the figure of a sample is
        infinite: that alone puts nobody out.
        """
        if self.qualifies not in ("yes", "undecided") or self.objective_value is None:
            return False
        answered = self.beside is None or self.beside.n_ok > 0
        return self.finite or (answered and (self.objective_low is None or math.isfinite(self.objective_low)))

    @property
    def finite(self) -> bool:
        """Whether it has a figure to compare."""
        return self.objective_value is not None and math.isfinite(self.objective_value)

    @property
    def highest_concurrency(self) -> int | None:
        """The highest closed loop at which it meets every limit."""
        met = [level.concurrency for level, state in self.levels.items() if state == "met"]
        return max((concurrency for concurrency in met if concurrency is not None), default=None)

    @property
    def highest_rate_rps(self) -> float | None:
        """The highest open loop at which it meets every limit."""
        met = [level.rate_rps for level, state in self.levels.items() if state == "met"]
        return max((rate for rate in met if rate is not None), default=None)


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What the rule says."""

    answer: Answer
    model: str | None
    """The winner."""
    candidates: list[str]
    """The models that may be the best, in the order of their figures."""
    runner_up: str | None
    """The next best of those that qualify or may."""


def recommend(
    models: Sequence[Candidate],
    comparisons: Sequence[Comparison],
    higher_is_better: bool,
    already_out: Collection[str] = (),
    alike: Collection[frozenset[str]] = (),
) -> Recommendation:
    """Apply the rule to `models` and the comparisons of those of them that are possible.

    `already_out` are models that an earlier look at the decision put out: they stay out. `alike` are the pairs that are
    shown to differ by less than the margin.
    """
    running = sorted(
        (model for model in models if model.possible),
        key=lambda model: (model.objective_value or 0.0) * (-1.0 if higher_is_better else 1.0),
    )
    sure = {model.model for model in running if model.qualifies == "yes"}
    out = set(already_out) | {
        pair.b if pair.better == pair.a else pair.a
        for pair in comparisons
        if pair.better is not None and pair.better in sure
    }
    out |= _beyond(running, sure)
    left = [model.model for model in running if model.model not in out]
    if not left:
        evaluated = any(model.qualifies != "not_evaluated" for model in models)
        return Recommendation("none_qualifies" if evaluated else "not_evaluated", None, [], None)
    finite = {model.model for model in running if model.finite}
    if len(left) == 1 and left[0] in sure & finite:
        others = [model.model for model in running if model.model != left[0]]
        return Recommendation("winner", left[0], left, others[0] if others else None)
    among = [pair for pair in comparisons if pair.a in left and pair.b in left]
    same = [pair.identical or frozenset((pair.a, pair.b)) in alike for pair in among]
    if len(left) > 1 and set(left) <= sure and all(same):
        return Recommendation("equivalent", None, left, None)
    return Recommendation("undecided", None, left, None)


def _beyond(running: Sequence[Candidate], sure: Collection[str]) -> set[str]:
    """Those whose infinite figure can't be tested, and whose whole interval lies beyond that of one that surely qualifies."""
    ends = [model.objective_high for model in running if model.model in sure and model.finite]
    nearest = min((end for end in ends if end is not None), default=math.inf)
    return {
        model.model
        for model in running
        if not model.finite and model.objective_low is not None and model.objective_low > nearest
    }
