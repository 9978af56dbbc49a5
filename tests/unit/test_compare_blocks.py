"""Two models whose blocks aren't the same: what is compared is what both were measured in, and of the same mix."""

from dataclasses import fields
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from assay.decision.compare import Measure, compare
from assay.records.sample import Attempts, Mix, Requests, Sample

OF_A_BLOCK = 20


def sample(cells: list[dict[int, float]]) -> Sample:
    """Of buckets that share the traffic evenly, each by its median latency in the blocks that it was measured in."""
    draw = np.random.default_rng(5)
    parts = [
        (bucket, block, ms) for bucket, blocks in enumerate(cells) for block, ms in sorted(blocks.items())
    ]
    bucket = np.repeat([bucket for bucket, _, _ in parts], OF_A_BLOCK)
    block = np.repeat([block for _, block, _ in parts], OF_A_BLOCK)
    e2e_ms = np.concatenate([ms * np.exp(0.05 * draw.normal(size=OF_A_BLOCK)) for _, _, ms in parts])
    n = len(block)
    weight: NDArray[np.float64] = (1.0 / len(cells) / np.bincount(bucket))[bucket]
    ok, nothing = np.ones(n, dtype=bool), np.zeros(n)
    made: dict[str, Any] = dict.fromkeys((field.name for field in fields(Requests)), np.full(n, np.nan))
    error = np.full(n, None, dtype=object)
    made |= {"weight": weight, "block": block, "ok": ok, "error": error, "e2e_ms": e2e_ms}
    attempts = Attempts(
        weight, weight, block, ok.astype(np.float64), ~ok, nothing, nothing, nothing, ok, np.arange(n)
    )
    mix = Mix(bucket, np.full(len(cells), 1.0 / len(cells))) if len(cells) > 1 else None
    return Sample(4, 0.95, Requests(**made), attempts, mix=mix)


def difference(a: Sample, b: Sample) -> tuple[float, bool]:
    (pair,) = compare(Measure("fastest"), ["a", "b"], {"a": a, "b": b}, pd.DataFrame(), {"x": 1.0}, 0.95)
    assert pair.difference is not None
    return pair.difference, pair.better is not None


def test_hours_of_which_the_other_one_has_nothing_are_left_out() -> None:
    """The service got slower after b went out: that makes a no slower than b."""
    went_on = sample([{block: 100.0 if block < 4 else 160.0 for block in range(8)}])
    went_out = sample([dict.fromkeys(range(4), 100.0)])
    found, told = difference(went_on, went_out)
    assert found == pytest.approx(0.0, abs=0.03)
    assert not told


def test_a_bucket_that_ended_early_changes_no_mix() -> None:
    """The short prompts of a were known after 4 blocks: it is as fast as b all the same."""
    ended = sample([dict.fromkeys(range(4), 100.0), dict.fromkeys(range(8), 1000.0)])
    whole = sample([dict.fromkeys(range(8), 100.0), dict.fromkeys(range(8), 1000.0)])
    assert list(ended.whole_blocks) == [0, 1, 2, 3]
    quantiles = [each.block_quantiles("e2e_ms", 0.6, True) for each in (ended, whole)]
    assert all(value > 900 for found in quantiles for value in found.values())
    assert quantiles[0].keys() < quantiles[1].keys()
