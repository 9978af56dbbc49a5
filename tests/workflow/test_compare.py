"""Finished runs against each other from the command line: no benchmark is read, planned or run."""

import json
import sys
from pathlib import Path

from compared_runs import finished
from made_run import MadeModel
from runs import copied_project, planned, started

SNAKEMAKE = [sys.executable, "-m", "snakemake", "compare", "--cores", "1"]

NUMBER = "20261120_1"
"""A run's name that Snakemake takes for a number."""


def test_two_finished_runs_are_compared_without_a_benchmark(tmp_path: Path) -> None:
    folder = copied_project(tmp_path / "project")
    (folder / "config" / "config.yaml").unlink()
    for seed, (name, late) in enumerate(((NUMBER, 200.0), ("friday", 300.0))):
        finished(
            folder / "results" / name,
            {"swift": MadeModel(e2e_ms=late, spread=0.05)},
            seed=seed,
            blocks=3,
            buckets=("short",),
            requests=20,
        )
    command = [*SNAKEMAKE, "--config", f"before={NUMBER}", "after=results/friday", "error_rate=0.1"]
    done = started(command, folder, {})
    assert done.returncode == 0, done.stdout
    made = folder / "results" / "compare" / f"{NUMBER}-vs-friday"
    verdict = (made / "report" / "verdict.txt").read_text("utf-8")
    assert verdict.startswith("swift got worse: ") and "at an error rate of 10 %" in verdict
    assert verdict.strip() in done.stdout
    assert json.loads((made / "compare.json").read_text("utf-8"))["verdict"]["state"] == "regression"
    page = (made / "report" / "compare.html").read_text("utf-8")
    assert "<svg" in page and "swift got worse" in page and "Simulated" in page
    assert (made / "report" / "compare.pdf").read_bytes().startswith(b"%PDF")
    assert "../figures/differences.png" in (made / "report" / "compare.md").read_text("utf-8")
    assert sorted(path.name for path in (folder / "results").iterdir()) == [NUMBER, "compare", "friday"]

    again = planned(started([*command, "-n"], folder, {}).stdout)
    assert set(again) == {"compare"}

    (folder / "results" / "friday" / "provenance.json").unlink()
    refused = started(command, folder, {})
    assert refused.returncode != 0
    assert "results/friday holds no finished run: provenance.json" in refused.stdout
    assert f"Finished runs here: {NUMBER}" in refused.stdout
