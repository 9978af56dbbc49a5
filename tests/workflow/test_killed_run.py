"""A run that is killed while it measures, and run again, pays for nothing twice but what was in flight."""

import json
import os
import signal
import subprocess
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from runs import LEVELS, Workflow
from service import Service

REQUESTS = 24
BUCKETS = 2
MODELS = 2
PLANNED = MODELS * len(LEVELS) * BUCKETS * REQUESTS
IN_FLIGHT = MODELS * max(LEVELS)
WARM_UP_AND_FILLER = MODELS * BUCKETS * sum(level + level - 1 for level in LEVELS)
"""Most that one sitting sends beside what it measures, with one warm-up request per request in flight."""


def ledger_lines(workflow: Workflow, kind: str) -> list[dict[str, Any]]:
    """The ledger's lines of one kind; a half-written last line is left out."""
    found = []
    for path in sorted((workflow.results / "ledger").glob("invoke.*.jsonl")):
        for text in path.read_text("utf-8").splitlines(keepends=True):
            if text.endswith("\n") and text.startswith("{") and (line := json.loads(text))["line"] == kind:
                found.append(line)
    return found


def killed_while_measuring(service: Service, kill: Callable[[int], None]) -> None:
    """Start a run, wait until a quarter of its requests have arrived, and kill it."""
    workflow = service.workflow
    workflow.write()
    with subprocess.Popen(
        workflow.command("--cores", "4", "aggregate"),
        cwd=workflow.folder,
        env={**os.environ, **workflow.environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        while len(service.received()) < PLANNED // 4:
            with pytest.raises(subprocess.TimeoutExpired):  # it would have ended before it was killed
                process.wait(timeout=0.02)
        kill(process.pid)
    assert process.returncode == -signal.SIGKILL


@pytest.mark.parametrize("victims", ["everything", "snakemake"])
def test_a_killed_run_buys_nothing_twice_but_what_was_in_flight(service: Service, victims: str) -> None:
    workflow = service.workflow
    del workflow.changed()["judges"]
    workflow.changed()["load"]["requests"] = REQUESTS
    kill = os.killpg if victims == "everything" else os.kill
    killed_while_measuring(service, lambda pid: kill(pid, signal.SIGKILL))

    workflow.snakemake("--unlock")
    workflow.run("aggregate", "--rerun-incomplete")

    keys = Counter(
        line["key"] for line in ledger_lines(workflow, "dispatched") if line["tags"]["role"] == "measured"
    )
    assert len(keys) == PLANNED
    assert max(keys.values()) <= 2
    again = sum(count - 1 for count in keys.values())
    assert again <= (IN_FLIGHT if victims == "everything" else 0)

    measured = {line["key"] for line in ledger_lines(workflow, "outcome") if line["key"] in keys}
    assert measured == keys.keys()

    dispatched = ledger_lines(workflow, "dispatched")
    assert len(dispatched) - IN_FLIGHT <= len(service.received()) <= len(dispatched)
    assert len(dispatched) - PLANNED - again <= 2 * WARM_UP_AND_FILLER
    assert (workflow.results / "tables" / "cells.csv").exists()
