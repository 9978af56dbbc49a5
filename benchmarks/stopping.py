"""Simulates stopping early: does the error hold, how much power is kept, how many dollars are saved?

    python benchmarks/stopping.py [--worlds 10000] [--shipped 400] [--runs 2000] [--out benchmarks/results/stopping.json]

Every world's truth is known, since the world is made from it. Three parts:

- looks: many worlds, computed at once with the boundaries of `assay.stats.sequential`: models that cost about the same
  or don't, prompts paired. Looks at the decision beside the fixed plan, and beside plain peeking.
- shipped: fewer worlds, each decided by `compare`, `recommend` and `assay.decision.looks` as they are shipped, by cost and
  by latency, whose blocks differ.
- cells: what intervals cover where a cell ends as soon as they are narrow enough.

Seeded; nothing is sent and no clock is read.
"""

import argparse
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from assay.decision.compare import Adjusted, Measure, Tested, at_once, compare  # noqa: E402
from assay.decision.looks import Looked, Out, more, went_out  # noqa: E402
from assay.decision.recommend import Candidate, recommend  # noqa: E402
from assay.decision.settings import Objective  # noqa: E402
from assay.records.sample import Attempts, Requests, Sample  # noqa: E402
from assay.stats.distributions import normal_quantile  # noqa: E402
from assay.stats.sequential import levels  # noqa: E402
from assay.stopping.enough import half_width  # noqa: E402
from assay.stopping.looks import Look, after_blocks  # noqa: E402
from assay.stopping.settings import LEAST_BLOCKS  # noqa: E402

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

ALPHA = 0.05
PROMPTS = 40
"""Of each block."""
SPREAD = 0.5
"""Standard deviation of the logarithm of what a model's answer costs, beside what the prompt is to blame for."""


@dataclass(frozen=True)
class World:
    """Models by how much dearer each is than the cheapest, as logarithms in units of the planned difference.

    The planned difference is the one that the fixed plan finds in 9 of 10 worlds, of two models.
    """

    name: str
    gaps: tuple[float, ...]

    @property
    def winner(self) -> int | None:
        """The cheapest one; None where there isn't one."""
        return None if self.gaps.count(min(self.gaps)) > 1 else int(np.argmin(self.gaps))


WORLDS = (
    World("2 equal models", (0.0, 0.0)),
    World("3 equal models", (0.0, 0.0, 0.0)),
    World("4 equal models", (0.0, 0.0, 0.0, 0.0)),
    World("2 equal models, 2 far off", (0.0, 0.0, 6.0, 6.0)),
    World("2 models, the planned difference", (0.0, 1.0)),
    World("2 models, half as much again", (0.0, 1.5)),
    World("2 models, twice the planned difference", (0.0, 2.0)),
    World("2 models, three times the planned difference", (0.0, 3.0)),
    World("4 models, 1, 2 and 3 times the planned difference", (0.0, 1.0, 2.0, 3.0)),
    World("4 models, 1.5, 4 and 8 times the planned difference", (0.0, 1.5, 4.0, 8.0)),
    World("4 models, 3, 6 and 12 times the planned difference", (0.0, 3.0, 6.0, 12.0)),
)


def planned_difference(blocks: int) -> float:
    """Of the logarithm of costs: what a two-sided test of all blocks finds with a power of .9."""
    error = SPREAD * math.sqrt(2.0 / (blocks * PROMPTS))
    return (normal_quantile(1.0 - ALPHA / 2.0) + normal_quantile(0.9)) * error


@dataclass(frozen=True)
class Outcome:
    """Of each world: the winner that was named (-1 for none), and the blocks that each model took."""

    winner: NDArray[np.int64]
    blocks: NDArray[np.int64]


def looked_at(costs: Floats, looks: tuple[int, ...], planned: int) -> Outcome:
    """Worlds x models x blocks x prompts of log costs, looked at after so many blocks of those planned.

    Holm over sequential p values; a model that another beats is out and takes no more blocks.
    """
    worlds, models = costs.shape[:2]
    pairs = [(a, b) for a in range(models) for b in range(a + 1, models)]
    shares = tuple(after / planned for after in looks)
    errors = np.exp(np.linspace(math.log(1e-10), math.log(0.9999), 400))
    out = np.zeros((worlds, models), dtype=np.bool_)
    blocks = np.zeros((worlds, models), dtype=np.int64)
    best = np.ones((worlds, len(pairs)))
    ahead = np.zeros((worlds, len(pairs)), dtype=np.int64)
    done = np.zeros(worlds, dtype=np.bool_)
    for number, after in enumerate(looks, start=1):
        going = ~out & ~done[:, None]
        blocks = np.where(going, after, blocks)
        nominal = np.array([levels(float(error), shares[:number])[-1] for error in errors])
        for place, (a, b) in enumerate(pairs):
            t, p = _paired(costs[:, a, :after] - costs[:, b, :after])
            spent = np.exp(
                np.interp(np.log(np.maximum(p, 1e-300)), np.log(np.maximum(nominal, 1e-300)), np.log(errors))
            )
            spent = np.where(p > nominal[-1], 1.0, spent)
            fresh = going[:, a] & going[:, b] & (spent < best[:, place])
            best[fresh, place] = spent[fresh]
            ahead[fresh, place] = np.where(t[fresh] < 0, a, b)
        tested = np.stack([going[:, a] & going[:, b] for a, b in pairs], axis=1)
        beaten = _beaten(np.where(tested, best, 2.0), tested.sum(axis=1), ahead, pairs, models)
        out |= beaten & ~done[:, None]
        done |= (~out).sum(axis=1) == 1
    return Outcome(np.where((~out).sum(axis=1) == 1, np.argmin(out, axis=1), -1), blocks)


def peeked_at(costs: Floats) -> Flags:
    """Whether a winner is named between two models by a plain test after some block."""
    differences = costs[:, 0] - costs[:, 1]
    seen = np.zeros(len(costs), dtype=np.bool_)
    for after in range(1, differences.shape[1] + 1):
        seen |= _paired(differences[:, :after])[1] <= ALPHA
    return seen


def _paired(differences: Floats) -> tuple[Floats, Floats]:
    """The t statistic and two-sided p value of each world's paired differences (worlds x blocks x prompts)."""
    flat = differences.reshape(len(differences), -1)
    n = flat.shape[1]
    t = flat.mean(axis=1) / (flat.std(axis=1, ddof=1) / math.sqrt(n))
    return t, 2.0 * special.stdtr(n - 1, -np.abs(t))


def _beaten(
    p_values: Floats,
    tests: NDArray[np.int64],
    ahead: NDArray[np.int64],
    pairs: list[tuple[int, int]],
    models: int,
) -> Flags:
    """Who is worse than another, by Holm over so many tests of each world; what isn't tested has a p value of 2."""
    order = np.argsort(p_values, axis=1)
    factors = np.maximum(tests[:, None] - np.arange(len(pairs)), 1)
    steps = np.take_along_axis(p_values, order, axis=1) * factors
    adjusted = np.empty_like(p_values)
    np.put_along_axis(adjusted, order, np.maximum.accumulate(np.minimum(steps, 2.0), axis=1), axis=1)
    beaten = np.zeros((len(p_values), models), dtype=np.bool_)
    for place, (a, b) in enumerate(pairs):
        found = adjusted[:, place] <= ALPHA
        beaten[:, b] |= found & (ahead[:, place] == a)
        beaten[:, a] |= found & (ahead[:, place] == b)
    return beaten


def looks_part(
    worlds: int, blocks: int = 10, looks: int = 5, seed: int = 1, kinds: Sequence[World] = WORLDS
) -> list[dict[str, Any]]:
    """A row for each kind of world: winners named, and what was saved, beside the fixed plan."""
    rows = []
    for kind in kinds:
        rng = np.random.default_rng((seed, len(kind.gaps), round(10 * sum(kind.gaps))))
        gaps = planned_difference(blocks) * np.array(kind.gaps)
        costs = SPREAD * rng.normal(size=(worlds, len(gaps), blocks, PROMPTS)) + gaps[None, :, None, None]
        fixed = looked_at(costs, (blocks,), blocks)
        early = looked_at(costs, after_blocks(looks, blocks), blocks)
        dollars = np.exp(gaps)
        row = {
            "world": kind.name,
            "worlds": worlds,
            "blocks": blocks,
            "looks": looks,
            **_named("fixed", fixed.winner, kind),
            **_named("looks", early.winner, kind),
            "requests_saved": float(1.0 - early.blocks.mean() / blocks),
            "dollars_saved": float(1.0 - (early.blocks * dollars).mean() / (blocks * dollars).mean()),
        }
        rows.append(row)
    return rows


def peeking_part(worlds: int, looks: int = 20, seed: int = 2) -> dict[str, Any]:
    """Two equal models and a look after each of 20 blocks, plainly and by the rule with five looks."""
    rng = np.random.default_rng(seed)
    costs = SPREAD * rng.normal(size=(worlds, 2, looks, PROMPTS))
    return {
        "worlds": worlds,
        "peeks": looks,
        "false_winner_by_peeking": float(peeked_at(costs).mean()),
        "false_winner_by_looks": float((looked_at(costs, after_blocks(5, looks), looks).winner >= 0).mean()),
    }


def _named(design: str, winner: NDArray[np.int64], kind: World) -> dict[str, float]:
    wrong = (winner >= 0) if kind.winner is None else (winner >= 0) & (winner != kind.winner)
    made = {f"wrong_winner_{design}": float(wrong.mean())}
    if kind.winner is not None:
        made[f"right_winner_{design}"] = float((winner == kind.winner).mean())
    return made


def decided(
    logs: Floats, objective: Objective, looks: int, prices: Floats | None = None
) -> tuple[str | None, dict[str, int]]:
    """The winner and the blocks that each model took, by the code that is shipped. `logs` is models x blocks x prompts.

    `looks` of 1 is the fixed plan. By cost, a prompt is a source of its own; by latency, blocks are what varies.
    """
    models, planned = len(logs), logs.shape[1]
    names = [f"m{number}" for number in range(models)]
    taken = dict.fromkeys(names, 0)
    going, out = list(names), dict[str, Out]()
    tests: tuple[tuple[Tested, ...], ...] = ()
    adjusted: dict[frozenset[str], Adjusted] = {}
    for number, after in enumerate(after_blocks(looks, planned), start=1):
        taken |= dict.fromkeys(going, after)
        samples = {name: _sample(logs[place, : taken[name]], objective) for place, name in enumerate(names)}
        kept: list[tuple[Tested, Adjusted]] = []
        fixed = looks == 1
        looked = (
            None if fixed else Looked(Look(number=number, of=looks, blocks=planned), out, tests, adjusted)
        )
        pairs = compare(
            Measure(objective),
            names,
            samples,
            pd.DataFrame(),
            {"b": 1.0},
            1.0 - ALPHA,
            at_once if looked is None else partial(looked.adjust, noted=kept),
            least_blocks=1 if fixed else 2,
        )
        candidates = [
            Candidate(name, "yes", None, [], float(np.exp(logs[place, : taken[name]]).mean()), None, None, {})
            for place, name in enumerate(names)
        ]
        found = recommend(candidates, pairs, False, out)
        if looked is None:
            return found.model, taken
        beaten = [(pair.b if pair.better == pair.a else pair.a, "") for pair in pairs if pair.better]
        out = went_out(looked, found, [], beaten)
        tests = (*tests, tuple(test for test, _ in kept))
        adjusted = adjusted | {frozenset((test.a, test.b)): found for test, found in kept}
        going = more(names, found, out)
        if not going:
            break
    return found.model, taken


def _sample(logs: Floats, objective: Objective) -> Sample:
    """A model's measured requests: blocks x prompts of the logarithm of what the objective is about."""
    blocks, prompts = logs.shape
    n = blocks * prompts
    values = np.exp(logs.reshape(n))
    weight, unknown = np.full(n, 1.0 / n), np.full(n, np.nan)
    block = np.repeat(np.arange(blocks), prompts)
    of_requests: dict[str, Any] = dict.fromkeys((field.name for field in fields(Requests)), unknown)
    of_requests |= {
        "weight": weight,
        "block": block,
        "ok": np.ones(n, dtype=np.bool_),
        "error": np.full(n, None, dtype=object),
        "e2e_ms": values if objective == "fastest" else np.ones(n),
    }
    attempts = Attempts(
        weight=weight,
        answer_weight=weight,
        block=block,
        answered=np.ones(n),
        throttled=np.zeros(n, dtype=np.bool_),
        slot_ms=unknown,
        tokens=unknown,
        cost_usd=values,
        cost_known=np.ones(n, dtype=np.bool_),
        source=np.arange(n),
    )
    return Sample(None, 1.0 - ALPHA, Requests(**of_requests), attempts)


def shipped_part(worlds: int, blocks: int = 10, looks: int = 5, seed: int = 3) -> list[dict[str, Any]]:
    """The same by the code that is shipped: by cost, and by latency in blocks that differ, equal models and unequal."""
    rows = []
    for objective, between in (("cheapest", 0.0), ("fastest", 0.0), ("fastest", 0.2)):
        for gaps in ((0.0, 0.0), (0.0, 0.0, 0.0), (0.0, 2.0)):
            rng = np.random.default_rng((seed, len(gaps), round(gaps[-1]), round(10 * between)))
            size = planned_difference(blocks) * (1.0 if not between else 3.0)
            winners: dict[str, list[str | None]] = {"fixed": [], "looks": []}
            took = []
            for _ in range(worlds):
                shape = (len(gaps), blocks, PROMPTS)
                logs = SPREAD * rng.normal(size=shape) + size * np.array(gaps)[:, None, None]
                logs += between * rng.normal(size=(len(gaps), blocks, 1))
                winners["fixed"].append(decided(logs, objective, 1)[0])  # type: ignore[arg-type]
                winner, blocks_taken = decided(logs, objective, looks)  # type: ignore[arg-type]
                winners["looks"].append(winner)
                took.append(sum(blocks_taken.values()) / len(gaps))
            right = "m0" if gaps[-1] else None
            row: dict[str, Any] = {
                "objective": objective,
                "spread_between_blocks": between,
                "gaps": list(gaps),
                "worlds": worlds,
            }
            for design, named in winners.items():
                row[f"wrong_winner_{design}"] = sum(name not in (None, right) for name in named) / worlds
                if right:
                    row[f"right_winner_{design}"] = sum(name == right for name in named) / worlds
            rows.append(row | {"requests_saved": 1.0 - float(np.mean(took)) / blocks})
    return rows


CELLS = (
    # standard deviations of log latency within and between blocks, percentile, half-width asked for
    (0.5, 0.0, 95, 0.15),
    (0.3, 0.1, 95, 0.20),
    (0.3, 0.3, 95, 0.40),
    (0.1, 0.3, 95, 0.40),
    (0.5, 0.0, 50, 0.08),
    (0.3, 0.1, 50, 0.12),
    (0.1, 0.1, 50, 0.05),
    (0.1, 0.3, 50, 0.20),
)


def cells_part(
    runs: int,
    blocks: int = 10,
    requests: int = 60,
    seed: int = 4,
    kinds: Sequence[tuple[float, float, int, float]] = CELLS,
) -> list[dict[str, Any]]:
    """What the 95 % intervals cover where a cell ends as soon as they are narrow enough, and what that saves."""
    rows = []
    for within, between, percent, width in kinds:
        rng = np.random.default_rng((seed, round(10 * within), round(10 * between), percent))
        p = percent / 100
        truth = math.exp(normal_quantile(p) * math.hypot(within, between))
        covered = used = 0
        for _ in range(runs):
            logs = within * rng.normal(size=(blocks, requests)) + between * rng.normal(size=(blocks, 1))
            for count in range(LEAST_BLOCKS, blocks + 1):
                sample = _sample(logs[:count], "fastest")
                found = half_width(sample, f"e2e_p{percent}")
                if found is not None and found <= width:
                    break
            ends = sample.quantile_ends("e2e_ms", p, False)
            covered += ends.low is not None and ends.high is not None and ends.low <= truth <= ends.high
            used += count
        rows.append(
            {
                "within": within,
                "between": between,
                "percentile": percent,
                "half_width": width,
                "runs": runs,
                "covered": covered / runs,
                "requests_saved": 1.0 - used / runs / blocks,
            }
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--worlds", type=int, default=10_000, help="of each kind, computed at once")
    parser.add_argument(
        "--shipped", type=int, default=400, help="of each kind, decided by the code that is shipped"
    )
    parser.add_argument("--runs", type=int, default=2000, help="of each kind of cell")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results" / "stopping.json")
    arguments = parser.parse_args()
    found: dict[str, Any] = {
        "looks": looks_part(arguments.worlds),
        "peeking": peeking_part(arguments.worlds),
        "shipped": shipped_part(arguments.shipped),
        "cells": cells_part(arguments.runs),
    }
    arguments.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    for part in ("looks", "shipped", "cells"):
        print(pd.DataFrame(found[part]).to_string(), flush=True)
    print(found["peeking"])


if __name__ == "__main__":
    main()
