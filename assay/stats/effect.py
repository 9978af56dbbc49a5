"""How far two models are apart, as a test sees it: asked whether that is more, or less, than any margin.

A test of equality asks about a difference of 0 only. Whether one is not worse by more than a margin, or two differ by less
than one, takes one-sided tests at other places (Schuirmann 1987): `above` and `below` give their p values. All is on the
scale of the test: logarithms of ratios, plain differences of shares.

Leaves to others: where the estimate and its error come from (`ratios`, `paired`, `prediction_powered`), what follows
(`assay.decision.equivalence`).
"""

import math
from dataclasses import dataclass
from typing import Protocol

from assay.stats.distributions import normal_quantile, normal_upper, t_quantile, t_upper
from assay.stats.interval import Interval, tail


class Effect(Protocol):
    """An estimate with its doubt."""

    def above(self, shift: float) -> float:
        """One-sided p value of being at most `shift`: small where it surely is above."""

    def below(self, shift: float) -> float:
        """One-sided p value of being at least `shift`: small where it surely is below."""

    def interval(self, confidence: float) -> Interval:
        """Two-sided interval; its ends may be infinite."""


@dataclass(frozen=True, slots=True)
class Centred:
    """An estimate with a standard error: Student's t with `df` degrees of freedom, or the normal distribution.

    Where several estimates are as good (`centres`), every claim has to hold from each of them.
    """

    centres: tuple[float, ...]
    error: float
    df: float | None = None
    """None for the normal distribution."""

    def above(self, shift: float) -> float:
        """One-sided p value of being at most `shift`."""
        return max(self._upper(centre - shift) for centre in self.centres)

    def below(self, shift: float) -> float:
        """One-sided p value of being at least `shift`."""
        return max(self._upper(shift - centre) for centre in self.centres)

    def interval(self, confidence: float) -> Interval:
        """From the lowest of the estimates to the highest, and as far beyond as the error reaches."""
        if math.isinf(self.error):
            return Interval(-math.inf, math.inf)
        outside = 1.0 - tail(confidence)
        half = self.error * (normal_quantile(outside) if self.df is None else t_quantile(outside, self.df))
        return Interval(min(self.centres) - half, max(self.centres) + half)

    def _upper(self, distance: float) -> float:
        if self.error == 0.0:
            return 0.0 if distance > 0 else 1.0
        if math.isinf(self.error):
            return 1.0
        ratio = distance / self.error
        return normal_upper(ratio) if self.df is None else t_upper(ratio, self.df)
