"""Every other model against the one that is in use now: is it not worse by more than the margins?

A model is non-inferior where it is shown, in every aspect that has a margin, that it isn't worse by more than that: one-sided
tests at the level (1 - confidence) / 2, as is the custom for non-inferiority (ICH E9, 1998). All aspects have to hold, so
each is tested at the full level (intersection-union; Berger 1982). It is inferior where one of them is surely worse by more
than its margin, by Bonferroni over the aspects. The p values of all challengers are adjusted by Holm. Where neither is shown,
it is undecided: not to have shown that a model is worse doesn't show that it isn't. That one is better is claimed of each
aspect of each challenger by itself, so these p values are adjusted by Holm over all of them.

Leaves to others: comparisons (`compare`), whether a model keeps the limits (`decided`).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from assay.decision.compare import Found, Measure
from assay.decision.equivalence import not_higher, not_lower
from assay.decision.evidence import Evidence, Shares
from assay.decision.limits import needed_for_power
from assay.decision.recommend import Candidate
from assay.decision.settings import Aspect, Margins
from assay.stats.interval import tail
from assay.stats.multiplicity import holm

State = Literal["non_inferior", "inferior", "undecided"]
Verdict = Literal["non_inferior", "inferior", "undecided", "not_evaluated"]


@dataclass(frozen=True, slots=True)
class InAspect:
    """A challenger against the incumbent in one aspect: `difference` is challenger / incumbent - 1, or a plain difference."""

    aspect: Aspect
    metric: str
    unit: Literal["relative", "absolute"]
    difference: float | None
    low: float | None
    high: float | None
    margin: float
    state: State
    """By this aspect of this challenger alone."""
    superior: bool
    """Whether the challenger is surely better in it, over all aspects and challengers."""
    more: int | None
    """About how many more of `counted` would settle it, if the difference stays as it is; None where it is settled, or no
    number is known."""
    counted: Literal["requests", "prompts", "labels"]
    p: float
    """Of being worse by more than the margin: small where it surely isn't."""
    p_inferior: float
    """Of not being worse by more than the margin: small where it surely is."""
    p_superior: float = 1.0
    """Of not being better at all, two-sided; 1 where it isn't ahead."""


@dataclass(frozen=True, slots=True)
class Challenger:
    """One model against the incumbent."""

    model: str
    verdict: Verdict
    p_adjusted: float | None
    """Of being worse in some aspect, over all aspects and adjusted for all challengers."""
    aspects: Sequence[InAspect]


def against(
    incumbent: str,
    measure: Measure,
    margins: Margins,
    evidence: Evidence,
    candidates: Sequence[Candidate],
    shares: Shares,
) -> list[Challenger]:
    """Every other model, in the order of the benchmark. `shares` is the mix that models are compared on."""
    known = {model.model for model in candidates if model.complete}
    challengers = [name for name in evidence.models if name != incumbent]
    held = [name for name in challengers if name in known and incumbent in known]
    aspects = {
        name: [
            _in_aspect(
                aspect,
                margin,
                measure.aspect(aspect),
                evidence.found(measure.aspect(aspect), name, incumbent, shares),
                evidence,
                len(held),
            )
            for aspect, margin in margins.of_aspects.items()
        ]
        for name in held
    }
    aspects = _with_superior(aspects, 1.0 - evidence.confidence)
    level = tail(evidence.confidence)
    fine = holm([max(each.p for each in aspects[name]) for name in held])
    worse = holm(
        [min(1.0, len(aspects[name]) * min(each.p_inferior for each in aspects[name])) for name in held]
    )
    made = []
    for name in challengers:
        if name not in aspects:
            made.append(Challenger(name, "not_evaluated", None, []))
            continue
        place = held.index(name)
        verdict: Verdict = (
            "non_inferior" if fine[place] <= level else "inferior" if worse[place] <= level else "undecided"
        )
        made.append(Challenger(name, verdict, fine[place], aspects[name]))
    return made


def _with_superior(aspects: Mapping[str, list[InAspect]], level: float) -> dict[str, list[InAspect]]:
    """The same, with who is surely better: all of it is claimed at once."""
    adjusted = iter(holm([each.p_superior for held in aspects.values() for each in held]))
    return {
        name: [replace(each, superior=next(adjusted) <= level) for each in held]
        for name, held in aspects.items()
    }


def _in_aspect(
    aspect: Aspect, margin: float, measure: Measure, found: Found, evidence: Evidence, challengers: int
) -> InAspect:
    open_loop = evidence.settings.level.rate_rps is not None
    metric, unit, difference = measure.figure(open_loop), measure.unit, found.difference
    counted: Literal["requests", "prompts", "labels"] = (
        "labels" if found.by_labels else "requests" if aspect == "latency" else "prompts"
    )
    if difference is None or difference.effect is None:
        value, low, high = (
            (None, None, None)
            if difference is None
            else (difference.value, difference.interval.low, difference.interval.high)
        )
        return InAspect(
            aspect, metric, unit, value, low, high, margin, "undecided", False, None, counted, 1.0, 1.0
        )
    effect, level = difference.effect, tail(evidence.confidence)
    if measure.higher:
        p, p_inferior = not_lower(effect, unit, margin), effect.below(-margin)
        ahead, room = difference.value > 0, difference.value + margin
    else:
        p, p_inferior = not_higher(effect, unit, margin), effect.above(math.log1p(margin))
        log = math.log1p(difference.value) if difference.value > -1.0 else -math.inf
        ahead, room = difference.value < 0, math.log1p(margin) - log
    state: State = "non_inferior" if p <= level else "inferior" if p_inferior <= level else "undecided"
    more = None
    if state == "undecided" and found.n is not None:
        wanted = needed_for_power(found.n, room, difference.standard_error, evidence.confidence, challengers)
        most = found.most if found.most is not None else wanted
        more = None if wanted is None or most is None or wanted > most else wanted - found.n
    return InAspect(
        aspect,
        metric,
        unit,
        difference.value,
        difference.interval.low,
        difference.interval.high,
        margin,
        state,
        False,
        more,
        counted,
        p,
        p_inferior,
        difference.p if ahead else 1.0,
    )
