"""What a run leaves in its folder for whoever follows it: its plan when it begins, how it ended, and that it is alive.

`plan.json` lists the jobs that will run, each with its outputs and its log. `ended.json` says how the run of that plan
ended. `run.lock` is locked as long as the process lives that began the run: the operating system lets go of it when the
process ends in any way, so a killed run isn't taken for a living one.
"""

import fcntl
import json
import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from assay.errors import InputError
from assay.whole import write_text

VERSION = 1

STAGES = (
    "fetch", "bucket", "prices", "check_budget", "preflight", "search", "invoke", "cloudwatch", "score", "judge",
    "stop_at_look", "aggregate", "accuracy", "label_sample", "decide", "figure", "report", "mistakes", "render",
)  # fmt: skip
"""In the order of the flow. Rules of other names come after them."""

_BY_LABEL = ("invoke", "search", "judge", "cloudwatch", "figure")
"""Stages with a rule for each model, judge or figure."""

How = Literal["done", "failed"]


@dataclass(frozen=True, slots=True)
class Job:
    """A job of the plan. Paths are relative to the folder of the run, or absolute."""

    stage: str
    name: str
    """What it does, in words."""
    outputs: tuple[str, ...]
    log: str | None


@dataclass(frozen=True, slots=True)
class About:
    """Whose the plan is, and where what the run buys is written down."""

    run: str
    edition: int
    models: tuple[str, ...]
    judges: tuple[str, ...]
    max_usd: float | None
    ledger: str
    """Folder of the ledger: relative to the folder of the run, or absolute."""


@dataclass(frozen=True, slots=True)
class End:
    """How a run ended."""

    how: How
    at: datetime
    failed: frozenset[str] = frozenset()
    """Jobs that failed, each by its first output, as the plan names it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A run's plan, as it was left when the run began."""

    folder: Path
    """Of the run."""
    id: str
    about: About
    started: datetime
    began_ns: int
    """When the plan was written, by the clock that stamps files there: what is newer was made by this run."""
    jobs: tuple[Job, ...]

    def path(self, name: str) -> Path:
        """The place of a file that the plan names."""
        return self.folder / name


def stage_of(rule: str) -> str:
    """The stage that a rule belongs to: `invoke_swift` and `judge_ada_at_look` to `invoke` and `judge`."""
    for stage in _BY_LABEL:
        if rule.startswith(f"{stage}_"):
            return stage
    if rule.startswith("render_"):
        return "render"
    return rule if rule in STAGES else rule.removesuffix("_at_look")


def job(rule: str, name: str | None, outputs: Iterable[str], log: str | None, folder: Path) -> Job:
    """A job as the plan of the run in `folder` has it. Its paths are those that the workflow gave it."""
    return Job(
        stage_of(rule),
        name or rule,
        tuple(_seen_from(folder, output) for output in outputs),
        None if log is None else _seen_from(folder, log),
    )


def begin(folder: Path, about: About, jobs: Iterable[Job]) -> tuple[str, int]:
    """Leave the plan of a run that begins now in its `folder`; the plan's id, and the lock, an open file.

    The lock holds until the file is closed, by the end of the process at the latest. Children don't inherit it.
    """
    lock = os.open(_made(lock_path(folder)), os.O_RDWR | os.O_CREAT, 0o644)
    fcntl.flock(lock, fcntl.LOCK_SH)
    plan_id = secrets.token_hex(8)
    body = {
        "version": VERSION,
        "id": plan_id,
        "started_utc": datetime.now(UTC).isoformat(timespec="seconds"),
        **asdict(about),
        "ledger": _seen_from(folder, about.ledger),
        "jobs": [asdict(each) for each in sorted(jobs, key=_order)],
    }
    write_text(plan_path(folder), json.dumps(body))
    return plan_id, lock


def end(folder: Path, plan_id: str, how: How, failed: Iterable[Iterable[str]] = ()) -> None:
    """Note how the run of that plan ended, and which jobs failed: the outputs of each."""
    body = {
        "id": plan_id,
        "how": how,
        "ended_utc": datetime.now(UTC).isoformat(timespec="seconds"),
        "failed": sorted(_seen_from(folder, next(iter(outputs))) for outputs in failed),
    }
    write_text(_ended_path(folder), json.dumps(body))


def read(folder: Path) -> Plan:
    """The plan of the last run that began in `folder`. Raises InputError where there is none, or it can't be read."""
    path = plan_path(folder)
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
        if body["version"] != VERSION:
            raise InputError(
                f"{path}: was left by another version of Assay ({body['version']}; expected {VERSION}). Run again"
            )
        return Plan(
            folder,
            body["id"],
            About(
                body["run"],
                body["edition"],
                tuple(body["models"]),
                tuple(body["judges"]),
                body["max_usd"],
                body["ledger"],
            ),
            datetime.fromisoformat(body["started_utc"]),
            path.stat().st_mtime_ns,
            tuple(
                Job(each["stage"], each["name"], tuple(each["outputs"]), each["log"]) for each in body["jobs"]
            ),
        )
    except (FileNotFoundError, NotADirectoryError):
        raise not_begun(folder) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path}: is no plan as a run leaves it ({type(error).__name__}: {error}). Run again"
        ) from None


def not_begun(folder: Path) -> InputError:
    """The error for a folder without a plan."""
    if (folder / "logs").is_dir():
        return InputError(
            f"{folder}: the run in it left no plan to follow it by (logs/plan.json), as with --no-hooks, or in an earlier"
            " version. Follow the next one: add --wait"
        )
    return InputError(
        f"{folder}: no run has begun here. Name the folder of one, such as results/default, or add --wait and begin one in"
        " another terminal"
    )


def how_it_ended(plan: Plan) -> End | None:
    """How the run of this plan ended; null where it hasn't, or was killed."""
    try:
        body: Mapping[str, Any] = json.loads(_ended_path(plan.folder).read_text(encoding="utf-8"))
        if body["id"] != plan.id:
            return None
        return End(body["how"], datetime.fromisoformat(body["ended_utc"]), frozenset(body["failed"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def alive(folder: Path) -> bool:
    """Whether the process lives that began a run in this folder."""
    try:
        lock = os.open(lock_path(folder), os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # a file system without locks: nobody can tell
        return True
    finally:
        os.close(lock)
    return False


def newest(results: Path) -> Path | None:
    """The folder of the run that is at work below `results`, or else of the last that began; null where none did."""
    begun = [path.parent.parent for path in results.glob("*/logs/plan.json")]
    return max(begun, key=lambda folder: (alive(folder), plan_path(folder).stat().st_mtime_ns), default=None)


def _order(job: Job) -> tuple[int, str]:
    """As the flow has them. A workflow names its jobs in no order."""
    return STAGES.index(job.stage) if job.stage in STAGES else len(STAGES), job.name


def plan_path(folder: Path) -> Path:
    """Where the plan of a run in `folder` lies."""
    return folder / "logs" / "plan.json"


def lock_path(folder: Path) -> Path:
    """Where the lock lies that a living run holds."""
    return folder / "logs" / "run.lock"


def _ended_path(folder: Path) -> Path:
    return folder / "logs" / "ended.json"


def _made(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _seen_from(folder: Path, name: str) -> str:
    """A path that the workflow names, as seen from the folder of the run."""
    path, here = Path(name).absolute(), folder.absolute()
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else str(path)
