"""A simulator that outlives the runs, with its own account of what was asked of it."""

import json
from pathlib import Path
from typing import Any

from runs import Workflow

from assay.simulator.credentials import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY
from assay.simulator.process import SimulatorProcess


class Service:
    """A simulator that outlives the runs, reached as Bedrock would be, with its own account of what was asked."""

    def __init__(self, workflow: Workflow, process: SimulatorProcess, journal: Path) -> None:
        self.workflow = workflow
        self.journal = journal
        endpoint = {"kind": "bedrock", "region": REGION, "url": process.url}
        workflow.changed()["endpoint"] = endpoint
        workflow.environment = {
            "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        }

    def received(self) -> list[dict[str, Any]]:
        """A line for each request that arrived."""
        lines = map(json.loads, self.journal.read_text("utf-8").splitlines())
        return [line for line in lines if line.get("event") == "received"]

    def ended(self) -> list[dict[str, Any]]:
        """A line for each request that was answered or cut."""
        lines = map(json.loads, self.journal.read_text("utf-8").splitlines())
        return [line for line in lines if line.get("event") != "received"]
