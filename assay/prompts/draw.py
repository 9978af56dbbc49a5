"""Draws each bucket's prompts from the rows that fit it.

The order of the draw depends on the seed and on each row's own name, never on the other rows or on n: a larger n
keeps what was drawn before, in its positions, so that what was paid for stays of use.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from assay.errors import InputError
from assay.prompts.histogram import histogram, histogram_text
from assay.prompts.measure import Measured
from assay.prompts.settings import Bucket


@dataclass(frozen=True)
class Drawn:
    """A bucket's rows, in the order they were drawn, and how many there were to draw from."""

    bucket: Bucket
    available: int
    rows: list[Measured]


def draw(rows: Sequence[Measured], buckets: Sequence[Bucket], seed: int) -> tuple[list[Drawn], list[str]]:
    """Each bucket's rows, and warnings about what fell short.

    A row fits a bucket if min <= tokens < max; a row made to fill one bucket fits that one only. Of rows that
    make the same prompt the first one counts.

    Raises InputError, with the histogram of lengths, if a bucket has no row at all.
    """
    distinct: dict[bytes, Measured] = {}
    for row in rows:
        distinct.setdefault(row.sha256, row)
    warnings = []
    if repeated := len(rows) - len(distinct):
        warnings.append(
            f"{repeated} of {len(rows)} rows make the same prompt as another row and were left out"
        )
    ordered = sorted(distinct.values(), key=lambda row: _turn(row, seed))
    drawn = []
    for bucket in buckets:
        fitting = [row for row in ordered if _fits(row, bucket)]
        drawn.append(Drawn(bucket, len(fitting), fitting[: bucket.n]))
        if 0 < len(fitting) < bucket.n:
            warnings.append(f"bucket {bucket.name} has {len(fitting)} rows of the {bucket.n} asked")
    if empty := [each.bucket for each in drawn if not each.rows]:
        raise InputError(_nothing_fits(empty, [row.tokens for row in distinct.values()], buckets))
    return drawn, warnings


def _fits(row: Measured, bucket: Bucket) -> bool:
    mine = row.place is None or (row.place.min, row.place.max) == (bucket.min, bucket.max)
    return mine and bucket.min <= row.tokens < bucket.max


def _turn(row: Measured, seed: int) -> tuple[int, bytes]:
    if row.place is not None:
        return row.place.index, b""
    return 0, hashlib.sha256(f"{seed}\0{row.dataset}\0{row.id}".encode()).digest()


def _nothing_fits(empty: Sequence[Bucket], tokens: Sequence[int], buckets: Sequence[Bucket]) -> str:
    which = ", ".join(f"{bucket.name} [{bucket.min}, {bucket.max})" for bucket in empty)
    edges = {edge for bucket in buckets for edge in (bucket.min, bucket.max)}
    return (
        f"buckets: no prompt fits {which}. Tokens of the {len(tokens)} formatted prompts that there are:\n"
        f"{histogram_text(histogram(tokens, edges))}\n"
        "Change min and max of the bucket, take it away, or use data with documents of that length."
    )
