"""The decide stage: tables and records of a run to the recommendation, as plain values for JSON."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from assay.decision.compare import FIGURE, Adjusted, Comparison, Tested, at_once, compare
from assay.decision.limits import Checked, Qualifies, State, check, number, qualifies, why_unknown
from assay.decision.looks import Looked, Out, awaited, looked, more, went_out
from assay.decision.recommend import Beside, Candidate, Recommendation, recommend
from assay.decision.stage import Choice
from assay.decision.words import (
    amount,
    beaten_by,
    by_people,
    lead,
    limit_words,
    out_reasons,
    pair_of,
    reasons,
    sentence,
)
from assay.errors import InputError
from assay.judging.panel import idle_judges
from assay.labels.handed_in import corrected
from assay.prices.snapshot import read as read_prices
from assay.records import metrics, reading
from assay.records.measured import Measured
from assay.records.rated import panel_of, rated_answers, rated_prompts, rates
from assay.records.sample import Sample
from assay.records.settings import prices_of
from assay.schedule.level import Level
from assay.stats.prediction_powered import Estimate


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
    evidence = _Evidence(settings, wide, by_cell, prompts, prices, records, answers, verdicts, labels)
    candidates = [_candidate(settings, row, evidence) for row in table.to_dict("records")]
    objective = settings.decision.objective
    running = [model.model for model in candidates if model.possible]
    tests: list[tuple[Tested, Adjusted]] = []
    comparisons = compare(
        objective,
        running,
        {model: evidence.sample(model, settings.level) for model in running},
        evidence.rated,
        settings.shares,
        confidence,
        at_once if before is None else partial(before.adjust, noted=tests),
        wide,
        evidence.least_blocks,
        evidence.corrected if evidence.all_corrected else None,
    )
    values = {model.model: model.objective_value for model in candidates}
    gone = {} if before is None else before.out
    found = recommend(candidates, comparisons, objective == "most_accurate", gone)
    at_look = {} if before is None else _at_look(before, found, candidates, comparisons, tests, settings)
    made: dict[str, Any] = _plain(
        {
            "answer": found.answer,
            "model": found.model,
            "candidates": found.candidates,
            "objective": objective,
            "objective_metric": FIGURE[objective],
            "dataset_of_interest": settings.shares,
            "load": settings.level.name,
            "concurrency": settings.level.concurrency,
            "rate_rps": settings.level.rate_rps,
            "sentence": sentence(
                found,
                candidates,
                comparisons,
                objective,
                settings.level.words,
                confidence,
                None if before is None else before.look,
            ),
            "reasons": [
                *reasons(candidates, comparisons, found, objective),
                *by_people(candidates, evidence.all_corrected, objective),
                *out_reasons(at_look["out"] if at_look else {}, before.look.of if before is not None else 0),
            ],
            "judges_not_working": evidence.idle_judges,
            "models": [_model(model) for model in candidates],
            "comparisons": [_comparison(pair, values) for pair in comparisons],
            "margin": _margin(found, comparisons, values),
            "confidence": confidence,
            **({"look": at_look} if at_look else {}),
        }
    )
    return made


def _at_look(
    before: Looked,
    found: Recommendation,
    candidates: Sequence[Candidate],
    comparisons: Sequence[Comparison],
    tests: Sequence[tuple[Tested, Adjusted]],
    settings: Choice,
) -> dict[str, Any]:
    """What later looks have to know of this one, and who gets more blocks."""
    sure = {model.model for model in candidates if model.qualifies == "yes"}
    missed = [
        (model.model, "; ".join(limit_words(limit) for limit in model.limits if limit.state == "missed"))
        for model in candidates
        if model.qualifies == "no"
    ]
    beaten = [
        (worse, beaten_by(pair, settings.decision.objective))
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


_STATES: Mapping[Qualifies, State] = {
    "yes": "met",
    "no": "missed",
    "undecided": "undecided",
    "not_evaluated": "not_evaluated",
}


class _Evidence:
    """The run's records and rated prompts, from which models are compared."""

    def __init__(
        self,
        settings: Choice,
        confidence: float,
        cells: pd.DataFrame,
        prompts: Path,
        prices: Path,
        records: Sequence[Path],
        answers: Sequence[Path],
        verdicts: Sequence[Path],
        labels: Path | None = None,
    ) -> None:
        self.settings = settings
        self.confidence = confidence
        self.judged = bool(verdicts)
        # A sitting by itself says nothing of others. Where several are planned, a look at the first waits for more.
        self.least_blocks = 1 if settings.look is None else 2
        self.cells = cells
        sources = reading.source_of(reading.read([prompts], reading.PROMPTS, ("prompt_id", "bucket")))
        attempts = reading.read_records(records)
        self.measured = Measured(attempts, prices_of(settings.models, read_prices(prices)), sources)
        found = reading.read(answers, reading.ANSWERS, ("model", "answer_id", "prompt_id", "times", "score"))
        said = reading.read(
            verdicts, reading.VERDICTS, ("model", "judge", "answer_id", "prompt_id", "verdict")
        )
        panel = panel_of(said, sorted(said["judge"].unique())) if verdicts else None
        self.idle_judges = idle_judges(said)
        rated = rated_answers(found, panel)
        self.rated = rated_prompts(rated, self.measured.records, sources)
        self.corrected: Mapping[str, Estimate] = {}
        self.rated_on_scale = settings.labels is not None and settings.labels.verdict == "scale"
        if labels is not None and settings.labels is not None:
            by_model = corrected(
                labels, settings.labels.verdict, rated, settings.shares, settings.labels.seed
            )
            self.corrected = {name: estimate for name, estimate in by_model.items() if estimate.enough}

    def sample(self, model: str, level: Level) -> Sample:
        """Measured requests of a model on the dataset of interest."""
        return self.measured.sample(model, level, self.settings.shares, self.confidence)

    def figures(self, model: str, level: Level) -> dict[str, Any]:
        """What limits are held against at a level, as columns; accuracy is left to `rates`."""
        sample = self.sample(model, level)
        found: dict[str, Any] = {
            metric.name: metric.function(sample) for metric in metrics.SAMPLED if metric.function is not None
        }
        if len(sample.blocks) < self.least_blocks:
            found |= {
                name: None
                for name in found
                if name.endswith(("_low", "_high")) and not name.startswith("cost")
            }
        return found | {"rate_rps": level.rate_rps}

    def rates(self, model: str) -> dict[str, Any]:
        """Accuracy and what belongs to it, of all levels together."""
        mine = self.rated.loc[self.rated["model"] == model]
        return dict(rates(mine, self.settings.shares, self.confidence, self.judged))

    def by_people(self, model: str) -> dict[str, Any]:
        """Accuracy as people's labels correct it, under the names of the uncorrected columns; nothing without enough."""
        estimate = self.corrected.get(model)
        bounds = None if estimate is None else estimate.interval(self.confidence)
        if estimate is None or bounds is None:
            return {}
        return {
            "accuracy": estimate.value,
            "accuracy_low": bounds.low,
            "accuracy_high": bounds.high,
            "accuracy_by": "people_ratings" if self.rated_on_scale else "people",
            "accuracy_labels": estimate.n,
            "accuracy_labels_most": estimate.prompts,
            "accuracy_unsure": estimate.evidence.unsure,
        }

    @property
    def all_corrected(self) -> bool:
        """Whether every model that has an accuracy has a corrected one: models are compared by the one or by the other."""
        return set(self.rated.loc[self.rated["accuracy"].notna(), "model"]) <= set(self.corrected)

    def complete(self, model: str, level: Level) -> bool:
        """Whether every cell of the dataset of interest was measured whole."""
        here = self.cells.loc[
            (self.cells["model"] == model)
            & (self.cells["load"] == level.name)
            & self.cells["bucket"].isin(list(self.settings.shares))
        ]
        return len(here) == len(self.settings.shares) and bool((here["status"] == "complete").all())


def _candidate(settings: Choice, row: Mapping[Any, Any], evidence: _Evidence) -> Candidate:
    model = str(row["model"])
    if settings.look is not None:  # the tables have the intervals of a single look
        row = {**row, **evidence.figures(model, settings.level), **evidence.rates(model)}
    by_panel = row
    row = {**row, **evidence.by_people(model)}
    limits = check(settings.limits, row, evidence.confidence)
    found = qualifies(limits)
    reason = None
    column = FIGURE[settings.decision.objective]
    compared = row if column != "accuracy" or evidence.all_corrected else by_panel
    value = number(compared.get(column))
    if row["status"] != "complete":
        found = "not_evaluated"
        reason = f"at {settings.level.words} it is {row['status']} ({row.get('reason') or 'no reason given'})"
    elif found == "not_evaluated":
        unknown = next(limit for limit in limits if limit.state == "not_evaluated")
        reason = limit_words(unknown)
    elif value is None and found != "no":
        why = why_unknown(column, row)
        found, reason = "not_evaluated", f"its {column} is unknown{': ' + why if why else ''}"
    return Candidate(
        model,
        found,
        reason,
        limits,
        value,
        number(compared.get(f"{column}_low")),
        number(compared.get(f"{column}_high")),
        _levels(settings, row, model, evidence) if limits else {},
        _beside(row),
        _settled(row, column, limits),
    )


def _settled(row: Mapping[Any, Any], column: str, limits: Sequence[Checked]) -> bool:
    """Whether what hinders a model stays: it is capped or spoilt, has no price, or surely fails more often than not."""
    costs = [column, *(limit.metric for limit in limits if limit.state == "not_evaluated")]
    unpriced = (
        number(row.get("n_ok")) and number(row.get("cost_usd")) is None and row.get("priced_by") != "hour"
    )
    if row["status"] != "complete" or (unpriced and any(name.startswith("cost") for name in costs)):
        return True
    failing = number(row.get("error_rate_low"))
    return failing is not None and failing > 0.5


def _beside(row: Mapping[Any, Any]) -> Beside:
    by = row.get("accuracy_by")
    return Beside(
        int(number(row.get("n")) or 0),
        int(number(row.get("n_ok")) or 0),
        number(row.get("error_rate")),
        number(row.get("accuracy")),
        int(number(row.get("accuracy_n")) or 0),
        by if isinstance(by, str) else None,
        int(number(row.get("accuracy_labels")) or 0),
        int(number(row.get("accuracy_unsure")) or 0),
    )


def _levels(settings: Choice, row: Mapping[Any, Any], model: str, evidence: _Evidence) -> dict[Level, State]:
    """Whether the limits are met at each level. Accuracy is that of all levels together."""
    rated = {name: value for name, value in row.items() if name.startswith("accuracy")}
    states: dict[Level, State] = {}
    for level in settings.levels:
        if not evidence.complete(model, level):
            states[level] = "not_evaluated"
            continue
        figures = evidence.figures(model, level)
        found = qualifies(check(settings.limits, rated | figures, evidence.confidence))
        states[level] = _STATES[found]
    return states


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
        "limit_in_words": amount(limit.metric, limit.limit),
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
