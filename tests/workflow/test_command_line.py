"""What a Snakemake user meets: one benchmark file, clear errors, other folders."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from runs import PROJECT, Workflow, planned, started


def test_a_configfile_replaces_the_default_benchmark(project: Workflow) -> None:
    project.benchmark = {
        key: value for key, value in project.benchmark.items() if key not in ("prices", "judges", "limits")
    }
    plan = project.plan()
    assert {rule for rule in plan if rule.startswith("invoke_")} == {"invoke_swift", "invoke_steady"}
    assert not any(rule.startswith("judge_") for rule in plan)


def test_without_a_configfile_the_default_benchmark_is_planned(project: Workflow) -> None:
    plan = planned(started([sys.executable, "-m", "snakemake", "-n"], project.folder, {}).stdout)
    benchmark = yaml.safe_load((PROJECT / "config" / "config.yaml").read_text("utf-8"))
    for each in benchmark["models"]:
        assert plan[f"invoke_{each['label']}"] == len(benchmark["load"]["concurrency"])


def test_an_override_on_the_command_line_keeps_the_default_benchmark(project: Workflow) -> None:
    command = [sys.executable, "-m", "snakemake", "-n", "--config", "load={concurrency: [4]}"]
    plan = planned(started(command, project.folder, {}).stdout)
    assert {count for rule, count in plan.items() if rule.startswith("invoke_")} == {1}


def test_a_ledger_in_the_home_folder_is_found_there(project: Workflow, tmp_path: Path) -> None:
    project.changed()["run"]["ledger"] = "~/paid"
    project.environment = {"HOME": str(tmp_path / "home")}
    printed = project.snakemake("--dry-run", "--printshellcmds")
    assert f"--ledger {tmp_path / 'home' / 'paid'}" in printed


def test_a_typo_is_one_clear_error_and_nothing_is_written(project: Workflow) -> None:
    project.changed()["inference"]["temprature"] = project.benchmark["inference"].pop("temperature")
    printed = project.snakemake("--cores", "1", succeeds=False)
    assert "bench.yaml" in printed
    assert "inference.temprature" in printed
    assert "temperature" in printed
    assert "Traceback" not in printed
    assert "pydantic" not in printed
    assert not (project.folder / "results").exists()


@pytest.mark.parametrize("asked", [True, False])
def test_cloudwatch_is_asked_where_the_benchmark_says_so_and_nowhere_else(
    project: Workflow, asked: bool
) -> None:
    project.changed()["endpoint"] = {"kind": "bedrock", "region": "us-east-1", "cloudwatch": asked}
    plan = project.plan()
    assert [plan.get(f"cloudwatch_{label}", 0) for label in ("swift", "steady")] == [int(asked)] * 2


@pytest.mark.parametrize(
    "path", sorted((PROJECT / "config" / "bedrock").glob("*.yaml")), ids=lambda path: path.name
)
def test_the_reference_benchmarks_plan(project: Workflow, path: Path) -> None:
    benchmark = yaml.safe_load(path.read_text("utf-8"))
    command = [sys.executable, "-m", "snakemake", "-n", "--configfile", f"config/bedrock/{path.name}"]
    plan = planned(started(command, project.folder, {}).stdout)
    jobs = len(benchmark["load"]["concurrency"]) * benchmark["load"].get("blocks", 1)
    for each in benchmark["models"]:
        assert plan[f"invoke_{each['label']}"] == jobs


def test_the_workflow_runs_from_another_folder(project: Workflow, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    project.write()
    shutil.move(project.folder / "bench.yaml", elsewhere)
    snakefile = str(project.folder / "Snakefile")
    command = [sys.executable, "-m", "snakemake", "-s", snakefile, "--configfile", "bench.yaml"]
    done = started([*command, "--cores", "4", "score"], elsewhere, {})
    assert "wildcards" in done.stdout  # a rule with wildcards is no target: files are
    done = started([*command, "--cores", "4", "results/tiny/answers/swift.parquet"], elsewhere, {})
    assert done.returncode == 0, done.stdout
    assert (elsewhere / "results" / "tiny" / "answers" / "swift.parquet").exists()
    assert not (project.folder / "results").exists()


def test_a_directory_given_on_the_command_line_gets_the_results(project: Workflow, tmp_path: Path) -> None:
    folder = tmp_path / "there"
    folder.mkdir()
    (folder / "bench.yaml").write_text(yaml.safe_dump(project.benchmark), "utf-8")
    command = [sys.executable, "-m", "snakemake", "--directory", str(folder)]
    done = started(
        [*command, "--configfile", str(folder / "bench.yaml"), "--cores", "2", "bucket"], project.folder, {}
    )
    assert done.returncode == 0, done.stdout
    assert (folder / "results" / "tiny" / "prompts" / "prompts.parquet").exists()


def test_another_workflow_imports_this_one_as_a_module(project: Workflow, tmp_path: Path) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    (folder / "bench.yaml").write_text(yaml.safe_dump({"assay": project.benchmark}), "utf-8")
    (folder / "Snakefile").write_text(
        f'configfile: "bench.yaml"\n\nmodule assay:\n    snakefile: "{project.folder}/Snakefile"\n'
        '    config: config["assay"]\n\nuse rule * from assay\n',
        "utf-8",
    )
    done = started([sys.executable, "-m", "snakemake", "-n", "all"], folder, {})
    assert planned(done.stdout)["invoke_swift"] == 2, done.stdout


def test_the_verdict_target_prints_the_path_and_the_verdict_in_one_line(finished: Workflow) -> None:
    verdict = (finished.results / "report" / "verdict.txt").read_text("utf-8").strip()
    assert f"results/tiny/report/report.html: {verdict}" in finished.run("verdict").splitlines()


def test_a_run_ends_with_the_path_and_the_verdict(finished: Workflow) -> None:
    finished.changed()["report"] = {"title": "Another title"}
    printed = finished.run()
    verdict = (finished.results / "report" / "verdict.txt").read_text("utf-8").strip()
    assert f"results/tiny/report/report.html: {verdict}" in printed.splitlines()


def test_a_second_run_does_nothing(finished: Workflow) -> None:
    before = {path: path.stat().st_mtime_ns for path in finished.results.rglob("*")}
    assert "Nothing to be done" in finished.run()
    assert {path: path.stat().st_mtime_ns for path in finished.results.rglob("*")} == before


def test_a_finished_run_is_shown_with_all_its_jobs_dollars_and_verdict(finished: Workflow) -> None:
    shown = started([sys.executable, "scripts/follow.py"], finished.folder, {})
    assert shown.returncode == 0, shown.stdout
    jobs = re.search(r"^Run tiny: (\d+) of (\d+) jobs done", shown.stdout, re.MULTILINE)
    assert jobs is not None and jobs[1] == jobs[2]
    verdict = (finished.results / "report" / "verdict.txt").read_text("utf-8").strip()
    assert shown.stdout.splitlines()[-1] == f"Done. {verdict}"
    sent = sum(finished.sent("measured").values())
    assert f"measured {sent}/{sent}" in shown.stdout


def test_publishing_without_a_place_says_what_to_add(finished: Workflow) -> None:
    printed = finished.snakemake("--cores", "1", "publish", succeeds=False)
    assert "no section `publish`" in printed
    assert "bucket: " in printed


def test_the_report_is_published_with_its_data_each_file_once(finished: Workflow) -> None:
    finished.changed()["publish"] = {"bucket": "my-reports"}
    printed = finished.snakemake("--dry-run", "--printshellcmds", "publish")
    (command,) = [line for line in printed.splitlines() if "publish.py" in line and "--files" in line]
    files = command.split("--files", 1)[1].split()
    assert len(files) == len(set(files))
    named = ("report/report.pdf", "report/mistakes.html", "provenance.json", "decision/decision.json",
             "tables/cells.parquet", "figures/errors.svg", "records/swift/c1/b0.parquet", "records/swift/c1/b0.json")  # fmt: skip
    assert {f"results/tiny/{name}" for name in named} <= set(files)
    assert not any("labels" in Path(file).parts or "ledger" in Path(file).parts for file in files)


def test_the_workflow_is_lint_clean(project: Workflow) -> None:
    project.snakemake("--lint")


def test_rules_are_formatted() -> None:
    command = [sys.executable, "-m", "snakefmt", "--check", "Snakefile", "rules"]
    subprocess.run(command, cwd=PROJECT, check=True)
