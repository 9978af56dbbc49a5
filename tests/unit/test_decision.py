"""From a run's files to a recommendation that JSON can hold and a person can read."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from made_run import MadeModel, MadeRun, make_run

from assay.decision.decide import decide
from assay.decision.stage import Choice
from assay.records.aggregate import aggregate
from assay.records.metrics import TABLES
from assay.records.settings import Aggregation
from assay.records.writing import write_table

PROJECT = Path(__file__).parents[2]


def tables_of(run: MadeRun, folder: Path, interest: str | dict[str, float]) -> dict[str, Path]:
    settings = {"dataset_of_interest": interest, "models": run.models, "judges": run.judges}
    rows = aggregate(Aggregation.model_validate(settings), **run.inputs())
    paths = {name: folder / "tables" / f"{name}.parquet" for name in ("cells", "models")}
    for name, path in paths.items():
        write_table(path, TABLES[name], rows[name])
    return paths


def decided(
    folder: Path,
    models: dict[str, MadeModel],
    limits: dict[str, Any] | None = None,
    objective: str = "cheapest",
    interest: str | dict[str, float] = "short",
    **run: Any,
) -> dict[str, Any]:
    made = make_run(folder, models, **({"requests": 80, "levels": (1, 4)} | run))
    paths = tables_of(made, folder, interest)
    inputs = made.inputs()
    del inputs["statuses"]
    choice = {
        "models": made.models,
        "limits": limits or {},
        "decision": {"objective": objective},
        "dataset_of_interest": interest,
    }
    found = decide(
        Choice.model_validate(choice | {"concurrency": run.get("levels", (1, 4))}), **paths, **inputs
    )
    json.dumps(found, allow_nan=False)
    assert found["sentence"]
    assert "\n" not in found["sentence"]
    return found


def test_the_cheapest_that_keeps_the_limits_wins_with_its_margin(tmp_path: Path) -> None:
    found = decided(
        tmp_path,
        {
            "swift": MadeModel(e2e_ms=150, usd_per_million=0.5),
            "steady": MadeModel(e2e_ms=200, usd_per_million=0.8),
            "slow": MadeModel(e2e_ms=900, usd_per_million=0.1),
        },
        {"e2e_ms_p95": {"max": 500}, "error_rate": {"max": 0.1}},
    )
    assert (found["answer"], found["model"], found["concurrency"]) == ("winner", "swift", 4)
    assert found["margin"]["over"] == "steady"
    assert found["margin"]["relative"] == pytest.approx(-0.375, abs=0.01)
    assert found["margin"]["low"] <= found["margin"]["difference"] <= found["margin"]["high"] < 0
    swift, steady = (model["objective_value"] for model in found["models"][:2])
    assert found["margin"]["difference"] == pytest.approx(swift - steady)
    (pair,) = found["comparisons"]
    assert pair["difference"] == pytest.approx(swift - steady)
    assert found["sentence"].startswith("Use swift: it keeps both limits at 4 in flight and costs $")
    assert " % less than steady (95 % interval " in found["sentence"]
    slow = next(model for model in found["models"] if model["model"] == "slow")
    assert slow["qualifies"] == "no"
    assert [limit["state"] for limit in slow["limits"]] == ["missed", "met"]
    assert slow["highest_concurrency"] is None
    assert found["models"][0]["highest_concurrency"] == 4
    assert found["models"][0]["levels"] == [
        {"load": "c1", "concurrency": 1, "rate_rps": None, "state": "met"},
        {"load": "c4", "concurrency": 4, "rate_rps": None, "state": "met"},
    ]
    assert any("misses end-to-end time" in reason for reason in found["reasons"])


def test_the_highest_concurrency_is_where_the_limits_still_hold(tmp_path: Path) -> None:
    found = decided(
        tmp_path,
        {"swift": MadeModel(e2e_ms=100, spread=0.05)},
        {"e2e_ms_p95": {"max": 160}},
        levels=(1, 4, 16),
    )
    (model,) = found["models"]
    assert model["qualifies"] == "no"
    assert model["highest_concurrency"] == 4
    assert found["answer"] == "none_qualifies"
    assert "misses end-to-end time (95th percentile)" in found["sentence"]


def test_the_limits_level_is_the_one_that_counts(tmp_path: Path) -> None:
    models = {"swift": MadeModel(e2e_ms=100, spread=0.05)}
    run = make_run(tmp_path, models, levels=(1, 16), requests=80)
    settings = {"dataset_of_interest": "short", "models": run.models, "judges": run.judges, "concurrency": 1}
    rows = aggregate(Aggregation.model_validate(settings), **run.inputs())
    assert rows["models"][0]["concurrency"] == 1
    assert rows["models"][0]["e2e_ms_p50"] < 120


def test_failures_count_as_infinitely_late_where_a_limit_is_checked(tmp_path: Path) -> None:
    found = decided(
        tmp_path, {"flaky": MadeModel(e2e_ms=50, error_rate=0.2)}, {"e2e_ms_p95": {"max": 10_000}}
    )
    (limit,) = found["models"][0]["limits"]
    assert limit["state"] == "missed"
    assert limit["value"] is None
    assert limit["value_in_words"] == "infinitely late"


def test_a_model_that_fails_is_not_cheaper_than_one_that_answers_the_same(tmp_path: Path) -> None:
    made = make_run(tmp_path, {name: MadeModel(output_tokens=20) for name in ("cut", "solid")}, levels=(1,))
    table = pq.read_table(made.records[0])
    failed = {"ok": False, "error": "stream_cut", "text": None, "input_tokens": None, "output_tokens": None}
    rows = [r | (failed if r["bucket"] == "long" and r["position"] % 10 else {}) for r in table.to_pylist()]
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), made.records[0])
    interest = {"short": 1.0, "long": 9.0}
    inputs = made.inputs()
    del inputs["statuses"]
    choice = Choice.model_validate(
        {"models": made.models, "dataset_of_interest": interest, "concurrency": [1]}
    )
    (pair,) = decide(choice, **tables_of(made, tmp_path, interest), **inputs)["comparisons"]
    assert pair["relative"] == pytest.approx(0, abs=0.02)


def unreadable(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row | {"verdict": "unparseable"} for row in rows]


def test_without_limits_the_reasons_say_what_speaks_against_the_choice(tmp_path: Path) -> None:
    models = {
        "a": MadeModel(error_rate=0.5, accuracy=0.5, output_tokens=20),
        "b": MadeModel(usd_per_million=9),
    }
    found = decided(tmp_path / "none", models)
    assert found["model"] == "a"
    (told,) = (line for line in found["reasons"] if line.startswith("a, of which nothing is limited"))
    failed = re.search(r"80 requests measured, ([\d.]+) % of them failed, answers correctly [\d.]+ %", told)
    assert failed is not None and 35 < float(failed[1]) < 65
    assert "(20 prompts)" in told
    assert not any(line.startswith("b, ") for line in found["reasons"]), "it is not the choice"
    some = decided(tmp_path / "some", models, {"accuracy": {"min": 0.05}})
    assert any(re.match(r"a, beside its limits: 80 requests.* failed\.$", line) for line in some["reasons"])
    both = decided(tmp_path / "both", models, {"accuracy": {"min": 0.05}, "error_rate": {"max": 0.9}})
    assert not any("beside its limits" in line for line in both["reasons"])
    few = decided(tmp_path / "few", {"a": MadeModel(error_rate=0.0)})
    assert not any("failed" in line for line in few["reasons"])


def test_a_single_model_had_nothing_to_be_compared_with(tmp_path: Path) -> None:
    found = decided(tmp_path, {"swift": MadeModel()})
    assert found["sentence"].endswith("with no other model to compare it with.")
    assert "swift is the only model: there was nothing to compare it with." in found["reasons"]


def test_when_no_verdict_could_be_read_the_sentence_says_that_accuracy_is_unknown(tmp_path: Path) -> None:
    run = make_run(tmp_path, {"swift": MadeModel()}, requests=80)
    for path in run.verdicts:
        table = pq.read_table(path)
        pq.write_table(pa.Table.from_pylist(unreadable(table.to_pylist()), schema=table.schema), path)
    inputs = run.inputs()
    del inputs["statuses"]
    choice = Choice.model_validate(
        {"models": run.models, "dataset_of_interest": "short", "concurrency": [1, 4]}
    )
    found = decide(choice, **tables_of(run, tmp_path, "short"), **inputs)
    assert found["model"] == "swift"
    assert "The accuracy of swift is unknown: no verdict of the judges could be read" in found["sentence"]
    assert any("accuracy is unknown: no verdict" in line for line in found["reasons"])
    assert found["judges_not_working"] == ["ada", "bea", "cy"]


def test_a_judge_that_does_not_work_is_named_in_the_decision(tmp_path: Path) -> None:
    run = make_run(tmp_path, {"swift": MadeModel()}, requests=40)
    (mute,) = [path for path in run.verdicts if path.stem == "bea"]
    table = pq.read_table(mute)
    pq.write_table(pa.Table.from_pylist(unreadable(table.to_pylist()), schema=table.schema), mute)
    inputs = run.inputs()
    del inputs["statuses"]
    choice = Choice.model_validate(
        {"models": run.models, "dataset_of_interest": "short", "concurrency": [1, 4]}
    )
    found = decide(choice, **tables_of(run, tmp_path, "short"), **inputs)
    assert found["judges_not_working"] == ["bea"]


def test_without_judges_a_metrics_mean_is_not_called_correct(tmp_path: Path) -> None:
    models = {"a": MadeModel(accuracy=0.5), "b": MadeModel(accuracy=0.95)}
    found = decided(tmp_path, models, objective="most_accurate", prompts=60, judges=())
    assert "scores " in found["sentence"] and "by the dataset's own metric (qa_f1)" in found["sentence"]
    by_cost = decided(tmp_path / "cost", {"a": MadeModel()}, judges=())
    assert any("by the dataset's own metric (qa_f1)" in line for line in by_cost["reasons"])
    for text in (found["sentence"], *found["reasons"], *by_cost["reasons"]):
        assert "correctly" not in text


def test_a_mean_of_ratings_is_not_called_a_share_of_right_answers(tmp_path: Path) -> None:
    run = make_run(tmp_path, {"swift": MadeModel()}, requests=80)
    for path in run.verdicts:
        table = pq.read_table(path)
        rated = [
            row | {"verdict": "rated", "rating": 5.0 if row["verdict"] == "correct" else 2.0}
            for row in table.to_pylist()
        ]
        pq.write_table(pa.Table.from_pylist(rated, schema=table.schema), path)
    inputs = run.inputs()
    del inputs["statuses"]
    choice = Choice.model_validate(
        {"models": run.models, "dataset_of_interest": "short", "concurrency": [1, 4]}
    )
    tables = tables_of(run, tmp_path, "short")
    assert pq.read_table(tables["models"])["accuracy_by"].to_pylist() == ["ratings"]
    found = decide(choice, **tables, **inputs)
    told = [found["sentence"], *found["reasons"]]
    assert any("by the judges' ratings" in text for text in told)
    assert not any("correctly" in text or "own metric" in text for text in told)


def test_models_that_cost_the_same_are_equivalent(tmp_path: Path) -> None:
    same = MadeModel(output_tokens=20)
    found = decided(tmp_path, {"one": same, "two": same})
    assert (found["answer"], found["candidates"], found["margin"]) == ("equivalent", ["one", "two"], None)


def test_a_fixed_proportion_of_costs_is_a_winner_without_variance(tmp_path: Path) -> None:
    cheap, dear = (MadeModel(output_tokens=20, usd_per_million=usd) for usd in (1.0, 1.1))
    found = decided(tmp_path, {"dear": dear, "cheap": cheap})
    assert (found["answer"], found["model"]) == ("winner", "cheap")
    assert found["margin"]["relative_low"] == pytest.approx(1 / 1.1 - 1) == found["margin"]["relative_high"]


@pytest.mark.parametrize("blocks", [1, 5])
def test_the_fastest_wins_by_its_median(tmp_path: Path, blocks: int) -> None:
    models = {"slow": MadeModel(e2e_ms=200), "fast": MadeModel(e2e_ms=150)}
    found = decided(tmp_path, models, objective="fastest", blocks=blocks)
    assert (found["answer"], found["model"]) == ("winner", "fast")
    assert found["margin"]["relative"] == pytest.approx(-0.25, abs=0.05)


def test_accuracy_that_cant_be_told_apart_is_undecided_and_says_what_would_decide(tmp_path: Path) -> None:
    models = {"a": MadeModel(accuracy=0.85), "b": MadeModel(accuracy=0.8)}
    found = decided(tmp_path, models, objective="most_accurate")
    assert found["answer"] == "undecided"
    assert sorted(found["candidates"]) == ["a", "b"]
    (pair,) = found["comparisons"]
    assert pair["relative"] is None
    assert pair["better"] is None
    assert "can't be told apart by accuracy" in found["sentence"]


def test_the_most_accurate_wins_on_enough_prompts(tmp_path: Path) -> None:
    models = {"a": MadeModel(accuracy=0.5), "b": MadeModel(accuracy=0.95)}
    found = decided(tmp_path, models, objective="most_accurate", prompts=60)
    assert (found["answer"], found["model"]) == ("winner", "b")
    assert found["margin"]["low"] > 0
    assert "points more than a" in found["sentence"]


def test_an_incomplete_cell_makes_a_model_not_evaluated_with_its_reason(tmp_path: Path) -> None:
    capped = MadeModel(usd_per_million=0.1, statuses={("c4", 1): ("capped", "the budget is spent")})
    found = decided(tmp_path, {"swift": MadeModel(), "capped": capped}, {"error_rate": {"max": 0.2}})
    assert (found["answer"], found["model"]) == ("winner", "swift")
    assert found["models"][1]["qualifies"] == "not_evaluated"
    assert "the budget is spent" in found["models"][1]["reason"]
    assert found["sentence"].endswith("Not evaluated: capped.")
    assert any("not to say it was beaten" in reason for reason in found["reasons"])


def test_an_unknown_price_is_not_evaluated_for_the_cheapest(tmp_path: Path) -> None:
    found = decided(tmp_path, {"a": MadeModel(usd_per_million=None), "b": MadeModel(usd_per_million=None)})
    assert found["answer"] == "not_evaluated"
    assert "cost_usd_per_10k_transactions is unknown" in found["sentence"]
    assert (
        "a price of id-a that its requests need is unknown; give it in the benchmark file under `prices:`"
        in found["sentence"]
    )


def test_a_cost_is_unknown_for_want_of_answers_where_the_price_is_known(tmp_path: Path) -> None:
    found = decided(tmp_path, {"down": MadeModel(error_rate=1.0), "up": MadeModel()})
    assert found["models"][0]["reason"].endswith("unknown: nothing was answered")


@pytest.mark.parametrize(
    ("limit", "why"),
    [("ttft_ms_p95", "no answer held any text"), ("tpot_ms_p95", "it takes 16 tokens in 4 chunks")],
)
def test_a_limit_that_cant_be_evaluated_says_why(tmp_path: Path, limit: str, why: str) -> None:
    run = make_run(tmp_path, {"terse": MadeModel()}, levels=(1,))
    table = pq.read_table(run.records[0])
    rows = [row | {"ttft_ms": None, "tpot_ms": None} for row in table.to_pylist()]
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), run.records[0])
    inputs = run.inputs()
    del inputs["statuses"]
    choice = {
        "models": run.models,
        "dataset_of_interest": "short",
        "concurrency": [1],
        "limits": {limit: {"max": 100}},
    }
    found = decide(Choice.model_validate(choice), **tables_of(run, tmp_path, "short"), **inputs)
    (checked,) = found["models"][0]["limits"]
    assert checked["state"] == "not_evaluated" and why in checked["why"]
    assert why in found["sentence"] and why in found["reasons"][0]


def test_too_few_requests_leave_a_limit_undecided_and_say_how_many_more(tmp_path: Path) -> None:
    found = decided(tmp_path, {"a": MadeModel()}, {"e2e_ms_p95": {"max": 1000}}, requests=40)
    assert found["answer"] == "undecided"
    assert "about 32 more requests would decide" in found["sentence"]


def test_a_run_in_which_everything_failed_recommends_nothing(tmp_path: Path) -> None:
    for objective in ("cheapest", "fastest", "most_accurate"):
        found = decided(tmp_path / objective, {"down": MadeModel(error_rate=1.0)}, objective=objective)
        assert found["model"] is None
        assert found["answer"] in ("not_evaluated", "none_qualifies")


def test_a_mix_of_buckets_is_decided_on_as_a_mix(tmp_path: Path) -> None:
    found = decided(
        tmp_path, {"a": MadeModel(), "b": MadeModel(usd_per_million=2)}, interest={"short": 1, "long": 3}
    )
    assert found["dataset_of_interest"] == {"short": 0.25, "long": 0.75}
    assert found["model"] == "a"


def test_equal_models_are_rarely_given_a_winner(tmp_path: Path) -> None:
    """Three models alike in all that is drawn: 40 made-up runs, of which 5 % may name one by chance."""
    alike = {name: MadeModel(spread=0.3) for name in ("a", "b", "c")}
    named = 0
    for seed in range(40):
        found = decided(
            tmp_path / str(seed),
            alike,
            objective="fastest",
            buckets=("short",),
            levels=(1,),
            requests=40,
            judges=(),
            seed=seed,
        )
        named += found["answer"] == "winner"
    assert named <= 6  # P(more than 6 of 40 at 5 %) is below 1 %


def test_the_stages_run_as_commands(tmp_path: Path) -> None:
    run = make_run(tmp_path, {"swift": MadeModel(), "steady": MadeModel(usd_per_million=2.0)})
    settings = {"dataset_of_interest": "short", "concurrency": 4, "models": run.models, "judges": run.judges}
    out = {name: tmp_path / "tables" / f"{name}.parquet" for name in TABLES}
    _script(
        "aggregate", settings, run.inputs() | {f"out-{name}": path for name, path in out.items()}, tmp_path
    )
    assert pq.read_table(out["cells"]).num_rows == 8
    assert all(path.with_suffix(".csv").exists() for path in out.values())
    inputs = run.inputs()
    del inputs["statuses"]
    choice = {"models": run.models, "dataset_of_interest": "short", "concurrency": [1, 4]}
    where = {"cells": out["cells"], "models": out["models"], "out": tmp_path / "decision.json"}
    told = _script("decide", choice, inputs | where, tmp_path)
    found = json.loads((tmp_path / "decision.json").read_text(encoding="utf-8"))
    assert found["model"] == "swift"
    assert found["sentence"] in told


def _script(name: str, settings: dict[str, Any], arguments: dict[str, Any], folder: Path) -> str:
    line = [sys.executable, str(PROJECT / "scripts" / f"{name}.py"), "--settings", json.dumps(settings)]
    line += ["--log", str(folder / f"{name}.log")]
    for flag, value in arguments.items():
        line += [f"--{flag}", *([str(path) for path in value] if isinstance(value, list) else [str(value)])]
    done = subprocess.run(
        line, env={**os.environ, "PYTHONPATH": str(PROJECT)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_no_latency_of_a_cell_that_the_client_distorted_is_held_against_a_limit(tmp_path: Path) -> None:
    run = make_run(tmp_path, {"swift": MadeModel(e2e_ms=100), "steady": MadeModel(e2e_ms=200)}, requests=80)
    status = tmp_path / "records" / "swift" / "c4" / "b1.json"
    told = json.loads(status.read_text(encoding="utf-8"))
    told["cells"]["short"] |= {"valid": False, "reason": "the client read its canary late"}
    status.write_text(json.dumps(told), encoding="utf-8")
    inputs = run.inputs()
    del inputs["statuses"]
    choice = {
        "models": run.models,
        "limits": {"ttft_ms_p95": {"max": 5000}, "e2e_ms_p95": {"max": 500}},
        "decision": {"objective": "fastest"},
        "dataset_of_interest": "short",
        "concurrency": (1, 4),
    }
    found = decide(Choice.model_validate(choice), **tables_of(run, tmp_path, "short"), **inputs)
    swift = next(model for model in found["models"] if model["model"] == "swift")
    assert (swift["qualifies"], swift["objective_value"]) == ("not_evaluated", None)
    assert [(limit["state"], limit["value"]) for limit in swift["limits"]] == [("not_evaluated", None)] * 2
    assert {limit["why"] for limit in swift["limits"]} == {"the client itself distorted its times"}
    assert "the client read its canary late" in swift["reason"]
    assert found["model"] == "steady"
