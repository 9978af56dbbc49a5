"""Simulates runs compared with runs: how often is anything called changed where nothing is, and how often is a slower model found?

    python benchmarks/compared.py [--worlds 300] [--out benchmarks/results/compared.json]

Two models, two buckets, one closed loop. Latencies are lognormal: prompts differ, each sitting has hours of its own, shared by
all models and cells, and each cell something of its own in each sitting. Requests fail in clusters, since some sittings are worse
than others. Answers differ in length at every asking; prompts of a document are alike in cost and in how hard they are. A side is
three or five runs that ask the same prompts, or one run of as many blocks that share the prompts among them. In `equal` nothing
differs but chance; in `slower` one model takes `SLOWER` times as long after as before. Everything goes through the function that
the stage uses (`assay.comparison.differences`). Seeded; nothing is sent and no clock is read.
"""

import argparse
import json
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from assay.comparison.differences import METRICS, OVERALL_WEIGHT, Row, differences  # noqa: E402
from assay.comparison.settings import Comparison  # noqa: E402
from assay.comparison.sittings import Side  # noqa: E402
from assay.stats.shares import wilson  # noqa: E402

MODELS, BUCKETS, LEVELS = ("swift", "steady"), ("short", "long"), (4,)
PROMPTS, DOCUMENTS = 24, 12
BETWEEN_SITTINGS, BETWEEN_CELLS, BETWEEN_PROMPTS, BETWEEN_REQUESTS = 0.08, 0.04, 0.4, 0.2
"""Standard deviations of the logarithm of latency."""
SLOWER = 1.3
WORLDS: dict[str, tuple[bool, int]] = {
    "3 runs": (True, 3),
    "3 blocks": (False, 3),
    "5 runs": (True, 5),
    "5 blocks": (False, 5),
}
"""Whether each sitting asks all prompts, and how many sittings a side has."""


class Prompts:
    """What is the same on both sides: how long, how dear and how hard each prompt is."""

    def __init__(self, draw: np.random.Generator) -> None:
        self.names = {bucket: [f"{bucket}-{n}" for n in range(PROMPTS)] for bucket in BUCKETS}
        self.sources = {
            name: f"{bucket}/{n % DOCUMENTS}"
            for bucket in BUCKETS
            for n, name in enumerate(self.names[bucket])
        }
        size = (len(MODELS), len(BUCKETS), PROMPTS)
        document = np.arange(PROMPTS) % DOCUMENTS
        of_document = draw.normal(0, 1, (*size[:2], DOCUMENTS))[:, :, document]
        self.log_ms = BETWEEN_PROMPTS * (0.6 * of_document + 0.8 * draw.normal(0, 1, size))
        self.tokens = 40 * np.exp(0.5 * draw.normal(0, 1, (*size[:2], DOCUMENTS))[:, :, document])
        self.ease = 1 / (1 + np.exp(-1.5 - 1.5 * (of_document + draw.normal(0, 1, size))))


def side(draw: np.random.Generator, prompts: Prompts, whole: bool, sittings: int, times: float) -> Side:
    """The records and ratings of one side; the first model takes `times` as long."""
    parts = []
    for sitting in range(sittings):
        hour = BETWEEN_SITTINGS * draw.normal()
        worse = np.exp(draw.normal(0, 1))
        asked = np.arange(PROMPTS) if whole else np.arange(sitting, PROMPTS, sittings)
        for m, model in enumerate(MODELS):
            for b, bucket in enumerate(BUCKETS):
                for level in LEVELS:
                    n = len(asked)
                    own = BETWEEN_CELLS * draw.normal()
                    logs = prompts.log_ms[m, b, asked] + BETWEEN_REQUESTS * draw.normal(0, 1, n) + hour + own
                    ms = 500 * level**0.3 * np.exp(logs) * (times if m == 0 else 1.0)
                    ok = draw.random(n) >= min(0.3, 0.01 * level * worse)
                    tokens = draw.poisson(prompts.tokens[m, b, asked]) + 1.0
                    parts.append(_cell(model, bucket, level, sitting, asked, prompts, ms, ok, tokens))
    records = pd.concat(parts, ignore_index=True)
    rated = pd.DataFrame(
        [
            (model, bucket, name, prompts.sources[name], float(draw.random() < prompts.ease[m, b, n]))
            for m, model in enumerate(MODELS)
            for b, bucket in enumerate(BUCKETS)
            for n, name in enumerate(prompts.names[bucket])
        ],
        columns=["model", "bucket", "prompt_id", "source", "accuracy"],
    )
    return Side(records, rated, prompts.sources, {}, frozenset(), dict.fromkeys(MODELS, frozenset({"panel"})))


def _cell(
    model: str,
    bucket: str,
    level: int,
    sitting: int,
    asked: Any,
    prompts: Prompts,
    ms: Any,
    ok: Any,
    tokens: Any,
) -> pd.DataFrame:
    n = len(asked)
    ended = np.cumsum(ms * 1e6) / level
    none = np.full(n, np.nan)
    return pd.DataFrame(
        {
            "role": "measured", "model": model, "model_id": model, "bucket": bucket, "load": f"c{level}",
            "concurrency": level, "rate_rps": none, "arrivals": None, "block": sitting, "sitting": f"s{sitting}",
            "dispatched_ns": ended - ms * 1e6, "ended_ns": ended, "slot_free_ns": ended,
            "prompt_id": [prompts.names[bucket][place] for place in asked], "cache": None,
            "dispatched_utc": pd.Timestamp("2026-11-01", tz="UTC"), "ok": ok,
            "error": [None if good else "throttling" for good in ok], "error_in_stream": False, "input_tokens": 500.0,
            "output_tokens": tokens, "cache_read_tokens": none, "cache_write_tokens": none,
            "most_input_tokens": none, "most_output_tokens": none, "service_latency_ms": ms, "ttft_ms": 0.3 * ms,
            "e2e_ms": ms, "tpot_ms": none, "slot_ms": ms, "user_wait_ms": ms, "dispatch_error_ms": none,
            "ttft_from_intended_ms": none, "e2e_from_intended_ms": none,
            "paid_usd": np.where(ok, 5e-7 * 500 + 2e-6 * tokens, 0.0),
        }
    )  # fmt: skip


def world(number: int, kind: str, times: float) -> list[Row]:
    """What is found in one world."""
    whole, sittings = WORLDS[kind]
    draw = np.random.default_rng([17, number, sittings, int(whole)])
    prompts = Prompts(draw)
    before, after = (side(draw, prompts, whole, sittings, factor) for factor in (1.0, times))
    return differences(Comparison(), before, after, list(MODELS))


def flagged(number: int, kind: str, times: float) -> tuple[bool, bool, bool, list[str]]:
    """Of one world: whether anything is flagged, whether the slower model is, whether another is, and the figures flagged."""
    rows = [row for row in world(number, kind, times) if row.state in ("regression", "improvement")]
    found = any(
        row.model == MODELS[0] and row.overall and row.state == "regression" and "ms" in row.metric
        for row in rows
    )
    return bool(rows), found, any(row.model != MODELS[0] for row in rows), [row.metric for row in rows]


def found_in_80_percent(models: int = 3, draws: int = 8_000) -> dict[str, dict[str, float]]:
    """The change of all of a model's cells that is found in 80 % of comparisons of `models` models.

    By the number of sittings on each side, and by the standard deviation of the logarithms of the sittings' figures (over all
    buckets and loads): relative, by the test of `assay.stats.sittings` at the level of the first test of all.
    """
    draw = np.random.default_rng(1)
    level = Comparison().error_rate * OVERALL_WEIGHT / (models * len(METRICS))
    made: dict[str, dict[str, float]] = {}
    for sittings in (3, 4, 5, 7, 10):
        of = made.setdefault(f"{sittings} sittings", {})
        for spread in (0.02, 0.05, 0.1):
            logs = spread * draw.normal(size=(2, draws, sittings))
            before, after = logs.var(axis=2, ddof=1) / sittings
            freedom = (before + after) ** 2 / ((before**2 + after**2) / (sittings - 1))
            error, seen = np.sqrt(before + after), logs[1].mean(axis=1) - logs[0].mean(axis=1)
            shift = np.quantile(special.stdtrit(freedom, 1 - level / 2) * error - seen, 0.8)
            of[f"{spread:g}"] = round(float(np.expm1(shift)), 2)
    return made


def simulated(worlds: int, workers: int, out: Path) -> None:
    """Write shares of worlds to `out`, kind by kind; a third as many of them are slower."""
    fewer = max(1, worlds // 3)
    made: dict[str, Any] = {
        "worlds": worlds,
        "worlds_slower": fewer,
        "error_rate": Comparison().error_rate,
        "slower": SLOWER,
        "found_in_80_percent": found_in_80_percent(),
    }
    with ProcessPoolExecutor(workers) as pool:
        for kind in WORLDS:
            equal = list(pool.map(partial(flagged, kind=kind, times=1.0), range(worlds), chunksize=8))
            slower = list(pool.map(partial(flagged, kind=kind, times=SLOWER), range(fewer), chunksize=8))
            wrong = sum(any_ for any_, *_ in equal) / worlds
            bounds = wilson(wrong, worlds, 0.95)
            assert bounds is not None
            names = [name for *_, metrics in equal for name in set(metrics)]
            made[kind] = {
                "equal_flagged": round(wrong, 4),
                "equal_flagged_low": round(bounds.low, 4),
                "equal_flagged_high": round(bounds.high, 4),
                "equal_flagged_by_figure": {name: names.count(name) for name in sorted(set(names))},
                "slower_found": round(sum(found for _, found, *_ in slower) / fewer, 4),
                "other_model_flagged": round(sum(other for _, _, other, _ in slower) / fewer, 4),
            }
            out.write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=300)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results" / "compared.json")
    arguments = parser.parse_args()
    simulated(arguments.worlds, arguments.workers, arguments.out)
    print(arguments.out.read_text(encoding="utf-8"), end="")
