"""Are two models equally good? A permutation test by the signs of the clusters' differences.

If two models are alike, it is by chance which of them has the better answers to the prompts of a document: the sum of a
document's differences might as well have had the other sign. So the sum over all documents is set against all the sums
that other signs would have given (Fisher 1935; Good, Permutation, Parametric and Bootstrap Tests of Hypotheses, 2005,
chapter 3). Prompts of a document may depend on each other in any way. Where every document has one prompt and answers
are right or wrong, this is McNemar's exact test (1947): of the discordant prompts each model wins half.

- **exact** where it can be counted: differences that are multiples of 1/60 or coarser (right and wrong answers, means of
  a few repeats) by adding up binomial distributions, others with up to 14 documents by listing all signs;
- **drawn** otherwise: 9,999 draws of all signs from a fixed seed, p = (1 + those as extreme) / (1 + draws) (Davison and
  Hinkley 1997, chapter 4; Phipson and Smyth 2010), which keeps its level however few the draws are.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DRAWS = 9_999

_FINEST = 60
_MOST_STEPS = 100_000_000
_LISTED = 14
_SEED = 20_260
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class SignFlip:
    """A two-sided p value, and how it was had."""

    p: float
    how: Literal["exact", "drawn"]


def sign_flip(differences: Floats) -> SignFlip:
    """Two-sided p value that sums of clusters (or weighted sums) are as likely to be above 0 as below.

    `differences` has one number for each cluster, of any scale, in any order: the same numbers give the same p value.
    """
    sizes = np.abs(differences)
    largest = float(sizes.max(initial=0.0))
    sizes = np.sort(sizes[sizes > _ROUNDING * largest])[::-1] if largest > 0 else sizes[:0]
    observed = abs(float(differences.sum()))
    if not len(sizes) or observed <= _ROUNDING * float(sizes.sum()):
        return SignFlip(1.0, "exact")
    counted = _counted(sizes, observed)
    if counted is not None:
        return SignFlip(counted, "exact")
    if len(sizes) <= _LISTED:
        return SignFlip(_listed(sizes, observed), "exact")
    return SignFlip(_drawn(sizes, observed), "drawn")


def _counted(sizes: Floats, observed: float) -> float | None:
    """By convolution of the binomials of equal sizes; None where sizes are no multiples of one step, or too many."""
    steps = _whole(sizes)
    if steps is None:
        return None
    values, counts = np.unique(steps, return_counts=True)
    total = int((values * counts).sum())
    if total * int(counts.sum()) > _MOST_STEPS and len(values) > 1:
        return None
    chances = np.ones(1)
    for value, count in zip(values.tolist(), counts.tolist(), strict=True):
        fair = _fair(count)
        if len(chances) == 1 and value == values[0]:
            spread = np.zeros(value * count + 1)
            spread[::value] = fair
            chances = spread
            continue
        longer = np.zeros(len(chances) + value * count)
        for wins, chance in enumerate(fair.tolist()):
            if chance > 0:
                longer[wins * value : wins * value + len(chances)] += chance * chances
        chances = longer
    scale = total / float(sizes.sum())
    least = (total + round(observed * scale)) // 2
    return min(1.0, 2.0 * float(chances[least:].sum()))


def _whole(sizes: Floats) -> NDArray[np.int64] | None:
    """The sizes as multiples of 1/k, for the smallest k that does, or of their smallest."""
    for unit in (1.0, float(sizes[-1])):
        for parts in range(1, _FINEST + 1):
            scaled = sizes / unit * parts
            near = np.rint(scaled)
            if float(np.abs(scaled - near).max()) <= 1e-6:
                return near.astype(np.int64)
    return None


@lru_cache(maxsize=64)
def _fair(count: int) -> Floats:
    """Chances of 0 to `count` heads of a fair coin."""
    ways = np.arange(1, count + 1)
    logs = np.concatenate([[0.0], np.cumsum(np.log((count - ways + 1) / ways))])
    return np.asarray(np.exp(logs - count * math.log(2.0)))


def _listed(sizes: Floats, observed: float) -> float:
    sums = np.zeros(1)
    for size in sizes:
        sums = np.concatenate([sums + size, sums - size])
    return float(np.mean(np.abs(sums) >= observed * (1.0 - _ROUNDING)))


def _drawn(sizes: Floats, observed: float) -> float:
    total = float(sizes.sum())
    eights = np.zeros((math.ceil(len(sizes) / 8), 8))
    eights.flat[: len(sizes)] = sizes
    sums = eights @ _BITS  # of every choice among each eight
    flipped = np.zeros(DRAWS)
    for of_eight, chosen in zip(sums, _signs(len(eights)), strict=False):
        flipped += of_eight[chosen]
    extreme = int((np.abs(2.0 * flipped - total) >= observed - _ROUNDING * total).sum())
    return (1 + extreme) / (1 + DRAWS)


_BITS = np.unpackbits(np.arange(256, dtype=np.uint8)[None, :], axis=0).astype(np.float64)
"""Every choice among eight, a column for each."""


def _signs(eights: int) -> NDArray[np.uint8]:
    """A choice among each eight clusters, a row for every eight and a column for every draw; more rows than asked for."""
    return _drawn_signs(64 * math.ceil(eights / 64))


@lru_cache(maxsize=2)
def _drawn_signs(rows: int) -> NDArray[np.uint8]:
    return np.random.default_rng(_SEED).integers(0, 256, (rows, DRAWS), dtype=np.uint8)
