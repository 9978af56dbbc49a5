"""Runs that are killed at random moments buy what an undisturbed run buys, and what was in flight at the kills."""

import json
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def test_kills_at_random_moments_cost_what_was_in_flight_and_change_no_accuracy(tmp_path: Path) -> None:
    """What has to hold is asserted by the script itself, which ends with 1 where it doesn't: see benchmarks/chaos.py."""
    out = tmp_path / "chaos.json"
    command = [sys.executable, str(PROJECT / "benchmarks/chaos.py"), "--kills", "3", "--seed", "3"]
    done = subprocess.run(
        [
            *command,
            "--requests",
            "30",
            "--models",
            "1",
            "--folder",
            str(tmp_path / "chaos"),
            "--out",
            str(out),
        ],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(out.read_text("utf-8"))
    assert sum(found["kills"].values()) == 3
    assert found["total"]["answered"] >= len(found["rounds"]) * found["undisturbed"]["measured_and_judged"]
