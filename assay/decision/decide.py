"""The decide stage: tables and records of a run to the recommendation, as plain values for JSON."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from assay.decision import aspects, incumbent
from assay.decision.around import evaluated, frontiers, other_limits
from assay.decision.by_bucket import buckets_of, by_bucket
from assay.decision.compare import Adjusted, Comparison, Tested, at_once
from assay.decision.decided import Adjust, Decided, decided, objective
from assay.decision.evidence import Evidence
from assay.decision.limits import Checked
from assay.decision.looks import Looked, Out, awaited, looked, more, went_out
from assay.decision.recommend import Candidate, Recommendation
from assay.decision.settings import Aspect
from assay.decision.stage import Choice
from assay.decision.words import (
    against_incumbent,
    amount,
    beaten_by,
    by_people,
    lead,
    limit_words,
    on_traffic,
    out_reasons,
    pair_of,
    reasons,
    scored_by,
    sentence,
)
from assay.errors import InputError
from assay.tables.metrics import asked


def decide(
    settings: Choice,
    cells: Path,
    models: Path,
    prompts: Path,
    prices: Path,
    records: Sequence[Path],
    answers: Sequence[Path],
    verdicts: Sequence[Path],
    earlier: Sequence[Path] = (),
    labels: Path | None = None,
) -> dict[str, Any]:
    """The recommendation with its reasons, margins and comparisons: only values that JSON has.

    What is infinite or unknown is null. Where the decision is looked at while it is being measured, `earlier` are the
    decisions of the looks before this one. With `labels` of people, accuracy is corrected by them wherever there are enough.
    InputError if a file isn't what it should be.
    """
    table = _table(models, ("model", "model_id", "status"))
    by_cell = _table(cells, ("model", "bucket", "load", "concurrency", "status"))
    before = None if settings.look is None else looked(settings.look, earlier)
    confidence = settings.decision.confidence
    wide = confidence if before is None else before.confidence(confidence)
    evidence = Evidence(settings, wide, table, by_cell, prompts, prices, records, answers, verdicts, labels)
    tests: list[tuple[Tested, Adjusted]] = []
    made = decided(
        settings,
        evidence,
        settings.shares,
        settings.limits,
        objective_shares=settings.objective_shares,
        levels=settings.levels,
        adjust=at_once if before is None else partial(before.adjust, noted=tests),
        already_out={} if before is None else before.out,
    )
    measure, found, candidates, comparisons = made.measure, made.found, made.candidates, made.comparisons
    values = {model.model: model.objective_value for model in candidates}
    at_look = {} if before is None else _at_look(before, made, tests, settings)
    plain: dict[str, Any] = _plain(
        {
            "answer": found.answer,
            "model": found.model,
            "candidates": found.candidates,
            "objective": measure.objective,
            "objective_metric": measure.figure(settings.level.rate_rps is not None),
            "latency_metric": measure.latency,
            "weights": dict(measure.weights) or None,
            "margins": settings.decision.margins.model_dump(),
            "dataset_of_interest": settings.shares,
            "traffic": _traffic(settings),
            "load": settings.level.name,
            "concurrency": settings.level.concurrency,
            "rate_rps": settings.level.rate_rps,
            "sentence": sentence(
                found,
                candidates,
                comparisons,
                measure,
                settings.level.words,
                confidence,
                None if before is None else before.look,
                settings.decision.margin,
                made.as_good,
            ),
            "reasons": [
                *reasons(candidates, comparisons, found, measure),
                *scored_by(measure),
                *on_traffic(made.objective_shares, made.shares, _lacking(settings)),
                *by_people(candidates, evidence.all_corrected(made.objective_shares), measure),
                *out_reasons(at_look["out"] if at_look else {}, before.look.of if before is not None else 0),
            ],
            "judges_not_working": evidence.idle_judges,
            "models": [_model(model) for model in candidates],
            "comparisons": [_comparison(pair, values) for pair in comparisons],
            "margin": _margin(found, comparisons, values),
            "as_good": list(made.as_good),
            "equivalence": [asdict(pair) for pair in made.equivalence],
            "confidence": confidence,
            **_around(settings, evidence, made, at_once if before is None else before.by_itself),
            **({"look": at_look} if at_look else {}),
        }
    )
    return plain


def _around(settings: Choice, evidence: Evidence, made: Decided, once: Adjust) -> dict[str, Any]:
    """What a reader wants to know beside the answer; nothing at a look from which nobody reads it."""
    if settings.look is not None and not settings.look.last:
        return {}
    compared = aspects.compared(made.measure, evidence, evaluated(made), made.objective_shares)
    each = by_bucket(settings, evidence, buckets_of(evidence), once)
    return {
        "incumbent": _incumbent(settings, evidence, made),
        "aspects": _aspects(evidence, made, compared),
        "pareto": frontiers(settings, evidence, made, compared),
        "what_would_change": other_limits(settings, evidence, made, once),
        "by_bucket": [_of_bucket(bucket, its, settings) for bucket, its in each.items()],
    }


def _of_bucket(bucket: str, made: Decided, settings: Choice) -> dict[str, Any]:
    return {
        "bucket": bucket,
        "answer": made.found.answer,
        "model": made.found.model,
        "candidates": made.found.candidates,
        "as_good": list(made.as_good),
        "sentence": sentence(
            made.found,
            made.candidates,
            made.comparisons,
            made.measure,
            f"{settings.level.words} in {bucket}",
            settings.decision.confidence,
            margin=settings.decision.margin,
            as_good=made.as_good,
        ),
        "models": [
            {
                "model": model.model,
                "qualifies": model.qualifies,
                "objective_value": model.objective_value,
                "objective_low": model.objective_low,
                "objective_high": model.objective_high,
                "limits": [_limit(limit) for limit in model.limits],
            }
            for model in made.candidates
        ],
    }


def _traffic(settings: Choice) -> dict[str, Any] | None:
    """What the objective is about, where the benchmark says what traffic the model will carry."""
    if settings.traffic is None:
        return None
    return {
        "buckets": settings.objective_shares,
        "rate_rps": settings.traffic.rate_rps,
        "transactions_per_month": settings.traffic.monthly,
    }


def _lacking(settings: Choice) -> tuple[float, float] | None:
    """The traffic's rate and the highest that was measured, where open loops were and none carries it."""
    asked = None if settings.traffic is None else settings.traffic.rate_rps
    highest = max(settings.rates_rps, default=None)
    return None if asked is None or highest is None or highest >= asked else (asked, highest)


def _aspects(
    evidence: Evidence, made: Decided, compared: Mapping[Aspect, Sequence[Comparison]]
) -> dict[str, Any]:
    """Every pair of models that were evaluated, by cost, latency and accuracy."""
    level, shares = evidence.settings.level, made.objective_shares
    shown: dict[str, Any] = {}
    for aspect, pairs in compared.items():
        by = made.measure.aspect(aspect)
        values = {model: objective(by, evidence, model, level, shares)[0] for model in evaluated(made)}
        shown[aspect] = [_comparison(pair, values) for pair in pairs]
    return shown


def _incumbent(settings: Choice, evidence: Evidence, made: Decided) -> dict[str, Any] | None:
    """Every other model against the one that is in use; None where the benchmark names none."""
    name = settings.decision.incumbent
    if name is None:
        return None
    margins = settings.decision.margins
    challengers = incumbent.against(
        name, made.measure, margins, evidence, made.candidates, made.objective_shares
    )
    return {
        "model": name,
        "confidence": evidence.confidence,
        "against": [asdict(challenger) for challenger in challengers],
        "sentence": against_incumbent(name, challengers, made.candidates),
    }


def _at_look(
    before: Looked,
    made: Decided,
    tests: Sequence[tuple[Tested, Adjusted]],
    settings: Choice,
) -> dict[str, Any]:
    """What later looks have to know of this one, and who gets more blocks."""
    found, candidates, comparisons = made.found, made.candidates, made.comparisons
    sure = {model.model for model in candidates if model.qualifies == "yes"}
    missed = [
        (model.model, "; ".join(limit_words(limit) for limit in model.limits if limit.state == "missed"))
        for model in candidates
        if model.qualifies == "no"
    ]
    beaten = [
        (worse, beaten_by(pair, made.measure))
        for pair in comparisons
        if pair.better in sure and (worse := pair.b if pair.better == pair.a else pair.a)
    ]
    measured = [model.beside.n for model in candidates if model.beside and model.model not in before.out]
    enough = before.look.last or min(measured, default=0) >= before.look.least_requests
    out: dict[str, Out] = went_out(before, found, missed, beaten) if enough else dict(before.out)
    waiting = [] if before.look.last else awaited(candidates, out)
    return {
        "number": before.look.number,
        "of": before.look.of,
        "blocks": before.look.after[-1],
        "blocks_planned": before.look.blocks,
        "confidence": before.confidence(settings.decision.confidence),
        "out": {name: asdict(gone) for name, gone in out.items()},
        "more": more([model.model for model in candidates], found if enough and not waiting else None, out),
        "awaited": waiting,
        "tests": [
            {
                "a": test.a,
                "b": test.b,
                "p": test.p,
                "ahead": test.ahead,
                "p_adjusted": adjusted.p,
                "ahead_adjusted": adjusted.ahead,
            }
            for test, adjusted in (tests if enough else ())
        ],
    }


def standing(decision: Mapping[str, Any], model: str) -> dict[str, Any]:
    """What a model's later blocks have to know of a look: `more`, whether they are measured, and if not the `reason`.

    As long as nothing changes for the model, neither does this.
    """
    look = decision["look"]
    if model in look["more"]:
        return {"more": True, "reason": None}
    gone = look["out"].get(model)
    if gone is not None:
        return {"more": False, "reason": f"out after look {gone['look']} of {look['of']}: {gone['why']}"}
    words = {"winner": "a winner stands", "none_qualifies": "no model qualifies"}
    why = words.get(decision["answer"], "nothing more is needed")
    return {"more": False, "reason": f"decided after look {look['number']} of {look['of']}: {why}"}


def _model(model: Candidate) -> dict[str, Any]:
    return {
        "model": model.model,
        "qualifies": model.qualifies,
        "reason": model.reason,
        "limits": [_limit(limit) for limit in model.limits],
        "objective_value": model.objective_value,
        "objective_low": model.objective_low,
        "objective_high": model.objective_high,
        "accuracy": None if model.beside is None else model.beside.accuracy,
        "accuracy_by": None if model.beside is None else model.beside.accuracy_by,
        "accuracy_labels": 0 if model.beside is None else model.beside.labels,
        "highest_concurrency": model.highest_concurrency,
        "highest_rate_rps": model.highest_rate_rps,
        "levels": [
            {
                "load": level.name,
                "concurrency": level.concurrency,
                "rate_rps": level.rate_rps,
                "state": state,
            }
            for level, state in model.levels.items()
        ],
    }


def _limit(limit: Checked) -> dict[str, Any]:
    return asdict(limit) | {
        "value_in_words": amount(limit.metric, limit.value),
        "limit_in_words": asked(limit.metric, limit.limit),
    }


def _comparison(pair: Comparison, values: Mapping[str, float | None]) -> dict[str, Any]:
    return {
        "a": pair.a,
        "b": pair.b,
        **_effect(pair.unit, (pair.difference, pair.low, pair.high), values[pair.b]),
        "p": pair.p,
        "p_adjusted": pair.p_adjusted,
        "better": pair.better,
        "more": pair.more,
    }


def _margin(
    found: Recommendation, comparisons: Sequence[Comparison], values: Mapping[str, float | None]
) -> dict[str, Any] | None:
    """How far the winner is ahead of the next best, seen from the winner: negative is cheaper or faster."""
    pair = pair_of(comparisons, found.model, found.runner_up)
    if found.model is None or found.runner_up is None or pair is None or pair.difference is None:
        return None
    return {"over": found.runner_up, **_effect(pair.unit, lead(pair, found.model), values[found.runner_up])}


def _effect(
    unit: str, effect: tuple[float | None, float | None, float | None], of: float | None
) -> dict[str, float | None]:
    """A comparison in the units of the objective's figure, and where it was tested as a ratio, as a share of `of`.

    The ends in units are those of the ratio times `of`, taken as it was seen.
    """
    names = ("difference", "low", "high")
    if unit == "absolute":
        return {
            **dict(zip(names, effect, strict=True)),
            "relative": None,
            "relative_low": None,
            "relative_high": None,
        }
    units = [None if share is None or of is None else share * of for share in effect]
    return {
        **dict(zip(names, units, strict=True)),
        **dict(zip(("relative", "relative_low", "relative_high"), effect, strict=True)),
    }


def _plain(value: Any) -> Any:
    """Without what JSON lacks: infinite and NaN become null."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _table(path: Path, needed: Sequence[str]) -> pd.DataFrame:
    try:
        frame = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: can't be read as Parquet ({error}); delete it and run again") from error
    if missing := [name for name in needed if name not in frame.columns]:
        raise InputError(f"{path}: column {missing[0]!r} is missing; delete the file and run again")
    return frame
