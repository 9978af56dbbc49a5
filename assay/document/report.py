"""Fills the report's template: one static Quarto document whose every number comes from the files of the run.

The template holds the words; this module hands it the values. Text is escaped wherever the template puts it,
unless it is Markdown that `assay.tables` made. Rendering is left to `assay.document.render`.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from assay.accuracy.tables import TABLES as OF_ACCURACY
from assay.decision.settings import Traffic
from assay.document import provenance
from assay.document.inputs import Finished, RunFiles, read
from assay.document.settings import ReportSettings
from assay.document.template import fill as fill
from assay.document.template import header
from assay.errors import InputError
from assay.figures.catalogue import FIGURES, OF_ONE_KIND_OF_LOOP, alternative_text
from assay.figures.settings import FigureSettings
from assay.prices.book import Price
from assay.prompts.choice import template_files
from assay.records.metrics import TABLES
from assay.schedule.level import of_interest
from assay.tables import accuracy, caching, cloudwatch, costs, estimated, numbers, people
from assay.tables import instrument as instrument_tables
from assay.tables import judges as judge_tables
from assay.tables import models as model_tables
from assay.tables import prices as price_tables
from assay.tables import run as run_tables
from assay.tables import search as search_tables
from assay.tables.inputs import column
from assay.tables.markdown import Markdown, attribute, code_block, page_link
from assay.whole import write_text

OBJECTIVES = {
    "cheapest": "cost_usd_per_10k_transactions",
    "fastest": "e2e_ms_p50",
    "most_accurate": "accuracy",
}
"""What each objective compares."""


_LATENCIES = {"ttft_ms": "TTFT", "e2e_ms": "end-to-end latency", "tpot_ms": "time per output token"}


def write(
    settings: ReportSettings,
    files: RunFiles,
    template: Path,
    project: Path,
    version: str,
    qmd: Path,
    verdict: Path,
) -> None:
    """Write the document to `qmd` and its one-line verdict to `verdict`.

    `project` is the folder of the code, asked for its commit; `version` is Assay's own. Raises InputError for a
    file of the run, or a template, that can't be used.
    """
    finished = read(files)
    made = {"versions": provenance.versions(version), "commit": provenance.commit(project)}
    values = context(settings, finished, figure_links(files.figures, qmd), made)
    line = " ".join(filter(None, [one_line(finished.decision), values["judges_section"]["warning"]]))
    for path, content in ((qmd, fill(template, values)), (verdict, line + "\n")):
        write_text(path, content)


def one_line(decision: dict[str, Any]) -> str:
    """The recommendation on one line of plain text."""
    return " ".join(str(decision.get("sentence", "")).split())


def figure_links(files: Iterable[Path], qmd: Path) -> dict[str, str]:
    """Of each figure, how the document refers to it: relative, without ending, so that each format takes its own."""
    links = {path.stem: os.path.relpath(path.with_suffix(""), qmd.parent) for path in files}
    if missing := [name for name in FIGURES if name not in links and name not in OF_ONE_KIND_OF_LOOP]:
        raise InputError(
            f"--figures: {missing[0]} is missing; expected a file of each of {', '.join(FIGURES)}"
        )
    return {name: Path(link).as_posix() for name, link in links.items()}


def context(
    settings: ReportSettings, finished: Finished, links: dict[str, str], made: dict[str, Any]
) -> dict[str, Any]:
    """Everything that the template puts in place."""
    benchmark, decision = settings.benchmark, finished.decision
    level = of_interest(
        benchmark.load.concurrency,
        benchmark.load.rates_rps,
        benchmark.limits.concurrency,
        benchmark.limits.rate_rps,
    )
    shown = FigureSettings(
        models=tuple(model.label for model in benchmark.models),
        buckets=benchmark.buckets,
        dataset_of_interest=benchmark.dataset_of_interest,
        concurrency=level.concurrency,
        rate_rps=level.rate_rps,
        limits=benchmark.limits,
        confidence=benchmark.decision.confidence,
        simulated=benchmark.endpoint.kind == "simulator",
    )
    inputs = finished.tables
    buckets = [bucket.name for bucket in benchmark.buckets]
    plain = benchmark.model_dump(mode="json")
    public = provenance.public_settings(plain)
    prices = _prices_of(finished)
    models = price_tables.priced(benchmark.models, prices)
    panel = price_tables.priced(benchmark.judges.panel if benchmark.judges else (), prices)
    lines = [*models, *panel]
    owned = price_tables.by_the_hour(models)
    return {
        "benchmark": public,
        "page_link": page_link,
        "title": benchmark.report.title or f"Benchmark {benchmark.run.name}",
        "author": benchmark.report.author,
        "header": header(
            benchmark.report.title or f"Benchmark {benchmark.run.name}", benchmark.report.author
        ),
        "simulated": shown.simulated,
        "decision": {"reasons": [], "models": [], "candidates": [], **decision},
        "sentence": one_line(decision),
        "interest": _interest(benchmark.dataset_of_interest),
        "level": shown.level.words,
        "confidence": shown.confidence,
        "objective_metric": model_tables.METRICS[OBJECTIVES[benchmark.decision.objective]],
        "figures": {
            name: _figure(links[name], alternative_text(name, inputs, shown), name)
            for name in FIGURES
            if name in links
        },
        "findings": {
            name: drawing.finding(drawing.data(inputs, shown), shown)
            for name, drawing in FIGURES.items()
            if name in links
        },
        "tables": {
            "headline": model_tables.headline(
                inputs,
                shown.models,
                shown.buckets_of_interest,
                shown.level,
                people.by_model(finished.accuracy_tables),
            ),
            "limits": model_tables.limits(decision),
            "costs": costs.costs(
                inputs,
                shown.models,
                limits=bool(benchmark.limits.on_each_request),
                traffic=benchmark.traffic is not None,
            ),
            "comparisons": model_tables.comparisons(decision, OBJECTIVES[benchmark.decision.objective]),
            "accuracy": model_tables.accuracy(inputs, shown.models),
            "caching": caching.caching(inputs, caching.pairs(benchmark.models, benchmark.inference), buckets),
            "cloudwatch": cloudwatch.cloudwatch(finished.cloudwatch),
            "search": search_tables.search(finished.searches),
            "buckets": run_tables.buckets(finished.buckets.get("buckets", [])),
            "cells": run_tables.cells(inputs, shown.models, buckets),
            "incomplete": run_tables.incomplete(inputs),
            "ended_early": run_tables.ended_early(inputs),
            "instrument": instrument_tables.instrument(inputs, shown.models),
            "spending": run_tables.spending(inputs, shown.models),
            "estimated": estimated.estimated(finished.estimate, inputs, finished.judges),
            "prices": price_tables.prices(
                [replace(line, model_id=provenance.without_private_parts(line.model_id)) for line in lines]
            ),
            "models": run_tables.models(_asked_with(public, public["models"], public["inference"])),
            "judge_models": run_tables.models(
                _asked_with(public, public["judges"]["panel"], public["judges"]["inference"])
            )
            if public["judges"]
            else None,
            "versions": run_tables.pairs(made["versions"].items(), "package", "version"),
            "machines": run_tables.pairs(_machine(finished.statuses), "property", "value"),
            "glossary": run_tables.pairs(_glossary(), "column", "meaning"),
        },
        "accuracy_section": accuracy.section(finished.accuracy_tables, inputs, settings),
        "judges_section": judge_tables.section(finished.accuracy_tables, finished.verdict_statuses, settings),
        "people_section": people.section(finished.accuracy_tables, settings),
        "request_limits": [
            f"{_LATENCIES[name]} at most {numbers.number(most)} ms"
            for name, most in benchmark.limits.on_each_request.items()
        ],
        "traffic": _traffic(benchmark.traffic, benchmark.dataset_of_interest),
        "month_notes": costs.notes(inputs, shown.models),
        "reused": _reused(finished),
        "judges_labels": [judge["label"] for judge in public["judges"]["panel"]] if public["judges"] else [],
        "metric": model_tables.metric_of(inputs),
        "price_notes": provenance.without_private_parts(price_tables.notes(lines)),
        "unpriced": price_tables.unpriced(models),
        "unpriced_lines": price_tables.unpriced(lines),
        "by_the_hour": price_tables.by_the_hour(lines),
        "unparseable": _sum(finished.verdict_statuses, "unparseable"),
        "not_judged": run_tables.not_judged(inputs, finished.verdict_statuses),
        "verdicts_failed": _sum(finished.verdict_statuses, "failed"),
        "verdicts": sum(_sum(finished.verdict_statuses, name) for name in run_tables.ASKED),
        "requests": {
            "measured": int(column(inputs.cells, "n").sum()),
            "answered": int(column(inputs.cells, "n_ok").sum()),
            "left_out": int(column(inputs.cells, "n_left_out").sum()),
            "sent": _total(column(inputs.models, "requests_sent").tolist()),
        },
        "spent": {
            "asking": _total(_costs(inputs.models, "model", owned)),
            "judging": _judging(finished, price_tables.by_the_hour(panel)) if benchmark.judges else 0.0,
            "unknown": int(column(inputs.models, "requests_cost_unknown").sum()),
            "judging_unknown": int(column(_each_judge(finished), "requests_cost_unknown").sum())
            if benchmark.judges
            else 0,
        },
        "not_held": run_tables.not_held(inputs),
        "client_lag_ms_p99": _most(column(inputs.cells, "client_lag_ms_p99").tolist()),
        "instrument": {
            "error_ms": instrument_tables.worst_error_ms(inputs),
            "held": instrument_tables.held(inputs),
            "most_share": instrument_tables.MOST_SHARE,
        },
        "cloudwatch_refused": [
            f"{one['model']}: {one['cloudwatch']['error']}"
            for one in provenance.without_private_parts(list(finished.cloudwatch))
            if "error" in one["cloudwatch"]
        ],
        "search": _search(finished, {line.label: line.price for line in models}),
        "connections": _connections(finished.statuses),
        "started_utc": min(_times(finished.statuses, "started_utc"), default=None),
        "ended_utc": max(_times(finished.statuses, "ended_utc"), default=None),
        "interrupted": sum(int(s.get("sittings") or 1) > 1 for s in finished.statuses),
        "jobs": len(finished.statuses),
        "source": provenance.without_private_parts(finished.source),
        "tokenizer": finished.buckets.get("tokenizer") or {},
        "system_sha256": finished.buckets.get("system_sha256"),
        "template_sha256": finished.buckets.get("template_sha256"),
        "template": provenance.without_private_parts(
            template_files(benchmark.dataset, benchmark.prompt.template).described
        ),
        "output_limits": sorted(set((finished.buckets.get("output_limits") or {}).values())),
        "bucket_warnings": [*finished.buckets.get("warnings", []), *finished.source.get("warnings", [])],
        "prices_taken": finished.prices.get("taken"),
        "commit": made["commit"],
        "settings_sha256": provenance.settings_hash(plain),
        "commands": code_block("\n".join(map(provenance.without_private_parts, settings.commands)), "bash"),
        "settings_yaml": code_block(
            yaml.safe_dump(_given(public), sort_keys=False, allow_unicode=True, width=100), "yaml"
        ),
    }


def _figure(link: str, text: str, name: str) -> Markdown:
    """The part of an image after its caption: where it is, its identifier, its alternative text."""
    return Markdown(f'({link}){{#fig-{name.replace("_", "-")} fig-alt="{attribute(text)}"}}')


def _interest(buckets: str | dict[str, float]) -> list[str]:
    """The buckets that the decision is about, in words; each with its share where there are several."""
    if isinstance(buckets, str):
        return [buckets]
    total = sum(buckets.values())
    return [f"{name} ({numbers.percent(weight / total)})" for name, weight in buckets.items()]


def _traffic(traffic: Traffic | None, interest: str | dict[str, float]) -> dict[str, Any] | None:
    """The traffic in words: its transactions a month, and its mix of buckets."""
    if traffic is None:
        return None
    return {"monthly": traffic.monthly, "buckets": _interest(traffic.buckets or interest)}


def _reused(finished: Finished) -> dict[str, Any]:
    """What was taken from other runs: prompts by model, and verdicts."""
    models = finished.tables.models
    prompts = column(models, "accuracy_n_reused_all_buckets").fillna(0)
    return {
        "prompts": [
            {
                "model": row["model"],
                "n": int(n),
                "of": int(row["accuracy_n_all_buckets"]),
                "runs": row["reused_from"],
            }
            for row, n in zip(models.to_dict("records"), prompts, strict=True)
            if n
        ],
        "verdicts": _sum(finished.verdict_statuses, "reused"),
    }


def _times(statuses: Iterable[dict[str, Any]], name: str) -> list[str]:
    """Times in UTC to the second, such as 2026-11-01 10:00:00, of those statuses that have one."""
    return [str(status[name])[:19].replace("T", " ") for status in statuses if status.get(name)]


def _asked_with(
    benchmark: dict[str, Any], models: Sequence[dict[str, Any]], defaults: dict[str, Any]
) -> list[dict[str, Any]]:
    """Of each model: label, id, API, and inference parameters completed by the defaults, in words."""
    rows = []
    for model in models:
        inference = {
            **defaults,
            **{name: value for name, value in model["inference"].items() if value is not None},
        }
        parts = [f"{name} {value}" for name, value in inference.items() if value is not None]
        parts += [f"{name} {model[name]}" for name in ("service_tier", "latency") if model.get(name)]
        if model.get("cache") == "warm":
            parts.append("warm prompt cache")
        rows.append(
            {
                "label": model["label"],
                "id": model["id"],
                "api": "ConverseStream" if model["stream"] else "Converse",
                "inference": ", ".join(parts),
            }
        )
    return rows


def _given(value: Any) -> Any:
    """Settings without what is null or empty, as a person would have written them."""
    if isinstance(value, dict):
        cleaned = {key: _given(item) for key, item in value.items()}
        return {key: item for key, item in cleaned.items() if item is not None and item != {}}
    if isinstance(value, list):
        return [_given(item) for item in value]
    return value


def _connections(statuses: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """How many connections the invoke jobs opened; least and most of their median times, None where none is known."""
    told = [status.get("connections") or {} for status in statuses]
    ends: dict[str, Any] = {"opened": _sum(told, "opened")}
    for name in ("connect_ms_p50", "tls_ms_p50"):
        medians = [job[name] for job in told if job.get(name) is not None]
        ends[name] = (min(medians), max(medians)) if medians else None
    return ends


def _search(finished: Finished, prices: Mapping[str, Price]) -> dict[str, Any] | None:
    """What the searches for the highest rate came to, and what they cost; None where nothing was searched."""
    if not finished.searches:
        return None
    spent, unknown = search_tables.cost(finished.searches, finished.search_records, prices)
    return {
        "brackets": search_tables.brackets(finished.searches),
        "requests": _sum(finished.searches, "requests"),
        "cost_usd": spent,
        "cost_unknown": unknown,
    }


def _prices_of(finished: Finished) -> dict[str, Price]:
    """The prices that the run took, by model id."""
    return {name: Price.from_json(price) for name, price in finished.prices.get("prices", {}).items()}


def _costs(frame: pd.DataFrame, key: str, owned: Sequence[str]) -> list[float]:
    """The costs of all lines but those that are paid by the hour, whose requests have none of their own."""
    return [float(value) for value in frame.loc[~frame[key].isin(owned), "cost_usd"]]


def _each_judge(finished: Finished) -> pd.DataFrame:
    return finished.judges.loc[finished.judges["judge"] != "panel"]


def _judging(finished: Finished, owned: Sequence[str]) -> float | None:
    """Dollars of all judges but those that are paid by the hour. What they judged once counts once, whoever answered so."""
    return _total(_costs(_each_judge(finished), "judge", owned))


def _machine(statuses: Sequence[dict[str, Any]]) -> list[tuple[str, str]]:
    """What the invoke jobs said of the machines they ran on, each property once with all its values."""
    found: dict[str, set[str]] = {}
    for status in statuses:
        for name, value in (status.get("host") or {}).items():
            if isinstance(value, (str, int, float)):
                found.setdefault(str(name), set()).add(str(value))
    return [(name.replace("_", " "), ", ".join(sorted(values))) for name, values in found.items()]


def _glossary() -> list[tuple[str, str]]:
    """Every column of the result tables once: its unit and its formula in words. Ends of intervals are left out."""
    words: dict[str, str] = {}
    for columns in (*TABLES.values(), *OF_ACCURACY.values()):
        for metric in columns:
            if not metric.name.endswith(("_low", "_high", "_all_buckets")):
                unit = f" [{metric.unit}]" if metric.unit else ""
                words.setdefault(metric.name, f"{metric.formula}{unit}")
    return list(words.items())


def _sum(statuses: Iterable[dict[str, Any]], name: str) -> int:
    return sum(int(status.get(name) or 0) for status in statuses)


def _total(values: Iterable[float]) -> float | None:
    """The sum; None if any is unknown."""
    values = list(values)
    return sum(values) if all(numbers.known(value) for value in values) else None


def _most(values: Iterable[float]) -> float | None:
    """The highest of those that are known; None if none is."""
    return max((value for value in values if numbers.known(value)), default=None)
