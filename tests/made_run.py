"""A finished run's files, made up from a seed: what the aggregate and decide stages read.

Each model is described by how it behaves; times, failures and answers are drawn from that. No clock, no server.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from assay.judging.verdicts import SCHEMA as VERDICT_SCHEMA
from assay.metrics.answer_id import answer_id
from assay.metrics.scoring import SCHEMA as ANSWER_SCHEMA
from assay.records.attempts import schema as record_schema


@dataclass(frozen=True)
class MadeModel:
    """How a model behaves in a made-up run."""

    e2e_ms: float = 200.0
    spread: float = 0.1
    """Standard deviation of the logarithm of latency."""
    error_rate: float = 0.0
    error: str = "throttling"
    accuracy: float = 0.9
    usd_per_million: float | None = 1.0
    usd_per_hour: float | None = None
    """Of provisioned throughput, in place of a price by tokens."""
    priority: float | None = None
    """How many times its price a request in the priority tier costs; then its requests ask for that tier."""
    output_tokens: int | None = None
    """Of every answer; by default drawn."""
    statuses: Mapping[tuple[str, int], tuple[str, str]] = field(default_factory=dict)
    """Status and reason of a load and block that isn't complete."""


@dataclass(frozen=True)
class MadeRun:
    """Paths of a made-up run."""

    prompts: Path
    prices: Path
    records: list[Path]
    statuses: list[Path]
    answers: list[Path]
    verdicts: list[Path]
    models: list[dict[str, str]]
    judges: list[dict[str, str]]

    def inputs(self) -> dict[str, Any]:
        """Keyword arguments of `aggregate`."""
        names = ("prompts", "prices", "records", "statuses", "answers", "verdicts")
        return {name: getattr(self, name) for name in names}


def make_run(
    folder: Path,
    models: Mapping[str, MadeModel],
    *,
    buckets: Sequence[str] = ("short", "long"),
    levels: Sequence[int] = (1, 4),
    blocks: int = 1,
    requests: int = 40,
    prompts: int = 20,
    judges: Sequence[str] = ("ada", "bea", "cy"),
    seed: int = 1,
) -> MadeRun:
    """Write the files of a run below `folder`: `requests` per cell and block, `prompts` per bucket, two per source."""
    draw = np.random.default_rng(seed)
    drawn = _prompts(buckets, prompts)
    _write(folder / "prompts.parquet", drawn)
    prices = {f"id-{model}": _price(made) for model, made in models.items()}
    prices |= {
        f"id-{judge}": {"input_usd_per_million": 1.0, "output_usd_per_million": 1.0} for judge in judges
    }
    (folder / "prices.json").write_text(json.dumps({"taken": "2026-11-01", "prices": prices}))
    run = MadeRun(
        folder / "prompts.parquet",
        folder / "prices.json",
        [],
        [],
        [],
        [],
        [
            {"label": label, "id": f"id-{label}"} | ({"service_tier": "priority"} if made.priority else {})
            for label, made in models.items()
        ],
        [{"label": label, "id": f"id-{label}"} for label in judges],
    )
    for model, made in models.items():
        rows: list[dict[str, Any]] = []
        for level in levels:
            for block in range(1, blocks + 1):
                here = folder / "records" / model / f"c{level}"
                here.mkdir(parents=True, exist_ok=True)
                part = _records(draw, model, made, drawn, buckets, level, block, requests)
                path = here / f"b{block}.parquet"
                pq.write_table(pa.Table.from_pylist(part, schema=record_schema()), path)
                run.records.append(path)
                rows += part
                status, reason = made.statuses.get((f"c{level}", block), ("complete", None))
                lag = {bucket: {"client_lag_ms_p99": 0.5 * block} for bucket in buckets}
                body = {"status": status, "reason": reason, "sittings": 1, "cells": lag}
                path.with_suffix(".json").write_text(json.dumps(body))
                run.statuses.append(path.with_suffix(".json"))
        answers = _answers(rows, model, drawn)
        path = folder / "answers" / f"{model}.parquet"
        path.parent.mkdir(exist_ok=True)
        pq.write_table(pa.Table.from_pylist(answers, schema=ANSWER_SCHEMA), path)
        run.answers.append(path)
        for judge in judges:
            path = folder / "verdicts" / model / f"{judge}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(
                pa.Table.from_pylist(_verdicts(answers, model, judge), schema=VERDICT_SCHEMA), path
            )
            run.verdicts.append(path)
    return run


def _price(made: MadeModel) -> dict[str, Any]:
    if made.usd_per_hour is not None:
        return {"usd_per_hour": made.usd_per_hour}
    dollars, times = made.usd_per_million, made.priority
    price: dict[str, Any] = {"input_usd_per_million": dollars, "output_usd_per_million": dollars}
    if dollars is not None and times is not None:
        dearer = {"input_usd_per_million": times * dollars, "output_usd_per_million": times * dollars}
        price["service_tiers"] = {"priority": dearer}
    return price


def _prompts(buckets: Sequence[str], prompts: int) -> list[dict[str, Any]]:
    return [
        {
            "prompt_id": f"{bucket}-{number}",
            "bucket": bucket,
            "position": number,
            "source": f"document-{bucket}-{number // 2}",
            "tokens": 1000 * (1 + place) + number,
        }
        for place, bucket in enumerate(buckets)
        for number in range(prompts)
    ]


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), path)


def _records(
    draw: np.random.Generator,
    model: str,
    made: MadeModel,
    prompts: Sequence[Mapping[str, Any]],
    buckets: Sequence[str],
    level: int,
    block: int,
    requests: int,
) -> list[dict[str, Any]]:
    rows = []
    for bucket in buckets:
        mine = [prompt for prompt in prompts if prompt["bucket"] == bucket]
        free_ns = [0] * level
        for position in range(-2, requests):
            prompt = mine[position % len(mine)]
            e2e_ms = float(made.e2e_ms * level**0.2 * np.exp(draw.normal(0.0, made.spread)))
            ok = bool(draw.random() >= made.error_rate)
            right = bool(_share(model, prompt["prompt_id"]) < made.accuracy)
            slot_ms = e2e_ms + 1.0 if ok else 50.0
            slot = free_ns.index(min(free_ns))
            dispatched_ns = free_ns[slot]
            free_ns[slot] += round(slot_ms * 1e6)
            tokens = made.output_tokens or int(draw.integers(20, 40))
            rows.append(
                {
                    "role": "warmup" if position < 0 else "measured",
                    "model": model,
                    "model_id": f"id-{model}",
                    "bucket": bucket,
                    "load": f"c{level}",
                    "concurrency": level,
                    "block": block,
                    "position": max(position, 0),
                    "repetition": 0,
                    "try_number": 1,
                    "prompt_id": prompt["prompt_id"],
                    "ok": ok,
                    "error": None if ok else made.error,
                    "error_in_stream": False,
                    "text": ("right" if right else "wrong") if ok else None,
                    "stop_reason": "end_turn" if ok else None,
                    "input_tokens": prompt["tokens"] if ok else None,
                    "output_tokens": tokens if ok else None,
                    "service_latency_ms": e2e_ms - 3.0 if ok else None,
                    "ttft_ms": e2e_ms * 0.4 if ok else None,
                    "e2e_ms": e2e_ms if ok else 5.0,
                    "tpot_ms": e2e_ms * 0.6 / tokens if ok else None,
                    "slot_ms": slot_ms,
                    "sitting": "first",
                    "dispatched_ns": dispatched_ns,
                    "ended_ns": free_ns[slot],
                    "slot_free_ns": free_ns[slot],
                }
            )
    return rows


def _share(*names: str) -> float:
    """A number from 0 to 1 that these names always give: models err on prompts of their own."""
    return float(np.random.default_rng([ord(letter) for letter in "/".join(names)]).random())


def _answers(
    rows: Sequence[Mapping[str, Any]], model: str, prompts: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    sources = {prompt["prompt_id"]: prompt["source"] for prompt in prompts}
    times: dict[tuple[str, str, str], int] = {}
    for row in rows:
        if row["ok"] and row["role"] == "measured":
            key = (row["prompt_id"], row["bucket"], row["text"])
            times[key] = times.get(key, 0) + 1
    return [
        {
            "model": model,
            "answer_id": answer_id(prompt, text),
            "prompt_id": prompt,
            "bucket": bucket,
            "dataset": "made",
            "language": "en",
            "source": sources[prompt],
            "question": "?",
            "answers": ["right"],
            "text": text,
            "times": count,
            "metric": "qa_f1",
            "score": float(text == "right"),
            "stop_reason_max_tokens": 0.0,
        }
        for (prompt, bucket, text), count in sorted(times.items())
    ]


def _verdicts(answers: Sequence[Mapping[str, Any]], model: str, judge: str) -> list[dict[str, Any]]:
    return [
        {
            "model": model,
            "judge": judge,
            "judge_id": f"id-{judge}",
            "answer_id": answer["answer_id"],
            "prompt_id": answer["prompt_id"],
            "verdict": "correct" if answer["text"] == "right" else "incorrect",
            "explanation": None,
            "raw": "{}",
            "error": None,
            "input_tokens": 100,
            "output_tokens": 20,
            "e2e_ms": 100.0,
            "tries": 1,
            "tries_cost_unknown": 0,
        }
        for answer in answers
    ]
