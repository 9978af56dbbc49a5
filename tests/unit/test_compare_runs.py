"""Finished runs against each other: what is flagged, what isn't and why, and what the page says of it."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from compared_runs import finished
from made_run import MadeModel

from assay.comparison import document, figure
from assay.comparison.compare import compare, write_tables
from assay.comparison.runs import both_sides, name_of
from assay.comparison.settings import Comparison, asked_for, runs_asked, settings_of
from assay.errors import InputError
from benchmarks import compared

TEMPLATE = Path(__file__).parents[2] / "report" / "compare.qmd.j2"
SAME = {"swift": MadeModel(), "steady": MadeModel(e2e_ms=400.0)}
ONE = {"swift": MadeModel()}


def found(
    folder: Path,
    before: Mapping[str, MadeModel],
    after: Mapping[str, MadeModel],
    *,
    blocks: int = 4,
    settings: Comparison | None = None,
    **more: Any,
) -> dict[str, Any]:
    """One run on each side, compared."""
    for seed, (name, models) in enumerate((("before", before), ("after", after)), start=1):
        finished(folder / name, models, seed=seed, blocks=blocks, **more)
    sides = both_sides(["before"], ["after"], folder)
    return compare(settings or Comparison(), *sides)


def states(told: Mapping[str, Any], model: str, state: str) -> set[str]:
    """The figures of a model that are in a state."""
    return {row["metric"] for row in told["rows"] if row["model"] == model and row["state"] == state}


def row(told: Mapping[str, Any], model: str, metric: str, bucket: str = "all") -> dict[str, Any]:
    """The first row of this figure."""
    return next(r for r in told["rows"] if (r["model"], r["metric"], r["bucket"]) == (model, metric, bucket))


@pytest.fixture(scope="module")
def slower(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """swift takes half as long again; steady is what it was."""
    return found(tmp_path_factory.mktemp("slower"), SAME, SAME | {"swift": MadeModel(e2e_ms=300.0)})


def test_a_model_that_got_slower_is_flagged_and_the_other_is_not(slower: dict[str, Any]) -> None:
    assert {"ttft_ms_p50_all", "e2e_ms_p50_all", "transactions_per_minute"} <= states(
        slower, "swift", "regression"
    )
    assert not states(slower, "swift", "improvement")
    assert not states(slower, "steady", "regression") | states(slower, "steady", "improvement")
    overall = row(slower, "swift", "e2e_ms_p50_all")
    assert overall["low"] < 0.5 < overall["high"] and overall["basis"] == "sittings"
    assert slower["verdict"]["state"] == "regression"
    assert slower["verdict"]["sentence"].startswith("swift got worse: ")
    assert "steady" not in slower["verdict"]["sentence"]


def test_every_figure_stands_by_model_bucket_and_load(slower: dict[str, Any]) -> None:
    of_cells = {"ttft_ms_p50_all", "ttft_ms_p95_all", "e2e_ms_p50_all", "e2e_ms_p95_all", "transactions_per_minute", "error_rate"}  # fmt: skip
    there = {(r["model"], r["bucket"], r["load"], r["metric"]) for r in slower["rows"]}
    for model in SAME:
        for bucket in ("short", "long"):
            assert {(model, bucket, "c1", metric) for metric in of_cells} <= there
            assert {
                (model, bucket, "all", name) for name in ("accuracy", "cost_usd_per_10k_transactions")
            } <= there


def test_a_faster_model_is_an_improvement(tmp_path: Path) -> None:
    told = found(tmp_path, ONE, {"swift": MadeModel(e2e_ms=100.0)}, buckets=("short",), blocks=3)
    assert "transactions_per_minute" in states(told, "swift", "improvement")
    assert told["verdict"]["state"] == "improvement"
    assert told["verdict"]["sentence"].startswith("No regression is shown")


def test_equal_runs_are_called_neither_worse_nor_better(tmp_path: Path) -> None:
    told = found(tmp_path, ONE, ONE)
    assert {r["state"] for r in told["rows"]} == {"not_shown"}
    assert told["verdict"]["state"] == "not_shown" and "doesn't prove" in told["verdict"]["sentence"]


def test_a_bucket_called_all_is_a_bucket(tmp_path: Path) -> None:
    slow = {"swift": MadeModel(e2e_ms=900.0)}
    told = found(tmp_path, ONE, slow, buckets=("all", "long"), blocks=3, levels=(1, 2))
    of = [r for r in told["rows"] if r["metric"] == "e2e_ms_p50_all"]
    assert [(r["bucket"], r["load"], r["overall"]) for r in of] == [("all", "all", True)] + [
        (bucket, load, False) for bucket in ("all", "long") for load in ("c1", "c2")
    ]
    page = document.context(told, "x")
    assert page["overall"].count("latency p50") == 1
    assert page["by_model"][0]["rows"].count("latency p50") == 4
    assert page["verdict"]["sentence"].count("TTFT p50") == 1


def test_two_sittings_are_too_few_for_a_verdict_whatever_the_difference(tmp_path: Path) -> None:
    told = found(tmp_path, ONE, {"swift": MadeModel(e2e_ms=900.0)}, blocks=2, buckets=("short",))
    assert {r["state"] for r in told["rows"]} == {"not_tested"}
    assert told["tests"] == 0 and told["verdict"]["state"] == "not_tested"
    one = row(told, "swift", "e2e_ms_p50_all", "short")
    assert one["difference"] > 2 and "3 are needed on each side" in one["reason"]


def test_one_sitting_has_intervals_of_its_requests(tmp_path: Path) -> None:
    told = found(tmp_path, ONE, {"swift": MadeModel(e2e_ms=400.0)}, blocks=1, buckets=("short",))
    one = row(told, "swift", "e2e_ms_p50_all", "short")
    assert one["basis"] == "requests" and 0.5 < one["low"] < 1.0 < one["high"] < 1.6
    assert "72 are needed" in row(told, "swift", "e2e_ms_p95_all", "short")["reason"]
    assert {r["state"] for r in told["rows"]} == {"not_tested"}


def test_failing_more_often_costing_more_and_erring_more_are_regressions(tmp_path: Path) -> None:
    after = MadeModel(error_rate=0.4, usd_per_million=1.5, accuracy=0.2)
    told = found(tmp_path, ONE, {"swift": after})
    assert {"error_rate", "cost_usd_per_10k_transactions", "accuracy"} <= states(told, "swift", "regression")
    assert row(told, "swift", "cost_usd_per_10k_transactions")["difference"] == pytest.approx(0.5, abs=0.02)
    changed = {(change["part"], change["key"]) for change in told["changes"]}
    assert ("prices", "model swift: input_usd_per_million") in changed
    assert any("Prices changed" in caution for caution in document.context(told, "x")["cautions"])


def test_the_same_answers_at_the_same_price_differ_by_nothing(tmp_path: Path) -> None:
    models = {"swift": MadeModel(output_tokens=30)}
    told = found(tmp_path, models, models, blocks=3, buckets=("short",))
    cost = row(told, "swift", "cost_usd_per_10k_transactions", "short")
    assert (cost["difference"], cost["low"], cost["high"], cost["state"]) == (0, 0, 0, "not_shown")


def test_where_a_side_has_several_runs_each_is_a_sitting(tmp_path: Path) -> None:
    names = {"before": ["m1", "m2", "m3"], "after": ["f1", "f2", "f3"]}
    for place, name in enumerate([*names["before"], *names["after"]]):
        late = 300.0 if name.startswith("f") else 200.0
        finished(tmp_path / name, {"swift": MadeModel(e2e_ms=late)}, seed=place, blocks=2, buckets=("short",))
    sides = both_sides(names["before"], names["after"], tmp_path)
    told = compare(Comparison(), *sides)
    assert [told["sides"][side]["sittings"] for side in names] == [3, 3]
    assert told["sides"]["before"]["sittings_are"] == "runs"
    assert "e2e_ms_p50_all" in states(told, "swift", "regression")
    assert not any("blocks of one run" in caution for caution in document.context(told, "x")["cautions"])


def test_a_model_that_changed_its_label_is_compared_by_the_new_one(tmp_path: Path) -> None:
    told = found(
        tmp_path,
        {"haiku-3": MadeModel()},
        {"haiku-4": MadeModel(e2e_ms=500.0)},
        buckets=("short",),
        settings=Comparison(renamed={"haiku-3": "haiku-4"}),
    )
    assert told["models"] == ["haiku-4"]
    assert "e2e_ms_p50_all" in states(told, "haiku-4", "regression")
    assert ("settings", "models[haiku-4].id", "id-haiku-3", "id-haiku-4") in {
        (c["part"], c["key"], c["before"], c["after"]) for c in told["changes"]
    }


def test_only_prompts_of_both_sides_count(tmp_path: Path) -> None:
    told = found(tmp_path, ONE, ONE, buckets=("short",), requests=20)
    assert row(told, "swift", "accuracy", "short")["n_before"] == 20
    # Of 10 requests a block asks 10 prompts: those of the other side are filler.
    finished(tmp_path / "few", ONE, seed=9, blocks=4, buckets=("short",), requests=10)
    told = compare(Comparison(), *both_sides(["before"], ["few"], tmp_path))
    (prompts,) = told["prompts"]
    assert (prompts["before"], prompts["after"], prompts["shared"]) == (20, 10, 10)
    one = row(told, "swift", "e2e_ms_p50_all", "short")
    assert (one["n_before"], one["n_after"]) == (40, 40)
    assert row(told, "swift", "cost_usd_per_10k_transactions", "short")["n_before"] == 10
    assert any("only the 10 of 20" in caution for caution in document.context(told, "x")["cautions"])


def test_sides_without_a_prompt_in_common_are_not_compared(tmp_path: Path) -> None:
    found(tmp_path, ONE, ONE, blocks=3, buckets=("short",))
    for path in (tmp_path / "after" / "records" / "swift" / "c1").glob("*.parquet"):
        table = pq.read_table(path)
        frame = table.to_pandas()
        frame["prompt_id"] = "other-" + frame["prompt_id"]
        pq.write_table(type(table).from_pandas(frame, schema=table.schema, preserve_index=False), path)
    told = compare(Comparison(), *both_sides(["before"], ["after"], tmp_path))
    assert told["tests"] == 0 and told["prompts"][0]["shared"] == 0
    assert "could be compared" in told["verdict"]["sentence"]


@pytest.mark.filterwarnings("error::UserWarning")
def test_what_is_by_prompt_is_compared_whatever_the_loads_were(tmp_path: Path) -> None:
    finished(tmp_path / "a", ONE, seed=1, blocks=3, levels=(1,))
    dear = {"swift": MadeModel(usd_per_million=3.0), "steady": MadeModel()}
    finished(tmp_path / "b", dear, seed=2, blocks=3, levels=(2,))
    told = compare(Comparison(), *both_sides(["a"], ["b"], tmp_path))
    assert {r["load"] for r in told["rows"]} == {"all"}
    assert any("nothing is said of latency" in one for one in document.context(told, "x")["cautions"])
    assert states(told, "swift", "regression") == {"cost_usd_per_10k_transactions"}
    assert row(told, "swift", "accuracy")["state"] == "not_shown"
    same = [r for r in told["rows"] if r["model"] == "swift" and r["metric"].startswith("cost")]
    flat = [r | {"difference": 0.0, "low": 0.0, "high": 0.0} for r in same]
    figure.write(told | {"rows": flat}, tmp_path / "x.svg", tmp_path / "x.png")  # no axis without a width
    # What only one side has is no change of prices or of the endpoint.
    prices = [c["key"] for c in told["changes"] if c["part"] in ("prices", "endpoint")]
    assert prices == ["model swift: input_usd_per_million"]


def test_accuracy_by_another_panel_is_not_compared(tmp_path: Path) -> None:
    finished(tmp_path / "a", SAME, seed=1, blocks=3, judges=("ada",))
    finished(tmp_path / "b", {"swift": MadeModel(accuracy=0.1)}, seed=2, blocks=3, judges=("bea",))
    told = compare(Comparison(), *both_sides(["a"], ["b"], tmp_path))
    one = row(told, "swift", "accuracy", "short")
    assert (one["difference"], one["state"]) == (None, "not_tested") and "same judges" in one["reason"]
    assert told["only_before"] == ["steady"]


@pytest.mark.parametrize(
    "told", [{"working": False, "prompt_sha256": "0" * 64}, {"working": True, "prompt_sha256": "1" * 64}]
)
def test_accuracy_by_another_judge_prompt_or_with_a_judge_that_failed_is_not_compared(
    tmp_path: Path, told: dict[str, Any]
) -> None:
    for place, name in enumerate(("m1", "m2", "m3", "f1", "f2", "f3")):
        finished(tmp_path / name, ONE, seed=place, buckets=("short",), requests=20, judges=("ada", "bea"))
    sides = both_sides(["m1", "m2", "m3"], ["f1", "f2", "f3"], tmp_path)
    assert row(compare(Comparison(), *sides), "swift", "accuracy", "short")["state"] != "not_tested"
    for name in ("m2", "f2"):  # both sides have such a run: these are no yardstick either
        (tmp_path / name / "verdicts" / "swift" / "bea.json").write_text(json.dumps(told))
    one = row(compare(Comparison(), *sides), "swift", "accuracy", "short")
    assert (one["difference"], one["state"]) == (None, "not_tested") and "same judges" in one["reason"]


def test_what_the_client_distorted_has_no_latency_and_is_left_out_over_all(tmp_path: Path) -> None:
    buckets = ("short", "middle", "long")
    finished(tmp_path / "a", ONE, seed=1, blocks=3, buckets=buckets)
    finished(tmp_path / "b", {"swift": MadeModel(e2e_ms=600.0)}, seed=2, blocks=3, buckets=buckets)
    status = tmp_path / "b" / "records" / "swift" / "c1" / "b1.json"
    status.write_text(
        json.dumps({"status": "complete", "cells": {"short": {"valid": False, "reason": "late"}}})
    )
    told = compare(Comparison(), *both_sides(["a"], ["b"], tmp_path))
    assert row(told, "swift", "e2e_ms_p50_all", "short")["state"] == "not_tested"
    assert row(told, "swift", "e2e_ms_p50_all", "long")["difference"] > 1
    assert row(told, "swift", "error_rate", "short")["state"] == "not_shown"
    overall = row(told, "swift", "e2e_ms_p50_all")
    assert (overall["state"], overall["n_before"]) == ("regression", 240)
    assert overall["reason"] == "without 1 of 3 buckets and loads, which the client distorted"


def test_a_spoilt_block_is_no_sitting_and_is_named(tmp_path: Path) -> None:
    spoilt = {"swift": MadeModel(statuses={("c1", 2): ("spoilt", "the client was late")})}
    told = found(tmp_path, ONE, spoilt, blocks=3, buckets=("short",))
    one = row(told, "swift", "e2e_ms_p50_all", "short")
    assert (one["sittings_before"], one["sittings_after"], one["state"]) == (3, 2, "not_tested")
    assert "after/swift/c1/b1 (spoilt)" in " ".join(document.context(told, "x")["cautions"])


def test_what_changed_is_told_by_key_and_what_changes_no_figure_is_not(tmp_path: Path) -> None:
    finished(tmp_path / "a", ONE, seed=1, blocks=3)
    finished(
        tmp_path / "b", ONE, seed=2, blocks=3, inference={"max_tokens": 512}, report={"title": "another"}
    )
    told = compare(Comparison(), *both_sides(["a"], ["b"], tmp_path))
    assert [(c["part"], c["key"], c["before"], c["after"]) for c in told["changes"]] == [
        ("settings", "inference.max_tokens", "96", "512")
    ]
    assert "inference.max_tokens" in document.context(told, "x")["cautions"][0]


@pytest.mark.parametrize("name", ["provenance.json", "records/swift/c1/b0.parquet", "answers/swift.parquet"])
def test_a_run_that_is_not_finished_is_refused_by_the_missing_file(tmp_path: Path, name: str) -> None:
    finished(tmp_path / "a", ONE, seed=1)
    finished(tmp_path / "b", ONE, seed=1)
    (tmp_path / "b" / name).unlink()
    with pytest.raises(InputError, match=f"holds no finished run: {name}.* isn't there"):
        both_sides(["a"], ["b"], tmp_path)


def test_a_run_that_is_missing_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    finished(tmp_path / "monday", ONE, seed=1)
    with pytest.raises(InputError, match=r"there is no run 'friday'.*Finished runs here: monday"):
        both_sides(["monday"], ["friday"], tmp_path)
    finished(tmp_path / "a<b>", ONE, seed=1)
    with pytest.raises(InputError, match=r"a<b>': expected a folder without any of"):
        both_sides(["monday"], ["a<b>"], tmp_path)


def test_a_run_is_not_compared_with_itself(tmp_path: Path) -> None:
    folder = finished(tmp_path / "monday", ONE, seed=1)
    with pytest.raises(InputError, match="named twice"):
        both_sides(["monday"], [str(folder)], tmp_path)


def test_runs_without_a_model_in_common_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no model is on both sides.*renamed=old:new"):
        found(tmp_path, {"swift": MadeModel()}, {"steady": MadeModel()}, blocks=1)


def test_a_comparison_is_named_after_its_runs(tmp_path: Path) -> None:
    for place, name in enumerate(("m1", "m2", "f1")):
        finished(tmp_path / name, ONE, seed=place)
    finished(tmp_path / "elsewhere" / "f1", ONE, seed=7)
    before, after = both_sides(["m1", "m2"], ["f1"], tmp_path)
    assert name_of(before, after, tmp_path) == "m1+m2-vs-f1"
    _, other = both_sides(["m1"], [str(tmp_path / "elsewhere" / "f1")], tmp_path)
    assert name_of(before, other, tmp_path) not in (name_of(before, after, tmp_path), "m1+m2-vs-f1")


def test_the_command_line_is_read_and_what_is_wrong_in_it_named() -> None:
    config = {"before": "m1, m2", "after": "results/f1", "error_rate": 0.1, "renamed": "a:b"}
    assert asked_for(config) and not asked_for({"run": {"name": "x"}})
    assert runs_asked(config, "before") == ["m1", "m2"] and runs_asked(config, "after") == ["results/f1"]
    assert settings_of(config, config) == Comparison(error_rate=0.1, renamed={"a": "b"})
    for wrong, words in (
        ({"error_rate": 5}, "error_rate=5"),
        ({"error_rate": "x"}, "error_rate=x"),
        ({"renamed": "a"}, "renamed=a"),
        ({"aftr": "x"}, "aftr=... is unknown"),
    ):
        with pytest.raises(InputError, match=words):
            settings_of(config | wrong, config | wrong)
    assert runs_asked({"before": 715}, "before", ["after=x", "before=0715"]) == ["0715"]
    with pytest.raises(InputError, match="no run is named by 'after'"):
        runs_asked({"before": "x"}, "after")


def test_json_and_csv_hold_every_figure(slower: dict[str, Any], tmp_path: Path) -> None:
    json.dumps(slower, allow_nan=False)
    write_tables(slower, tmp_path / "d.csv", tmp_path / "c.csv")
    lines = (tmp_path / "d.csv").read_text("utf-8").splitlines()
    assert len(lines) == 1 + len(slower["rows"])
    assert lines[0].startswith("model,bucket,load,metric,unit,before,after,difference,low,high,p,p_adjusted")


def test_the_figure_says_what_it_shows_and_is_the_same_bytes(slower: dict[str, Any], tmp_path: Path) -> None:
    for name in ("one", "two"):
        figure.write(slower, tmp_path / f"{name}.svg", tmp_path / f"{name}.png")
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
    text = (tmp_path / "one.svg").read_text("utf-8")
    assert "Worse: " in text and "of swift" in text
    assert "swift, end-to-end latency p50" in text  # under the pointer
    (tmp_path / "one.png").stat()


def test_texts_from_outside_are_escaped_on_the_page(tmp_path: Path) -> None:
    nasty = "<script>alert(1)</script> | ::: {.x}"
    finished(tmp_path / "a", ONE, seed=1, blocks=3, title=nasty)
    finished(tmp_path / "b", ONE, seed=2, blocks=3, prompt={"system": nasty})
    told = compare(Comparison(), *both_sides(["a"], ["b"], tmp_path))
    document.write(told, TEMPLATE, tmp_path / "differences.svg", tmp_path / "x.qmd", tmp_path / "v.txt")
    page = (tmp_path / "x.qmd").read_text("utf-8")
    assert nasty not in page and "<script>" not in page
    assert page.count("\\<script\\>") == 2


def test_a_page_of_many_figures_shows_the_surest_and_says_how_many_it_leaves_out(
    slower: dict[str, Any],
) -> None:
    told = slower
    rows: Sequence[dict[str, Any]] = [
        r | {"bucket": f"b{n}", "overall": False} for r in told["rows"] for n in range(20)
    ]
    (swift, _) = document.context(told | {"rows": rows}, "x")["by_model"]
    assert swift["rows"].count("\n") == document.MOST_ROWS + 1
    assert swift["left_out"] == sum(r["model"] == "swift" for r in rows) - document.MOST_ROWS
    assert "worse" in swift["rows"].splitlines()[2]


def test_blocks_with_prompts_of_their_own_are_paired(tmp_path: Path) -> None:
    """What a block asks is the same on both sides: how its prompts differ from those of other blocks says nothing of a change."""
    for seed, (name, times) in enumerate((("a", 1.0), ("b", 1.2)), start=1):
        folder = finished(tmp_path / name, {"swift": MadeModel(spread=0.02)}, seed=seed, blocks=4, buckets=("short",))  # fmt: skip
        for block in range(4):
            path = folder / "records" / "swift" / "c1" / f"b{block}.parquet"
            table = pq.read_table(path)
            frame = table.to_pandas()
            mine = [f"short-{5 * block + place % 5}" for place in range(len(frame))]
            slow = times * np.exp(0.5 * block)
            for column in ("ttft_ms", "e2e_ms", "slot_ms"):
                frame[column] *= slow
            frame["prompt_id"] = mine
            pq.write_table(type(table).from_pandas(frame, schema=table.schema, preserve_index=False), path)
    told = compare(Comparison(), *both_sides(["a"], ["b"], tmp_path))
    one = row(told, "swift", "e2e_ms_p50_all", "short")
    assert one["difference"] == pytest.approx(0.2, abs=0.05)
    assert one["state"] == "regression" and one["high"] - one["low"] < 0.15


def test_the_simulated_worlds_of_the_benchmark_are_compared() -> None:
    rows = compared.world(0, "3 runs", 4.0)
    assert {row.model for row in rows if row.state == "regression"} == {"swift"}


def test_equal_runs_were_flagged_in_at_most_the_error_rate_of_the_worlds() -> None:
    told = json.loads((TEMPLATE.parents[1] / "benchmarks/results/compared.json").read_text("utf-8"))
    assert all(told[kind]["equal_flagged"] <= told["error_rate"] for kind in compared.WORLDS)
    needed = told["found_in_80_percent"]
    assert needed["3 sittings"]["0.05"] > needed["5 sittings"]["0.05"] > needed["10 sittings"]["0.05"]
