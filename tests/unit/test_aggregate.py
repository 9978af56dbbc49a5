"""The tables are what the records say: pooled, with failures infinitely late, and null where nothing is known."""

import csv
import json
import math
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from made_run import MadeModel, MadeRun, make_run

from assay.accuracy import judges
from assay.accuracy.inputs import read as read_accuracy
from assay.accuracy.settings import AccuracySettings
from assay.document.tables_page import captions, page_text
from assay.errors import InputError
from assay.records.aggregate import aggregate
from assay.records.metrics import TABLES
from assay.records.periods import period_s
from assay.records.settings import Aggregation
from assay.records.writing import write_table

Rows = dict[str, list[dict[str, Any]]]


def settings(run: MadeRun, interest: str | dict[str, float] = "short", **other: Any) -> Aggregation:
    return Aggregation.model_validate(
        {"dataset_of_interest": interest, "models": run.models, "judges": run.judges} | other
    )


def tables(run: MadeRun, interest: str | dict[str, float] = "short", **other: Any) -> Rows:
    """Rows of the aggregate stage, and those of judges that the accuracy stage adds."""
    asked, inputs = settings(run, interest, **other), run.inputs()
    made = aggregate(asked, **inputs)
    with tempfile.TemporaryDirectory() as folder:
        ratings = Path(folder) / "ratings.parquet"
        write_table(ratings, TABLES["ratings"], made["ratings"])
        said = AccuracySettings(
            models=asked.models, judges=asked.judges, dataset_of_interest=asked.dataset_of_interest, seed=1
        )
        read = read_accuracy(said, ratings, inputs["answers"], inputs["verdicts"], inputs["prices"])
        return made | {"judges": judges.rows(read)}


def records(run: MadeRun) -> pd.DataFrame:
    return pd.concat([pd.read_parquet(path) for path in run.records], ignore_index=True)


def rewrite(path: Path, change: Any) -> None:
    """Change the rows of a Parquet file, keeping its schema."""
    table = pq.read_table(path)
    pq.write_table(pa.Table.from_pylist(change(table.to_pylist()), schema=table.schema), path)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> MadeRun:
    models = {
        "swift": MadeModel(e2e_ms=100.0, accuracy=0.8, usd_per_million=0.5),
        "flaky": MadeModel(e2e_ms=200.0, error_rate=0.15, usd_per_million=None),
    }
    return make_run(tmp_path_factory.mktemp("run"), models, requests=80)


@pytest.fixture(scope="module")
def made(run: MadeRun) -> Rows:
    return tables(run)


def test_there_is_a_row_for_every_cell_model_bucket_and_judge(made: Rows) -> None:
    assert len(made["cells"]) == 2 * 2 * 2
    assert [row["model"] for row in made["models"]] == ["swift", "flaky"]
    assert [(row["model"], row["bucket"]) for row in made["accuracy"]] == [
        (model, bucket) for model in ("swift", "flaky") for bucket in ("short", "long")
    ]
    assert [row["judge"] for row in made["judges"]] == ["ada", "bea", "cy", "panel"]


@pytest.mark.parametrize("name", TABLES)
def test_every_row_has_exactly_the_columns_of_the_table_of_metrics(made: Rows, name: str) -> None:
    names = {column.name for column in TABLES[name]}
    assert len(names) == len(TABLES[name])
    for row in made[name]:
        assert row.keys() == names


def test_a_cell_says_what_its_records_say(run: MadeRun, made: Rows) -> None:
    cell = next(
        row for row in made["cells"] if (row["model"], row["bucket"], row["load"]) == ("flaky", "long", "c4")
    )
    frame = records(run)
    mine = frame[(frame["model"] == "flaky") & (frame["bucket"] == "long") & (frame["load"] == "c4")]
    mine = mine[mine["role"] == "measured"]
    ok = mine[mine["ok"]]
    failed = len(mine) - len(ok)
    assert (cell["n"], cell["n_ok"], cell["n_throttling"], cell["throttles"]) == (80, len(ok), failed, failed)
    assert json.loads(cell["errors"]) == {"throttling": failed}
    assert cell["error_rate"] == pytest.approx(failed / 80)
    assert cell["error_rate_low"] < failed / 80 < cell["error_rate_high"]
    slowest_first = np.sort(ok["e2e_ms"])
    assert cell["e2e_ms_p50"] == slowest_first[math.ceil(0.5 * len(ok)) - 1]
    assert cell["e2e_ms_p95"] == slowest_first[math.ceil(0.95 * len(ok)) - 1]
    assert cell["e2e_ms_p50_all"] == slowest_first[40 - 1]
    assert cell["e2e_ms_p95_all"] == math.inf
    assert 3.5 < cell["in_flight_mean"] <= 4
    held = cell["in_flight_mean"] * 60_000 / mine["slot_ms"].sum()
    assert cell["transactions_per_minute"] == pytest.approx(len(ok) * held)
    tokens = (ok["input_tokens"] + ok["output_tokens"]).sum()
    assert cell["tokens_per_minute"] == pytest.approx(tokens * held)
    assert cell["output_tokens_mean"] == pytest.approx(ok["output_tokens"].mean())
    assert cell["network_and_client_ms_p50"] == pytest.approx(3.0)
    assert cell["client_lag_ms_p99"] == 0.5


def test_cost_is_the_mean_of_answered_requests(run: MadeRun, made: Rows) -> None:
    cell = made["cells"][0]
    frame = records(run)
    mine = frame[(frame["model"] == "swift") & (frame["bucket"] == "short") & (frame["load"] == "c1")]
    mine = mine[mine["role"] == "measured"]
    dollars = (mine["input_tokens"] + mine["output_tokens"]).sum() * 0.5 / 1e6
    assert cell["cost_usd"] == pytest.approx(dollars)
    assert cell["cost_usd_per_10k_transactions"] == pytest.approx(dollars / len(mine) * 10_000)


def timed(*rows: tuple[str, str, int, int]) -> Any:
    """Keeps as many rows, with these roles, sittings, and times of dispatch and end in ms."""

    def change(old: list[dict[str, Any]]) -> list[dict[str, Any]]:
        made = []
        for row, (role, sitting, began, ended) in zip(old, rows, strict=False):
            stamps = {
                "dispatched_ns": began * 10**6,
                "ended_ns": ended * 10**6,
                "slot_free_ns": ended * 10**6,
            }
            made.append(row | {"role": role, "sitting": sitting, "slot_ms": float(ended - began)} | stamps)
        return made

    return change


def test_what_was_in_flight_is_seen_from_all_roles_within_the_window_of_what_is_measured(
    tmp_path: Path,
) -> None:
    run = make_run(tmp_path, {"swift": MadeModel()}, levels=(4,), buckets=("short",))
    rewrite(
        run.records[0],
        timed(
            ("warmup", "a", 0, 200),  # 100 ms of it lie within the window from 100 to 500
            ("measured", "a", 100, 300),
            ("filler", "a", 200, 900),  # 300 ms
            ("superseded", "a", 300, 400),
            ("measured", "a", 400, 500),
            ("measured", "b", 10_000, 10_100),  # a second sitting: what lies between is in no window
        ),
    )
    cell = tables(run)["cells"][0]
    assert cell["in_flight_mean"] == pytest.approx((100 + 200 + 300 + 100 + 100 + 100) / 500)
    assert cell["transactions_per_minute"] == pytest.approx(3 / 500 * 1.8 * 60_000)


def test_a_level_that_was_not_held_gives_no_throughput_of_its_own(tmp_path: Path) -> None:
    run = make_run(tmp_path, {"swift": MadeModel()}, levels=(300,), buckets=("short",), requests=8)
    cell = tables(run)["cells"][0]
    assert cell["in_flight_mean"] <= 10  # with 2 of warm-up
    assert cell["transactions_per_minute"] < cell["transactions_per_minute_high"]
    pooled = records(run).query("role == 'measured'")["slot_ms"].sum()
    assert cell["transactions_per_minute"] == pytest.approx(8 / pooled * cell["in_flight_mean"] * 60_000)


def failing(bucket: str, tokens: int | None) -> Any:
    """Lets most requests of a bucket fail, with so many tokens told."""

    def change(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        failed = {
            "ok": False,
            "error": "stream_cut",
            "text": None,
            "input_tokens": tokens,
            "output_tokens": tokens,
        }
        return [row | (failed if row["bucket"] == bucket and row["position"] % 4 else {}) for row in rows]

    return change


def test_a_failed_request_is_no_transaction_whatever_it_cost(tmp_path: Path) -> None:
    run = make_run(tmp_path, {"cut": MadeModel(output_tokens=10)}, levels=(1,), buckets=("short",))
    rewrite(run.records[0], failing("short", 5_000))
    cell = tables(run)["cells"][0]
    mine = records(run)
    ok = mine[mine["ok"] & (mine["role"] == "measured")]
    assert cell["cost_usd_per_10k_transactions"] == pytest.approx(ok["input_tokens"].mean() / 100 + 0.1)
    assert cell["cost_usd"] > 2 * cell["n_ok"] * cell["cost_usd_per_10k_transactions"] / 10_000


def test_a_model_that_fails_on_long_prompts_is_no_cheaper_for_it(tmp_path: Path) -> None:
    run = make_run(tmp_path, {"cut": MadeModel(output_tokens=10)}, levels=(1,))
    whole = tables(run, {"short": 1, "long": 1})["models"][0]
    rewrite(run.records[0], failing("long", None))
    cut = tables(run, {"short": 1, "long": 1})["models"][0]
    assert cut["n_ok"] < 0.7 * cut["n"]
    for end in ("", "_low", "_high"):
        name = f"cost_usd_per_10k_transactions{end}"
        assert cut[name] == pytest.approx(whole[name], rel=0.1)


def test_a_bucket_without_an_answer_leaves_a_mix_without_a_cost(tmp_path: Path) -> None:
    run = make_run(tmp_path, {"cut": MadeModel()}, levels=(1,))
    failed = {"ok": False, "error": "stream_cut", "text": None, "input_tokens": None, "output_tokens": None}
    rewrite(run.records[0], lambda rows: [r | (failed if r["bucket"] == "long" else {}) for r in rows])
    assert tables(run, {"short": 1, "long": 1})["models"][0]["cost_usd_per_10k_transactions"] is None
    assert tables(run)["models"][0]["cost_usd_per_10k_transactions"] > 0


@pytest.mark.parametrize(
    ("error", "unknown"),
    [
        ("throttling", 0),
        ("http_error", 0),
        ("model_error", 0),
        ("model_timeout", 0),
        ("stream_cut", 1),
        ("half_frame", 1),
        ("interrupted", 1),
    ],
)
def test_what_a_run_cost_is_a_lower_bound_where_requests_broke_off(
    tmp_path: Path, error: str, unknown: int
) -> None:
    run = make_run(tmp_path, {"cut": MadeModel(error_rate=0.3, error=error)}, levels=(1,), judges=())
    row = tables(run)["models"][0]
    frame = records(run)
    assert row["requests_cost_unknown"] == unknown * int((~frame["ok"]).sum())
    assert row["cost_usd"] == pytest.approx((frame["input_tokens"] + frame["output_tokens"]).sum() / 1e6)


def test_what_broke_off_has_cost_its_worst_case_at_most(tmp_path: Path) -> None:
    run = make_run(tmp_path, {"cut": MadeModel(error_rate=0.3, error="stream_cut")}, levels=(1,), judges=())
    assert tables(run)["models"][0]["cost_usd_at_most"] is None, (
        "nobody noted the worst case of these requests"
    )
    for path in run.records:
        rewrite(
            path, lambda rows: [row | {"most_input_tokens": 3000, "most_output_tokens": 500} for row in rows]
        )
    row = tables(run)["models"][0]
    assert row["requests_cost_unknown"] > 0
    worst = row["requests_cost_unknown"] * 3500 / 1e6
    assert row["cost_usd_at_most"] == pytest.approx(row["cost_usd"] + worst)


def test_a_run_of_which_no_cost_is_known_at_a_known_price_is_a_lower_bound_too(tmp_path: Path) -> None:
    run = make_run(tmp_path, {"cut": MadeModel(error_rate=1.0, error="stream_cut")}, levels=(1,), judges=())
    row = tables(run)["models"][0]
    assert (row["cost_usd"], row["requests_cost_unknown"]) == (0.0, row["requests_sent"])


def test_judges_retries_that_broke_off_are_told(tmp_path: Path) -> None:
    run = make_run(tmp_path, {"swift": MadeModel()}, levels=(1,), judges=("ada",))
    rewrite(run.verdicts[0], lambda rows: [row | {"tries_cost_unknown": 2} for row in rows])
    made = tables(run)
    count = made["judges"][0]["n"]
    assert (
        made["judges"][0]["requests_cost_unknown"] == made["judges"][1]["requests_cost_unknown"] == 2 * count
    )
    assert made["models"][0]["judge_requests_cost_unknown"] == 2 * count
    assert made["models"][0]["judge_cost_usd"] == pytest.approx(count * 120 / 1e6)


def test_an_answer_that_two_models_gave_is_judged_and_paid_for_once(tmp_path: Path) -> None:
    models = {"swift": MadeModel(), "twin": MadeModel()}
    run = make_run(tmp_path, models, levels=(1,), judges=("ada",))
    for path in run.answers:
        rewrite(path, lambda rows: [row | {"answer_id": f"same {n}"} for n, row in enumerate(rows)])
    for path in run.verdicts:
        rewrite(
            path,
            lambda rows: [
                row | {"answer_id": f"same {n}", "tries": 2, "tries_cost_unknown": 1}
                for n, row in enumerate(rows)
            ],
        )
    made = tables(run)
    judge, panel = made["judges"]
    alone = made["models"][0]["judge_cost_usd"]
    assert alone == made["models"][1]["judge_cost_usd"] > 0
    assert judge["cost_usd"] == panel["cost_usd"] == pytest.approx(alone)
    assert judge["requests_cost_unknown"] == judge["n"] / 2


def test_warm_up_is_paid_for_and_measured_by_nobody(run: MadeRun, made: Rows) -> None:
    frame = records(run)
    mine = frame[frame["model"] == "swift"]
    row = made["models"][0]
    assert row["requests_sent"] == len(mine) > (mine["role"] == "measured").sum()
    assert row["cost_usd"] == pytest.approx((mine["input_tokens"] + mine["output_tokens"]).sum() * 0.5 / 1e6)


def test_an_unknown_price_is_null_and_never_0(made: Rows) -> None:
    flaky = made["models"][1]
    for column in ("cost_usd", "cost_usd_per_10k_transactions", "cost_usd_per_10k_transactions_low"):
        assert flaky[column] is None
    assert flaky["n_cost_unknown"] > 0


def test_few_requests_get_no_interval_for_their_tail(tmp_path: Path) -> None:
    cell = tables(make_run(tmp_path, {"swift": MadeModel()}, requests=40))["cells"][0]
    assert cell["e2e_ms_p50_low"] < cell["e2e_ms_p50"] < cell["e2e_ms_p50_high"]
    assert cell["e2e_ms_p95"] is not None
    assert (cell["e2e_ms_p95_low"], cell["e2e_ms_p95_high"]) == (None, None)


def test_a_mix_of_buckets_is_pooled_by_its_shares_and_not_averaged(tmp_path: Path) -> None:
    run = make_run(tmp_path, {"swift": MadeModel(spread=0.5)}, requests=80)
    row = tables(run, {"short": 3.0, "long": 1.0})["models"][0]
    frame = records(run)
    mine = frame[(frame["load"] == "c4") & (frame["role"] == "measured")]
    pooled = np.sort(
        np.concatenate(
            [
                np.repeat(mine[mine["bucket"] == "short"]["e2e_ms"], 3),
                mine[mine["bucket"] == "long"]["e2e_ms"],
            ]
        )
    )
    assert row["e2e_ms_p95"] == pooled[math.ceil(0.95 * len(pooled)) - 1]
    assert row["interest"] == "short (75%), long (25%)"
    everything = np.sort(mine["e2e_ms"])
    assert row["n_all_buckets"] == len(everything)


def test_repeats_of_a_prompt_dont_raise_n(tmp_path: Path) -> None:
    once = tables(make_run(tmp_path / "a", {"swift": MadeModel()}, requests=20))["accuracy"][0]
    often = tables(make_run(tmp_path / "b", {"swift": MadeModel()}, requests=200))["accuracy"][0]
    assert once["accuracy_n"] == often["accuracy_n"] == 20
    assert once["accuracy"] == pytest.approx(often["accuracy"])
    assert once["accuracy_low"] == pytest.approx(often["accuracy_low"])


def test_what_failed_is_not_correct_of_asked(run: MadeRun, made: Rows) -> None:
    flaky = next(row for row in made["accuracy"] if row["model"] == "flaky")
    assert flaky["answered"] < flaky["asked"]
    assert flaky["accuracy_of_asked"] < flaky["accuracy"]


def test_answers_without_a_majority_are_counted_and_in_no_accuracy(tmp_path: Path) -> None:
    run = make_run(tmp_path, {"swift": MadeModel(accuracy=1.0)}, levels=(1,))

    def silent(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [row | ({"verdict": "unparseable"} if row["prompt_id"] == "short-0" else {}) for row in rows]

    for path in run.verdicts[:2]:
        rewrite(path, silent)
    made = tables(run)
    short = made["accuracy"][0]
    assert short["answers_without_verdict"] == 1
    assert short["accuracy_n"] == 19
    assert short["accuracy"] == pytest.approx(1.0)
    assert short["accuracy_of_asked"] == pytest.approx(19 / 20)
    ada, panel = made["judges"][0], made["judges"][-1]
    assert (ada["unparseable"], ada["working"]) == (1, "yes")
    assert ada["invalid_rate"] == pytest.approx(1 / 40)
    assert panel["invalid_rate"] == pytest.approx(1 / 40)


def test_what_judges_were_not_asked_about_counts_nowhere(tmp_path: Path) -> None:
    run = make_run(tmp_path, {"swift": MadeModel(accuracy=1.0), "steady": MadeModel()}, levels=(1,))

    def capped(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        left = {"verdict": "not_asked", "input_tokens": 0, "output_tokens": 0, "e2e_ms": None, "tries": 0}
        return [row | (left if row["prompt_id"] in ("short-0", "short-1") else {}) for row in rows]

    for path in run.verdicts[:2]:  # of swift's three judges
        rewrite(path, capped)
    made = tables(run)
    short, long = made["accuracy"][:2]
    assert (short["answers"], short["answers_not_judged"], short["accuracy_n"]) == (20, 2, 18)
    assert short["accuracy"] == short["accuracy_of_asked"] == pytest.approx(1.0)
    assert short["accuracy_of_asked_n"] == 18
    assert long["answers_not_judged"] == 0
    swift, steady = made["models"]
    assert (swift["answers_not_judged"], steady["answers_not_judged"]) == (2, 0)
    assert swift["correct_share"] == 1.0, "that of the answers that were judged"
    assert swift["cost_usd_per_10k_correct_answers"] == pytest.approx(swift["cost_usd_per_10k_transactions"])
    assert steady["cost_usd_per_10k_correct_answers"] is not None
    ada, panel = made["judges"][0], made["judges"][-1]
    assert (ada["n"], ada["not_asked"], ada["failed"], ada["invalid_rate"]) == (78, 2, 0, 0)
    assert ada["cost_usd"] is not None
    assert (panel["n"], panel["not_asked"], panel["invalid_rate"]) == (78, 2, 0)


def test_a_bucket_that_was_whole_before_the_budget_was_spent_is_complete(tmp_path: Path) -> None:
    run = make_run(tmp_path, {"swift": MadeModel(statuses={("c4", 1): ("capped", "the budget is spent")})})
    path = run.statuses[1]
    path.write_text(json.dumps({**json.loads(path.read_text()), "incomplete": ["long"]}))
    cells = {(row["bucket"], row["load"]): row for row in tables(run)["cells"]}
    assert (cells["short", "c4"]["status"], cells["short", "c4"]["reason"]) == ("complete", None)
    assert (cells["long", "c4"]["status"], cells["long", "c4"]["reason"]) == ("capped", "the budget is spent")


def test_without_judges_the_metric_takes_their_place(tmp_path: Path) -> None:
    made = tables(make_run(tmp_path, {"swift": MadeModel(accuracy=0.7)}, judges=()))
    assert made["judges"] == []
    for row in (*made["accuracy"], *made["models"]):
        assert row["accuracy"] == row["metric_score"]


def test_judges_who_differ_are_told_by_kappa_and_by_the_metric(tmp_path: Path) -> None:
    run = make_run(tmp_path, {"swift": MadeModel(accuracy=0.5)}, levels=(1,))
    rewrite(run.answers[0], lambda rows: [row | {"metric": "exact_match"} for row in rows])
    rewrite(run.verdicts[0], lambda rows: [row | {"verdict": "correct"} for row in rows])
    yes_sayer, other, _, panel = tables(run)["judges"]
    assert yes_sayer["correct_share"] == 1.0
    assert yes_sayer["agreement_with_metric"] < 1.0
    assert (yes_sayer["sensitivity"], yes_sayer["specificity"]) == (1.0, 0.0)
    assert yes_sayer["kappa_mean"] == pytest.approx(0.0)
    assert other["agreement_with_metric"] == 1.0
    assert other["kappa_mean"] == pytest.approx(0.5)
    assert panel["kappa_mean"] == pytest.approx(1 / 3)
    assert other["cost_usd"] == pytest.approx(40 * 120 / 1e6)
    assert panel["cost_usd"] == pytest.approx(3 * 40 * 120 / 1e6)


def test_a_run_in_which_every_request_failed_has_tables(tmp_path: Path) -> None:
    run = make_run(tmp_path, {"down": MadeModel(error_rate=1.0)})
    made = tables(run)
    cell = made["cells"][0]
    assert (cell["n"], cell["n_ok"], cell["error_rate"]) == (40, 0, 1.0)
    assert cell["e2e_ms_p50"] is None
    assert cell["e2e_ms_p50_all"] == cell["e2e_ms_p50_all_low"] == math.inf
    assert cell["transactions_per_minute"] == 0.0
    assert cell["cost_usd"] == 0.0
    assert cell["cost_usd_per_10k_transactions"] is None
    assert made["models"][0]["accuracy"] is None
    assert made["models"][0]["accuracy_of_asked"] == 0.0
    write_table(tmp_path / "cells.parquet", TABLES["cells"], made["cells"])


def test_a_model_that_doesnt_stream_has_no_time_to_first_token_rather_than_a_late_one(tmp_path: Path) -> None:
    run = make_run(tmp_path, {"whole": MadeModel(error_rate=0.2)}, levels=(1,))
    rewrite(run.records[0], lambda rows: [row | {"ttft_ms": None, "tpot_ms": None} for row in rows])
    cell = tables(run)["cells"][0]
    assert cell["ttft_ms_p95"] is None
    assert cell["ttft_ms_p95_all"] is None
    assert cell["e2e_ms_p95_all"] == math.inf


def test_a_failure_weighs_on_a_latency_that_few_answers_have_as_much_as_on_any(tmp_path: Path) -> None:
    run = make_run(tmp_path, {"terse": MadeModel()}, levels=(1,), buckets=("short",), requests=100)

    def terse(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        made = []
        for row in rows:
            if row["position"] % 10:
                row |= {"tpot_ms": None}
            if row["position"] in (3, 5):
                row |= {"ok": False, "error": "throttling"}
            made.append(row)
        return made

    rewrite(run.records[0], terse)
    cell = tables(run)["cells"][0]
    assert cell["error_rate"] == pytest.approx(0.02)
    assert cell["e2e_ms_p95_all"] < math.inf
    assert cell["tpot_ms_p95_all"] < math.inf


def test_a_spoilt_block_is_left_out_and_said(tmp_path: Path) -> None:
    spoilt = MadeModel(statuses={("c4", 2): ("spoilt", "the event loop was blocked")})
    run = make_run(tmp_path, {"swift": spoilt}, blocks=2)
    late = [path for path in run.records if path.parent.name == "c4" and path.stem == "b2"]
    rewrite(late[0], lambda rows: [row | {"e2e_ms": 1e6} for row in rows])
    by_cell = {(row["bucket"], row["load"]): row for row in tables(run)["cells"]}
    cell = by_cell["short", "c4"]
    assert (cell["status"], cell["reason"]) == ("spoilt", "the event loop was blocked")
    assert (cell["n"], cell["n_left_out"]) == (40, 40)
    assert cell["e2e_ms_p99"] < 1e6
    assert by_cell["short", "c1"]["status"] == "complete"


def checked(path: Path, bucket: str, **figures: Any) -> None:
    """Write what the client said of itself in a cell into a status file."""
    body = json.loads(path.read_text())
    body["cells"][bucket] |= figures
    path.write_text(json.dumps(body))


def test_a_cell_that_the_client_distorted_has_no_latency_and_spoils_no_other(tmp_path: Path) -> None:
    run = make_run(tmp_path, {"swift": MadeModel(), "other": MadeModel()}, blocks=2, requests=80)
    late = next(path for path in run.statuses if path.parts[-3:] == ("swift", "c4", "b2.json"))
    checked(late, "short", valid=False, reason="the event loop was blocked for 300 ms")
    made = tables(run, {"short": 1.0, "long": 1.0})
    by_cell = {(row["model"], row["bucket"], row["load"]): row for row in made["cells"]}
    cell = by_cell["swift", "short", "c4"]
    assert (cell["status"], cell["reason"]) == ("invalid", "the event loop was blocked for 300 ms")
    for column in cell:
        if "_ms_p" in column and not column.startswith(("client_lag", "canary")):
            assert cell[column] is None, column
    assert cell["transactions_per_minute"] is cell["transactions_per_minute_low"] is None
    assert cell["drift_percent"] is cell["e2e_ms_p50_variation_between_blocks"] is None
    assert (cell["n"], cell["n_ok"], cell["error_rate"]) == (160, 160, 0.0)
    assert cell["cost_usd"] > 0
    for other in (("swift", "long", "c4"), ("swift", "short", "c1"), ("other", "short", "c4")):
        assert by_cell[other]["status"] == "complete"
        assert by_cell[other]["e2e_ms_p95"] is not None
    swift, beside = made["models"]
    assert (swift["status"], swift["reason"]) == ("invalid", "short: the event loop was blocked for 300 ms")
    assert swift["e2e_ms_p50"] is swift["e2e_ms_p50_all"] is swift["transactions_per_minute"] is None
    assert swift["accuracy"] is not None
    assert beside["e2e_ms_p50"] is not None


@pytest.mark.parametrize(("cache", "status"), [(None, "invalid"), ("cold", "invalid"), ("warm", "complete")])
def test_a_cold_cell_with_cached_tokens_is_invalid(cache: str | None, status: str, tmp_path: Path) -> None:
    run = make_run(tmp_path, {"swift": MadeModel()}, levels=(1,))
    table = pq.read_table(run.records[0])
    names = table.schema.names
    rows = [row | {"cache": cache} for row in table.to_pylist()]
    for row in rows[5:8]:
        row["cache_read_tokens"] = 100
    schema = table.schema if "cache" in names else table.schema.append(pa.field("cache", pa.string()))
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), run.records[0])
    short, long = tables(run)["cells"]
    assert short["status"] == status
    assert (short["e2e_ms_p50"] is None) == (status == "invalid")
    assert short["cache_read_tokens"] == 300
    assert long["status"] == "complete"
    if status == "invalid":
        assert short["reason"] == "cold, but 3 of its requests were answered from cached tokens"


def test_the_instruments_error_is_that_of_the_worst_block_beside_the_interval(tmp_path: Path) -> None:
    run = make_run(tmp_path, {"swift": MadeModel()}, blocks=2, levels=(1,), requests=80)
    for path, error, share in zip(run.statuses, (0.4, 0.9), (0.6, 0.2), strict=True):
        checked(path, "short", canary_error_ms_p50=0.1, canary_error_ms_p99=error, cpu_share=share)
        checked(path, "short", gc_pause_ms_max=None)
    made = tables(run)
    for row in (made["cells"][0], made["models"][0]):
        assert (row["canary_error_ms_p50"], row["canary_error_ms_p99"], row["cpu_share"]) == (0.1, 0.9, 0.6)
        assert row["gc_pause_ms_max"] is None
        half = (row["ttft_ms_p95_high"] - row["ttft_ms_p95_low"]) / 2
        assert row["instrument_error_share"] == pytest.approx(0.9 / half)
    assert made["cells"][1]["instrument_error_share"] is None


def test_the_spread_between_blocks_is_told(tmp_path: Path) -> None:
    run = make_run(tmp_path, {"swift": MadeModel(spread=0.01)}, blocks=3, levels=(1,), requests=40)
    for factor, path in zip((0.5, 1.0, 1.5), run.records, strict=True):
        rewrite(path, lambda rows, by=factor: [row | {"e2e_ms": row["e2e_ms"] * by} for row in rows])
    cell = tables(run)["cells"][0]
    assert cell["blocks"] == 3
    assert cell["e2e_ms_p50_variation_between_blocks"] == pytest.approx(0.5, rel=0.02)
    assert cell["e2e_ms_p95_variation_between_blocks"] == pytest.approx(0.5, rel=0.05)
    assert cell["ttft_ms_p50_variation_between_blocks"] < 0.01
    assert cell["intervals_assume"] == "blocks vary independently (t, 2 degrees of freedom)"


def test_one_block_says_that_it_is_one_sitting(made: Rows) -> None:
    for row in (*made["cells"], *made["models"]):
        assert row["intervals_assume"] == "this sitting only, assumes independence"
        assert row["e2e_ms_p50_variation_between_blocks"] is None


def test_a_cell_that_slows_down_is_said_to_drift_and_keeps_its_requests(tmp_path: Path) -> None:
    run = make_run(tmp_path, {"swift": MadeModel()}, levels=(1,), buckets=("short",), requests=100)
    start = datetime(2026, 11, 1, tzinfo=UTC)

    def slower(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [
            row
            | {
                "dispatched_utc": start + timedelta(seconds=row["position"]),
                "e2e_ms": row["e2e_ms"] * 1.5 ** (row["position"] / 99),
            }
            for row in rows
        ]

    assert tables(run)["cells"][0]["drift_percent"] is None
    rewrite(run.records[0], slower)
    cell = tables(run)["cells"][0]
    assert 20 < cell["drift_percent_low"] < cell["drift_percent"] < cell["drift_percent_high"] < 90
    assert cell["drift_percent"] == pytest.approx(50, abs=15)
    assert cell["n"] == 100


def test_what_a_time_limit_ended_is_counted_as_censored(tmp_path: Path) -> None:
    model = MadeModel(error_rate=0.3, error="timeout_gap")
    cell = tables(make_run(tmp_path, {"swift": model}, levels=(1,)))["cells"][0]
    assert cell["n_censored"] == cell["n"] - cell["n_ok"] > 0


def test_what_a_user_waited_stands_beside_the_attempt_that_succeeded(tmp_path: Path) -> None:
    run = make_run(tmp_path, {"swift": MadeModel()}, levels=(1,), buckets=("short",))
    table = pq.read_table(run.records[0])
    waits = [row["e2e_ms"] + 1000.0 for row in table.to_pylist()]
    place = table.schema.get_field_index("user_wait_ms")
    kept = table if place < 0 else table.remove_column(place)
    pq.write_table(kept.append_column("user_wait_ms", pa.array(waits)), run.records[0])
    cell = tables(run)["cells"][0]
    for percent in (50, 95):
        assert cell[f"user_wait_ms_p{percent}"] == pytest.approx(cell[f"e2e_ms_p{percent}"] + 1000.0)


def test_throttles_are_told_by_the_period_in_which_they_were_sent(tmp_path: Path) -> None:
    run = make_run(tmp_path, {"swift": MadeModel()}, levels=(1,), buckets=("short",), requests=40)
    start = datetime(2026, 11, 1, tzinfo=UTC)

    def throttled(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        made = [row | {"dispatched_utc": start + timedelta(minutes=place)} for place, row in enumerate(rows)]
        made[3] |= {"ok": False, "error": "throttling", "dispatched_utc": made[2]["dispatched_utc"]}
        made[4] |= {"ok": False, "error": "stream_cut"}
        made[5] |= {"ok": False, "error": "interrupted", "dispatched_utc": None}
        return made

    assert tables(run)["periods"] == []
    rewrite(run.records[0], throttled)
    rows = tables(run)["periods"]
    assert sum(row["attempts"] for row in rows) == 41
    assert {row["period_s"] for row in rows} == {60}
    by_start = {row["start_s"]: row for row in rows}
    assert (by_start[120]["attempts"], by_start[120]["throttled"], by_start[120]["throttle_rate"]) == (
        2,
        1,
        0.5,
    )
    assert 180 not in by_start
    assert (by_start[240]["failed_otherwise"], by_start[240]["error_rate"]) == (1, 1.0)


@pytest.mark.parametrize(
    ("run_s", "length"), [(0.5, 1), (119, 1), (120, 10), (1199, 10), (1200, 60), (1e5, 60)]
)
def test_a_run_is_cut_into_minutes_unless_it_is_short(run_s: float, length: int) -> None:
    assert period_s(run_s) == length


def test_a_capped_job_that_sent_nothing_still_has_its_cells(tmp_path: Path) -> None:
    run = make_run(tmp_path, {"swift": MadeModel(statuses={("c4", 1): ("capped", "the budget is spent")})})
    rewrite(run.records[1], lambda rows: [])
    cells = {(row["bucket"], row["load"]): row for row in tables(run)["cells"]}
    assert cells["long", "c4"]["status"] == "capped"
    assert cells["long", "c4"]["n"] == 0
    assert cells["long", "c4"]["concurrency"] == 4
    assert cells["long", "c4"]["error_rate"] is None


def test_a_retried_request_is_measured_once_and_its_tries_are_told(tmp_path: Path) -> None:
    run = make_run(tmp_path, {"swift": MadeModel(output_tokens=10)}, levels=(1,), buckets=("short",))
    before = tables(run)["cells"][0]

    def retried(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        first = {"role": "superseded", "ok": False, "error": "throttling", "input_tokens": None}
        first |= {"output_tokens": None, "slot_ms": 500.0, "text": None, "ttft_ms": None, "tpot_ms": None}
        return [*rows, *(row | first for row in rows if row["role"] == "measured" and row["position"] < 5)]

    rewrite(run.records[0], retried)
    after = tables(run)["cells"][0]
    assert (after["n"], after["error_rate"], after["n_throttling"], after["throttles"]) == (40, 0.0, 0, 5)
    assert after["e2e_ms_p95"] == before["e2e_ms_p95"]
    assert after["cost_usd"] == pytest.approx(before["cost_usd"])
    assert after["transactions_per_minute"] < before["transactions_per_minute"]


def test_a_stream_that_broke_off_without_usage_is_an_unknown_cost(tmp_path: Path) -> None:
    run = make_run(tmp_path, {"swift": MadeModel(error_rate=0.3, error="stream_cut")}, levels=(1,))
    cell = tables(run)["cells"][0]
    assert cell["n_cost_unknown"] == cell["n"] - cell["n_ok"] > 0
    assert cell["cost_usd"] > 0


def test_blocks_that_differ_widen_the_interval(tmp_path: Path) -> None:
    run = make_run(tmp_path, {"swift": MadeModel()}, blocks=4, levels=(1,))
    before = tables(run)["cells"][0]
    for factor, path in zip((1.0, 1.2, 1.5, 2.0), run.records, strict=True):
        rewrite(path, lambda rows, by=factor: [row | {"e2e_ms": row["e2e_ms"] * by} for row in rows])
    after = tables(run)["cells"][0]
    assert (
        after["e2e_ms_p50_high"] / after["e2e_ms_p50_low"]
        > 1.5 * before["e2e_ms_p50_high"] / before["e2e_ms_p50_low"]
    )


def test_columns_that_records_lack_are_null(tmp_path: Path) -> None:
    run = make_run(tmp_path, {"swift": MadeModel()}, levels=(1,))
    table = pq.read_table(run.records[0])
    pq.write_table(table.drop_columns(["tpot_ms", "service_latency_ms", "slot_ms"]), run.records[0])
    cell = tables(run)["cells"][0]
    assert cell["tpot_ms_p50"] is None
    assert cell["network_and_client_ms_p50"] is None
    assert cell["transactions_per_minute"] is None
    assert cell["e2e_ms_p50"] is not None


def test_csv_and_parquet_hold_the_same(tmp_path: Path, made: Rows) -> None:
    for name, columns in TABLES.items():
        path = tmp_path / f"{name}.parquet"
        write_table(path, columns, made[name])
        frame = pq.read_table(path).to_pylist()
        with path.with_suffix(".csv").open(encoding="utf-8", newline="") as lines:
            read = csv.DictReader(lines)
            beside = list(read)
        assert list(read.fieldnames or ()) == [column.name for column in columns]
        for row, told in zip(frame, beside, strict=True):
            for column in columns:
                value = row[column.name]
                assert told[column.name] == ("" if value is None else str(value)), column.name
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        f"{name}.{suffix}" for name in TABLES for suffix in ("csv", "parquet")
    )


def test_every_metric_is_explained_and_the_page_in_docs_is_current() -> None:
    for columns in TABLES.values():
        for column in columns:
            assert column.formula
            assert column.unit or column.kind == "text" or column.name in ("kappa_mean", "sittings")
    page = Path(__file__).parents[2] / "docs" / "tables.md"
    assert page.read_text(encoding="utf-8") == page_text(), "run python scripts/tables_page.py"
    folder = Path(__file__).parents[2] / "report" / "captions" / "tables"
    written = {path.stem: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    assert written == captions(), "run python scripts/tables_page.py"


def test_a_file_that_isnt_what_it_should_be_is_named(tmp_path: Path) -> None:
    run = make_run(tmp_path, {"swift": MadeModel()}, levels=(1,))
    table = pq.read_table(run.records[0])
    pq.write_table(table.drop_columns(["e2e_ms"]), run.records[0])
    with pytest.raises(InputError, match=r"b1\.parquet.*'e2e_ms' is missing"):
        tables(run)
    run.records[0].write_text("not a table")
    with pytest.raises(InputError, match=r"b1\.parquet"):
        tables(run)
    pq.write_table(table, run.records[0])
    run.statuses[0].write_text("{")
    with pytest.raises(InputError, match=r"b1\.json"):
        tables(run)
