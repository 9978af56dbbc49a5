"""The account of a ledger: what each run, stage, model and judge was asked, and what that cost."""

import json
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assay.ledger.account import Account, accounts, as_json, in_words
from assay.ledger.compact import compact
from assay.ledger.ledger import opened, part
from assay.prices.book import Price
from assay.spending.committed import committed

PROJECT = Path(__file__).resolve().parents[2]
PRICES = {"m": Price(input_usd_per_million=1.0, output_usd_per_million=10.0)}
ANSWER = {"last": True, "input_tokens": 1000, "output_tokens": 100, "dispatched_ns": 0, "ended_ns": 10**9}
MILLION = 10**6
"""Picodollars in a microdollar: what an input token costs."""


def whose(run: str, stage: str = "invoke", label: str = "quick", model: str = "m") -> dict[str, str]:
    return {"run": run, "stage": stage, "label": label, "model": model}


def buy(path: Path, about: dict[str, str], *outcomes: dict[str, Any] | None, of: str | None = None) -> None:
    with opened(path, about, of) as ledger:
        for number, outcome in enumerate(outcomes):
            key = f"{ledger.sitting} {number}"
            tags = {"model": about["model"]}
            ledger.write_dispatched(key, {"try": 1, "most": [2000, 200], "tags": tags})
            if outcome is not None:
                ledger.write_outcome(key, {"try": 1, **outcome})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two runs on one ledger: answers, a refusal, one that broke off, one that was killed in flight, a reused one."""
    path = tmp_path / "invoke.m.0a1b2c3d.c2.b0.jsonl"
    buy(path, whose("one"), ANSWER, ANSWER, {"last": True, "error": "throttling"})
    buy(path, whose("one"), {"last": True, "error": "stream_cut", "error_in_stream": True}, None)
    buy(path, whose("two"), ANSWER)
    for number in (0, 1):
        buy(part(path, number), whose("two"), ANSWER, of="a job")
    judge = tmp_path / "judge.m.0a1b2c3d.jsonl"
    buy(judge, whose("one", "judge", "strict"), ANSWER)
    with opened(judge, whose("one", "judge", "strict")) as ledger:
        ledger.write_reused("x", {"ask": "y", "text": "known"})
    buy(tmp_path / "invoke.free.0a1b2c3d.c2.b0.jsonl", whose("one", model="free", label="other"), ANSWER)
    return tmp_path


def by_name(found: list[Account]) -> dict[tuple[str | None, str, str | None], Account]:
    return {(each.run, each.stage, each.label): each for each in found}


def test_every_run_stage_and_line_has_an_account_of_its_own(folder: Path) -> None:
    found = by_name(accounts(folder, PRICES))
    assert set(found) == {
        ("one", "invoke", "quick"),
        ("one", "invoke", "other"),
        ("one", "judge", "strict"),
        ("two", "invoke", "quick"),
    }
    one = found["one", "invoke", "quick"]
    assert (one.sent, one.answered, one.failed, one.unanswered) == (5, 2, 2, 1)
    assert (one.tokens["input_tokens"], one.tokens["output_tokens"], one.sittings) == (2000, 200, 2)
    two = found["two", "invoke", "quick"]
    assert (two.sent, two.sittings) == (3, 2), "workers sit in the one sitting of their job"
    judge = found["one", "judge", "strict"]
    assert (judge.sent, judge.reused, judge.sittings) == (1, 1, 2)


def test_what_is_not_known_to_have_cost_anything_has_a_worst_case(folder: Path) -> None:
    found = by_name(accounts(folder, PRICES))
    one = found["one", "invoke", "quick"]
    assert one.known == 2 * 2000 * MILLION, (
        "answers: 1,000 tokens at 1 USD, 100 at 10; a refusal costs nothing"
    )
    assert (one.unknown, one.at_most) == (2, 2 * 4000 * MILLION), "what broke off and what was killed"
    shown = one.as_json()
    assert shown["cost_usd"] == pytest.approx(0.004)
    assert shown["cost_usd_at_most"] == pytest.approx(0.012)
    other = found["one", "invoke", "other"]
    assert not other.priced and other.as_json()["cost_usd"] is None
    told = in_words(list(found.values()))
    assert "It isn't known what 2 requests have cost" in told and "Unknown prices: free." in told


def test_lines_without_a_worst_case_make_it_unknown(tmp_path: Path) -> None:
    with opened(tmp_path / "invoke.m.0.jsonl", whose("one")) as ledger:
        ledger.write_dispatched("k", {"try": 1, "tags": {"model": "m"}})
    (found,) = accounts(tmp_path, PRICES)
    assert found.unknown == 1 and found.as_json()["cost_usd_at_most"] is None


def test_the_account_of_an_older_ledger_goes_by_the_model_and_the_files_name(tmp_path: Path) -> None:
    with opened(tmp_path / "invoke.m.0.jsonl") as ledger:
        ledger.write_dispatched("k", {"try": 1, "tags": {"model": "m"}})
        ledger.write_outcome("k", {"try": 1, **ANSWER})
    (found,) = accounts(tmp_path, PRICES)
    assert (found.run, found.stage, found.label, found.model) == (None, "invoke", None, "m")
    assert found.known == 2000 * MILLION


def test_compacting_changes_no_account(folder: Path) -> None:
    before, counted = as_json(accounts(folder, PRICES)), committed(folder, "two", PRICES)
    assert sum(done.merged for done in compact(folder)) == 2
    assert as_json(accounts(folder, PRICES)) == before
    assert committed(folder, "two", PRICES) == counted == 3 * 2000 * MILLION, "what the cap counts"


def test_times_are_those_of_each_sittings_own_clock(tmp_path: Path) -> None:
    path = tmp_path / "invoke.m.0.jsonl"
    buy(path, whose("one"), ANSWER)
    (found,) = accounts(tmp_path, PRICES)
    with opened(path) as ledger:
        (sitting,) = ledger.sittings.values()
    began_ns = sitting["wall_ns"] - sitting["perf_ns"]
    assert (found.first_ns, found.last_ns) == (began_ns, began_ns + 10**9)


def run(*given: object, preparing: Callable[[], None] | None = None) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(PROJECT / "scripts/ledger.py"), *map(str, given)]
    environment = {"PYTHONPATH": str(PROJECT), "PATH": ""}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment, preexec_fn=preparing
    )


def test_a_disk_that_has_no_room_for_a_compaction_is_one_line_and_changes_nothing(folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.glob("*.jsonl")}
    full = run("compact", folder, preparing=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10)))
    assert full.returncode == 1
    assert full.stderr.strip() == "error: File too large. Mend that and run again"
    assert {path.name: path.read_bytes() for path in folder.glob("*.jsonl")} == before
    assert not list(folder.glob(".*.compact.*"))


def test_who_reads_the_first_line_only_is_no_fault(folder: Path) -> None:
    shown = subprocess.run(
        f"{sys.executable} {PROJECT}/scripts/ledger.py show {folder} | true",
        shell=True, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(PROJECT)},
    )  # fmt: skip
    assert shown.stderr == ""


def test_what_is_of_no_run_is_shown_with_every_run(tmp_path: Path) -> None:
    with opened(tmp_path / "invoke.m.1.c1.b0.jsonl") as ledger:
        ledger.write_dispatched("k", {"try": 1, "tags": {"model": "m"}})
    shown = run("show", tmp_path, "--run", "r").stdout
    assert shown.splitlines()[1].split()[:5] == ["?", "invoke", "?", "m", "1"]


def test_the_command_shows_checks_and_compacts(folder: Path, tmp_path: Path) -> None:
    prices = tmp_path / "prices.json"
    prices.write_text(json.dumps({"prices": {model: price.as_json() for model, price in PRICES.items()}}))
    shown = run("show", folder, "--prices", prices)
    assert shown.returncode == 0, shown.stderr
    quick = next(line for line in shown.stdout.splitlines() if line.startswith("two"))
    assert quick.split()[:5] == ["two", "invoke", "quick", "m", "3"] and " 0.00600 " in quick
    assert "USD" not in run("show", folder).stdout
    total = json.loads(run("show", folder, "--json").stdout)["total"]
    assert (total["sent"], total["reused"]) == (10, 1)

    assert run("check", folder).returncode == 0
    assert "2 workers' files merged" in run("compact", folder).stdout
    (judge,) = folder.glob("judge.*.jsonl")
    judge.write_bytes(judge.read_bytes()[:-30])
    checked = run("check", folder, "--json")
    assert checked.returncode == 1 and json.loads(checked.stdout)["lost"] is True
    assert run("check", folder / "nowhere").returncode == 1
