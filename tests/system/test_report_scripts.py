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
        *("--of-requests", *(paths[name] for name in finished_run.OF_REQUESTS)),
        *("--statuses", paths["status"], "--verdict-statuses"),
        *("--figures", *(f"figures/{name}.svg" for name in FIGURES)),
        *("--template", PROJECT / "report" / "report.qmd.j2"),
        *("--out-qmd", "report/report.qmd", "--out-verdict", "report/verdict.txt"),
        *("--out-provenance", "provenance.json"),
        folder=folder,
    )
    assert ended.returncode == 0, ended.stderr
    return folder


def test_the_verdict_is_the_decisions_sentence_on_one_line(reported: Path) -> None:
    verdict = (reported / "report" / "verdict.txt").read_text(encoding="utf-8")
    assert verdict == finished_run.decision()["sentence"] + "\n"


@pytest.mark.parametrize("written", ["report/report.qmd", "provenance.json"])
def test_the_document_and_its_provenance_name_no_folder_of_this_machine(reported: Path, written: str) -> None:
    text = (reported / written).read_text(encoding="utf-8").replace("\\", "")
    for private in (str(reported), str(PROJECT), str(Path.home()), os.uname().nodename):
        assert private not in text


def test_where_the_report_comes_from_is_told_to_programs(reported: Path) -> None:
    told = json.loads((reported / "provenance.json").read_text(encoding="utf-8"))
    assert told["run"] == {"name": "example", "title": "An example", "edition": 1, "seed": 7}
    assert told["simulated"] is True and told["endpoint"]["kind"] == "simulator"
    assert (told["started_utc"], told["ended_utc"]) == ("2026-11-01T10:00:00Z", "2026-11-01T10:02:00Z")
    assert told["dataset"]["sha256"] == "ab" * 32 and told["dataset"]["template_sha256"] == "ef" * 32
    assert told["prices"]["taken"] == "2026-11-01"
    swift = next(line for line in told["prices"]["lines"] if line["label"] == "swift")
    assert swift["kind"] == "model" and swift["input_usd_per_million"] == 0.8
    assert told["machines"] == [{"cores": 4, "platform": "Linux"}]
    assert told["commands"] == ["make report"] and len(told["settings_sha256"]) == 64
    assert told["versions"]["python"] and told["code"]["version"]
    assert told["settings"]["models"][0]["label"] == "swift"


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
