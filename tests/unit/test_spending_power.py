"""The smallest differences that a plan tells: found in four of five simulated worlds, by the decision's own tests."""

import math
from statistics import NormalDist
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from assay.spending.power import BETWEEN, Buys, accuracy_points, latency_percent, power
from assay.stats.paired import blocked_quantile_ratio, compared, quantile_ratio
from assay.stats.quantiles import Sorted

WORLDS = 600
FOUND = (0.74, 0.88)
"""Around the 80 % that are stated: three standard errors of so many worlds, and that the formulas are of large samples."""


def told(p_values: list[float], alpha: float) -> float:
    return sum(p <= alpha for p in p_values) / len(p_values)


@pytest.mark.parametrize(("documents", "discordant", "alpha"), [(80, 0.19, 0.05), (300, 0.1, 0.05 / 3)])
def test_the_stated_difference_in_accuracy_is_found_in_four_of_five_worlds(
    documents: int, discordant: float, alpha: float
) -> None:
    points = accuracy_points(documents, discordant, alpha)
    assert points is not None
    difference = points / 100
    draw = np.random.default_rng(7)
    p_values = []
    for _ in range(WORLDS):
        # Of the discordant prompts, so many more are won by one model that the difference is the stated one.
        kind = draw.random(documents)
        wins, losses = (discordant + difference) / 2, (discordant - difference) / 2
        a = np.where(kind < wins, 1.0, np.where(kind < wins + losses, 0.0, 1.0))
        b = np.where(kind < wins, 0.0, 1.0)
        found = compared(a, b, np.arange(documents), 1 - alpha)
        assert found is not None
        p_values.append(found.difference.p)
    assert FOUND[0] <= told(p_values, alpha) <= FOUND[1] + 0.04


@pytest.mark.parametrize(("p", "requests", "sigma"), [(0.5, 120, 0.4), (0.5, 400, 0.25), (0.95, 1000, 0.4)])
def test_the_stated_difference_in_latency_is_found_in_four_of_five_worlds(
    p: float, requests: int, sigma: float
) -> None:
    alpha = 0.05
    percent = latency_percent(p, requests, sigma, alpha)
    assert percent is not None
    draw = np.random.default_rng(11)
    p_values = []
    for _ in range(WORLDS):
        quick = Sorted.of(draw.lognormal(0.0, sigma, requests))
        slow = Sorted.of(draw.lognormal(math.log1p(percent / 100), sigma, requests))
        found = quantile_ratio(slow, quick, p, 1 - alpha)
        assert found is not None
        p_values.append(found.p)
    assert FOUND[0] <= told(p_values, alpha) <= FOUND[1]


def test_with_blocks_the_stated_difference_is_that_of_the_decisions_blocked_test() -> None:
    alpha, blocks, requests, sigma = 0.05, 5, 200, 0.4
    percent = latency_percent(0.5, requests, sigma, alpha, blocks)
    assert percent is not None
    draw = np.random.default_rng(13)
    p_values = []
    for _ in range(WORLDS):
        quick = draw.lognormal(0.0, sigma, (blocks, requests // blocks))
        slow = draw.lognormal(math.log1p(percent / 100), sigma, (blocks, requests // blocks))
        pooled = [float(np.median(each)) for each in (slow, quick)]
        found = blocked_quantile_ratio(
            pooled[0], pooled[1], np.median(slow, axis=1), np.median(quick, axis=1), 1 - alpha
        )
        assert found is not None
        p_values.append(found.p)
    assert FOUND[0] - 0.04 <= told(p_values, alpha) <= FOUND[1]


def test_more_tells_smaller_differences_and_blocks_cost_some_power() -> None:
    once, twice = (latency_percent(0.5, n, 0.4, 0.05) for n in (100, 200))
    in_blocks = latency_percent(0.5, 100, 0.4, 0.05, 5)
    assert once is not None and twice is not None and in_blocks is not None
    assert twice < once < in_blocks
    small, large = (accuracy_points(n, 0.19, 0.05) for n in (50, 200))
    assert small is not None and large is not None
    assert large < small
    assert accuracy_points(4, 0.19, 0.05) == 100.0
    assert accuracy_points(1, 0.19, 0.05) is None


def bought(
    traffic: dict[str, float] | None, apart: float, blocks: int = 1, between: float | None = None
) -> Buys:
    """What 100 requests in each of two buckets buy, whose median latencies lie `apart` (as logarithms) and whose spread is .3.

    With `between`, the ledger holds blocks that move each model's latency by plus or minus that.
    """
    logs = [0.3 * NormalDist().inv_cdf((place + 0.5) / 200) for place in range(200)]
    moved = {0: (0.0, 0.0)} if between is None else {0: (between, 0.0), 1: (-between, 0.0), 2: (0.0, 0.0)}
    lines: list[Any] = [
        SimpleNamespace(
            seen=SimpleNamespace(
                logs={
                    ("c4", bucket, block): [log + by[model] + at for log in logs]
                    for block, by in moved.items()
                    for bucket, at in (("short", 0.0), ("long", apart))
                }
            )
        )
        for model in range(2)
    ]
    prompts = {
        bucket: [SimpleNamespace(source=f"{bucket}{n}") for n in range(100)] for bucket in ("short", "long")
    }
    facts: Any = SimpleNamespace(prompts=prompts)
    settings: Any = SimpleNamespace(
        objective_shares={"short": 0.5, "long": 0.5} if traffic is None else traffic,
        confidence=0.95,
        level_of_interest="c4",
        load=SimpleNamespace(requests=100, duration_s=None, blocks=blocks),
    )
    return power(settings, facts, {"a": lines[0], "b": lines[1]}, None)


def test_buckets_of_different_latency_make_a_difference_in_the_mix_harder_to_tell() -> None:
    alike, apart = bought(None, 0.0), bought(None, 0.8)
    assert alike.p50_percent == pytest.approx(latency_percent(0.5, 200, 0.3, 0.05), rel=0.01)
    assert apart.p50_percent == pytest.approx(latency_percent(0.5, 200, 0.5, 0.05), rel=0.01)


def test_the_power_is_that_of_the_mix_that_models_are_compared_on() -> None:
    assert bought({"long": 1.0}, 0.8).requests == pytest.approx(100)
    uneven = bought({"short": 0.9, "long": 0.1}, 0.0)
    assert uneven.requests == pytest.approx(100 / (0.9**2 + 0.1**2))
    assert uneven.prompts == uneven.requests


def test_what_blocks_add_is_taken_for_granted_until_it_was_seen() -> None:
    words = "blocks add a standard deviation of 0.05 to it"
    unseen, one = bought(None, 0.0, blocks=5), bought(None, 0.0)
    assert words in unseen.assumed
    assert words not in one.assumed
    assert unseen.p50_percent == pytest.approx(latency_percent(0.5, 200, 0.3, 0.05, 5, BETWEEN), rel=0.01)
    seen = bought(None, 0.0, blocks=5, between=0.2)
    assert words not in seen.assumed
    # The first model moves by .2, 0 and -.2, the other not at all: by half the variance of the difference, .04 / 2 each.
    expected = latency_percent(0.5, 200, math.hypot(0.3, math.sqrt(2 / 3) * 0.1), 0.05, 5, math.sqrt(0.02))
    assert seen.p50_percent == pytest.approx(expected, rel=0.05)


def test_where_blocks_differ_the_stated_difference_is_found_in_four_of_five_worlds() -> None:
    alpha, blocks, requests, sigma, between = 0.05, 5, 200, 0.4, 0.1
    percent = latency_percent(0.5, requests, sigma, alpha, blocks, between)
    assert percent is not None
    draw = np.random.default_rng(17)
    p_values = []
    for _ in range(WORLDS):
        each = (blocks, requests // blocks)
        quick = draw.lognormal(0.0, sigma, each) * draw.lognormal(0.0, between, (blocks, 1))
        slow = draw.lognormal(math.log1p(percent / 100), sigma, each) * draw.lognormal(
            0.0, between, (blocks, 1)
        )
        found = blocked_quantile_ratio(
            float(np.median(slow)),
            float(np.median(quick)),
            np.median(slow, 1),
            np.median(quick, 1),
            1 - alpha,
        )
        assert found is not None
        p_values.append(found.p)
    assert FOUND[0] <= told(p_values, alpha) <= FOUND[1]
