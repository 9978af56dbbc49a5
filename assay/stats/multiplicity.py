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
