"""Simulates what is said of accuracy: intervals, models told apart, prompts that would tell, trends within tasks.

    python benchmarks/accuracy.py [--runs 2000] [--out benchmarks/results/accuracy.json]

- intervals: how often that of a rate, and that of a mean of sets, holds the truth; prompts share documents and are asked again.
- equal: four models that are alike on the whole, each with documents and prompts that suit it; how often any two of them are told
  apart at .05, after Holm's adjustment over the six pairs.
- power: so many prompts as `prompts_needed` names for a true difference; how often they tell it.
- trends: how often the interval of the slope within tasks holds the true one; once with plain degrees of freedom for comparison.

Seeded; nothing is sent and no clock is read.
"""

import argparse
import json
import math
import sys
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from assay.stats.distributions import t_quantile  # noqa: E402
from assay.stats.multiplicity import holm  # noqa: E402
from assay.stats.paired import compared, prompts_needed, share_difference  # noqa: E402
from assay.stats.shares import of_prompts, stratified  # noqa: E402
from assay.stats.sign_flip import sign_flip  # noqa: E402
from assay.stats.trend import within  # noqa: E402

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Row = dict[str, Any]


def intervals(runs: int) -> list[Row]:
    """Coverage of rates: documents of so many prompts, each asked so often, whose shares lie .25 around .75."""
    made: list[Row] = []
    for documents, prompts, repeats in ((60, 1, 1), (20, 3, 1), (20, 3, 5), (40, 1, 5), (12, 5, 2)):
        draw = np.random.default_rng([1, documents, prompts, repeats])
        clusters = np.arange(documents * prompts) // prompts
        held = 0
        for _ in range(runs):
            share = np.clip(0.75 + draw.uniform(-0.25, 0.25, documents)[clusters], 0, 1)
            values = (draw.random((repeats, len(clusters))) < share).mean(axis=0)
            found, method = of_prompts(values, clusters, 0.95)
            held += found is not None and found.low <= 0.75 <= found.high
        made.append(
            {"documents": documents, "prompts": prompts, "asked": repeats, "by": method, "held": held / runs}
        )
    levels = np.array([0.85, 0.6, 0.3])
    for documents, prompts in ((10, 1), (40, 1), (12, 4), (25, 2)):
        draw = np.random.default_rng([2, documents, prompts])
        sets = np.repeat(np.arange(3), documents * prompts)
        clusters = np.arange(len(sets)) // prompts
        held = 0
        for _ in range(runs):
            share = np.clip(levels[sets] + draw.uniform(-0.15, 0.15, 3 * documents)[clusters], 0, 1)
            bounds = stratified((draw.random(len(sets)) < share).astype(float), clusters, sets, 0.95)
            held += bounds is not None and bounds.low <= float(levels.mean()) <= bounds.high
        made.append(
            {
                "documents": 3 * documents,
                "prompts": prompts,
                "asked": 1,
                "by": "stratified",
                "held": held / runs,
            }
        )
    return made


def equal(runs: int) -> list[Row]:
    """How often any two of four equal models are told apart; documents have 1 to 2 x `prompts` - 1 prompts."""
    made: list[Row] = []
    for documents, prompts, repeats in (
        (8, 5, 1), (12, 4, 3), (30, 3, 1), (60, 1, 1), (60, 2, 3), (25, 1, 5), (12, 20, 1),
    ):  # fmt: skip
        draw = np.random.default_rng([3, documents, prompts, repeats])
        wrong, first = 0, 0
        for _ in range(runs):
            sizes = draw.integers(1, 2 * prompts, documents) if prompts > 1 else np.ones(documents, np.int64)
            clusters = np.repeat(np.arange(documents), sizes)
            n = len(clusters)
            hard = draw.normal(0, 1, documents)[clusters] + draw.normal(0, 0.5, n)
            answers = []
            for _ in range(4):
                own = draw.normal(0, 0.6, documents)[clusters] + draw.normal(0, 0.5, n)
                right = 1 / (1 + np.exp(-(hard + own + 0.8)))
                answers.append((draw.random((repeats, n)) < right).mean(axis=0))
            found = [compared(a, b, clusters, 0.95) for a, b in combinations(answers, 2)]
            p_values = [1.0 if one is None else one.difference.p for one in found]
            wrong += min(holm(p_values)) <= 0.05
            first += p_values[0] <= 0.05
        made.append(
            {
                "documents": documents,
                "prompts": prompts,
                "asked": repeats,
                "any_pair": wrong / runs,
                "one_pair": first / runs,
            }
        )
    return made


def power(runs: int) -> list[Row]:
    """How often so many prompts as named tell a difference, at the level of so many tests."""
    made: list[Row] = []
    for wins, losses, tests in (
        (0.15, 0.05, 1), (0.25, 0.15, 1), (0.25, 0.15, 6), (0.1, 0.02, 1), (0.3, 0.25, 1), (0.3, 0.2, 45), (0.12, 0.02, 45),
    ):  # fmt: skip
        difference = wins - losses
        error = math.sqrt((wins + losses - difference**2) / 1_000)
        n = prompts_needed(1_000, difference, error, 0.95, tests) or 0
        draw = np.random.default_rng([4, n])
        told = sum(
            a > b and sign_flip(np.repeat([1.0, -1.0], [a, b])).p <= 0.05 / tests
            for a, b, _ in draw.multinomial(n, [wins, losses, 1 - wins - losses], runs)
        )
        made.append(
            {"difference": difference, "tests": tests, "documents": n, "prompts": 1, "told": told / runs}
        )
    for prompts, shift, tests in ((3, 0.3, 1), (3, 0.3, 6), (5, 0.4, 1), (5, 0.4, 6)):
        draw = np.random.default_rng([5, prompts, tests])
        a, b, clusters = _world(draw, 100_000, prompts, shift)
        true = share_difference(a, b, clusters, 0.95)
        assert true is not None
        n = prompts_needed(len(a), true.value, true.standard_error, 0.95, tests) or 0
        documents = math.ceil(n / prompts)
        told = 0
        for _ in range(runs):
            found = compared(*_world(draw, documents, prompts, shift), 0.95)
            told += found is not None and found.difference.value > 0 and found.difference.p <= 0.05 / tests
        made.append(
            {
                "difference": round(true.value, 4),
                "tests": tests,
                "documents": documents,
                "prompts": prompts,
                "told": told / runs,
            }
        )
    return made


def _world(
    draw: np.random.Generator, documents: int, prompts: int, shift: float
) -> tuple[Floats, Floats, Codes]:
    clusters = np.repeat(np.arange(documents), prompts)
    n = len(clusters)
    hard = draw.normal(0, 1, documents)[clusters] + 0.8
    a, b = (
        (hard + draw.normal(0, 0.7, documents)[clusters] + draw.normal(0, 1, n) + more > 0).astype(float)
        for more in (shift, 0.0)
    )
    return a, b, clusters


def trends(runs: int) -> list[Row]:
    """Coverage of the slope within tasks, sizes of documents spread evenly, normally, or with few that are long."""
    made: list[Row] = []
    for spread in ("even", "normal", "few long"):
        for documents, tasks, prompts in ((20, 1, 1), (20, 2, 1), (30, 1, 3), (40, 3, 1), (200, 21, 1)):
            draw = np.random.default_rng([6, documents, tasks, prompts, len(spread)])
            held = plain = 0
            for _ in range(runs):
                clusters = np.repeat(np.arange(documents), prompts)
                strata = clusters % tasks
                sizes = {
                    "even": draw.uniform(-1.7, 1.7, documents),
                    "normal": draw.normal(0, 1, documents),
                    "few long": draw.exponential(1, documents),
                }[spread]
                x = sizes[clusters] + strata
                share = 0.7 + 0.1 * np.sin(strata) - 0.05 * sizes[clusters]
                share = np.clip(share + draw.uniform(-0.15, 0.15, documents)[clusters], 0, 1)
                found = within(x, (draw.random(len(x)) < share).astype(float), strata, clusters, 0.95)
                if found is None:
                    continue
                held += found.interval.low <= -0.05 <= found.interval.high
                half = t_quantile(0.975, documents - tasks) * found.standard_error
                plain += abs(found.slope + 0.05) <= half
            made.append(
                {
                    "sizes": spread,
                    "documents": documents,
                    "tasks": tasks,
                    "prompts": prompts,
                    "held": held / runs,
                    "held_by_plain_degrees_of_freedom": plain / runs,
                }
            )
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--runs", type=int, default=2_000)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results" / "accuracy.json")
    arguments = parser.parse_args()
    runs = arguments.runs
    found: Row = {"runs": runs}
    for part in (intervals, equal, power, trends):
        found[part.__name__] = part(runs)
        print(part.__name__, json.dumps(found[part.__name__], indent=1), flush=True)
    arguments.out.write_text(json.dumps(found, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
