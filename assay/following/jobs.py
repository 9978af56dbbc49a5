"""Which jobs of a plan wait, are at work, are done or have failed, as far as their files tell."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from assay.following.plan import Job, Plan

State = Literal["waiting", "at work", "done", "failed"]

_TAIL_BYTES = 4096
"""Of a log: enough for its last lines."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How one job stands."""

    job: Job
    state: State
    said: str | None = None
    """The last line of its log, while it is at work, or its error."""
    note: str | None = None
    """What is out of order with what it made: a measurement that was capped or spoilt, and why."""


@dataclass(slots=True)
class Jobs:
    """Looks at the jobs of one plan again and again. What is done stays done."""

    plan: Plan
    _done: dict[int, Standing] = field(default_factory=dict)

    def look(self, failed: Collection[str] = ()) -> Sequence[Standing]:
        """All jobs in the order of the plan. `failed` are those of which it is known, each by its first output."""
        found = []
        for place, job in enumerate(self.plan.jobs):
            standing = self._done.get(place) or self._standing(job, failed)
            if standing.state == "done":
                self._done[place] = standing
            found.append(standing)
        return found

    def _standing(self, job: Job, failed: Collection[str]) -> Standing:
        if all(self._made(output) for output in job.outputs):
            return Standing(job, "done", note=self._out_of_order(job))
        begun = job.log is not None and self._made(job.log)
        lines = _last_lines(self.plan.path(job.log)) if begun and job.log else []
        error = next((line for line in lines if line.startswith("error:")), None)
        if error is not None:
            return Standing(job, "failed", error.removeprefix("error:").strip())
        said = lines[-1] if lines else None
        if any(output in failed for output in job.outputs[:1]):
            return Standing(job, "failed", said or "see what Snakemake printed")
        return Standing(job, "at work", said) if begun else Standing(job, "waiting")

    def _made(self, name: str) -> bool:
        """Whether a file was made by this run. An older one is what the last run left."""
        try:
            return self.plan.path(name).stat().st_mtime_ns >= self.plan.began_ns
        except OSError:
            return False

    def _out_of_order(self, job: Job) -> str | None:
        """What the status of a job that buys says, where it isn't complete."""
        for output in job.outputs:
            if job.stage in ("invoke", "judge") and output.endswith(".json"):
                status = _status(self.plan.path(output))
                if (said := status.get("not_working")) is not None:
                    return f"not working: {said}"
                if status.get("status", "complete") != "complete":
                    return ": ".join(str(status[key]) for key in ("status", "reason") if status.get(key))
        return None


def _status(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _last_lines(path: Path) -> list[str]:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
            return file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return []
