"""Looks for the highest rate at which a model keeps the limits: tries one open loop after the other.

What was bought stands in the ledger, a file for each rate. So a search that was cut off tries the same rates again, and
pays only for what is missing. Which rate comes next is left to `assay.schedule.bracket`, what a rate shows to `evidence`.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from assay.bedrock.settings import Endpoint
from assay.errors import InputError
from assay.ledger.files import about, file_name
from assay.ledger.ledger import Ledger, opened
from assay.measurement.job import Job, Reach, cells, measure, self_checks
from assay.measurement.plan import Asked, JobLoad, arrivals_of
from assay.measurement.records import records
from assay.measurement.validity import verdicts
from assay.measurement.workers import Workers, workers_for
from assay.prompts.prompt import Prompt
from assay.schedule.arrivals import count_within
from assay.schedule.bracket import Bracket, Outcome
from assay.schedule.level import open_at
from assay.search.evidence import enough, evidence
from assay.search.settings import SearchJob
from assay.spending.cap import Cap

log = logging.getLogger(__name__)

WORDS = {
    "narrow": "the bracket is narrow enough",
    "undecided": "what lies between is undecided: only more requests for each rate would tell",
    "range": "no other rate is in reach",
    "budget": "the budget of requests is spent",
    "not_evaluated": "the last rate could not be evaluated",
    "capped": "the budget of dollars doesn't hold the next request",
}


@dataclass(slots=True)
class Found:
    """What a search came to: the answer as plain values for JSON, and the records of all requests."""

    answer: dict[str, Any]
    records: list[dict[str, Any]]
    capped: str | None = None
    """Why it ended, where what the run may spend ended it."""


@dataclass(slots=True)
class SearchFor:
    """One model's search. `reach` opens where requests go; `rest` is the pause before a rate that sends."""

    settings: SearchJob
    asked: Asked
    endpoint: Endpoint
    prompts: Mapping[str, Sequence[Prompt]]
    """Prompts of the buckets of interest, in the order in which they were drawn."""
    ledger: Path
    reach: Callable[[], Reach]
    rest: Callable[[], None]
    cap: Cap | None = None
    _spent: int = field(default=0, init=False)
    _sent: int = field(default=0, init=False)
    _capped: str | None = field(default=None, init=False)
    _probes: list[dict[str, Any]] = field(default_factory=list, init=False)
    _rows: list[dict[str, Any]] = field(default_factory=list, init=False)

    def run(self) -> Found:
        """Search to its end."""
        search = self.settings.search
        bracket = Bracket(search.start_rps, search.ratio)
        ended: str | None = None
        while ended is None and (rate_rps := bracket.next()) is not None:
            outcome = self._probe(rate_rps)
            if outcome is None:
                ended = "capped" if self._capped else "budget"
            elif outcome == "not_evaluated":
                ended = outcome
            else:
                bracket.tell(rate_rps, cast(Outcome, outcome))
                log.info("%s %s: %s", self.settings.model.label, open_at(rate_rps).name, outcome)
        ended = ended or bracket.ended
        by_rate = {probe["rate_rps"]: probe for probe in self._probes}
        answer = {
            "model": self.settings.model.label,
            "model_id": self.settings.model.id,
            "kept": None if bracket.kept_rps is None else by_rate[bracket.kept_rps],
            "missed": None if bracket.missed_rps is None else by_rate[bracket.missed_rps],
            "undecided_rps": bracket.undecided_rps,
            "ended": ended,
            "ended_because": f"{WORDS[ended]} ({self._capped})" if self._capped else WORDS[ended],
            "confidence": self.settings.confidence,
            "requests": self._spent,
            "probes": self._probes,
        }
        return Found(answer, self._rows, self._capped)

    def _probe(self, rate_rps: float) -> str | None:
        """Try a rate: its outcome, or null where a budget, of requests or of dollars, doesn't hold it."""
        settings, asked = self.settings, self.asked
        path = self.ledger / file_name("search", settings.model.id, asked.identity, open_at(rate_rps).name)
        with opened(path, about(settings.run.name, "search", settings.model)) as ledger:
            requests = self._requests(rate_rps)
            job = self._job(settings.load.at(rate_rps, requests))
            todo = cells(job, ledger)
            missing = sum(len(one.missing) for one in todo.values())
            if missing:
                dispatched = _dispatched(ledger, asked.edition)
                needed = missing + sum(
                    self._beside(job.load, bucket) for bucket, one in todo.items() if one.missing
                )
                left = settings.search.max_requests - self._spent - dispatched - needed
                if left < 0:
                    self._spent += dispatched  # a sitting that was cut off may have begun it
                    self._rows += records(job, ledger)
                    return None
                if self._sent:
                    self.rest()
                job = self._job(settings.load.at(rate_rps, requests, left // len(todo)))
                count = workers_for(job.load)
                sat = measure(job, ledger, self.reach, Workers(count, self.endpoint) if count > 1 else None)
                self._sent += sat.requests_sent
                self._capped = sat.capped
            rows = records(job, ledger)
            checks = verdicts(self_checks(job, ledger), rows, settings.load.self_check)
            dispatched = _dispatched(ledger, asked.edition)
        if self._capped:
            self._spent += dispatched
            self._rows += rows
            return None
        shown = evidence(rows, checks, rate_rps, settings.shares, settings.limits, settings.confidence)
        self._spent += dispatched
        self._rows += rows
        self._probes.append({"rate_rps": rate_rps, **shown, "requests": dispatched})
        return str(shown["outcome"])

    def _job(self, load: JobLoad) -> Job:
        settings = self.settings
        return Job(
            settings.model.label,
            self.asked,
            load,
            settings.load.timeouts,
            settings.load.retry,
            settings.run.seed,
            self.prompts,
            cap=self.cap,
        )

    def _requests(self, rate_rps: float) -> int:
        """Measured requests of each bucket: what arrives in `probe_s`, or more where that could not show anything."""
        load = self.settings.load.at(rate_rps, 1)
        arriving = [
            count_within(arrivals_of(prompts, load, self.settings.run.seed), self.settings.search.probe_s)
            for prompts in self.prompts.values()
        ]
        return max(enough(self.settings.limits, self.settings.confidence), *arriving)

    def _beside(self, load: JobLoad, bucket: str) -> int:
        """What a bucket's cell sends before the measured requests: warm-up, and what fills a prompt cache."""
        prompts = self.prompts[bucket]
        warmup = count_within(arrivals_of(prompts, load, self.settings.run.seed, "warmup"), load.warmup_s)
        return warmup + (len(prompts) if self.settings.model.cache == "warm" else 0)


def of_interest(prompts: Sequence[Prompt], shares: Mapping[str, float]) -> dict[str, list[Prompt]]:
    """The prompts of the buckets of interest. InputError where one of them has none."""
    found = {bucket: [one for one in prompts if one.bucket == bucket] for bucket in shares}
    if empty := [bucket for bucket, each in found.items() if not each]:
        raise InputError(
            f"dataset_of_interest: bucket {empty[0]!r} has no prompts, so no rate can be tried on it"
        )
    return found


def _dispatched(ledger: Ledger, edition: int) -> int:
    """Requests of all kinds that were sent at this rate, in all sittings."""
    return sum(line["tags"]["edition"] == edition for lines in ledger.dispatched.values() for line in lines)
