"""What the decision goes by is registered before the first request of any kind, and a later change is told, not bought."""

import json
from typing import Any

from runs import LEVELS, MODELS, Workflow

from assay.ledger.registered import registrations


def decision(run: Workflow) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((run.results / "decision" / "decision.json").read_text("utf-8"))
    return found


def test_a_rule_is_registered_before_anything_is_bought_and_a_changed_limit_is_told(
    finished: Workflow,
) -> None:
    ledger = finished.results / "ledger"
    (announced,) = registrations(ledger, "tiny")
    sittings = [
        json.loads(text)["wall_ns"]
        for path in ledger.glob("*.jsonl")
        for text in path.read_text("utf-8").splitlines()
        if text.startswith('{"line":"sitting"')
    ]
    assert any(path.name.startswith("preflight") for path in ledger.glob("*.jsonl"))
    assert announced.at_ns < min(sittings)
    told = decision(finished)["registered"]
    assert (told["state"], told["sha256"]) == ("before", announced.sha256)
    assert told["measurements"] == told["measurements_by_this_rule"] == len(MODELS) * len(LEVELS)

    before, sent = (ledger / "registered.jsonl").read_bytes(), finished.sent()
    finished.changed()["limits"]["e2e_ms_p95"]["max"] = 1500
    finished.run("results/tiny/decision/decision.json")
    told = decision(finished)["registered"]
    assert told["state"] == "changed"
    assert told["changes"] == [{"key": "limits.e2e_ms_p95.max", "then": 2000.0, "now": 1500.0}]
    assert finished.sent() == sent
    assert (ledger / "registered.jsonl").read_bytes() == before
