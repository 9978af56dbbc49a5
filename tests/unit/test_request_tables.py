"""The tables behind the figures: a row per load, the distribution of latency, and what cost what, on made-up records."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from made_run import MadeModel, MadeRun, make_run

from assay.prices.book import Price, Threshold, Usage, cost_usd, parts_usd
from assay.records.aggregate import aggregate
from assay.records.distribution import POINTS
from assay.records.settings import Aggregation

MODELS = {
    "swift": MadeModel(e2e_ms=100),
    "lossy": MadeModel(e2e_ms=200, error_rate=0.2),
    "unpriced": MadeModel(usd_per_million=None),
    "hourly": MadeModel(usd_per_hour=36.0),
}
MIX = {"short": 3.0, "long": 1.0}


def tables(run: MadeRun, interest: str | dict[str, float]) -> dict[str, pd.DataFrame]:
    settings = {"dataset_of_interest": interest, "models": run.models, "judges": run.judges}
    rows = aggregate(Aggregation.model_validate(settings), **run.inputs())
    return {
        name: pd.DataFrame(rows[name]) for name in ("cells", "models", "loads", "distribution", "cost_parts")
    }


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> MadeRun:
    return make_run(tmp_path_factory.mktemp("run"), MODELS, requests=60)


@pytest.fixture(scope="module")
def mixed(run: MadeRun) -> dict[str, pd.DataFrame]:
    return tables(run, MIX)


@pytest.fixture(scope="module")
def short(run: MadeRun) -> dict[str, pd.DataFrame]:
    return tables(run, "short")


def test_at_the_load_of_the_decision_a_load_has_the_models_figures(mixed: dict[str, pd.DataFrame]) -> None:
    loads, models = mixed["loads"], mixed["models"]
    assert loads.groupby("model")["load"].apply(list).tolist() == [["c1", "c4"]] * 4
    at = loads[loads["load"] == "c4"].reset_index(drop=True)
    both = [name for name in loads.columns if name in models.columns]
    assert len(both) > 100
    pd.testing.assert_frame_equal(at[both], models[both])


def test_of_one_bucket_a_load_is_its_cell(short: dict[str, pd.DataFrame]) -> None:
    cells = short["cells"][short["cells"]["bucket"] == "short"].reset_index(drop=True)
    names = [
        "model",
        "load",
        "n",
        "error_rate",
        "e2e_ms_p95_all",
        "transactions_per_minute",
        "ttft_ms_p50_low",
    ]
    pd.testing.assert_frame_equal(short["loads"][names], cells[names])


def test_the_distribution_is_that_of_all_requests_failures_infinitely_late(
    run: MadeRun, short: dict[str, pd.DataFrame]
) -> None:
    found = short["distribution"]
    here = found[(found["model"] == "lossy") & (found["load"] == "c4") & (found["metric"] == "e2e_ms")]
    records = pd.concat([pd.read_parquet(path) for path in run.records])
    measured = records[
        (records["model"] == "lossy") & (records["load"] == "c4") & (records["bucket"] == "short")
        & (records["role"] == "measured")
    ]  # fmt: skip
    late = np.sort(np.where(measured["ok"], measured["e2e_ms"], math.inf))
    assert here["n"].eq(60).all() and here["share"].tolist() == list(POINTS)
    expected = [late[max(0, math.ceil(round(60 * share, 9)) - 1)] for share in POINTS]
    assert here["latency_ms"].tolist() == expected
    assert np.isinf(late[-1]), "some requests of it failed"


def test_the_distribution_holds_the_percentiles_of_the_other_tables(mixed: dict[str, pd.DataFrame]) -> None:
    found, loads = mixed["distribution"], mixed["loads"].set_index(["model", "load"])
    for metric in ("ttft_ms", "e2e_ms", "tpot_ms"):
        for percent in (50, 95, 99):
            at = found[(found["metric"] == metric) & np.isclose(found["share"], percent / 100)]
            at = at.set_index(["model", "load"])["latency_ms"]
            told = loads[f"{metric}_p{percent}_all"].rename("latency_ms").reindex(at.index)
            pd.testing.assert_series_equal(at, told)
    assert (
        found.groupby(["model", "load", "metric"])["latency_ms"]
        .apply(lambda values: (np.diff(values[np.isfinite(values)]) >= 0).all())
        .all()
    )


@pytest.mark.parametrize("interest", ["short", MIX])
def test_parts_of_transactions_sum_to_what_they_cost(run: MadeRun, interest: Any) -> None:
    found = tables(run, interest)
    parts = found["cost_parts"]
    here = parts[(parts["scope"] == "transactions") & ~parts["part"].isin(["failed"])]
    sums = here.groupby("model", sort=False)["cost_usd"].sum(min_count=1)
    told = found["models"].set_index("model")["cost_usd_per_10k_transactions"]
    assert sums["swift"] == pytest.approx(told["swift"]) and sums["lossy"] == pytest.approx(told["lossy"])
    assert sums["hourly"] == pytest.approx(told["hourly"]) and math.isnan(sums["unpriced"])


def test_parts_of_the_run_sum_to_what_it_cost(mixed: dict[str, pd.DataFrame]) -> None:
    parts, models = mixed["cost_parts"], mixed["models"].set_index("model")
    run = parts[parts["scope"] == "run"].set_index(["model", "part"])["cost_usd"]
    for model in ("swift", "lossy"):
        assert run[model].drop("judging").sum() == pytest.approx(models.loc[model, "cost_usd"])
        assert run[model, "judging"] == pytest.approx(models.loc[model, "judge_cost_usd"])
        assert run[model, "warmup"] > 0 and run[model, "input"] > run[model, "output"] > 0
    assert run["unpriced"].drop("judging").isna().all(), "an unknown price is never zero"
    assert run["unpriced", "judging"] > 0
    hours = parts[(parts["model"] == "hourly") & (parts["part"] == "hours")]
    assert hours["scope"].tolist() == ["transactions"] and hours["cost_usd"].gt(0).all()


def test_tries_that_failed_after_tokens_are_the_part_that_failed(tmp_path: Path) -> None:
    run = make_run(tmp_path, {"swift": MadeModel()}, buckets=("short",), levels=(1,), requests=10)

    def broken(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        last = [row for row in rows if row["role"] == "measured"][-1]
        last |= {"ok": False, "error": "stream_cut", "error_in_stream": True, "text": None}
        return rows

    (path,) = run.records
    table = pq.read_table(path)
    rows = broken(table.to_pylist())
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), path)
    parts = tables(run, "short")["cost_parts"].set_index(["scope", "part"])["cost_usd"]
    usd = (rows[-1]["input_tokens"] + rows[-1]["output_tokens"]) / 1e6
    assert parts["run", "failed"] == pytest.approx(usd)
    assert parts["transactions", "failed"] == pytest.approx(usd / 9 * 10_000)


def test_a_bucket_without_answers_leaves_transactions_without_a_cost(tmp_path: Path) -> None:
    run = make_run(tmp_path, {"dead": MadeModel(error_rate=1.0)}, levels=(1,), requests=10)
    parts = tables(run, MIX)["cost_parts"]
    assert parts[parts["scope"] == "transactions"]["cost_usd"].isna().all()
    assert parts[(parts["scope"] == "run") & (parts["part"] == "failed")]["cost_usd"].tolist() == [0.0]


def test_the_parts_of_a_request_sum_to_its_price_above_a_threshold_too() -> None:
    price = Price(1.0, 4.0, 0.1, 1.25, thresholds=(Threshold(1000, 2.0, 6.0, 0.2, 2.5),))
    for usage in (Usage(500, 20, 100, 300), Usage(900, 20, 100, 300)):
        parts, whole = parts_usd(usage, price), cost_usd(usage, price)
        assert parts is not None and whole is not None and sum(parts) == pytest.approx(whole)
    assert parts_usd(Usage(900, 20, 100, 300), price) == pytest.approx((1.8e-3, 1.2e-4, 2e-5, 7.5e-4))
    assert parts_usd(Usage(1, None), price) is None and parts_usd(Usage(1, 1), Price()) is None
