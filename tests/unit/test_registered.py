"""What a decision goes by is registered before anything is bought, and what changed since is told."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from assay.decision.registered import InForce, changes, in_force, rule, told
from assay.decision.settings import Bound, Decision, Limits
from assay.errors import InputError
from assay.ledger import registered
from assay.ledger.account import accounts
from assay.ledger.check import check
from assay.ledger.compact import compact
from assay.ledger.registered import Registered, hash_of, of_measurement, register, registrations

RULE = rule(decision=Decision(), limits=Limits(e2e_ms_p95=Bound(max=600)), dataset_of_interest="large")
OTHER = rule(decision=Decision(), limits=Limits(e2e_ms_p95=Bound(max=500)), dataset_of_interest="large")
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def ns(time: datetime) -> int:
    return int(time.timestamp()) * 10**9


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def utc(seconds: float) -> str:
    return later(seconds).isoformat(timespec="milliseconds")


def test_a_rule_stands_in_the_ledger_with_its_hash_and_its_time(tmp_path: Path) -> None:
    register(tmp_path / "ledger", "mine", RULE, ns(NOON))
    (found,) = registrations(tmp_path / "ledger", "mine")
    assert (found.rule, found.sha256, found.at) == (RULE, hash_of(RULE), NOON)


def test_it_is_on_the_disk_before_anything_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    monkeypatch.setattr(
        os, "fsync", lambda file: synced.append(str(Path(f"/proc/self/fd/{file}").readlink()))
    )
    register(tmp_path, "mine", RULE)
    assert synced == [str(tmp_path / registered.FILE), str(tmp_path)]


def test_the_same_rule_is_registered_once_and_a_changed_one_is_added(tmp_path: Path) -> None:
    for time, each in enumerate((RULE, RULE, OTHER, OTHER, RULE)):
        register(tmp_path, "mine", each, ns(later(time)))
    assert [each.rule for each in registrations(tmp_path, "mine")] == [RULE, OTHER, RULE]


def test_what_was_registered_is_never_rewritten(tmp_path: Path) -> None:
    register(tmp_path, "mine", RULE)
    before = (tmp_path / registered.FILE).read_bytes()
    register(tmp_path, "mine", OTHER)
    assert (tmp_path / registered.FILE).read_bytes().startswith(before)


def test_runs_that_share_a_ledger_have_rules_of_their_own(tmp_path: Path) -> None:
    register(tmp_path, "mine", RULE)
    register(tmp_path, "yours", OTHER)
    assert [each.rule for each in registrations(tmp_path, "mine")] == [RULE]
    assert [each.rule for each in registrations(tmp_path, "yours")] == [OTHER]


def test_the_rule_in_force_is_the_last_one_before_a_request(tmp_path: Path) -> None:
    register(tmp_path, "mine", RULE, ns(NOON))
    register(tmp_path, "mine", OTHER, ns(later(100)))
    assert of_measurement(tmp_path, "mine", later(-1))["sha256"] is None
    assert of_measurement(tmp_path, "mine", later(99))["sha256"] == hash_of(RULE)
    assert of_measurement(tmp_path, "mine", later(101)) == {
        "sha256": hash_of(OTHER),
        "at_utc": utc(100),
        "first_measured_utc": utc(101),
    }
    assert set(of_measurement(tmp_path, "mine", None).values()) == {None}


def test_a_line_that_was_cut_off_or_changed_is_left_out(tmp_path: Path) -> None:
    register(tmp_path, "mine", RULE)
    path = tmp_path / registered.FILE
    path.write_bytes(path.read_bytes().replace(b"600.0", b"900.0") + b'{"line":"regis')
    register(tmp_path, "mine", OTHER)
    assert [each.rule for each in registrations(tmp_path, "mine")] == [OTHER]


def test_the_ledgers_own_commands_pass_it_over_and_keep_it(tmp_path: Path) -> None:
    register(tmp_path, "mine", RULE)
    before = (tmp_path / registered.FILE).read_bytes()
    assert accounts(tmp_path, None) == []
    assert not any(each.lost for each in check(tmp_path))
    assert [each.dropped for each in compact(tmp_path)] == [0]
    assert (tmp_path / registered.FILE).read_bytes() == before


@pytest.mark.parametrize(
    "same",
    [
        {"limits": {"e2e_ms_p95": {"max": 600, "min": None}, "accuracy": None}},
        {"limits": {"e2e_ms_p95": {"max": 600.0}}, "traffic": None, "stop": {}},
    ],
)
def test_how_a_rule_is_written_or_what_it_leaves_open_changes_nothing(same: dict[str, Any]) -> None:
    assert hash_of(rule(**same)) == hash_of(rule(limits=Limits(e2e_ms_p95=Bound(max=600))))


def test_changes_are_told_by_key_with_what_was_and_what_is() -> None:
    then = rule(limits={"e2e_ms_p95": {"max": 600}, "error_rate": {"max": 0.1}}, models=["a", "b"])
    now = rule(limits={"e2e_ms_p95": {"max": 500}, "accuracy": {"min": 0.7}}, models=["a"])
    assert changes(then, now) == [
        {"key": "limits.accuracy.min", "then": None, "now": 0.7},
        {"key": "limits.e2e_ms_p95.max", "then": 600.0, "now": 500.0},
        {"key": "models", "then": ["a", "b"], "now": ["a"]},
        {"key": "limits.error_rate.max", "then": 0.1, "now": None},
    ]
    assert changes(then, then) == []


def measured(what: dict[str, Any] | None, seconds: float) -> InForce:
    at = None if what is None else utc(0 if what is RULE else 100)
    return InForce(None if what is None else hash_of(what), at, utc(seconds))


BOTH = [Registered(RULE, ns(NOON)), Registered(OTHER, ns(later(100)))]


def test_a_rule_that_stood_before_every_measurement_is_said_to() -> None:
    found = told(RULE, [measured(RULE, 20), measured(RULE, 10)], BOTH[:1])
    assert (found["state"], found["at_utc"], found["first_request_utc"]) == ("before", utc(0), utc(10))
    assert found["changes"] == [] and found["others_between"] == 0
    assert found["sentence"] == (
        "The rule, its limits and margins were registered at 2026-11-22 12:00:00 UTC, before the first measured request "
        "(2026-11-22 12:00:10 UTC), and are the same now."
    )


def test_a_rule_that_was_changed_back_is_said_to_have_been_another_one() -> None:
    found = told(RULE, [measured(RULE, 10)], [*BOTH, Registered(RULE, ns(later(200)))])
    assert found["state"] == "before" and found["others_between"] == 1
    assert found["sentence"].endswith("In between, 1 other rule was registered for this run.")


def test_answers_that_are_older_than_the_rule_are_told() -> None:
    found = told(RULE, [measured(RULE, 10)], BOTH[:1], ["january"])
    assert (found["state"], found["answers_from"]) == ("before", ["january"])
    assert found["sentence"].endswith(
        "Answers were taken from an earlier run (january): how right they are could be known before this run's rule was set."
    )
    assert told(RULE, [measured(RULE, 10)], BOTH[:1])["answers_from"] == []


@pytest.mark.parametrize("statuses", [[10.0], [10.0, 20.0]])
def test_a_limit_that_was_changed_with_figures_in_sight_is_told(statuses: list[float]) -> None:
    found = told(OTHER, [measured(RULE, seconds) for seconds in statuses], BOTH[:1])
    assert found["state"] == "changed" and found["at_utc"] == utc(0)
    assert found["changes"] == [{"key": "limits.e2e_ms_p95.max", "then": 600.0, "now": 500.0}]
    assert "limits.e2e_ms_p95.max was 600 and is 500." in found["sentence"]


def test_a_rule_that_was_changed_half_way_is_no_rule_from_before() -> None:
    found = told(OTHER, [measured(OTHER, 120), measured(RULE, 10)], BOTH)
    assert found["state"] == "changed"
    assert "1 of 2 measurements began under the rule as it is now." in found["sentence"]


@pytest.mark.parametrize(
    "statuses",
    [[], [measured(None, 10)], [measured(RULE, 10), measured(None, 20)], [InForce(None, None, None)]],
)
def test_what_nobody_registered_in_time_is_not_called_registered(statuses: list[InForce]) -> None:
    found = told(RULE, statuses, BOTH[:1])
    assert found["state"] == "unknown"


def test_a_decision_without_a_rule_claims_nothing() -> None:
    assert told(None, [measured(RULE, 10)], BOTH)["state"] == "unknown"


def test_statuses_of_nothing_measured_have_no_part_in_it(tmp_path: Path) -> None:
    before = {"sha256": "ab", "at_utc": utc(0), "first_measured_utc": utc(1)}
    statuses = [
        {"started_utc": utc(1), "registered": before},
        {"started_utc": None},
        {"started_utc": None, "registered": dict.fromkeys(before)},
        {"started_utc": utc(1)},
    ]
    paths = [tmp_path / f"{number}.json" for number in range(len(statuses))]
    for path, status in zip(paths, statuses, strict=True):
        path.write_text(json.dumps(status))
    assert in_force(paths) == [InForce("ab", utc(0), utc(1)), InForce(None, None, None)]


@pytest.mark.parametrize("text", ["no JSON", "[]", '{"registered": {"sha256": "ab"}}'])
def test_a_file_that_is_no_status_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "b0.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"b0\.json: is not the status of a measurement"):
        in_force([path])
