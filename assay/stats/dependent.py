"""The sum of several estimates from the same documents: how sure it is, when the parts hang together somehow.

The variance of a sum is the sum of its parts' variances and covariances. Each part comes with an error of its own, from the
method that suits it: the jackknife, the spread between blocks, order statistics. How parts go together is read from the
documents that they share: each document moved each part by some amount (its influence; Hampel 1974), and over documents,
which are independent, the correlation of two parts is that of these amounts (Huber, Robust Statistics, 1981, chapter 3;
Woodruff 1971 for ratios). So with c_i the weights,

    V = sum over i, j of c_i c_j rho_ij error_i error_j

in place of the largest that V can be, (sum of |c_i| error_i)^2, which is what counts wherever nothing is known.

Leaves to others: what documents moved (`assay.decision.weighted`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from assay.stats.effect import Centred

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

LEAST_DOCUMENTS = 12
"""Fewer than these that two parts share say too little of how they go together: of 11, a correlation of 0 comes out anywhere
between -.6 and .6."""


@dataclass(frozen=True, slots=True)
class Moved:
    """By how much each document moved an estimate. Arrays of one length for all parts of a sum."""

    amount: Floats
    """Sums to 0. 0 where the estimate has no case of the document. In the unit of the estimate if `whole`, else in any."""
    present: Flags
    """Whether the estimate has a case of the document."""
    whole: bool
    """Whether documents are all that the estimate's own error is made of. Else it holds something else too, as the
    spread between blocks."""


@dataclass(frozen=True, slots=True)
class Part:
    """One term of a sum."""

    weight: float
    """May be negative."""
    effect: Centred
    moved: Moved | None
    """None where it isn't known: then it may go together with the other parts in any way."""


def dependent_sum(parts: Sequence[Part]) -> Centred:
    """The sum of weight x effect, with its error and degrees of freedom.

    **What a pair of terms adds to V.** Where they share fewer than `LEAST_DOCUMENTS`, or it isn't known what moved one of
    them, the most that it can. Where documents move both terms the same way, rho as documents have it. Where they move them
    in opposite ways that makes V smaller, and it is believed only of two parts that are `whole`, and only as far as the
    covariance of what documents did to both goes. An error that holds more than documents (the spread between blocks, of
    which documents know nothing) would by a negative rho take more off V than the documents' part of it has to do with
    the other term; so rho is 0 there. With a positive rho the same only makes V too large. Whatever is estimated here,
    V is thus never less than it would be with the true covariances, but for chance.

    **Degrees of freedom** by Satterthwaite (1946): V^2 over the sum of q_i^2 / df_i, where q_i is what part i adds to V, and
    half of what it adds with each other part. That is for errors that don't depend on each other. Those of `whole` parts
    come from the same documents, and are counted as one (the standard deviation of a sum is at most the sum of standard
    deviations): three parts from G documents have G - 1 degrees of freedom, not 3 (G - 1). So are all, where a part's moves
    aren't known. Never fewer than the fewest of a part.
    """
    centres = {
        sum(part.weight * centre for part, centre in zip(parts, chosen, strict=True))
        for chosen in product(*(part.effect.centres for part in parts))
    }
    sizes = [abs(part.weight) * part.effect.error for part in parts]
    if not all(math.isfinite(size) for size in sizes):
        return Centred(tuple(sorted(centres)), math.inf, _fewest(parts))
    added = np.diag(np.square(np.array(sizes, dtype=np.float64)))
    for i in range(len(parts)):
        for j in range(i):
            added[i, j] = added[j, i] = _covariance(parts[i], parts[j], sizes[i] * sizes[j])
    variance = max(0.0, float(added.sum()))
    return Centred(tuple(sorted(centres)), math.sqrt(variance), _df(parts, added.sum(axis=1), variance))


def _covariance(a: Part, b: Part, most: float) -> float:
    """What is taken for the covariance of two terms, of which `most` is the largest that it can be."""
    if a.moved is None or b.moved is None:
        return most
    if int((a.moved.present & b.moved.present).sum()) < LEAST_DOCUMENTS:
        return most
    first, second = a.weight * a.moved.amount, b.weight * b.moved.amount
    spread = math.sqrt(float(np.square(first).sum()) * float(np.square(second).sum()))
    if spread == 0.0:
        # One that no document moved goes together with nothing; its error is about what wasn't seen.
        return 0.0
    together = float((first * second).sum())
    rho = max(-1.0, min(1.0, together / spread))
    if rho >= 0.0:
        return rho * most
    if not (a.moved.whole and b.moved.whole):
        return 0.0
    groups = int((a.moved.present | b.moved.present).sum())
    return max(rho * most, together * groups / (groups - 1))


def _fewest(parts: Sequence[Part]) -> float | None:
    known = [part.effect.df for part in parts if part.effect.df is not None]
    return min(known) if known else None


def _df(parts: Sequence[Part], added: Floats, variance: float) -> float | None:
    """Degrees of freedom of the sum's variance; None for the normal distribution."""
    fewest = _fewest(parts)
    if fewest is None or variance == 0.0:
        return fewest
    unknown = any(part.moved is None for part in parts)
    together, apart = 0.0, 0.0
    for part, share in zip(parts, added, strict=True):
        if part.effect.df is None:
            continue
        doubt = abs(float(share)) / math.sqrt(part.effect.df)
        if unknown or (part.moved is not None and part.moved.whole):
            together += doubt
        else:
            apart += doubt * doubt
    pieces = together * together + apart
    return max(fewest, variance * variance / pieces) if pieces > 0.0 else None
