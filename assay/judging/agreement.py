"""How far two raters agree: raw, and corrected for chance in two ways.

Raw agreement flatters where one verdict is common, and Cohen's kappa punishes for the same reason (its "prevalence
paradox"); Gwet's AC1 moves less with it. They stand side by side, with the prevalence that explains the gap.
Intervals, and panels of more than two, are left to other modules.
"""

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement of two raters over `n` items.

    `raw` is the share of items they rate alike, `kappa` Cohen's, `ac1` Gwet's, each at most 1. None where it is
    not defined: all of them at n = 0, kappa also where chance alone would make the raters agree always, that is
    where both gave one and the same rating to everything.
    """

    n: int
    raw: float | None
    kappa: float | None
    ac1: float | None


def agreement(one: Sequence[Hashable], other: Sequence[Hashable], categories: int = 2) -> Agreement:
    """Agreement of two raters who rated the same items in the same order.

    `categories` is how many ratings there could have been, seen or not (AC1 depends on it): 2 for verdicts; it is
    raised to the number seen. Leave out the items that either rater gave no rating. Raises ValueError if the
    lengths differ.
    """
    n = len(one)
    if n != len(other):
        raise ValueError(f"two raters of the same items are expected; one rated {n}, the other {len(other)}")
    if n == 0:
        return Agreement(0, None, None, None)
    raw = sum(a == b for a, b in zip(one, other, strict=True)) / n
    return Agreement(n, raw, _kappa(raw, one, other), _ac1(raw, one, other, categories))


def _kappa(raw: float, one: Sequence[Hashable], other: Sequence[Hashable]) -> float | None:
    """Cohen (1960): chance agreement is that of two raters who keep their own shares and rate at random."""
    mine, theirs = Counter(one), Counter(other)
    n = len(one)
    alike = sum(mine[rating] * theirs[rating] for rating in mine)
    if alike == n * n:
        return None
    chance = alike / (n * n)
    return (raw - chance) / (1 - chance)


def _ac1(raw: float, one: Sequence[Hashable], other: Sequence[Hashable], categories: int) -> float:
    """Gwet (2008), "Computing inter-rater reliability and its variance in the presence of high agreement"."""
    both = Counter(one) + Counter(other)
    shares = [times / (2 * len(one)) for times in both.values()]
    chance = sum(share * (1 - share) for share in shares) / (max(categories, len(shares), 2) - 1)
    return (raw - chance) / (1 - chance)


def prevalence(ratings: Sequence[Hashable], of: Hashable) -> float | None:
    """The share of `ratings` that are `of`; None if there are none."""
    return sum(rating == of for rating in ratings) / len(ratings) if ratings else None
