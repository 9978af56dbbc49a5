"""Simulates Pareto frontiers: how often is a model called surely dominated that isn't, and how often one that is?

    python benchmarks/dominated.py [--worlds 1000] [--out benchmarks/results/dominated.json]

The worlds are those of `benchmarks/decision.py`: the same prompts for all models, prompts that share documents, blocks that
differ. The frontiers are found by the functions that are shipped (`assay.decision.around`). The first model is far ahead of the
others in two aspects and equal to them in the third, which is where the claim "better in every aspect" errs most; and, to see
that such a claim is made at all, ahead in all three. The others are equal to each other in everything.

Seeded; nothing is sent and no clock is read.
"""

import argparse
import json
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from decision import Case, Design, Gap, Seen, drawn, settings_of

from assay.decision import aspects
from assay.decision.around import evaluated, frontiers
from assay.decision.decided import decided

FAR = Gap(cost=0.5, latency=0.5, accuracy=0.25)


def dominated(case: Case, gap: Gap, world: int) -> list[dict[str, Any]]:
    """What is said of one world: who is dominated in all three aspects, by whom, and by whom surely."""
    settings = settings_of(case)
    evidence = Seen(
        drawn(case.design, gap, np.random.default_rng((20261122, case.design.blocks, world))), settings
    )
    made = decided(settings, evidence, settings.shares, settings.limits)
    compared = aspects.compared(made.measure, evidence, evaluated(made), made.objective_shares)
    found: list[dict[str, Any]] = frontiers(settings, evidence, made, compared)["all_three"]["dominated"]
    return found


def row(models: int, blocks: int, equal_in: str | None, worlds: int) -> dict[str, Any]:
    """Shares of worlds in which something is said of somebody."""
    case = Case("cheapest", Design(models=models, blocks=blocks))
    gap = FAR if equal_in is None else replace(FAR, **{equal_in: 0.0})
    said = [dominated(case, gap, world) for world in range(worlds)]
    # Those that are equal to each other dominate nobody; the first one does where it is ahead in everything.
    right = set() if equal_in is not None else {"a"}
    wrong = [any(set(each["sure_by"]) - right for each in world) for world in said]
    named = [sum("a" in each["sure_by"] for each in world) == models - 1 for world in said]
    return {
        "models": models,
        "blocks": blocks,
        "equal_in": equal_in,
        "worlds": worlds,
        "dominated_by_the_figures": round(float(np.mean([bool(world) for world in said])), 4),
        "surely_dominated_wrongly": round(float(np.mean(wrong)), 4),
        "surely_dominated_rightly": None if equal_in is not None else round(float(np.mean(named)), 4),
    }


def main() -> None:
    """Simulate, write the results, and print them."""
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--worlds", type=int, default=1000, help="of two models; of four a quarter")
    made.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "dominated.json")
    arguments = made.parse_args()
    rows = []
    for (models, blocks), equal_in in product(
        ((2, 1), (2, 5), (4, 5)), ("cost", "latency", "accuracy", None)
    ):
        rows.append(row(models, blocks, equal_in, 4 * arguments.worlds // models**2))
        print(json.dumps(rows[-1]), flush=True)
    arguments.out.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
