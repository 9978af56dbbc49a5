"""The benchmarks of the sender and of the simulator still run, and their page can be made. What they measure isn't asserted."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SMALL = ("--repetitions", "1", "--streams", "2", "--requests", "2")


def run(script: str, *arguments: str) -> None:
    subprocess.run([sys.executable, str(ROOT / "benchmarks" / script), *arguments], check=True)


def test_clients_see_every_event_of_the_server_and_are_compared(tmp_path: Path) -> None:
    out = tmp_path / "sender.json"
    clients = ("--clients", "handwritten", "assay", "boto3")
    many = ("--many", "4", "--processes", "2", "--seconds", "0.2", "--spread", "0")
    run("sender.py", *SMALL, *clients, *many, "--transports", "plain", "--out", str(out))
    lines = json.loads(out.read_text(encoding="utf-8"))["summary"]
    assert {(line["workload"], line["client"]) for line in lines} == {
        ("precision", "handwritten"),
        ("precision", "assay"),
        ("precision", "boto3"),
        ("rate", "handwritten"),
        ("rate", "assay"),
        ("rate", "boto3"),
        ("many", "handwritten"),
        ("many", "assay"),
    }
    precise = [line for line in lines if line["workload"] == "precision"]
    assert all(line["n"] == 4 and line["gap_error_ms_p99"] >= 0 for line in precise)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
def test_the_simulator_writes_no_event_before_its_time(tmp_path: Path) -> None:
    out = tmp_path / "simulator.json"
    run("simulator.py", *SMALL, "--transports", "TLS", "--out", str(out))
    (line,) = json.loads(out.read_text(encoding="utf-8"))["summary"]
    assert line["events"] == 2 * 2 * 50
    assert line["late_ms_p50"] >= 0


def test_the_page_on_precision_shows_what_was_measured(tmp_path: Path) -> None:
    run("page.py", "--out", str(tmp_path))
    made = (tmp_path / "precision.md").read_text(encoding="utf-8")
    assert made == (ROOT / "docs/precision.md").read_text(encoding="utf-8")


def test_the_cost_of_the_ledger_is_told_beside_that_of_a_request(tmp_path: Path) -> None:
    out = tmp_path / "ledger.json"
    run("ledger.py", "--requests", "50", "--repetitions", "1", "--out", str(out))
    cost = json.loads(out.read_text(encoding="utf-8"))["cpu_us_per_request"]
    assert set(cost) == {"lines", "lines_without_room_ahead", "purse", "request", "request_with_cap"}
    assert 0 < cost["lines"] < cost["request"]


def test_corrected_accuracy_is_tried_in_every_world(tmp_path: Path) -> None:
    out = tmp_path / "corrected.json"
    run("corrected.py", "--runs", "2", "--out", str(out))
    worlds = json.loads(out.read_text(encoding="utf-8"))["worlds"]
    assert len(worlds) == 96
    assert all(0 <= world["corrected"]["covered"] <= 1 for world in worlds)


def test_runs_with_the_simulators_judges_are_corrected(tmp_path: Path) -> None:
    out = tmp_path / "judged.json"
    run("judged.py", "--runs", "3", "--out", str(out))
    models = json.loads(out.read_text(encoding="utf-8"))["models"]
    assert all(45 < model["labels"] < 75 for model in models.values())
    assert models["steady"]["corrected"]["covered"] > models["steady"]["uncorrected"]["covered"]


def test_the_recorded_runs_with_the_simulators_judges_held_what_is_claimed() -> None:
    """Of 2,000 runs: corrected accuracy and differences hold the truth, what isn't corrected misses it."""
    found = json.loads((ROOT / "benchmarks" / "results" / "judged.json").read_text(encoding="utf-8"))
    least = 0.95 - 3 * (0.95 * 0.05 / found["runs"]) ** 0.5
    assert found["runs"] == 2000
    assert all(model["corrected"]["covered"] >= least for model in found["models"].values())
    assert all(pair["covered"] >= least for pair in found["pairs"].values())
    assert found["models"]["steady"]["uncorrected"]["covered"] < 0.5
    assert found["runs_with_a_wrong_finding"] <= 0.05


def test_equal_models_are_seldom_told_apart_in_simulated_decisions(tmp_path: Path) -> None:
    """A small part of `benchmarks/decision.py`: as many winners as chance would give in 1 of 1,000 such tests, or fewer."""
    out, worlds = tmp_path / "decision.json", 40
    run(
        "decision.py", "--worlds", str(worlds), "--parts", "equal", "--objectives", "cheapest", "fastest", "--out", str(out)
    )  # fmt: skip
    rows = json.loads(out.read_text(encoding="utf-8"))["equal"]
    assert {(row["objective"], row["blocks"], row["mix"]) for row in rows} >= {
        (objective, blocks, mix)
        for objective in ("cheapest", "fastest")
        for blocks in (1, 5)
        for mix in ("dataset_of_interest", "traffic")
    }
    named = sum(row["winner"] for row in rows) * worlds
    worlds_in_all = worlds * len(rows)
    assert named <= 0.05 * worlds_in_all + 3.1 * (0.05 * 0.95 * worlds_in_all) ** 0.5


def test_the_recorded_decisions_erred_no_more_than_is_claimed() -> None:
    """Winners among equal models, equivalence and non-inferiority at the margin, and power as the estimate promises it."""
    found = json.loads((ROOT / "benchmarks" / "results" / "decision.json").read_text(encoding="utf-8"))

    def most(level: float, worlds: int) -> float:
        return float(level + 3 * (level * (1 - level) / worlds) ** 0.5)

    plain = [row for row in found["equal"] if row["models"] == 2]
    assert {row["objective"] for row in plain if row["worlds"] == 2000} == {
        "cheapest", "fastest", "most_accurate", "cheapest_success", "weighted"
    }  # fmt: skip
    assert {(row["blocks"], row["mix"]) for row in plain} == {
        (blocks, mix) for blocks in (1, 5) for mix in ("dataset_of_interest", "traffic")
    }
    assert all(row["winner"] <= most(0.05, row["worlds"]) for row in found["equal"])
    held = [row for row in found["margins"] if "equivalent_at_margin" in row]
    assert held
    assert all(row["equivalent_at_margin"] <= most(0.05, row["worlds"]) for row in held)
    kinds = {"cost", "latency", "accuracy"}
    challenged = [row for row in found["margins"] if row.get("worse_by_the_margin_in") in kinds]
    assert challenged
    assert all(row["non_inferior"] <= most(0.025, row["worlds"]) for row in challenged)
    promised = [row for row in found["power"] if row["difference_by"] == "estimate"]
    assert {row["objective"] for row in promised} == {"fastest", "most_accurate"}
    assert all(
        row["right_winner"] >= 0.8 - 3 * (0.16 / row["worlds"]) ** 0.5 and row["wrong_winner"] < 0.001
        for row in promised
    )
