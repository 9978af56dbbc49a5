"""Simulates comparisons of two models where documents are few, or of very different sizes.

    python benchmarks/uneven.py [--worlds 4000] [--out benchmarks/results/uneven.json]

Every world's truth is known, since the world is made from it; the tests are those that are shipped. Three parts:

- costs: two models that cost the same. How often they are told apart, how often the interval holds the truth, and the same
  at a margin that the one exceeds by nothing: by the jackknife alone, and as it is shipped (`assay.stats.swap`).
- shares: two models of which one is right less often by exactly the margin (`assay.stats.paired.Shares`).
- latencies: two models of which one is slower by exactly the margin, in one sitting and in blocks (`assay.stats.paired`).

Seeded; nothing is sent and no clock is read.
"""

import argparse
import json
import math
import os
import sys
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from assay.stats import paired, ratios  # noqa: E402
from assay.stats.distributions import normal_cdf  # noqa: E402
from assay.stats.effect import Centred, Effect  # noqa: E402
from assay.stats.quantiles import Sorted  # noqa: E402
from assay.stats.swap import Spent, Swapped  # noqa: E402

Floats = NDArray[np.float64]
Row = dict[str, float | int | str]

LEVEL = 0.05


def _even(documents: int, draw: np.random.Generator) -> NDArray[np.int64]:
    return np.full(documents, 5)


def _spread(documents: int, draw: np.random.Generator) -> NDArray[np.int64]:
    return draw.integers(1, 41, documents)


def _heavy(documents: int, draw: np.random.Generator) -> NDArray[np.int64]:
    return np.clip(np.round(3 * draw.pareto(1.0, documents) + 1), 1, 300).astype(np.int64)


SIZES: dict[str, Callable[[int, np.random.Generator], NDArray[np.int64]]] = {
    "5 each": _even,
    "1 to 40": _spread,
    "heavy tail": _heavy,
}


def rates(effect: Effect, shift: float) -> tuple[bool, bool, bool]:
    """Of an effect that truly is `shift`: whether it is called another one, equivalent, and not higher."""
    above, below = effect.above(shift), effect.below(shift)
    margin = abs(shift)
    equivalent = margin > 0 and max(effect.above(-margin), effect.below(margin)) <= LEVEL
    return min(above, below) <= LEVEL / 2, equivalent, below <= LEVEL / 2


def costs(worlds: int) -> list[Row]:
    """Equal models by cost, documents of several sizes; and a margin of a fifth."""
    made: list[Row] = []
    margin = 0.2
    for documents in (2, 3, 5, 8, 11, 12, 20, 60):
        for name, sizes_of in SIZES.items():
            draw = np.random.default_rng([1, documents, len(name)])
            told: list[tuple[bool, ...]] = []
            for _ in range(worlds):
                sizes = sizes_of(documents, draw)
                document = np.repeat(np.arange(documents), sizes)
                n = len(document)
                shared = 0.5 * draw.normal(size=documents)[document]
                own = [0.3 * draw.normal(size=documents)[document] + 0.4 * draw.normal(size=n) for _ in "ab"]
                a, b = (np.exp(shared + each) for each in own)
                plain, shipped = _effects(a, b, document, documents)
                _, dearer = _effects(a * (1 + margin), b, document, documents)
                told.append(
                    (
                        2 * min(plain.above(0), plain.below(0)) <= LEVEL,
                        shipped.equal() <= LEVEL,
                        not rates(shipped, 0.0)[0],
                        *rates(dearer, math.log1p(margin))[1:],
                    )
                )
            by_jackknife, apart, held, equivalent, not_dearer = np.mean(told, axis=0).round(4).tolist()
            made.append(
                {
                    "documents": documents,
                    "sizes": name,
                    "told_apart_by_the_jackknife": by_jackknife,
                    "told_apart": apart,
                    "held": held,
                    "equivalent_at_the_margin": equivalent,
                    "not_dearer_at_the_margin": not_dearer,
                }
            )
            print(made[-1], flush=True)
    return made


def _effects(a: Floats, b: Floats, document: NDArray[np.int64], documents: int) -> tuple[Centred, Swapped]:
    ones, even = np.ones(len(document)), np.full(len(document), 1 / len(document))
    first, second = (ratios.ratio(cost, ones, even, document, documents) for cost in (a, b))
    assert first is not None and second is not None
    found = ratios.relative_difference(first, second, 1 - LEVEL)
    assert found is not None and isinstance(found.effect, Centred)
    counts = np.bincount(document, minlength=documents)[:, None].astype(np.float64)
    sums = (np.bincount(document, cost, documents)[:, None].astype(np.float64) for cost in (a, b))
    return found.effect, Swapped(found.effect, Spent(next(sums), counts, next(sums), counts, np.ones(1)))


def shares(worlds: int) -> list[Row]:
    """One model right less often by a margin of 5 points, prompts by themselves and in documents."""
    made: list[Row] = []
    for prompts, each in ((60, 1), (100, 1), (300, 1), (1_000, 1), (120, 4), (200, 10)):
        for worse, better in ((0.85, 0.9), (0.93, 0.98), (0.5, 0.55), (0.95, 1.0)):
            draw = np.random.default_rng([2, prompts, each, round(100 * worse)])
            documents = np.repeat(np.arange(prompts // each), each)
            told = []
            for _ in range(worlds):
                hard = math.sqrt(0.3) * draw.normal(size=prompts // each)[documents]
                right = [
                    normal_cdf(hard + math.sqrt(0.7) * draw.normal(size=prompts)) < share
                    for share in (worse, better)
                ]
                a, b = (each.astype(np.float64) for each in right)
                found = paired.share_difference(b, a, documents, 1 - LEVEL)
                assert found is not None and isinstance(found.effect, paired.Shares)
                seen = rates(found.effect.seen, better - worse)[1]
                told.append((seen, *rates(found.effect, better - worse)[1:]))
            plain, equivalent, not_worse = np.mean(told, axis=0).round(4).tolist()
            made.append(
                {
                    "prompts": prompts,
                    "prompts_of_a_document": each,
                    "right": f"{worse:g} and {better:g}",
                    "equivalent_by_what_was_seen": plain,
                    "equivalent_at_the_margin": equivalent,
                    "not_worse_at_the_margin": not_worse,
                }
            )
            print(made[-1], flush=True)
    return made


def latencies(worlds: int) -> list[Row]:
    """One model slower by a margin of 30 %."""
    made: list[Row] = []
    margin = 0.3
    for requests, blocks, between in ((40, 1, 0.0), (200, 1, 0.0), (40, 5, 0.1), (40, 5, 0.0), (100, 2, 0.1)):
        for p in (0.5, 0.95):
            if requests * blocks < 80 and p > 0.5:
                continue  # too few for a 95th percentile
            draw = np.random.default_rng([3, requests, blocks, round(10 * between), round(100 * p)])
            told = []
            for _ in range(worlds):
                hours = 0.3 * draw.normal(size=blocks)
                both = [
                    np.exp(
                        0.5 * draw.normal(size=(blocks, requests))
                        + (hours + between * draw.normal(size=blocks) + shift)[:, None]
                    )
                    for shift in (math.log1p(margin), 0.0)
                ]
                whole = [Sorted.of(each.ravel()) for each in both]
                if blocks == 1:
                    found = paired.quantile_ratio(whole[0], whole[1], p, 1 - LEVEL)
                else:
                    a, b = (each.quantile(p) or math.nan for each in whole)
                    of_blocks = [np.sort(each, axis=1)[:, math.ceil(p * requests) - 1] for each in both]
                    found = paired.blocked_quantile_ratio(a, b, of_blocks[0], of_blocks[1], 1 - LEVEL)
                assert found is not None
                effect = found.effect
                told.append((False, False) if effect is None else rates(effect, math.log1p(margin))[1:])
            equivalent, not_slower = np.mean(told, axis=0).round(4).tolist()
            made.append(
                {
                    "requests_of_a_block": requests,
                    "blocks": blocks,
                    "spread_between_blocks": between,
                    "percentile": round(100 * p),
                    "equivalent_at_the_margin": equivalent,
                    "not_slower_at_the_margin": not_slower,
                }
            )
            print(made[-1], flush=True)
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--worlds", type=int, default=4_000)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results" / "uneven.json")
    arguments = parser.parse_args()
    found: dict[str, object] = {"worlds": arguments.worlds}
    for part in (latencies, shares, costs):
        found[part.__name__] = part(arguments.worlds)
    arguments.out.write_text(json.dumps(found, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
