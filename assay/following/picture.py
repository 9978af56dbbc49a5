"""One look at a run: its jobs by stage, its models and judges, its dollars, and whether it has ended."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from assay.following.asked import Asked, Ledger
from assay.following.jobs import Jobs, Standing
from assay.following.plan import STAGES, Plan, alive, how_it_ended
from assay.ledger.stored import groups
from assay.spending.purse import PICODOLLARS, glance

_VERDICT = "report/verdict.txt"

How = Literal["at work", "done", "failed", "killed"]


@dataclass(frozen=True, slots=True)
class StageLine:
    """The jobs of one stage."""

    stage: str
    jobs: int
    done: int
    at_work: int
    failed: int


@dataclass(frozen=True, slots=True)
class AskedLine:
    """A model or judge, what was asked of it, and what the estimate expects."""

    stage: str
    label: str
    asked: Asked
    planned: tuple[int, int] | None
    """Fewest and most requests of the plan, as estimated; null where there is no estimate."""
    estimated_usd: tuple[float, float] | None
    """Of the whole run, spent and left."""


@dataclass(frozen=True, slots=True)
class Money:
    """Dollars. What isn't known is null."""

    spent_usd: float | None
    """Null before prices are known."""
    unknown: int
    """Requests of which it isn't known what they cost."""
    estimated_usd: tuple[float, float] | None
    """Of the whole run."""
    max_usd: float | None
    committed_usd: float | None
    """Spent or set aside, as the cap counts."""


@dataclass(frozen=True, slots=True)
class Picture:
    """How a run stands."""

    run: str
    how: How
    seconds: float
    """Since it began; until its end, where it has one."""
    estimated_minutes: tuple[float, float] | None
    """Of measuring and judging, as estimated when the run began; null where it hasn't estimated anew."""
    stages: Sequence[StageLine]
    jobs: Sequence[Standing]
    asked: Sequence[AskedLine]
    money: Money
    still_at_work: int
    """Jobs that write to the ledger though the run that began them was killed."""
    verdict: str | None

    @property
    def over(self) -> bool:
        """Whether nothing more will come of this run."""
        return self.how != "at work"

    def standing(self, state: str) -> Sequence[Standing]:
        """The jobs of one state."""
        return [each for each in self.jobs if each.state == state]


class Follower:
    """Follows the run of one plan."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._jobs = Jobs(plan)
        self._folder = plan.path(plan.about.ledger)
        self._prices = plan.path("prices.json")
        self._ledger = Ledger(self._folder, plan.about.run, plan.about.edition, self._prices)

    def look(self) -> Picture:
        """How the run stands now."""
        # In this order: what a run that ends in between has made is seen then.
        living = alive(self.plan.folder)
        ended = how_it_ended(self.plan)
        jobs = self._jobs.look(ended.failed if ended else ())
        asked = self._ledger.look()
        estimate = _estimate(self.plan.path("estimate.json"))
        how: How = ended.how if ended else ("at work" if living else "killed")
        until = ended.at if ended else datetime.now(UTC)
        return Picture(
            run=self.plan.about.run,
            how=how,
            seconds=max(0.0, (until - self.plan.started).total_seconds()),
            estimated_minutes=self._minutes(estimate),
            stages=_stages(jobs),
            jobs=jobs,
            asked=self._lines(jobs, asked, estimate),
            money=self._money(asked, estimate),
            still_at_work=self._at_work_alone() if how == "killed" else 0,
            verdict=_line(self.plan.path(_VERDICT)) if how == "done" and _made(jobs, _VERDICT) else None,
        )

    def _lines(
        self, jobs: Sequence[Standing], asked: Mapping[tuple[str, str], Asked], estimate: Mapping[str, Any]
    ) -> Sequence[AskedLine]:
        about = self.plan.about
        kinds = {"model": "invoke", "search": "search", "judge": "judge"}
        rows = {(kinds.get(row["kind"]), row["label"]): row for row in estimate.get("rows", ())}
        expected = [("search", label) for label in about.models if ("search", label) in {*rows, *asked}]
        expected += [("invoke", label) for label in about.models]
        expected += [("judge", label) for label in about.judges]
        # How many answers there are to judge is estimated; how many there were is known once all are judged.
        judging = any(each.job.stage == "judge" and each.state != "done" for each in jobs)
        return [
            AskedLine(
                stage,
                label,
                asked.get((stage, label), Asked()),
                _planned(rows.get((stage, label))) if stage != "judge" or judging else None,
                _ends(rows.get((stage, label), {}).get("usd")),
            )
            for stage, label in expected
        ]

    def _money(self, asked: Mapping[tuple[str, str], Asked], estimate: Mapping[str, Any]) -> Money:
        about = self.plan.about
        total = Asked()
        for each in asked.values():
            total.add(each)
        known = self._ledger.prices_known
        committed = None if about.max_usd is None else glance(self._folder, about.run)
        return Money(
            total.spent / PICODOLLARS if known else None,
            total.unknown if known else 0,
            _ends(_with_names(estimate.get("total"))),
            about.max_usd,
            None if committed is None else committed / PICODOLLARS,
        )

    def _minutes(self, estimate: Mapping[str, Any]) -> tuple[float, float] | None:
        """An estimate is of what was left when it was made: one of an earlier sitting says nothing of this one."""
        try:
            anew = self.plan.path("estimate.json").stat().st_mtime_ns >= self.plan.began_ns
        except OSError:
            return None
        return _ends((estimate.get("total") or {}).get("minutes")) if anew else None

    def _at_work_alone(self) -> int:
        return sum(group.held for group in groups(self._folder)) if self._folder.is_dir() else 0


def _made(jobs: Sequence[Standing], output: str) -> bool:
    """Whether a job of this run has made it: an older one speaks of other figures."""
    return any(each.state == "done" and output in each.job.outputs for each in jobs)


def _stages(jobs: Sequence[Standing]) -> Sequence[StageLine]:
    named = {standing.job.stage for standing in jobs}
    order = [stage for stage in STAGES if stage in named] + sorted(named - set(STAGES))
    return [
        StageLine(
            stage,
            len(mine := [standing for standing in jobs if standing.job.stage == stage]),
            sum(standing.state == "done" for standing in mine),
            sum(standing.state == "at work" for standing in mine),
            sum(standing.state == "failed" for standing in mine),
        )
        for stage in order
    ]


def _planned(row: Mapping[str, Any] | None) -> tuple[int, int] | None:
    """Requests of the plan by the estimate: those that were left when it was made, and those that were held."""
    if row is None or row.get("kind") == "search":
        return None
    left = [
        ends for role, ends in row["requests"].items() if role in ("measured", "judging", "judging again")
    ]
    held = int(row.get("held_requests") or 0)
    if not left and not held:
        return None
    return held + round(sum(each["low"] for each in left)), held + round(sum(each["high"] for each in left))


def _with_names(total: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    return None if total is None else {"low": total.get("low_usd"), "high": total.get("high_usd")}


def _ends(found: Mapping[str, Any] | None) -> tuple[float, float] | None:
    if found is None or found.get("low") is None or found.get("high") is None:
        return None
    return float(found["low"]), float(found["high"])


def _estimate(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _line(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8").strip() or None
    except OSError:
        return None
