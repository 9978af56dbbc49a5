"""Only what is stale runs again: each case changes one thing in a finished run and reads Snakemake's plan."""

import os
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from runs import FIGURES, LEVELS, Workflow, model

from assay.fingerprint import Sources

REPORT = {"report": 1, "render": 1}
MISTAKES = {"mistakes": 1, "render_mistakes": 1}
RENDERED = {"render": 1, "render_mistakes": 1}
FROM_DECISION = {"decide": 1, **dict.fromkeys(FIGURES, 1), **REPORT}
FROM_ACCURACY = {
    "accuracy": 1,
    "figure_accuracy_by_model": 1,
    "figure_accuracy_by_prompt_size": 1,
    "figure_accuracy_by_task": 1,
    **REPORT,
}
FROM_TABLES = {"aggregate": 1, "accuracy": 1, **FROM_DECISION}
FROM_ANSWERS = {"judge_judge-a": 2, **FROM_TABLES, **MISTAKES}
FROM_RECORDS = {"score": 2, **FROM_ANSWERS}
FROM_MEASURING = {f"invoke_{name}": len(LEVELS) for name in ("swift", "steady")} | FROM_RECORDS
BEFORE_BUYING = {"check_budget": 1, "preflight": 1}
FROM_PROMPTS = BEFORE_BUYING | FROM_MEASURING
FROM_EXAMPLES = {"bucket": 1, **FROM_PROMPTS}


def test_nothing_changed_reruns_nothing(finished: Workflow) -> None:
    assert finished.plan() == {}


def test_touched_files_rerun_nothing(finished: Workflow) -> None:
    for part in ("Snakefile", "rules", "scripts", "assay", "config", "report"):
        for path in [finished.folder / part, *(finished.folder / part).rglob("*")]:
            os.utime(path)
    assert finished.plan() == {}


def test_reordered_keys_rerun_nothing(finished: Workflow) -> None:
    finished.benchmark = reordered(finished.benchmark)
    assert finished.plan() == {}


def reordered(value: Any) -> Any:
    """The same settings with every mapping's keys turned round; lists keep their order, which means something."""
    if isinstance(value, dict):
        return {key: reordered(value[key]) for key in reversed(value)}
    return [reordered(item) for item in value] if isinstance(value, list) else value


def test_the_same_numbers_written_otherwise_rerun_nothing(finished: Workflow) -> None:
    finished.changed()["inference"]["temperature"] = 0
    finished.changed()["limits"]["e2e_ms_p95"]["max"] = 2000.0
    assert finished.plan() == {}


def test_defaults_written_out_rerun_nothing(finished: Workflow) -> None:
    finished.changed()["load"]["blocks"] = 1
    finished.changed()["run"]["edition"] = 1
    assert finished.plan() == {}


def test_a_renamed_benchmark_file_reruns_no_measurement(finished: Workflow) -> None:
    finished.write()
    (finished.folder / "bench.yaml").rename(finished.folder / "other.yaml")
    finished.command = lambda *arguments: [  # type: ignore[method-assign]
        *Workflow.command(finished, *arguments)[:3], "--configfile", "other.yaml", *arguments
    ]  # fmt: skip
    assert finished.plan() == REPORT


STAGES = {
    "fetch": {"fetch": 1, **FROM_EXAMPLES},
    "bucket": FROM_EXAMPLES,
    "prices": {"prices": 1, **BEFORE_BUYING, **FROM_TABLES},
    "estimate": BEFORE_BUYING | REPORT,
    "preflight": {"preflight": 1},
    "invoke": FROM_MEASURING,
    "score": FROM_RECORDS,
    "judge": FROM_ANSWERS,
    "aggregate": FROM_TABLES,
    "accuracy": FROM_ACCURACY,
    "decide": FROM_DECISION,
    "figures": {**dict.fromkeys(FIGURES, 1), **REPORT},
    "report": REPORT,
    "mistakes": MISTAKES,
    "render": RENDERED,
}


@pytest.mark.parametrize(
    "module",
    [
        "assay/errors.py",
        "assay/prompts/tokenizer.py",
        "assay/prices/book.py",
        "assay/sender/connection.py",
        "assay/judging/parsing.py",
        "assay/metrics/rouge.py",
        "assay/stats/quantiles.py",
        "assay/figures/style.py",
        "assay/simulator/wording.py",
        "scripts/decide.py",
        "scripts/render.py",
    ],
)
def test_an_edited_module_reruns_the_stages_that_import_it(finished: Workflow, module: str) -> None:
    edited = finished.folder / module
    sources = Sources([finished.folder, finished.folder / "scripts"])
    importing = [
        stage for stage in STAGES if edited in sources.modules(finished.folder / f"scripts/{stage}.py")
    ]
    expected: dict[str, int] = {}
    for stage in importing:
        expected |= STAGES[stage]
    edited.write_text(edited.read_text("utf-8") + "\n# edited\n", "utf-8")
    assert finished.plan() == expected


def test_an_edited_module_that_no_stage_imports_reruns_nothing(finished: Workflow) -> None:
    (finished.folder / "assay" / "new_module.py").write_text("NEW = True\n", "utf-8")
    assert finished.plan() == {}


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("config/prompts/question_answering.txt", {"fetch": 1, **FROM_EXAMPLES}),
        ("config/judging/correctness.txt", BEFORE_BUYING | FROM_ANSWERS),
        ("report/report.qmd.j2", REPORT),
        ("report/sections/glance.qmd.j2", REPORT),
        ("report/mistakes.qmd.j2", MISTAKES),
        ("report/style.css", RENDERED),
        ("report/filter.lua", RENDERED),
        ("report/text.lua", RENDERED),
        ("report/page.lua", RENDERED),
        ("report/page.js", RENDERED),
        ("report/page.html", RENDERED),
        ("report/document.typ", RENDERED),
    ],
)
def test_an_edited_template_reruns_what_reads_it(
    finished: Workflow, part: str, expected: dict[str, int]
) -> None:
    with (finished.folder / part).open("a", encoding="utf-8") as file:
        file.write("\n")
    assert finished.plan() == expected


def test_an_added_model_reruns_its_own_part_and_what_lies_after(finished: Workflow) -> None:
    finished.changed()["models"].append(model("scholar"))
    added = {"prices": 1, "invoke_scholar": len(LEVELS), "score": 1, "judge_judge-a": 1, **FROM_TABLES}
    assert finished.plan() == BEFORE_BUYING | added | MISTAKES


def test_a_changed_model_reruns_its_own_part_and_what_lies_after(finished: Workflow) -> None:
    finished.changed()["models"][1]["inference"] = {"max_tokens": 16}
    changed = {"invoke_steady": len(LEVELS), "score": 1, "judge_judge-a": 1, **FROM_TABLES}
    assert finished.plan() == BEFORE_BUYING | changed | MISTAKES


def test_a_removed_model_reruns_what_lies_after(finished: Workflow) -> None:
    del finished.changed()["models"][1]
    assert finished.plan() == {"prices": 1, **BEFORE_BUYING, **FROM_TABLES, **MISTAKES}


def test_reordered_models_measure_nothing(finished: Workflow) -> None:
    finished.changed()["models"].reverse()
    assert finished.plan() == BEFORE_BUYING | FROM_TABLES | MISTAKES


def test_an_added_judge_reruns_its_own_part_and_what_lies_after(finished: Workflow) -> None:
    finished.changed()["judges"]["panel"].append(model("judge-b"))
    # Of two judges there is agreement to draw.
    added = {"judge_judge-b": 2, "figure_judges_agreement": 1, **FROM_TABLES, **MISTAKES}
    assert finished.plan() == {"prices": 1, **BEFORE_BUYING, **added}


def test_a_changed_judge_reruns_its_own_part_and_what_lies_after(finished: Workflow) -> None:
    finished.changed()["judges"]["panel"][0]["inference"] = {"max_tokens": 200}
    assert finished.plan() == BEFORE_BUYING | FROM_ANSWERS


def test_removed_judges_rerun_what_lies_after(finished: Workflow) -> None:
    del finished.changed()["judges"]
    assert finished.plan() == {"prices": 1, **BEFORE_BUYING, **FROM_TABLES, **MISTAKES}


def test_an_added_concurrency_level_measures_that_level(finished: Workflow) -> None:
    finished.changed()["load"]["concurrency"].append(3)
    one_level = {f"invoke_{name}": 1 for name in ("swift", "steady")}
    assert finished.plan() == BEFORE_BUYING | one_level | FROM_RECORDS
    assert sorted(job for job in finished.jobs() if job.startswith("Measure")) == [
        "Measure steady at c3, block 0",
        "Measure swift at c3, block 0",
    ]


def test_an_added_rate_measures_that_rate_and_draws_its_figure(finished: Workflow) -> None:
    finished.changed()["load"]["rates_rps"] = [2.5]
    one_level = {f"invoke_{name}": 1 for name in ("swift", "steady")}
    assert finished.plan() == BEFORE_BUYING | one_level | FROM_RECORDS | {"figure_latency_by_rate": 1}
    assert sorted(job for job in finished.jobs() if job.startswith("Measure")) == [
        "Measure steady at r2.5, block 0",
        "Measure swift at r2.5, block 0",
    ]


def test_an_added_ramp_measures_that_ramp_and_draws_its_figure_and_no_answer_of_it_is_scored_or_judged(
    finished: Workflow,
) -> None:
    finished.changed()["load"]["ramps"] = [{"from_rps": 1, "to_rps": 20, "duration_s": 3}]
    one_ramp = {f"invoke_{name}": 1 for name in ("swift", "steady")}
    assert finished.plan() == BEFORE_BUYING | one_ramp | FROM_TABLES | {"figure_latency_over_ramp": 1}
    assert sorted(job for job in finished.jobs() if job.startswith("Measure")) == [
        "Measure steady at ramp1-20, block 0",
        "Measure swift at ramp1-20, block 0",
    ]


def test_what_only_open_loops_use_measures_no_closed_loop_again(finished: Workflow) -> None:
    finished.changed()["load"] |= {"arrivals": "constant", "warmup_s": 1, "max_in_flight": 9}
    assert finished.plan() == BEFORE_BUYING | REPORT


def test_a_removed_concurrency_level_measures_nothing(finished: Workflow) -> None:
    finished.changed()["load"]["concurrency"].remove(1)
    assert finished.plan() == BEFORE_BUYING | FROM_RECORDS


@pytest.mark.parametrize("change", ["added", "changed", "removed"])
def test_buckets_rerun_from_the_prompts_on(finished: Workflow, change: str) -> None:
    buckets = finished.changed()["buckets"]
    if change == "added":
        buckets.append({"name": "middling", "min": 600, "max": 800, "n": 4})
    elif change == "changed":
        buckets[0]["n"] = 6
    else:
        del buckets[0]
    assert finished.plan() == {"fetch": 1, **FROM_EXAMPLES}


def test_limits_rerun_from_the_decision_on(finished: Workflow) -> None:
    finished.changed()["limits"]["error_rate"] = {"max": 0.1}
    # Less strict than what holds for single requests already.
    finished.changed()["limits"]["e2e_ms_p99"] = {"max": 3000}
    assert finished.plan() == FROM_DECISION


@pytest.mark.parametrize("change", ["changed", "removed"])
def test_what_a_single_request_has_to_keep_reruns_from_the_tables_on(finished: Workflow, change: str) -> None:
    benchmark = finished.changed()
    if change == "changed":
        benchmark["limits"]["e2e_ms_p95"] = {"max": 1000}
    else:
        del benchmark["limits"]
    assert finished.plan() == FROM_TABLES


def test_a_traffic_reruns_from_the_tables_on(finished: Workflow) -> None:
    finished.changed()["traffic"] = {"rate_rps": 2}
    assert finished.plan() == FROM_TABLES


def test_a_changed_price_reruns_from_the_tables_on(finished: Workflow) -> None:
    finished.changed()["prices"]["sim.swift-v1:0"]["input_usd_per_million"] = 3.0
    assert finished.plan() == {"prices": 1, **BEFORE_BUYING, **FROM_TABLES}


@pytest.mark.parametrize(
    "changed",
    [
        {"service_tiers": {"priority": {"input_usd_per_million": 2.0, "output_usd_per_million": 4.0}}},
        {"thresholds": [{"above_input_tokens": 100, "input_usd_per_million": 2.0, "output_usd_per_million": 4.0}]},
    ],
)  # fmt: skip
def test_a_changed_part_of_a_price_measures_and_judges_nothing(
    finished: Workflow, changed: dict[str, Any]
) -> None:
    finished.changed()["prices"]["sim.swift-v1:0"] |= changed
    plan = finished.plan()
    assert plan.items() >= {"prices": 1, **FROM_TABLES}.items()
    assert not any(name.startswith(("invoke_", "judge_", "score")) for name in plan)


def test_prices_that_are_looked_up_anew_and_are_the_same_rerun_nothing(finished: Workflow) -> None:
    finished.run("results/tiny/prices.json", "--forcerun", "prices")
    assert finished.plan() == {}


def test_a_changed_objective_reruns_from_the_decision_on(finished: Workflow) -> None:
    finished.changed()["decision"] = {"objective": "fastest"}
    assert finished.plan() == FROM_DECISION


def test_labels_of_people_rerun_what_goes_by_them_and_measure_and_judge_nothing(finished: Workflow) -> None:
    from_labels = {"accuracy": 1, **FROM_DECISION, **MISTAKES}
    answers = pq.read_table(finished.results / "answers" / "swift.parquet").to_pylist()
    item = next(f"a-{answer['answer_id']}" for answer in answers if answer["bucket"] == "large")
    labels = finished.results / "labels" / "labels.csv"
    labels.parent.mkdir()
    labels.write_text(f"item,label\n{item},1\n")
    assert finished.plan() == from_labels
    finished.run()
    (reason,) = {
        row["reason"]
        for row in pq.read_table(finished.results / "tables" / "corrected.parquet").to_pylist()
        if row["n_labels"]
    }
    assert reason == "1 label, where 10 are the least"
    assert finished.plan() == {}
    labels.write_text(f"item,label\n{item},0\n")
    assert finished.plan() == from_labels


def test_how_exact_labels_are_to_be_reruns_the_tables_of_accuracy(finished: Workflow) -> None:
    finished.changed()["labels"] = {"half_width": "3 points"}
    assert finished.plan() == FROM_ACCURACY


def test_a_quota_is_held_against_the_plan_and_measures_nothing(finished: Workflow) -> None:
    finished.changed()["quotas"] = {"sim.swift-v1:0": {"requests_per_minute": 6000}}
    assert finished.plan() == BEFORE_BUYING | REPORT


def test_what_preflight_is_to_accept_tries_again_and_measures_nothing(finished: Workflow) -> None:
    finished.changed()["preflight"] = {"accept": ["quota"]}
    assert finished.plan() == {"preflight": 1, **REPORT}


@pytest.mark.parametrize("change", [{"title": "Another title"}, {"examples": 5}])
def test_what_the_report_says_and_shows_reruns_its_pages(finished: Workflow, change: dict[str, Any]) -> None:
    finished.changed()["report"] = change
    assert finished.plan() == REPORT | MISTAKES


def test_a_new_edition_measures_and_judges_everything(finished: Workflow) -> None:
    finished.changed()["run"]["edition"] = 2
    assert finished.plan() == FROM_PROMPTS


def test_a_moved_project_reruns_nothing(finished: Workflow) -> None:
    finished.folder = finished.folder.rename(finished.folder.with_name("elsewhere"))
    assert finished.plan() == {}


def test_a_moved_ledger_reruns_the_report_only(finished: Workflow) -> None:
    (finished.results / "ledger").rename(finished.folder / "ledger")
    finished.changed()["run"]["ledger"] = "ledger"
    assert finished.plan() == REPORT


def test_a_changed_behaviour_reruns_what_asks_the_simulator(finished: Workflow) -> None:
    path = finished.folder / "config" / "simulator" / "default.yaml"
    behaviour = yaml.safe_load(path.read_text("utf-8"))
    behaviour["models"]["sim.swift-v1:0"]["latency"]["base_ms"] += 1
    path.write_text(yaml.safe_dump(behaviour), "utf-8")
    assert finished.plan() == FROM_PROMPTS


def test_a_search_runs_where_it_is_asked_for_and_only_what_it_asks_makes_it_stale(finished: Workflow) -> None:
    finished.changed()["load"]["search"] = {"start_rps": 20, "probe_s": 0.2, "max_requests": 500}
    searches = {f"search_{name}": 1 for name in ("swift", "steady")}
    assert finished.plan() == BEFORE_BUYING | searches | REPORT
    finished.run()
    for name in ("swift", "steady"):
        assert (finished.results / "search" / f"{name}.json").exists()
    assert "Highest rate that keeps the limits" in (finished.results / "report" / "report.md").read_text(
        "utf-8"
    )
    bought = finished.sent()
    assert finished.plan() == {}

    finished.changed()["load"] |= {"requests": 6, "warmup": 2, "concurrency": [1]}
    finished.changed()["limits"]["accuracy"] = {"min": 0.5}
    finished.changed()["decision"] = {"objective": "fastest"}
    finished.changed()["judges"]["panel"].append(model("judge-b"))
    finished.changed()["prices"]["sim.swift-v1:0"]["input_usd_per_million"] = 3.0
    assert not searches.keys() & finished.plan().keys()

    finished.changed()["load"]["search"]["max_requests"] = 501
    assert finished.plan().items() >= searches.items()
    finished.run("results/tiny/search/swift.json", "results/tiny/search/steady.json")
    assert finished.sent() == bought
