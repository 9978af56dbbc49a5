"""What the decide stage has to know of the benchmark."""

from typing import Any

from assay.decision.settings import Decision, Limits, Traffic
from assay.judging.settings import VerdictKind
from assay.prompts.settings import BucketName
from assay.records.settings import Named, shares
from assay.schedule.level import Level, levels, of_interest
from assay.settings import Count, Positive, Settings, Whole
from assay.stopping.looks import Look


class Labelling(Settings):
    """What a file of labels is read by."""

    seed: Whole
    verdict: VerdictKind = "correctness"


class RuleOf(Settings):
    """A run, and the rule that it would register now (`assay.decision.registered`)."""

    run: str
    rule: dict[str, Any]


class Choice(Settings):
    """Settings of the decide stage."""

    models: tuple[Named, ...]
    """Those that were measured, with what their prices depend on."""
    limits: Limits = Limits()
    decision: Decision = Decision()
    dataset_of_interest: BucketName | dict[BucketName, Positive]
    traffic: Traffic | None = None
    """The traffic that the choice is for."""
    concurrency: tuple[Count, ...] = ()
    """The closed loops that were measured."""
    rates_rps: tuple[Positive, ...] = ()
    """The open loops that were measured."""
    labels: Labelling | None = None
    """How people's labels are read; null where none were handed in."""
    registered: RuleOf | None = None
    """What the run's rule as it was registered is held against; null where that isn't asked, as at a look."""
    look: Look | None = None
    """Which of the planned looks this is; null where the decision is made once."""

    @property
    def levels(self) -> tuple[Level, ...]:
        """All of them, in rising order."""
        return tuple(levels(self.concurrency, self.rates_rps).values())

    @property
    def level(self) -> Level:
        """The level that the decision is about."""
        return of_interest(
            self.concurrency,
            self.rates_rps,
            self.limits.concurrency,
            self.limits.rate_rps,
            None if self.traffic is None else self.traffic.rate_rps,
        )

    @property
    def shares(self) -> dict[str, float]:
        """Share of each bucket of interest, by which limits are checked; they sum to 1."""
        return shares(self.dataset_of_interest)

    @property
    def objective_shares(self) -> dict[str, float]:
        """Share of each bucket by which models are compared: the traffic's, by default those of interest; they sum to 1."""
        given = None if self.traffic is None else self.traffic.buckets
        return shares(self.dataset_of_interest if given is None else given)
