"""Many comparisons, one error rate."""

from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's adjusted p values (1979), in the order given.

    Rejecting those at or below alpha keeps the chance of any false rejection at or below alpha, whatever the
    dependence between the tests.
    """
    count = len(p_values)
    adjusted = [1.0] * count
    highest = 0.0
    for place, index in enumerate(sorted(range(count), key=lambda i: p_values[i])):
        highest = max(highest, min(1.0, (count - place) * p_values[index]))
        adjusted[index] = highest
    return adjusted


def weighted_holm(p_values: Sequence[float], weights: Sequence[float]) -> list[float]:
    """Holm's adjusted p values with weights (Holm 1979, section 4): a test of twice the weight is held to twice the level.

    Weights are positive, of any sum, and fixed before the p values are known; equal ones give `holm`. The chance of any
    false rejection stays at or below alpha, whatever the dependence between the tests.
    """
    adjusted = [1.0] * len(p_values)
    highest, left = 0.0, sum(weights)
    for index in sorted(range(len(p_values)), key=lambda i: p_values[i] / weights[i]):
        highest = max(highest, min(1.0, left / weights[index] * p_values[index]))
        adjusted[index] = highest
        left -= weights[index]
    return adjusted
