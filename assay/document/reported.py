"""The run that a report is about: its benchmark, its files as they were read, and what several sections share of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from assay.config.benchmark import Benchmark
from assay.document import provenance
from assay.document.inputs import Finished
from assay.document.settings import ReportSettings
from assay.figures.settings import FigureSettings
from assay.prices.book import Price
from assay.schedule.level import of_interest
from assay.tables import numbers, search
from assay.tables import prices as price_tables
from assay.tables.inputs import Inputs


@dataclass(frozen=True)
class Reported:
    """One run and what is to be said of it. Nothing is computed before a section asks for it."""

    settings: ReportSettings
    finished: Finished
    made: Mapping[str, Any]
    """What makes the report: `versions` of packages, and the `commit` of the code."""

    @property
    def benchmark(self) -> Benchmark:
        """The benchmark file, checked."""
        return self.settings.benchmark

    @property
    def title(self) -> str:
        """What the report is called."""
        return self.benchmark.report.title or f"Benchmark {self.benchmark.run.name}"

    @property
    def inputs(self) -> Inputs:
        """The aggregated tables and the decision."""
        return self.finished.tables

    @cached_property
    def plain(self) -> dict[str, Any]:
        """The benchmark as plain values."""
        return self.benchmark.model_dump(mode="json")

    @cached_property
    def public(self) -> dict[str, Any]:
        """The benchmark as anybody may read it."""
        return provenance.public_settings(self.plain)

    @cached_property
    def shown(self) -> FigureSettings:
        """Order of models and buckets, and what the decision is about."""
        benchmark = self.benchmark
        level = of_interest(
            benchmark.load.concurrency,
            benchmark.load.rates_rps,
            benchmark.limits.concurrency,
            benchmark.limits.rate_rps,
            benchmark.traffic.rate_rps if benchmark.traffic else None,
        )
        return FigureSettings(
            models=tuple(model.label for model in benchmark.models),
            buckets=benchmark.buckets,
            dataset_of_interest=benchmark.dataset_of_interest,
            concurrency=level.concurrency,
            rate_rps=level.rate_rps,
            limits=benchmark.limits,
            confidence=benchmark.decision.confidence,
            simulated=benchmark.endpoint.kind == "simulator",
        )

    @cached_property
    def buckets(self) -> list[str]:
        """Names of all buckets, in the order of the benchmark file."""
        return [bucket.name for bucket in self.benchmark.buckets]

    @cached_property
    def decision(self) -> dict[str, Any]:
        """The recommendation."""
        empty: dict[str, Any] = {"reasons": [], "models": [], "candidates": [], "incumbent": None}
        return {**empty, **self.finished.decision}

    @cached_property
    def models(self) -> list[price_tables.Priced]:
        """The models with their prices."""
        return price_tables.priced(self.benchmark.models, self._prices)

    @cached_property
    def panel(self) -> list[price_tables.Priced]:
        """The judges with their prices."""
        judges = self.benchmark.judges
        return price_tables.priced(judges.panel if judges else (), self._prices)

    @property
    def lines(self) -> list[price_tables.Priced]:
        """Whatever has a price: models, then judges."""
        return [*self.models, *self.panel]

    @property
    def _prices(self) -> dict[str, Price]:
        found = self.finished.prices.get("prices", {})
        return {name: Price.from_json(price) for name, price in found.items()}

    @cached_property
    def searched(self) -> tuple[dict[str, float | None], int]:
        """Dollars of the search for the highest rate by model, and of how many requests nobody knows what they cost."""
        prices = {line.label: line.price for line in self.models}
        return search.cost(self.finished.searches, self.finished.search_records, prices)

    @cached_property
    def each_judge(self) -> pd.DataFrame:
        """The table of judges without the panel."""
        return self.finished.judges.loc[self.finished.judges["judge"] != "panel"]


def interest(buckets: str | Mapping[str, float], order: Sequence[str]) -> list[str]:
    """The buckets that a decision is about, in words and in `order`; each with its share where there are several."""
    if isinstance(buckets, str):
        return [buckets]
    total = sum(buckets.values())
    named = sorted(buckets, key=lambda name: order.index(name) if name in order else len(order))
    return [f"{name} ({numbers.percent(buckets[name] / total)})" for name in named]


def summed(statuses: Iterable[Mapping[str, Any]], name: str) -> int:
    """The sum of a count over statuses; one that lacks it counts as 0."""
    return sum(int(status.get(name) or 0) for status in statuses)


def total(values: Iterable[float | None]) -> float | None:
    """The sum; None if any is unknown."""
    found = list(values)
    known = [float(value) for value in found if value is not None and numbers.known(value)]
    return sum(known) if len(known) == len(found) else None
