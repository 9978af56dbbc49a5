"""The rule, applied to one mix of buckets and one set of limits: from the evidence to candidates, comparisons and the answer.

The main decision is made here, and so is every other one: that of a single bucket, and what would follow from other limits.
Nothing is read or written. Leaves to others: what the evidence is (`evidence`), the rule itself (`recommend`), words and
JSON (`decide`).
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from assay.decision import equivalence
from assay.decision.compare import Adjusted, Comparison, Measure, Tested, at_once, judged
from assay.decision.equivalence import Equivalence
from assay.decision.evidence import Evidence, Figures, Shares
from assay.decision.limits import Checked, Qualifies, State, check, number, qualifies, why_unknown
from assay.decision.recommend import Beside, Candidate, Recommendation, recommend
from assay.decision.settings import Aspect, Limits
from assay.decision.stage import Choice
from assay.decision.words import limit_words
from assay.schedule.level import Level

Adjust = Callable[[Sequence[Tested]], Sequence[Adjusted]]


@dataclass(frozen=True, slots=True)
class Decided:
    """What the rule says of one mix of buckets under one set of limits."""

    measure: Measure
    limits: Limits
    shares: Shares
    """Of the mix that limits are checked on."""
    objective_shares: Shares
    """Of the mix that models are compared on."""
    candidates: Sequence[Candidate]
    """All models, in the order of the benchmark."""
    comparisons: Sequence[Comparison]
    """Each pair of those that may be the best."""
    found: Recommendation
    equivalence: Sequence[Equivalence] = ()
    """Each of these pairs, held against the margin of the objective; empty without one."""
    as_good: Sequence[str] = ()
    """Models that surely qualify and are shown to be within the margin of the winner."""


def decided(
    settings: Choice,
    evidence: Evidence,
    shares: Shares,
    limits: Limits,
    *,
    objective_shares: Shares | None = None,
    levels: Sequence[Level] = (),
    adjust: Adjust = at_once,
    already_out: Mapping[str, Any] | None = None,
) -> Decided:
    """Apply the rule at the level of the decision.

    `shares` is the mix of buckets that limits are checked on; models are compared on it too, unless `objective_shares` is
    another one. `levels` are those at which it is said whether each model keeps the limits. `adjust` and `already_out`
    belong to looks at a decision while it is being measured.
    """
    measure = Measure.of(settings.decision)
    compared_on = shares if objective_shares is None else objective_shares
    candidates = [
        _candidate(settings, evidence, model, measure, shares, compared_on, limits, levels)
        for model in evidence.models
    ]
    running = [model.model for model in candidates if model.possible]
    pairs = list(combinations(running, 2))
    found = [evidence.found(measure, a, b, compared_on) for a, b in pairs]
    comparisons = judged(measure, pairs, found, settings.decision.confidence, adjust)
    margin = settings.decision.margin
    tests = (
        []
        if margin is None
        else [
            equivalence.test(a, b, one, measure, margin, evidence.confidence)
            for (a, b), one in zip(pairs, found, strict=True)
        ]
    )
    alike = {frozenset((test.a, test.b)) for test in tests if test.equivalent}
    answer = recommend(candidates, comparisons, measure.higher, already_out or {}, alike)
    sure = [model.model for model in candidates if model.possible and model.qualifies == "yes"]
    others = [name for name in sure if name != answer.model]
    close = (
        [] if answer.model is None else equivalence.as_good(answer.model, others, tests, evidence.confidence)
    )
    return Decided(measure, limits, shares, compared_on, candidates, comparisons, answer, tests, close)


def objective(
    measure: Measure, evidence: Evidence, model: str, level: Level, shares: Shares
) -> tuple[float | None, float | None, float | None]:
    """A model's figure by the objective, with its interval: value, low and high, each None where it is unknown.

    The weighted score is the product of cost and latency, each to the power of its weight, over accuracy to the power of
    its own: ratios of scores don't depend on units, and no model's score on which others there are. Its interval reaches as
    far as the parts' intervals do together.
    """
    figures = evidence.figures(model, level, shares)
    if measure.objective == "weighted":
        parts = {
            aspect: _figure(measure.aspect(aspect), evidence, figures, level, shares)
            for aspect in measure.weights
        }
        value, low, high = (_score(measure.weights, parts, place) for place in range(3))
        return value, low, high
    return _figure(measure, evidence, figures, level, shares)


def _figure(
    measure: Measure, evidence: Evidence, figures: Figures, level: Level, shares: Shares
) -> tuple[float | None, float | None, float | None]:
    column = measure.figure(level.rate_rps is not None)
    row = figures if column != "accuracy" or evidence.all_corrected(shares) else figures.by_panel
    value, low, high = (number(row.get(f"{column}{end}")) for end in ("", "_low", "_high"))
    return value, low, high


def _score(
    weights: Mapping[Aspect, float],
    parts: Mapping[Aspect, tuple[float | None, float | None, float | None]],
    place: int,
) -> float | None:
    log = 0.0
    for aspect, weight in weights.items():
        # The better accuracy is, the lower the score: its upper end makes the lower one.
        figure = parts[aspect][place if aspect != "accuracy" or place == 0 else 3 - place]
        if figure is None:
            return None
        if figure == 0:
            return math.inf if aspect == "accuracy" else 0.0
        log += (-weight if aspect == "accuracy" else weight) * math.log(figure)
    return math.exp(log) if log < 700 else math.inf


_STATES: Mapping[Qualifies, State] = {
    "yes": "met",
    "no": "missed",
    "undecided": "undecided",
    "not_evaluated": "not_evaluated",
}


def _candidate(
    settings: Choice,
    evidence: Evidence,
    model: str,
    measure: Measure,
    shares: Shares,
    compared_on: Shares,
    limits: Limits,
    levels: Sequence[Level],
) -> Candidate:
    level = settings.level
    figures = evidence.figures(model, level, shares)
    checked = _check(evidence, model, level, shares, limits)
    found = qualifies(checked)
    column = measure.figure(level.rate_rps is not None)
    value, low, high = objective(measure, evidence, model, level, compared_on)
    status, why_not = evidence.standing(model, level, _union(shares, compared_on, limits))
    reason = None
    if status != "complete":
        found = "not_evaluated"
        reason = f"at {level.words} it is {status} ({why_not or 'no reason given'})"
    elif found == "not_evaluated":
        reason = limit_words(next(limit for limit in checked if limit.state == "not_evaluated"))
    elif value is None and found != "no":
        why = _why_unknown(measure, evidence, model, level, compared_on)
        found, reason = "not_evaluated", f"its {column} is unknown{': ' + why if why else ''}"
    return Candidate(
        model,
        found,
        reason,
        checked,
        value,
        low,
        high,
        {each: _state(evidence, model, each, shares, limits) for each in levels} if checked else {},
        _beside(figures),
        _settled(figures, status, column, checked),
        status == "complete",
    )


def _check(evidence: Evidence, model: str, level: Level, shares: Shares, limits: Limits) -> list[Checked]:
    """The limits on the mix, then those on single buckets."""
    checked = check(limits, evidence.figures(model, level, shares), evidence.confidence)
    for bucket, bounds in limits.buckets.items():
        figures = evidence.figures(model, level, {bucket: 1.0})
        checked += check(bounds, figures, evidence.confidence, bucket)
    return checked


def _state(evidence: Evidence, model: str, level: Level, shares: Shares, limits: Limits) -> State:
    """Whether the limits are met at a level. Accuracy is that of all levels together."""
    if evidence.standing(model, level, _union(shares, {}, limits))[0] != "complete":
        return "not_evaluated"
    return _STATES[qualifies(_check(evidence, model, level, shares, limits))]


def _union(shares: Shares, compared_on: Shares, limits: Limits) -> Shares:
    """Every bucket of which something is asked; only the names count."""
    return {**dict.fromkeys(limits.buckets, 0.0), **compared_on, **shares}


def _why_unknown(
    measure: Measure, evidence: Evidence, model: str, level: Level, shares: Shares
) -> str | None:
    figures = evidence.figures(model, level, shares)
    aspects = [measure.aspect(aspect) for aspect in measure.weights] or [measure]
    for each in aspects:
        column = each.figure(level.rate_rps is not None)
        if _figure(each, evidence, figures, level, shares)[0] is None:
            return why_unknown(column, figures)
    return None


def _settled(figures: Mapping[Any, Any], status: str, column: str, limits: Sequence[Checked]) -> bool:
    """Whether what hinders a model stays: it is capped or spoilt, has no price, or surely fails more often than not."""
    costs = [column, *(limit.metric for limit in limits if limit.state == "not_evaluated")]
    unpriced = (
        number(figures.get("n_ok"))
        and number(figures.get("cost_usd")) is None
        and figures.get("priced_by") != "hour"
    )
    if status != "complete" or (unpriced and any(name.startswith("cost") for name in costs)):
        return True
    failing = number(figures.get("error_rate_low"))
    return failing is not None and failing > 0.5


def _beside(figures: Mapping[Any, Any]) -> Beside:
    by = figures.get("accuracy_by")
    return Beside(
        int(number(figures.get("n")) or 0),
        int(number(figures.get("n_ok")) or 0),
        number(figures.get("error_rate")),
        number(figures.get("accuracy")),
        int(number(figures.get("accuracy_n")) or 0),
        by if isinstance(by, str) else None,
        int(number(figures.get("accuracy_labels")) or 0),
        int(number(figures.get("accuracy_unsure")) or 0),
    )
