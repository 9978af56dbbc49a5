"""From records and verdicts to the tables of results: a row per cell, per model, per model and bucket, per model
and prompt, per model and period of the run, per slice of a ramp.

Every figure comes from pooled requests; none is an average of other rows' figures. Leaves to others: the formulas
(`metrics`, `rated`), and what follows from the tables (`assay.accuracy`, `assay.decision`).
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from assay.prices.book import Price
from assay.prices.snapshot import read as read_prices
from assay.records import metrics, reading, sampled
from assay.records.beside import beside, in_words
from assay.records.cost_parts import cost_rows
from assay.records.distribution import distribution_rows
from assay.records.measured import Measured
from assay.records.metric import Metric, Value
from assay.records.monthly import month
from assay.records.periods import period_rows
from assay.records.ramps import ramp_rows
from assay.records.rated import panel_of, rated_answers, rated_prompts, rates
from assay.records.ratings import rating_rows
from assay.records.sample import Sample
from assay.records.settings import Aggregation, prices_of
from assay.records.status import Standing, load_levels, spoilt_cells, standing
from assay.records.success import right_of
from assay.records.verdict_cost import verdict_cost_usd
from assay.schedule.level import Level, of_interest

Row = dict[str, Value]


def aggregate(
    settings: Aggregation,
    prompts: Path,
    prices: Path,
    records: Sequence[Path],
    statuses: Sequence[Path],
    answers: Sequence[Path],
    verdicts: Sequence[Path],
) -> dict[str, list[Row]]:
    """Rows of the tables of `assay.records.metrics.TABLES`, by name, in the order of the benchmark.

    `records` and `statuses` are those of every invoke job, `answers` those of every model, `verdicts` those of every
    model and judge (none without judges). InputError if a file isn't what it should be.
    """
    asked = reading.read([prompts], reading.PROMPTS, ("prompt_id", "bucket"))
    sources = reading.source_of(asked)
    known = read_prices(prices)
    ended = [reading.read_status(path) for path in statuses]
    attempts = reading.read_records(records)
    spoilt = [(job.model, job.load, job.block) for job in ended if job.status == "spoilt"]
    lines = prices_of(settings.models, known)
    buckets = list(dict.fromkeys(asked["bucket"]))
    found = reading.read(answers, reading.ANSWERS, ("model", "answer_id", "prompt_id", "times", "score"))
    labels = [judge.label for judge in settings.judges]
    said = reading.read(verdicts, reading.VERDICTS, ("model", "judge", "answer_id", "prompt_id", "verdict"))
    panel = panel_of(said, labels) if labels else None
    rated = rated_answers(found, panel)
    measured = Measured(
        attempts,
        lines,
        sources,
        spoilt,
        spoilt_cells(ended),
        right_of(records, rated),
        settings.latency_limits,
    )
    levels = load_levels(measured.records, ended)
    steady = measured.records["load"].map(lambda load: levels[str(load)].ramp is None).astype(bool)
    by_prompt = rated_prompts(rated, measured.records.loc[steady], sources)
    rows = {
        "cells": _cells(settings, measured, ended, levels, buckets, known),
        "models": _models(settings, measured, ended, levels, buckets, by_prompt, said, known, found),
        "accuracy": _accuracy(settings, asked, buckets, by_prompt, found, _panel_says(settings, said)),
        "ratings": rating_rows(by_prompt, asked, [model.label for model in settings.models]),
        "periods": period_rows(measured.records, [model.label for model in settings.models]),
        "ramps": ramp_rows(measured, [model.label for model in settings.models], buckets, levels),
        "loads": _loads(settings, measured, ended, levels),
        "distribution": list(
            distribution_rows(
                measured,
                [model.label for model in settings.models],
                levels,
                settings.shares,
                settings.confidence,
            )
        ),
    }
    rows["cost_parts"] = cost_rows(
        measured, lines, _level_of_interest(settings, levels), settings.shares, rows["models"]
    )
    logging.info(
        "%d records of %d models in %d cells", len(attempts), len(settings.models), len(rows["cells"])
    )
    return rows


def _cells(
    settings: Aggregation,
    measured: Measured,
    ended: Sequence[reading.Status],
    levels: Mapping[str, Level],
    buckets: Sequence[str],
    prices: Mapping[str, Price],
) -> list[Row]:
    rows = []
    others = beside(measured.records)
    for model in settings.models:
        for bucket in buckets:
            for load, level in levels.items():
                sample = measured.sample(model.label, level, [bucket], settings.confidence)
                jobs = standing(ended, model.label, load, [bucket], measured.invalid)
                row: Row = {"model": model.label, "model_id": model.id, "bucket": bucket, "load": load}
                row |= _stands(level, jobs, sample) | _computed(metrics.CELLS, sample)
                row["priced_by"] = model.price_in(prices).priced_by
                row |= {"beside": in_words(others.get((model.label, bucket, load), []))}
                rows.append(row | _self_check(jobs, row) | {"sittings": jobs.sittings})
    return rows


def _loads(
    settings: Aggregation,
    measured: Measured,
    ended: Sequence[reading.Status],
    levels: Mapping[str, Level],
) -> list[Row]:
    shares = settings.shares
    rows = []
    for model in settings.models:
        for load, level in levels.items():
            if level.ramp is None:
                sample = measured.sample(model.label, level, shares, settings.confidence)
                jobs = standing(ended, model.label, load, list(shares), measured.invalid)
                row: Row = {
                    "model": model.label,
                    "model_id": model.id,
                    "interest": _interest(shares),
                    "load": load,
                }
                rows.append(row | _stands(level, jobs, sample) | _computed(sampled.SAMPLED, sample))
    return rows


def _level_of_interest(settings: Aggregation, levels: Mapping[str, Level]) -> Level:
    return of_interest(
        [level.concurrency for level in levels.values() if level.concurrency is not None],
        [level.rate_rps for level in levels.values() if level.rate_rps is not None],
        settings.concurrency,
        settings.rate_rps,
    )


def _models(
    settings: Aggregation,
    measured: Measured,
    ended: Sequence[reading.Status],
    levels: Mapping[str, Level],
    buckets: Sequence[str],
    by_prompt: pd.DataFrame,
    verdicts: pd.DataFrame,
    prices: Mapping[str, Price],
    answers: pd.DataFrame,
) -> list[Row]:
    level = _level_of_interest(settings, levels)
    shares = settings.shares
    panel = _panel_says(settings, verdicts)
    rows = []
    for model in settings.models:
        sample = measured.sample(model.label, level, shares, settings.confidence)
        everywhere = measured.sample(model.label, level, buckets, settings.confidence)
        mine = by_prompt.loc[by_prompt["model"] == model.label]
        judging = verdicts.loc[verdicts["model"] == model.label]
        judged = bool(settings.judges)
        row: Row = {"model": model.label, "model_id": model.id, "interest": _interest(shares)}
        jobs = standing(ended, model.label, level.name, list(shares), measured.invalid)
        row |= _stands(level, jobs, sample) | _computed(sampled.SAMPLED, sample)
        row |= _self_check(jobs, row) | rates(mine, shares, settings.confidence, judged)
        given = answers.loc[answers["model"] == model.label]
        row |= {"accuracy_by": _rated_by(given, panel), "reused_from": _reused_from(given)}
        row |= _computed(metrics.ALL_BUCKETS, everywhere)
        overall = rates(mine, None, settings.confidence, judged)
        row |= {f"{name}_all_buckets": overall[name] for name in metrics.RATED_EVERYWHERE}
        row |= {
            "priced_by": model.price_in(prices).priced_by,
            "requests_sent": measured.sent(model.label),
            "cost_usd": measured.spent_usd(model.label),
            "requests_cost_unknown": measured.spent_unknown(model.label),
            "cost_usd_at_most": measured.spent_usd_at_most(model.label),
            "judge_cost_usd": _judging_usd(judging, settings, prices),
            "judge_requests_cost_unknown": int(judging["tries_cost_unknown"].sum()),
        }
        row |= month(
            model.label, measured, level, settings.traffic, settings.shares_of_traffic, settings.confidence
        )
        rows.append(row)
    return rows


def _accuracy(
    settings: Aggregation,
    asked: pd.DataFrame,
    buckets: Sequence[str],
    by_prompt: pd.DataFrame,
    answers: pd.DataFrame,
    panel: str | None,
) -> list[Row]:
    sizes = asked.groupby("bucket", sort=False)["tokens"].mean()
    rows = []
    for model in settings.models:
        mine = by_prompt.loc[by_prompt["model"] == model.label]
        for bucket in buckets:
            here = mine.loc[mine["bucket"] == bucket]
            row: Row = {"model": model.label, "model_id": model.id, "bucket": bucket}
            given = answers.loc[(answers["model"] == model.label) & (answers["bucket"] == bucket)]
            row["accuracy_by"] = _rated_by(given, panel)
            row["reused_from"] = _reused_from(given)
            row["prompt_tokens_mean"] = float(sizes[bucket])
            row |= {"asked": int(here["asked"].sum()), "answered": int(here["answered"].sum())}
            rows.append(row | rates(here, {bucket: 1.0}, settings.confidence, bool(settings.judges)))
    return rows


def _panel_says(settings: Aggregation, verdicts: pd.DataFrame) -> str | None:
    """What accuracy is by where there are judges: their majority, or the mean of their ratings."""
    if not settings.judges:
        return None
    return "ratings" if bool(verdicts["verdict"].eq("rated").any()) else "panel"


def _rated_by(answers: pd.DataFrame, panel: str | None) -> str | None:
    if panel is not None:
        return panel
    return ", ".join(sorted(answers["metric"].dropna().unique())) or None


def _reused_from(answers: pd.DataFrame) -> str | None:
    found = answers["reused_from"].dropna()
    return ", ".join(sorted({run for runs in found for run in runs.split(", ")})) or None


def _computed(columns: Iterable[Metric], sample: Sample) -> Row:
    return {metric.name: metric.function(sample) for metric in columns if metric.function is not None}


def _self_check(jobs: Standing, row: Row) -> Row:
    """What the client said of itself, and how large its error is beside the interval of the row."""
    ends = [row["ttft_ms_p95_low"], row["ttft_ms_p95_high"]]
    low, high = (end if isinstance(end, int | float) else None for end in ends)
    share = sampled.instrument_error_share(jobs.checks["canary_error_ms_p99"], low, high)
    return {**jobs.checks, "instrument_error_share": share}


def _stands(level: Level, jobs: Standing, sample: Sample) -> Row:
    status, reason = jobs.status, jobs.reason
    if status == "complete" and not sample.n:
        status, reason = "missing", "no measured request"
    return {
        "concurrency": level.concurrency,
        "rate_rps": level.rate_rps,
        "arrivals": None if sample.arriving is None else sample.arriving.kind,
        "status": status,
        "reason": reason,
        "ended_early": jobs.ended_early,
    }


def _interest(shares: Mapping[str, float]) -> str:
    if len(shares) == 1:
        return next(iter(shares))
    return ", ".join(f"{bucket} ({share:.0%})" for bucket, share in shares.items())


def _judging_usd(verdicts: pd.DataFrame, settings: Aggregation, prices: Mapping[str, Price]) -> float | None:
    total = 0.0
    for judge in settings.judges:
        cost = verdict_cost_usd(verdicts.loc[verdicts["judge"] == judge.label], judge.price_in(prices))
        if cost is None:
            return None
        total += cost
    return total
