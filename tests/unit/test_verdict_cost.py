"""What verdicts cost: every reply that a row stands for, at the rates of a request of its size."""

from typing import Any

import pandas as pd
import pytest

from assay.prices.book import Price, Threshold
from assay.records.verdict_cost import verdict_cost_usd

PRICE = Price(1.0, 10.0, thresholds=(Threshold(1000, 2.0, 20.0),))


def row(tokens_in: float | None, tokens_out: float | None, **changed: Any) -> dict[str, Any]:
    plain = {"verdict": "correct", "repaired": False, "verdict_again": None}
    return {**plain, "input_tokens": tokens_in, "output_tokens": tokens_out, **changed}


def cost(*rows: dict[str, Any], price: Price = PRICE) -> float | None:
    found = verdict_cost_usd(pd.DataFrame(rows), price)
    return None if found is None else found * 1e6


def test_two_replies_are_not_one_large_request() -> None:
    one = 900 * 1.0 + 10 * 10.0
    assert cost(row(900, 10)) == pytest.approx(one)
    assert cost(row(1800, 20, verdict_again="correct")) == pytest.approx(2 * one)
    assert cost(row(1800, 20, repaired=True)) == pytest.approx(2 * one)
    assert cost(row(2700, 30, repaired=True, verdict_again="failed")) == pytest.approx(3 * one)
    assert cost(row(1800, 20)) == pytest.approx(1800 * 2.0 + 20 * 20.0), "one reply that is that large"


def test_without_thresholds_tokens_are_tokens() -> None:
    flat = Price(1.0, 10.0)
    assert cost(row(1801, 21, verdict_again="correct"), price=flat) == pytest.approx(1801 + 210)


def test_what_is_not_known_is_not_guessed() -> None:
    assert cost(row(None, None)) is None
    assert cost(row(None, None, verdict="failed")) == 0.0
    assert cost(row(100, 10), price=Price()) is None
