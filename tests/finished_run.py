"""The tables of a run that never was: what the report's tests draw and print from, without running the workflow.

Every figure follows from the place of its model, bucket and level, so a test can say what a report has to show.
"""

import json
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from made_ratings import inputs_of, rating

from assay.accuracy import differences, tasks, trends
from assay.decision.pareto import ASPECTS, Point, pareto

MODELS = ("swift", "steady", "frugal", "grand-model", "old-timer", "zephyr")
LATENCY_METRICS = ("ttft_ms", "e2e_ms", "tpot_ms")
OF_ACCURACY = ("judges", "agreement", "families", "left_out", "tasks", "trends", "differences")
"""The tables of the accuracy stage that it has."""
OF_REQUESTS = ("loads", "distribution", "cost_parts")
"""The tables of the aggregate stage that only some figures show."""


def buckets(count: int = 4) -> list[dict[str, Any]]:
    """Settings of `count` buckets."""
    return [
        {
            "name": f"{1000 * place}-{1000 * (place + 1)}",
            "min": 1000 * place,
            "max": 1000 * (place + 1),
            "n": 20,
        }
        for place in range(count)
    ]


def figure_settings(models: int = 3, bucket_count: int = 4) -> dict[str, Any]:
    """Settings of the figures, as JSON."""
    return {
        "models": list(MODELS[:models]),
        "buckets": buckets(bucket_count),
        "dataset_of_interest": buckets(bucket_count)[-1]["name"],
        "concurrency": 16,
        "limits": {"ttft_ms_p95": {"max": 2500}, "accuracy": {"min": 0.8}},
        "simulated": True,
    }


def cells(models: int = 3, bucket_count: int = 4, levels: tuple[int, ...] = (1, 4, 16)) -> pd.DataFrame:
    """One row per model x bucket x load."""
    rows = []
    for place, model in enumerate(MODELS[:models]):
        for bucket_place, bucket in enumerate(buckets(bucket_count)):
            for level in levels:
                failed = place if level == max(levels) else 0
                row: dict[str, Any] = {
                    "model": model,
                    "model_id": f"vendor.{model}-v1:0",
                    "bucket": bucket["name"],
                    "load": f"c{level}",
                    "concurrency": level,
                    "status": "complete",
                    "reason": None,
                    "client_lag_ms_p99": 0.8,
                    "canary_error_ms_p50": 0.1,
                    "canary_error_ms_p99": 1.0 + place + (0.5 if level == max(levels) else 0.0),
                    "cpu_share": 0.12,
                    "gc_pause_ms_max": 0.0,
                    "n": 40,
                    "in_flight_mean": 0.97 * level,
                    "n_ok": 40 - failed,
                    "error_rate": failed / 40,
                    "throttles": failed,
                    "errors": json.dumps({"throttling": failed} if failed else {}),
                    "input_tokens_mean": bucket["min"] + 500.0,
                    "output_tokens_mean": 40.0,
                    "cost_usd": 0.01 * (place + 1),
                }
                base = 180.0 * (1 + 0.6 * place) * (1 + 0.5 * bucket_place) * level**0.4
                for metric, factor in (("ttft_ms", 1.0), ("e2e_ms", 2.5), ("tpot_ms", 0.05)):
                    for percentile, tail in (("p50", 1.0), ("p95", 1.8), ("p99", 2.6)):
                        value = base * factor * tail
                        row[f"{metric}_{percentile}"] = value
                        row[f"{metric}_{percentile}_low"] = (
                            value * 0.93 if percentile == "p50" else float("nan")
                        )
                        row[f"{metric}_{percentile}_high"] = (
                            value * 1.09 if percentile == "p50" else float("nan")
                        )
                row["transactions_per_minute"] = level * 60000 / row["e2e_ms_p50"]
                row["transactions_per_minute_low"] = row["transactions_per_minute"] * 0.9
                row["transactions_per_minute_high"] = row["transactions_per_minute"] * 1.1
                row["tokens_per_minute"] = row["transactions_per_minute"] * (row["input_tokens_mean"] + 40)
                rows.append(row)
    return pd.DataFrame(rows)


def models_table(models: int = 3) -> pd.DataFrame:
    """One row per model."""
    rows = []
    for place, model in enumerate(MODELS[:models]):
        accuracy = 0.95 - 0.07 * place
        rows.append(
            {
                "model": model,
                "model_id": f"vendor.{model}-v1:0",
                "n": 40,
                "n_ok": 40 - place,
                "error_rate": place / 40,
                "accuracy": accuracy,
                "accuracy_low": accuracy - 0.08,
                "accuracy_high": min(1.0, accuracy + 0.05),
                "accuracy_n": 20,
                "accuracy_of_asked": accuracy - 0.01,
                "metric_score": accuracy - 0.1,
                "ttft_ms_p50": 400.0 * (place + 1),
                "ttft_ms_p50_low": 380.0 * (place + 1),
                "ttft_ms_p50_high": 430.0 * (place + 1),
                "ttft_ms_p95": 900.0 * (place + 1),
                "canary_error_ms_p99": 1.5 + place,
                "e2e_ms_p50": 1100.0 * (place + 1),
                "e2e_ms_p50_low": 1020.0 * (place + 1),
                "e2e_ms_p50_high": 1240.0 * (place + 1),
                "e2e_ms_p95": 2300.0 * (place + 1),
                "transactions_per_minute": 420.0 / (place + 1),
                "requests_sent": 600,
                "cost_usd_per_10k_transactions": [4.2, 1.7, 0.41, 31.5, 12.0, 8.8][place],
                "cost_usd": 0.05 * (place + 1),
                "judge_cost_usd": 0.01,
            }
        )
    return pd.DataFrame(rows)


def accuracy_table(models: int = 3, bucket_count: int = 4) -> pd.DataFrame:
    """One row per model x bucket."""
    rows = []
    for place, model in enumerate(MODELS[:models]):
        for bucket_place, bucket in enumerate(buckets(bucket_count)):
            accuracy = 0.98 - 0.05 * place - 0.04 * bucket_place
            rows.append(
                {
                    "model": model,
                    "bucket": bucket["name"],
                    "accuracy": accuracy,
                    "accuracy_low": accuracy - 0.1,
                    "accuracy_high": min(1.0, accuracy + 0.06),
                    "accuracy_n": 20,
                    "metric_score": accuracy - 0.1,
                }
            )
    return pd.DataFrame(rows)


@cache
def rated_tables(
    models: int = 3, bucket_count: int = 4, sets: tuple[str, ...] = ("find", "join", "count")
) -> dict[str, pd.DataFrame]:
    """Tables `tasks`, `trends` and `differences` of a run in which each model is worse than the one before, and longer
    prompts are harder for the last one."""
    draw = np.random.default_rng(models)
    ratings = []
    for place, model in enumerate(MODELS[:models]):
        for set_place, name in enumerate(sets):
            for number in range(15 * bucket_count):
                bucket = number % bucket_count
                tokens = 1000.0 * bucket + 500
                share = (
                    0.95
                    - 0.06 * place
                    - 0.1 * (set_place % 4)
                    - (0.05 * bucket if place == models - 1 else 0.0)
                )
                ratings.append(
                    rating(
                        model,
                        f"{name}-{number}",
                        float(draw.random() < share),
                        dataset=name,
                        tokens=tokens,
                        bucket=buckets(bucket_count)[bucket]["name"],
                    )
                )
    made = inputs_of(ratings, interest=buckets(bucket_count)[-1]["name"])
    parts: tuple[tuple[str, Any], ...] = (("tasks", tasks), ("trends", trends), ("differences", differences))
    return {
        name: pd.DataFrame(part.rows(made), columns=[metric.name for metric in part.COLUMNS])
        for name, part in parts
    }


def judges_table() -> pd.DataFrame:
    """One row per judge, and the panel."""
    return pd.DataFrame(
        [
            {
                "judge": judge,
                "family": family,
                "working": working,
                "n": 240,
                "n_verdicts": 240 - unparseable,
                "correct_share": share,
                "invalid_rate": unparseable / 240,
                "invalid_rate_low": 0.0,
                "invalid_rate_high": unparseable / 240 + 0.02,
                "unparseable": unparseable if working else None,
                "refused": 0 if working else None,
                "ties": None if working else 5,
                "agreement_with_panel": 0.95,
                "agreement_with_others": 0.93 if working else None,
                "agreement_with_others_low": 0.89 if working else None,
                "agreement_with_others_high": 0.96 if working else None,
                "kappa_with_others": 0.81 if working else None,
                "leniency": share - 0.89 if working else None,
                "leniency_low": share - 0.894 if working else None,
                "leniency_high": share - 0.886 if working else None,
                "agreement_with_metric": 0.97,
                "agreement_with_metric_n": 90,
                "sensitivity": 0.98,
                "sensitivity_n": 80,
                "specificity": 0.9,
                "specificity_n": 10,
                "unchanged_share": 0.95 if working else None,
                "unchanged_n": 60 if working else None,
                "length_slope": 0.004 if working else None,
                "length_slope_low": -0.006 if working else None,
                "length_slope_high": 0.014 if working else None,
                "kappa_mean": 0.81,
                "cost_usd": 0.004,
                "e2e_ms_p50": 410.0,
                "e2e_ms_p95": 690.0,
            }
            for judge, family, working, share, unparseable in (
                ("alpha", "vendor", "yes", 0.9, 0),
                ("beta", None, "yes", 0.88, 5),
                ("panel", None, None, 0.89, 5),
            )
        ]
    )


def agreement_table() -> pd.DataFrame:
    """One row for the pair of judges, and the panel."""
    row = {
        "n": 235,
        "raw": 0.93,
        "raw_low": 0.89,
        "raw_high": 0.96,
        "prevalence_judge": 0.9,
        "prevalence_other": 0.88,
        "kappa": 0.66,
        "kappa_low": 0.52,
        "kappa_high": 0.78,
        "ac1": 0.91,
        "ac1_low": 0.86,
        "ac1_high": 0.95,
    }
    whole = {"judge": "panel", "prevalence_other": None, "alpha": 0.66, "alpha_low": 0.52, "alpha_high": 0.77}
    return pd.DataFrame([{"judge": "alpha", "other": "beta", **row}, {**row, **whole}])


def families_table(models: int = 3) -> pd.DataFrame:
    """One row per model; alpha is of their family, and milder to the first."""
    return pd.DataFrame(
        [
            {
                "model": model,
                "family": "vendor",
                "same_family": "alpha",
                "favour": 0.05 - 0.04 * place,
                "favour_low": 0.02 - 0.04 * place,
                "favour_high": 0.08 - 0.04 * place,
                "judges_left": 1,
                "judges_left_working": 1,
                "quorum": "no",
                "n": 20,
                "accuracy": 0.9 - 0.05 * place,
                "accuracy_without": 0.85 - 0.05 * place,
                "difference": 0.05,
                "difference_low": -0.02,
                "difference_high": 0.12,
            }
            for place, model in enumerate(MODELS[:models])
        ]
    )


def left_out_table(models: int = 3) -> pd.DataFrame:
    """One row per model and judge."""
    return pd.DataFrame(
        [
            {"model": model, "judge": judge, "difference": change}
            for model in MODELS[:models]
            for judge, change in (("alpha", 0.05), ("beta", -0.01))
        ]
    )


def periods_table(models: int = 3, minutes: int = 6) -> pd.DataFrame:
    """One row per model x minute; the second model is throttled in the third."""
    rows = []
    for place, model in enumerate(MODELS[:models]):
        for minute in range(minutes):
            throttled = 5 if (place, minute) == (1, 2) else 0
            counts = {
                "attempts": 20,
                "answered": 19 - throttled,
                "throttled": throttled,
                "failed_otherwise": 1,
            }
            rows.append({"model": model, "start_s": 60 * minute, "period_s": 60, **counts})
    return pd.DataFrame(rows)


def ramps_table(models: int = 3, bucket_count: int = 4, slices: int = 6) -> pd.DataFrame:
    """A ramp from 1 to 13 requests per second, a row per model, bucket and slice; beyond half way latency takes off."""
    rows = []
    for place, model in enumerate(MODELS[:models]):
        for bucket in buckets(bucket_count):
            for part in range(slices):
                late = max(0, part - slices // 2)
                latency = 100.0 * (place + 1) * 3**late
                rows.append(
                    {
                        "model": model,
                        "bucket": bucket["name"],
                        "load": "ramp1-13",
                        "rate_rps_from": 1 + 12 * part / slices,
                        "rate_rps_to": 1 + 12 * (part + 1) / slices,
                        "n": 20 + 10 * part,
                        "n_ok": 20 + 10 * part - late,
                        "n_throttling": late,
                        "error_rate": late / (20 + 10 * part),
                        "ttft_from_intended_ms_p50": latency / 2,
                        "ttft_from_intended_ms_p95": latency,
                        "e2e_from_intended_ms_p50": latency,
                        "e2e_from_intended_ms_p95": None if part == 0 else 2 * latency,
                    }
                )
    return pd.DataFrame(rows)


def loads_table(models: int = 3, levels: tuple[int, ...] = (1, 4, 16)) -> pd.DataFrame:
    """One row per model x load, on the dataset of interest; at the top load the third model's tail fails."""
    rows = []
    for place, model in enumerate(MODELS[:models]):
        for level in levels:
            base = 450.0 * (1 + 0.6 * place) * level**0.4
            row: dict[str, Any] = {
                "model": model,
                "load": f"c{level}",
                "concurrency": level,
                "n": 40,
                "error_rate": 0.05 * place if level == max(levels) else 0.0,
                "transactions_per_minute": level * 60000 / base,
            }
            row |= {
                f"transactions_per_minute_{end}": row["transactions_per_minute"] * by
                for end, by in (("low", 0.9), ("high", 1.1))
            }
            for metric, factor in (("ttft_ms", 0.4), ("e2e_ms", 1.0), ("tpot_ms", 0.02)):
                for percentile, tail in (("p50", 1.0), ("p90", 1.5), ("p95", 1.8), ("p99", 2.6)):
                    lost = row["error_rate"] > 1 - int(percentile[1:]) / 100
                    value = float("inf") if lost else base * factor * tail
                    row[f"{metric}_{percentile}_all"] = value
                    row[f"{metric}_{percentile}_all_low"] = value * 0.9
                    row[f"{metric}_{percentile}_all_high"] = value * 1.15
            rows.append(row)
    return pd.DataFrame(rows)


def distribution_table(models: int = 3, levels: tuple[int, ...] = (1, 4, 16)) -> pd.DataFrame:
    """One row per model x load x latency x share; of the last model's requests at the top load 6 % failed."""
    rows = []
    for place, model in enumerate(MODELS[:models]):
        for level in levels:
            lost = 0.06 if level == max(levels) and place == models - 1 else 0.0
            for metric, base in (("ttft_ms", 180.0), ("e2e_ms", 450.0), ("tpot_ms", 9.0)):
                for share in (*(point / 100 for point in range(1, 100)), 0.995, 0.999, 1.0):
                    latency = base * (1 + 0.6 * place) * level**0.4 * (0.6 + share + 1.5 * share**8)
                    rows.append(
                        {
                            "model": model,
                            "load": f"c{level}",
                            "metric": metric,
                            "share": share,
                            "latency_ms": latency if share <= 1 - lost else float("inf"),
                            "n": 40,
                        }
                    )
    return pd.DataFrame(rows)


def cost_parts_table(models: int = 3) -> pd.DataFrame:
    """One row per model x part; the price of the sixth is unknown."""
    rows = []
    for place, model in enumerate(MODELS[:models]):
        usd = float(models_table(models)["cost_usd_per_10k_transactions"][place])
        parts = {
            "transactions": {"input": 0.7, "output": 0.3, "cache_read": 0.0, "cache_write": 0.0, "failed": 0.02},
            "run": {"input": 0.05, "output": 0.02, "cache_read": 0.0, "cache_write": 0.0, "failed": 0.001,
                    "warmup": 0.01, "filler": 0.02, "judging": 0.03},
        }  # fmt: skip
        for scope, shares in parts.items():
            rows += [
                {
                    "model": model,
                    "scope": scope,
                    "part": part,
                    "cost_usd": None if place == 5 and part != "judging" else share * usd,
                }
                for part, share in shares.items()
            ]
    return pd.DataFrame(rows)


@dataclass(frozen=True)
class _Pair:
    a: str
    b: str
    difference: float
    p: float


def pareto_of(models: int = 3) -> dict[str, Any]:
    """Frontiers of the table of models: differences are sure, except of those that stand beside each other in it."""
    found = models_table(models).to_dict("records")
    figures = [
        {
            "cost": tuple(row["cost_usd_per_10k_transactions"] * by for by in (1.0, 0.94, 1.06)),
            "latency": tuple(450.0 * (1 + 0.6 * place) * 16**0.4 * by for by in (1.0, 0.93, 1.09)),
            "accuracy": (row["accuracy"], row["accuracy"] - 0.05, min(1.0, row["accuracy"] + 0.04)),
        }
        for place, row in enumerate(found)
    ]
    states = ["yes", "undecided", "no", "yes", "yes", "not_evaluated"]
    names = [row["model"] for row in found]
    points = [Point(name, state, values) for name, state, values in zip(names, states, figures, strict=False)]
    comparisons = {
        aspect: [
            _Pair(
                names[a],
                names[b],
                figures[a][aspect][0] - figures[b][aspect][0],
                0.2 if b - a == 1 else 1e-6,
            )
            for a, b in combinations(range(len(names)), 2)
        ]
        for aspect in ASPECTS
    }
    metrics = {
        "cost": "cost_usd_per_10k_transactions",
        "latency": "e2e_ms_p50",
        "accuracy": "accuracy",
    }
    return pareto(points, comparisons, metrics, 0.95)


def decision(models: int = 3, bucket_count: int = 4) -> dict[str, Any]:
    """A decision for one of them."""
    states = ["met", "undecided", "missed", "met", "met", "not_evaluated"]
    return {
        "answer": "winner",
        "model": "swift",
        "candidates": ["swift"],
        "objective": "cheapest",
        "dataset_of_interest": {buckets(bucket_count)[-1]["name"]: 1.0},
        "concurrency": 16,
        "sentence": "Use swift: it keeps both limits at 16 in flight and costs $4.20 per 10,000 transactions.",
        "reasons": ["swift meets both limits.", "frugal misses accuracy: 81 % where at least 80 % is asked."],
        "models": [
            {
                "model": model,
                "qualifies": {"met": "yes", "missed": "no"}.get(states[place], states[place]),
                "objective_value": 4.2,
                "limits": [
                    {
                        "metric": "ttft_ms_p95",
                        "bound": "max",
                        "limit": 2500,
                        "value": 1200.0 + 500 * place,
                        "low": None,
                        "high": None,
                        "n": 40,
                        "state": states[place],
                    },
                    {
                        "metric": "accuracy",
                        "bound": "min",
                        "limit": 0.8,
                        "value": 0.95 - 0.07 * place,
                        "low": 0.87 - 0.07 * place,
                        "high": 0.99 - 0.07 * place,
                        "n": 20,
                        "state": "met",
                    },
                ],
            }
            for place, model in enumerate(MODELS[:models])
        ],
        "comparisons": [
            {"a": "swift", "b": "steady", "difference": -1.1, "low": -1.5, "high": -0.7, "p_adjusted": 0.001}
        ],
        "margin": -1.1,
        "confidence": 0.95,
        "latency_metric": "e2e_ms_p50",
        "pareto": pareto_of(models),
    }


def benchmark(models: int = 3, bucket_count: int = 4, levels: tuple[int, ...] = (1, 4, 16)) -> dict[str, Any]:
    """The benchmark file that such a run would have."""
    return {
        "run": {"name": "example", "edition": 1, "seed": 7},
        "endpoint": {"kind": "simulator", "behaviour": "config/simulator/default.yaml"},
        "dataset": {"kind": "synthetic"},
        "buckets": buckets(bucket_count),
        "models": [{"label": name, "id": f"vendor.{name}-v1:0"} for name in MODELS[:models]],
        "load": {"concurrency": list(levels), "requests": 40},
        "judges": {"panel": [{"label": "alpha", "id": "judge.alpha"}, {"label": "beta", "id": "judge.beta"}]},
        "dataset_of_interest": buckets(bucket_count)[-1]["name"],
        "limits": {"ttft_ms_p95": {"max": 2500}, "accuracy": {"min": 0.8}},
        "report": {"title": "An example"},
    }


def documents(models: int = 3, bucket_count: int = 4) -> dict[str, Any]:
    """The JSON files beside the tables, by name."""
    price = {
        "input_usd_per_million": 0.8,
        "output_usd_per_million": 3.2,
        "source": "benchmark",
        "dated": None,
    }
    return {
        "source": {
            "kind": "synthetic",
            "description": "made from seed 7",
            "revision": None,
            "sha256": "ab" * 32,
            "rows": 80,
            "sets": {"find": 40, "join": 40},
            "warnings": [],
        },
        "buckets": {
            "tokenizer": {"kind": "tekken", "name": "tekken 2024-09-11", "sha256": "cd" * 32},
            "template_sha256": "ef" * 32,
            "buckets": [
                {**bucket, "asked": bucket["n"], "available": 40} for bucket in buckets(bucket_count)
            ],
            "histogram": [],
            "warnings": ["bucket 0-1000 has 18 of 20 prompts"],
        },
        "prices": {
            "taken": "2026-11-01",
            "prices": {f"vendor.{model}-v1:0": price for model in MODELS[:models]},
        },
        "estimate": {
            "rows": [
                {
                    "kind": kind,
                    "label": label,
                    "plan_usd": {"low": low, "high": 2 * low, "at_most": 5 * low},
                }
                for kind, label, low in (
                    *(("model", model, 0.5) for model in MODELS[:models]),
                    *(("judge", judge, 0.25) for judge in judges_table()["judge"] if judge != "panel"),
                )
            ],
            "total": {},
        },
        "status": {
            "status": "complete",
            "reason": None,
            "sittings": 1,
            "requests_sent": 100,
            "from_ledger": 0,
            "host": {"cores": 4, "platform": "Linux"},
            "connections": {"opened": 21, "connect_ms_p50": 31.5, "tls_ms_p50": 42.25},
            "started_utc": "2026-11-01T10:00:00+00:00",
            "ended_utc": "2026-11-01T10:02:00+00:00",
        },
        "verdict_status": {
            "asked": 60,
            "from_ledger": 0,
            "correct": 50,
            "incorrect": 8,
            "unparseable": 2,
            "failed": 0,
        },
    }


def write(
    folder: Path, models: int = 3, bucket_count: int = 4, levels: tuple[int, ...] = (1, 4, 16)
) -> dict[str, Path]:
    """Write the aggregated tables and the decision below `folder`; their paths by name."""
    tables = {
        "cells": cells(models, bucket_count, levels),
        "models": models_table(models),
        "accuracy": accuracy_table(models, bucket_count),
        "judges": judges_table(),
        "agreement": agreement_table(),
        "families": families_table(models),
        "left_out": left_out_table(models),
        "periods": periods_table(models),
        "ramps": ramps_table(models, bucket_count),
        "loads": loads_table(models, levels),
        "distribution": distribution_table(models, levels),
        "cost_parts": cost_parts_table(models),
        **rated_tables(models, bucket_count),
    }
    paths = {name: folder / "tables" / f"{name}.parquet" for name in tables}
    (folder / "tables").mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        table.to_parquet(paths[name])
    paths["decision"] = folder / "decision" / "decision.json"
    paths["decision"].parent.mkdir(parents=True, exist_ok=True)
    paths["decision"].write_text(json.dumps(decision(models, bucket_count)), encoding="utf-8")
    for name, document in documents(models, bucket_count).items():
        paths[name] = folder / f"{name}.json"
        paths[name].write_text(json.dumps(document), encoding="utf-8")
    return paths
