"""The command lines of the report's scripts: given paths in, given paths out, one line where the input is bad."""

import json
import os
import subprocess
import sys
from pathlib import Path

import finished_run
import pytest

from assay.figures.catalogue import FIGURES

PROJECT = Path(__file__).resolve().parents[2]


def run(script: str, *arguments: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, PROJECT / "scripts" / f"{script}.py", *arguments],
        cwd=folder,
        env=dict(os.environ, PYTHONPATH=str(PROJECT)),
        capture_output=True,
        text=True,
        timeout=120,
    )


def flags(paths: dict[str, Path], *names: str) -> list[str | Path]:
    return [part for name in names for part in (f"--{name}", paths[name])]


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which `report` has written the document and the verdict."""
    folder = tmp_path_factory.mktemp("run")
    paths = finished_run.write(folder)
    settings = {"benchmark": finished_run.benchmark(), "commands": ["make report"]}
    ended = run(
        "report",
        *("--settings", json.dumps(settings), "--log", "logs/report.log"),
        *flags(
            paths,
            "cells",
            "models",
            "accuracy",
            "periods",
            "ramps",
            "decision",
            "prices",
            "source",
            "buckets",
            "estimate",
        ),
        *("--of-accuracy", paths["judges"]),
        *("--statuses", paths["status"], "--verdict-statuses"),
        *("--figures", *(f"figures/{name}.svg" for name in FIGURES)),
        *("--template", PROJECT / "report" / "report.qmd.j2"),
        *("--out-qmd", "report/report.qmd", "--out-verdict", "report/verdict.txt"),
        folder=folder,
    )
    assert ended.returncode == 0, ended.stderr
    return folder


def test_the_verdict_is_the_decisions_sentence_on_one_line(reported: Path) -> None:
    verdict = (reported / "report" / "verdict.txt").read_text(encoding="utf-8")
    assert verdict == finished_run.decision()["sentence"] + "\n"


def test_the_document_names_no_folder_of_this_machine(reported: Path) -> None:
    text = (reported / "report" / "report.qmd").read_text(encoding="utf-8").replace("\\", "")
    for private in (str(reported), str(PROJECT), str(Path.home()), os.uname().nodename):
        assert private not in text


def test_a_figure_goes_where_it_is_told_to(tmp_path: Path) -> None:
    paths = finished_run.write(tmp_path)
    ended = run(
        "figures",
        *("--settings", json.dumps(finished_run.figure_settings()), "--figure", "errors"),
        *flags(paths, "cells", "models", "accuracy", "periods", "ramps", "decision"),
        *("--out-svg", "a/one.svg", "--out-png", "b/two.png", "--out-csv", "c/three.csv"),
        folder=tmp_path,
    )
    assert ended.returncode == 0, ended.stderr
    assert all((tmp_path / name).is_file() for name in ("a/one.svg", "b/two.png", "c/three.csv"))


def test_a_table_that_is_no_table_ends_in_one_line(tmp_path: Path) -> None:
    paths = finished_run.write(tmp_path)
    paths["cells"].write_text("not a table", encoding="utf-8")
    ended = run(
        "figures",
        *("--settings", json.dumps(finished_run.figure_settings()), "--figure", "errors"),
        *flags(paths, "cells", "models", "accuracy", "periods", "ramps", "decision"),
        *("--out-svg", "one.svg", "--out-png", "two.png", "--out-csv", "three.csv"),
        folder=tmp_path,
    )
    assert ended.returncode == 1
    assert "cells.parquet: not a readable Parquet file" in ended.stderr and "Traceback" not in ended.stderr
    assert not (tmp_path / "one.svg").exists()
