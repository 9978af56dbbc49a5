"""A cell ends where its intervals are as narrow as asked for, by the tables' own figures, and the error of it all holds."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from made_run import MadeModel, make_run

from assay.prices.snapshot import read as read_prices
from assay.records import sampled
from assay.records.measured import Measured
from assay.records.reading import read_records
from assay.records.settings import Named, prices_of
from assay.schedule.level import closed
from assay.stopping.enough import enough, half_width, sample_of
from assay.stopping.settings import LEAST_BLOCKS, CellWidths, Stop

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks import stopping


def widths(least: int = 10, **asked: str) -> CellWidths:
    return CellWidths(widths=asked, min_requests=least, confidence=0.95)


def rows(blocks: int, each: int = 50, spread: float = 0.1, failed: int = 0) -> list[dict[str, Any]]:
    draw = np.random.default_rng(3)
    made = []
    for block in range(blocks):
        for place in range(each):
            ok = place >= failed
            ms = 200 * float(np.exp(spread * draw.normal()))
            times = {"ttft_ms": ms / 2, "e2e_ms": ms, "tpot_ms": None}
            made.append({"block": block, "ok": ok, "error": None if ok else "throttling", **times})
    return made


def test_the_widths_are_those_of_the_tables(tmp_path: Path) -> None:
    run = make_run(tmp_path, {"swift": MadeModel(error_rate=0.05)}, levels=(4,), blocks=5, requests=80)
    records = read_records(run.records)
    named = [Named.model_validate(model) for model in run.models]
    table = Measured(records, prices_of(named, read_prices(run.prices)), {}).sample(
        "swift", closed(4), ["short"], 0.95
    )
    shown = {metric.name: metric.function(table) for metric in sampled.SAMPLED if metric.function}
    measured = records.loc[(records["role"] == "measured") & (records["bucket"] == "short")]
    own = sample_of(measured.astype(object).where(measured.notna(), None).to_dict("records"), 0.95)
    for name in ("ttft_p50", "e2e_p50", "e2e_p95", "ttft_p95"):
        column = name.replace("_p", "_ms_p")
        half = (shown[f"{column}_high"] - shown[f"{column}_low"]) / 2 / shown[column]  # type: ignore[operator]
        assert half_width(own, name) == pytest.approx(half)
    rate = (shown["error_rate_high"] - shown["error_rate_low"]) / 2  # type: ignore[operator]
    assert half_width(own, "error_rate") == pytest.approx(rate)


def test_every_width_has_to_be_reached_with_enough_requests_in_enough_blocks() -> None:
    known = rows(LEAST_BLOCKS)
    found = enough(known, widths(e2e_p50="10 %", error_rate="5 points"), 9)
    assert found is not None
    assert found.endswith(f"from {50 * LEAST_BLOCKS} requests in {LEAST_BLOCKS} of 9 blocks")
    assert "(10 % asked)" in found
    assert "(5 points asked)" in found
    assert enough(known, widths(e2e_p50="10 %", ttft_p50="0.1 %"), 9) is None
    assert enough(known, widths(50 * LEAST_BLOCKS + 1, e2e_p50="10 %"), 9) is None
    assert enough(rows(LEAST_BLOCKS - 1, 500), widths(e2e_p50="10 %"), 9) is None


def test_an_interval_that_is_not_there_is_never_narrow_enough() -> None:
    assert enough(rows(LEAST_BLOCKS, 20), widths(e2e_p99="90 %"), 9) is None
    assert enough(rows(LEAST_BLOCKS, failed=50), widths(e2e_p50="90 %"), 9) is None


def test_only_what_is_asked_for_ends_a_cell() -> None:
    assert Stop(accuracy="3 points", looks=2).cells(0.95) is None
    assert Stop(ttft_p95="5 %", error_rate="1 point").cells(0.9) == CellWidths(
        widths={"ttft_p95": "5 %", "error_rate": "1 point"}, min_requests=100, confidence=0.9
    )


def test_intervals_of_cells_that_ended_early_still_cover() -> None:
    """A seeded part of benchmarks/stopping.py: .95 is claimed, and 300 runs can be off by four hundredths."""
    found = pd.DataFrame(stopping.cells_part(300, kinds=((0.3, 0.1, 95, 0.2), (0.3, 0.1, 50, 0.12))))
    assert (found["covered"] >= 0.91).all()
    assert (found["requests_saved"] > 0.2).all()


def test_equal_models_get_a_winner_no_more_often_and_unequal_ones_as_often_for_less() -> None:
    """The same for looks at the decision, in 2,000 worlds of a kind."""
    kinds = [stopping.WORLDS[0], stopping.WORLDS[3], stopping.WORLDS[4], stopping.WORLDS[9]]
    equal, ties, planned, apart = stopping.looks_part(2000, kinds=kinds)
    assert equal["wrong_winner_looks"] <= 0.065
    assert ties["wrong_winner_looks"] <= 0.065
    assert planned["right_winner_looks"] >= planned["right_winner_fixed"] - 0.03
    assert planned["requests_saved"] > 0.2
    assert apart["dollars_saved"] > 0.5
    peeking = stopping.peeking_part(2000)
    assert peeking["false_winner_by_peeking"] > 0.2
    assert peeking["false_winner_by_looks"] <= 0.065


def test_the_code_that_is_shipped_names_and_saves_what_the_simulation_does() -> None:
    for objective in ("cheapest", "fastest"):
        draw = np.random.default_rng(5)
        gap = 3 * stopping.planned_difference(10)
        logs = (
            stopping.SPREAD * draw.normal(size=(2, 10, stopping.PROMPTS)) + gap * np.arange(2)[:, None, None]
        )
        winner, blocks = stopping.decided(logs, objective, 5)  # type: ignore[arg-type]
        assert winner == "m0"
        assert max(blocks.values()) < 10
        assert stopping.decided(logs, objective, 1) == ("m0", {"m0": 10, "m1": 10})  # type: ignore[arg-type]
