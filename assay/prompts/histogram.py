"""How many prompts there are of each length, for people who choose buckets."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_WIDTH = 40


@dataclass(frozen=True)
class Bin:
    """Rows with min <= tokens < max."""

    min: int
    max: int
    rows: int


def histogram(tokens: Sequence[int], edges: Iterable[int]) -> list[Bin]:
    """Bins between `edges` and 1, 2, 5, 10, 20, 50, ... from the shortest to the longest length."""
    if not tokens:
        return []
    least, most = min(tokens), max(tokens)
    steps = {digit * 10**power for power in range(len(str(most)) + 1) for digit in (1, 2, 5)}
    all_edges = sorted({0, *edges, *steps})
    first = bisect_right(all_edges, least) - 1
    last = bisect_right(all_edges, most)
    kept = all_edges[first : last + 1]
    counts = [0] * (len(kept) - 1)
    for value in tokens:
        counts[bisect_right(kept, value) - 1] += 1
    return [Bin(low, high, rows) for low, high, rows in zip(kept, kept[1:], counts, strict=False)]


def histogram_text(bins: Sequence[Bin]) -> str:
    """One line for each bin: its range, its rows, and a bar."""
    if not bins:
        return "  (no rows)"
    most = max(each.rows for each in bins)
    wide = len(str(bins[-1].max))
    return "\n".join(
        f"  {each.min:>{wide}} to {each.max:>{wide}}  {each.rows:>6} rows  {_bar(each.rows, most)}".rstrip()
        for each in bins
    )


def _bar(rows: int, most: int) -> str:
    return "#" * (0 if rows == 0 else max(1, round(_WIDTH * rows / most)))
