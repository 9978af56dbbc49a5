"""A job that buys registers the rule that it is told, and its status names the one that was there before its requests."""

import json
import subprocess
from pathlib import Path
from typing import Any

from jobs import Place, environment

from assay.ledger.registered import hash_of, registrations

RULE, OTHER = ({"limits": {"e2e_ms_p95": {"max": most}}} for most in (600.0, 500.0))


def measured_under(place: Place, rule: dict[str, Any]) -> dict[str, Any]:
    command = [*place.command(requests=2), "--rule", json.dumps(rule)]
    subprocess.run(command, check=True, capture_output=True, timeout=60, env=environment())
    found: dict[str, Any] = place.status["registered"]
    return found


def test_what_was_measured_under_a_rule_stays_so_when_the_rule_changes(tmp_path: Path) -> None:
    place = Place(tmp_path, prompts={"small": 2})
    first = measured_under(place, RULE)
    assert first["sha256"] == hash_of(RULE)
    assert first["at_utc"] < first["first_measured_utc"]
    served = place.served()
    assert measured_under(place, OTHER) == first
    assert place.served() == served
    assert [each.rule for each in registrations(tmp_path / "ledger", "x")] == [RULE, OTHER]


def test_a_job_that_is_told_no_rule_says_that_there_was_none(tmp_path: Path) -> None:
    place = Place(tmp_path, prompts={"small": 2})
    assert place.invoke(requests=2).returncode == 0
    assert place.status["registered"]["sha256"] is None
    assert place.status["registered"]["first_measured_utc"] is not None
