"""What an answer costs that is correct, and one that is correct within the limits; what a month of the traffic costs."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from made_run import MadeModel, MadeRun, _answers, _verdicts, make_run
from numpy.typing import NDArray

from assay.decision.settings import Limits
from assay.records.aggregate import aggregate
from assay.records.sample import Attempts, Requests, Sample, Successes
from assay.records.settings import Aggregation
from assay.records.success import cost_per_success, cost_per_success_interval
from assay.stats.interval import Interval
from assay.stats.mover import ratio_interval

Floats = NDArray[np.float64]
Row = dict[str, Any]

USD_PER_TOKEN = 1e-6


def tables(run: MadeRun, interest: Any = "short", **other: Any) -> dict[str, list[Row]]:
    settings = {"dataset_of_interest": interest, "models": run.models, "judges": run.judges, "concurrency": 1}
    return aggregate(Aggregation.model_validate(settings | other), **run.inputs())


def rewrite(path: Path, change: Callable[[list[Row]], list[Row]]) -> None:
    table = pq.read_table(path)
    pq.write_table(pa.Table.from_pylist(change(table.to_pylist()), schema=table.schema), path)


def one_cell(folder: Path, rows: list[Row], **made: Any) -> MadeRun:
    """A run of one cell whose measured requests are `rows`: changes to records; the first four prompts are two documents."""
    run = make_run(
        folder,
        {"swift": MadeModel(**made)},
        buckets=("short",),
        levels=(1,),
        requests=len(rows),
        prompts=len(rows),
    )

    def change(old: list[Row]) -> list[Row]:
        measured = [row for row in old if row["role"] == "measured"]
        return [row | changed for row, changed in zip(measured, rows, strict=True)]

    rewrite(run.records[0], change)
    return run


def request(text: str | None, tokens: int | None, e2e_ms: float = 100.0, **other: Any) -> Row:
    """An answered request, or with no text one that failed."""
    return {
        "ok": text is not None,
        "text": text,
        "error": None if text is not None else "stream_cut",
        "input_tokens": tokens,
        "output_tokens": 0 if tokens is not None else None,
        "e2e_ms": e2e_ms,
        "ttft_ms": e2e_ms / 2 if text is not None else None,
        "tpot_ms": None,
        **other,
    }


# Answers are known by prompt and text, so the answers and verdicts of the made run, whose texts are right and wrong, hold.
BY_HAND = [
    request("right", 1000),
    request("right", 3000, e2e_ms=900.0),
    request("wrong", 2000),
    request(None, 500),
    request(None, None),
]


@pytest.fixture
def by_hand(tmp_path: Path) -> MadeRun:
    """2 right, 1 wrong, 1 that broke off and told 500 tokens, 1 that told none."""
    run = one_cell(tmp_path, BY_HAND, accuracy=1.0)
    known(run, [(row["text"], place) for place, row in enumerate(BY_HAND) if row["text"]])
    return run


def known(run: MadeRun, given: list[tuple[str, int]]) -> None:
    """Write answers and verdicts for these texts and prompts, as the score and judge stages would."""
    prompts = pq.read_table(run.prompts).to_pylist()
    rows = [
        {
            "ok": True,
            "role": "measured",
            "prompt_id": prompts[place]["prompt_id"],
            "bucket": "short",
            "text": text,
        }
        for text, place in given
    ]
    answers = _answers(rows, "swift", prompts)
    rewrite(run.answers[0], lambda _: answers)
    for path in run.verdicts:
        rewrite(path, lambda _, judge=path.stem: _verdicts(answers, "swift", judge))


def test_a_correct_answer_costs_all_that_was_paid_over_how_many_are_correct(by_hand: MadeRun) -> None:
    (cell,) = tables(by_hand, latency_limits={"e2e_ms": 500.0})["cells"]
    paid = (1000 + 3000 + 2000 + 500) * USD_PER_TOKEN
    assert cell["cost_usd"] == pytest.approx(paid)
    assert cell["cost_usd_per_10k_correct_answers"] == pytest.approx(paid / 2 * 10_000)
    assert cell["cost_usd_per_10k_correct_answers_within_limits"] == pytest.approx(paid / 1 * 10_000)
    # A transaction is an answered request, right or wrong.
    assert cell["cost_usd_per_10k_transactions"] == pytest.approx(6000 / 3 * USD_PER_TOKEN * 10_000)
    assert (cell["correct_share"], cell["goodput_share"]) == (pytest.approx(0.4), pytest.approx(0.2))
    assert cell["n_cost_unknown"] == 1
    for name in ("cost_usd_per_10k_correct_answers", "correct_share", "goodput_share"):
        assert cell[f"{name}_low"] < cell[name] < cell[f"{name}_high"]


def test_a_retried_requests_first_try_is_paid_for_too(by_hand: MadeRun) -> None:
    def tried_before(rows: list[Row]) -> list[Row]:
        first = rows[0] | {
            "role": "superseded",
            "ok": False,
            "text": None,
            "error": "stream_cut",
            "input_tokens": 700,
        }
        return [first, *rows]

    rewrite(by_hand.records[0], tried_before)
    (cell,) = tables(by_hand)["cells"]
    assert cell["cost_usd_per_10k_correct_answers"] == pytest.approx(7200 * USD_PER_TOKEN / 2 * 10_000)
    assert cell["n"] == 5


def test_an_answer_without_a_verdict_is_not_correct(by_hand: MadeRun) -> None:
    for path in by_hand.verdicts:
        rewrite(
            path, lambda rows: [row | {"verdict": "unparseable"} if row is rows[0] else row for row in rows]
        )
    (cell,) = tables(by_hand)["cells"]
    assert cell["cost_usd_per_10k_correct_answers"] == pytest.approx(6500 * USD_PER_TOKEN / 1 * 10_000)


def test_answers_that_no_judge_was_asked_about_say_nothing_of_what_is_correct(by_hand: MadeRun) -> None:
    for path in by_hand.verdicts:
        rewrite(
            path, lambda rows: [row | {"verdict": "not_asked"} if row is rows[0] else row for row in rows]
        )
    (cell,) = tables(by_hand)["cells"]
    # Of four requests of which it is known, one is correct; dollars are those of all five.
    assert cell["correct_share"] == pytest.approx(1 / 4)
    assert cell["cost_usd_per_10k_correct_answers"] == pytest.approx(6500 * USD_PER_TOKEN / (5 / 4) * 10_000)
    assert cell["correct_share_low"] < 1 / 4 < cell["correct_share_high"]


def test_in_a_mix_each_bucket_keeps_its_share_where_judges_were_asked_about_some(tmp_path: Path) -> None:
    run = make_run(tmp_path, {"swift": MadeModel(accuracy=0.5)}, levels=(1,), requests=20)
    cells = {cell["bucket"]: cell for cell in tables(run)["cells"]}
    mixed = {"short": 1, "long": 3}
    (whole,) = tables(run, interest=mixed)["models"]
    assert whole["correct_share"] == pytest.approx(
        0.25 * cells["short"]["correct_share"] + 0.75 * cells["long"]["correct_share"]
    )

    def fewer(rows: list[Row]) -> list[Row]:
        skipped = [row for row in rows if row["prompt_id"].startswith("long")][::2]
        return [row | {"verdict": "not_asked"} if row in skipped else row for row in rows]

    for path in run.verdicts:
        rewrite(path, fewer)
    cells = {cell["bucket"]: cell for cell in tables(run)["cells"]}
    (some,) = tables(run, interest=mixed)["models"]
    assert some["correct_share"] == pytest.approx(
        0.25 * cells["short"]["correct_share"] + 0.75 * cells["long"]["correct_share"]
    )


def test_in_an_open_loop_a_request_is_held_against_the_limits_from_when_it_was_due(tmp_path: Path) -> None:
    rows = [
        request("right", 10, e2e_from_intended_ms=wait, ttft_from_intended_ms=wait) for wait in (100.0, 600.0)
    ]
    run = one_cell(tmp_path, rows, accuracy=1.0)
    as_open = {
        "load": "r2.5",
        "concurrency": None,
        "rate_rps": 2.5,
        "arrivals": "constant",
        "dispatched_ns": 0,
    }
    there = run.records[0].parent.parent / "r2.5"
    run.records[0].parent.rename(there)
    made = replace(run, records=[there / "b1.parquet"], statuses=[there / "b1.json"])
    rewrite(made.records[0], lambda old: [row | as_open for row in old])
    (cell,) = tables(made, concurrency=None, rate_rps=2.5, latency_limits={"e2e_ms": 500.0})["cells"]
    assert cell["goodput_share"] == pytest.approx(1 / 2)


def test_without_judges_the_datasets_own_metric_takes_the_verdicts_place(by_hand: MadeRun) -> None:
    rewrite(by_hand.answers[0], lambda rows: [row | {"score": 0.5} for row in rows])
    settings = {"dataset_of_interest": "short", "models": by_hand.models, "concurrency": 1}
    inputs = by_hand.inputs() | {"verdicts": []}
    (cell,) = aggregate(Aggregation.model_validate(settings), **inputs)["cells"]
    assert cell["cost_usd_per_10k_correct_answers"] == pytest.approx(6500 * USD_PER_TOKEN / 1.5 * 10_000)


def test_what_is_unknown_is_null_and_so_is_what_there_is_nothing_of(tmp_path: Path) -> None:
    unpriced = one_cell(tmp_path / "unpriced", [request("right", 10)] * 4, accuracy=1.0, usd_per_million=None)
    (cell,) = tables(unpriced)["cells"]
    assert cell["cost_usd_per_10k_correct_answers"] is None
    wrong = one_cell(tmp_path / "wrong", [request("wrong", 10)] * 4, accuracy=0.0)
    (cell,) = tables(wrong, latency_limits={"e2e_ms": 500.0})["cells"]
    assert cell["cost_usd_per_10k_correct_answers"] is None
    assert cell["correct_share"] == cell["goodput_share"] == 0.0
    right = one_cell(tmp_path / "right", [request("right", 10)] * 4, accuracy=1.0)
    (cell,) = tables(right)["cells"]
    assert cell["goodput_share"] is None, "no limit on a latency: nothing is within them"
    assert cell["cost_usd_per_10k_correct_answers_within_limits"] is None


@pytest.mark.parametrize(
    ("limits", "within"),
    [
        ({"ttft_ms": 450.0}, 3),
        ({"ttft_ms": 449.0}, 2),
        ({"e2e_ms": 900.0, "tpot_ms": 1.0}, 3),  # too short for a time per output token: not broken
        ({"e2e_ms": 900.0, "ttft_ms": 60.0}, 2),
    ],
)
def test_each_request_is_held_against_every_limit_by_itself(
    tmp_path: Path, limits: dict[str, float], within: int
) -> None:
    rows = [
        request("right", 10),
        request("right", 10, e2e_ms=900.0),
        request("right", 10),
        request(None, None),
    ]
    (cell,) = tables(one_cell(tmp_path, rows, accuracy=1.0), latency_limits=limits)["cells"]
    assert cell["goodput_share"] == pytest.approx(within / 4)


def test_the_strictest_percentile_of_each_latency_holds_for_every_request() -> None:
    limits = Limits.model_validate(
        {
            "ttft_ms_p50": {"max": 300},
            "ttft_ms_p95": {"max": 900},
            "e2e_ms_p99": {"max": 4000},
            "tpot_ms_p95": {"max": 20},
            "error_rate": {"max": 0.1},
            "accuracy": {"min": 0.9},
        }
    )
    assert limits.on_each_request == {"ttft_ms": 300, "e2e_ms": 4000, "tpot_ms": 20}


def test_provisioned_throughput_spreads_its_hour_over_the_correct_answers(tmp_path: Path) -> None:
    run = make_run(
        tmp_path, {"owned": MadeModel(usd_per_hour=36.0, accuracy=0.6, error_rate=0.1)}, levels=(1,)
    )
    cell = tables(run)["cells"][0]
    per_answer = cell["cost_usd_per_10k_transactions"]
    answered = cell["n_ok"] / cell["n"]
    assert cell["cost_usd_per_10k_correct_answers"] == pytest.approx(
        per_answer * answered / cell["correct_share"]
    )
    assert (
        cell["cost_usd_per_10k_correct_answers_low"]
        < cell["cost_usd_per_10k_correct_answers"]
        < cell["cost_usd_per_10k_correct_answers_high"]
    )


def drawn(draw: np.random.Generator, documents: int, accuracy: float) -> tuple[Floats, Floats, Floats]:
    """Dollars and correctness of three prompts of each document, and which document: documents differ in both."""
    level = draw.normal(size=documents)
    clusters = np.repeat(np.arange(documents), 3)
    usd = np.exp(0.4 * np.repeat(level, 3) + 0.2 * draw.normal(size=len(clusters)))
    # Long documents are dearer, and harder.
    chance = np.clip(draw.beta(6 * accuracy, 6 * (1 - accuracy), documents), 0, 1)
    right = (draw.random(len(clusters)) < np.repeat(chance * np.where(level > 1, 0.8, 1.0), 3)).astype(
        np.float64
    )
    return usd, right, clusters


def sample(usd: Floats, right: Floats, clusters: Floats) -> Sample:
    n = len(usd)
    weight, nothing, true = np.full(n, 1.0 / n), np.full(n, np.nan), np.ones(n, bool)
    requests: dict[str, Any] = dict.fromkeys(Requests.__dataclass_fields__, nothing) | {
        "weight": weight,
        "block": np.zeros(n, np.int64),
        "ok": true,
        "error": np.full(n, None, dtype=object),
    }
    attempts = Attempts(
        weight,
        weight,
        np.zeros(n, np.int64),
        np.ones(n),
        ~true,
        nothing,
        nothing,
        usd,
        true,
        clusters.astype(int),
    )
    made = Successes(weight, weight, right, None, clusters.astype(int))
    return Sample(1, 0.95, Requests(**requests), attempts, successes=made)


@pytest.mark.parametrize("documents", [10, 20, 60])
@pytest.mark.parametrize("accuracy", [0.3, 0.7, 0.95])
def test_the_interval_covers_what_a_correct_answer_costs_as_often_as_it_claims(
    documents: int, accuracy: float
) -> None:
    runs = 2000
    draw = np.random.default_rng(11)
    usd, right, _ = drawn(np.random.default_rng(12), 200_000, accuracy)
    truth = usd.mean() / right.mean()
    covered = []
    for _ in range(runs):
        made = sample(*drawn(draw, documents, accuracy))
        bounds = cost_per_success_interval(made, within=False)
        covered.append(bounds is None or bounds.low <= truth <= bounds.high)
    assert np.mean(covered) >= 0.95 - 3 * math.sqrt(0.95 * 0.05 / runs)


def test_where_every_answer_was_right_the_interval_still_has_a_width() -> None:
    made = sample(np.ones(30), np.ones(30), np.repeat(np.arange(10), 3))
    bounds = cost_per_success_interval(made, within=False)
    assert cost_per_success(made, within=False) == 1.0
    assert bounds is not None and bounds.low == 1.0 and bounds.high > 1.2


def test_of_symmetric_intervals_the_ratios_is_fiellers() -> None:
    above, below, half_above, half_below, r = 6.0, 4.0, 1.5, 1.0, 0.3
    found = ratio_interval(
        above,
        Interval(above - half_above, above + half_above),
        below,
        Interval(below - half_below, below + half_below),
        r,
    )
    for end in (found.low, found.high):
        far = (above - end * below) ** 2
        assert far == pytest.approx(
            half_above**2 + (end * half_below) ** 2 - 2 * r * end * half_above * half_below
        )
    assert found.low < 1.5 < found.high
    assert ratio_interval(6.0, Interval(5.0, 7.0), 4.0, Interval(0.0, 9.0)).high == math.inf


def test_a_month_is_the_mix_of_the_traffic_times_its_transactions(tmp_path: Path) -> None:
    run = make_run(tmp_path, {"swift": MadeModel(output_tokens=20)}, levels=(1,), requests=20)
    traffic = {"buckets": {"short": 3, "long": 1}, "transactions_per_month": 1e6}
    (row,) = tables(run, traffic=traffic)["models"]
    cells = {cell["bucket"]: cell["cost_usd_per_10k_transactions"] / 10_000 for cell in tables(run)["cells"]}
    expected = 1e6 * (0.75 * cells["short"] + 0.25 * cells["long"])
    assert row["cost_usd_per_month"] == pytest.approx(expected)
    assert row["cost_usd_per_month_low"] < expected < row["cost_usd_per_month_high"]
    assert row["cost_usd_per_month_note"] is None
    (row,) = tables(run, traffic={"rate_rps": 2.0})["models"]
    assert row["cost_usd_per_month"] == pytest.approx(cells["short"] * 2 * 730 * 3600)
    (row,) = tables(run)["models"]
    assert row["cost_usd_per_month"] is row["cost_usd_per_month_note"] is None


def test_a_month_that_nobody_can_tell_says_why(tmp_path: Path) -> None:
    models = {
        "unpriced": MadeModel(usd_per_million=None),
        "failing": MadeModel(error_rate=1.0),
        "well": MadeModel(),
    }
    run = make_run(tmp_path, models, levels=(1,))
    rows = {row["model"]: row for row in tables(run, traffic={"transactions_per_month": 10})["models"]}
    assert rows["unpriced"]["cost_usd_per_month_note"] == "the price is unknown"
    assert rows["failing"]["cost_usd_per_month_note"] == "nothing was answered at 1 in flight in bucket short"
    assert rows["well"]["cost_usd_per_month"] > 0
    assert {rows[name]["cost_usd_per_month"] for name in ("unpriced", "failing")} == {None}

    for path in run.records:
        if "well" in path.parts:
            rewrite(path, lambda rows: [row for row in rows if row["bucket"] == "short"])
    traffic = {"buckets": {"short": 1, "long": 1}, "transactions_per_month": 10}
    well = tables(run, traffic=traffic)["models"][2]
    assert well["cost_usd_per_month"] is None
    assert well["cost_usd_per_month_note"] == "no request was measured at 1 in flight in bucket long"


def test_provisioned_throughput_costs_its_hours_and_is_warned_of_where_it_carries_too_little(
    tmp_path: Path,
) -> None:
    run = make_run(tmp_path, {"owned": MadeModel(usd_per_hour=20.0)}, levels=(1,))
    carried = tables(run)["models"][0]["transactions_per_minute"]
    for share, warned in ((0.5, False), (2.0, True)):
        traffic = {"rate_rps": share * carried / 60}
        (row,) = tables(run, traffic=traffic)["models"]
        assert row["cost_usd_per_month"] == row["cost_usd_per_month_low"] == row["cost_usd_per_month_high"]
        assert row["cost_usd_per_month"] == pytest.approx(20.0 * 730)
        assert (row["cost_usd_per_month_note"] is not None) is warned
