"""What a decision rests on: the run's records, ratings and labels, read once, with what was computed from them kept.

The rule is applied more than once: to the dataset of interest, to single buckets, to limits as they might be. Samples,
figures and comparisons of pairs are the same each time, so they are kept here. Leaves to others: the rule (`decided`).
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from assay.decision.compare import Found, Measure, find
from assay.decision.stage import Choice
from assay.judging.panel import idle_judges
from assay.labels.handed_in import corrected
from assay.prices.snapshot import read as read_prices
from assay.records import reading, sampled
from assay.records.in_flight import Cell
from assay.records.measured import Measured
from assay.records.rated import panel_of, rated_answers, rated_prompts, rates
from assay.records.sample import Sample
from assay.records.settings import prices_of
from assay.records.success import right_of
from assay.schedule.level import Level
from assay.stats.prediction_powered import Estimate

Shares = Mapping[str, float]
"""Share of each bucket in a mix; they sum to 1."""


class Evidence:
    """The run's records and rated prompts, from which models are described and compared.

    `table` has a row for each model with its status, as the table of models has it; `cells` one for each cell.
    `confidence` is that of all intervals.
    """

    def __init__(
        self,
        settings: Choice,
        confidence: float,
        table: pd.DataFrame,
        cells: pd.DataFrame,
        prompts: Path,
        prices: Path,
        records: Sequence[Path],
        answers: Sequence[Path],
        verdicts: Sequence[Path],
        labels: Path | None = None,
    ) -> None:
        self.settings = settings
        self.confidence = confidence
        self.judged = bool(verdicts)
        # A sitting by itself says nothing of others. Where several are planned, a look at the first waits for more.
        self.least_blocks = 1 if settings.look is None else 2
        self.cells = cells
        self._statuses = {
            (str(cell["model"]), str(cell["load"]), str(cell["bucket"])): (
                str(cell["status"]),
                cell["reason"] if isinstance(cell.get("reason"), str) else None,
            )
            for cell in cells.to_dict("records")
        }
        self._rows = {str(row["model"]): row for row in table.to_dict("records")}
        sources = reading.source_of(reading.read([prompts], reading.PROMPTS, ("prompt_id", "bucket")))
        attempts = reading.read_records(records)
        found = reading.read(answers, reading.ANSWERS, ("model", "answer_id", "prompt_id", "times", "score"))
        said = reading.read(
            verdicts, reading.VERDICTS, ("model", "judge", "answer_id", "prompt_id", "verdict")
        )
        panel = panel_of(said, sorted(said["judge"].unique())) if verdicts else None
        self.idle_judges = idle_judges(said)
        self._rated_answers = rated_answers(found, panel)
        by_success = settings.decision.objective == "cheapest_success"
        self.measured = Measured(
            attempts,
            prices_of(settings.models, read_prices(prices)),
            sources,
            invalid=distorted(cells),
            right=right_of(records, self._rated_answers) if by_success else None,
        )
        self.rated = rated_prompts(self._rated_answers, self.measured.records, sources)
        self.rated_on_scale = settings.labels is not None and settings.labels.verdict == "scale"
        self._labels = labels
        self._corrected: dict[_Key, Mapping[str, Estimate]] = {}
        self._samples: dict[tuple[str, str, _Key], Sample] = {}
        self._figures: dict[tuple[str, str, _Key], Figures] = {}
        self._found: dict[tuple[Any, ...], Found] = {}
        self._rates: dict[tuple[str, _Key], dict[str, Any]] = {}

    @property
    def models(self) -> tuple[str, ...]:
        """Labels of all models, in the order of the table."""
        return tuple(self._rows)

    def sample(self, model: str, level: Level, shares: Shares) -> Sample:
        """Measured requests of a model on a mix of buckets."""
        key = (model, level.name, _key(shares))
        if key not in self._samples:
            self._samples[key] = self.measured.sample(model, level, shares, self.confidence)
        return self._samples[key]

    def figures(self, model: str, level: Level, shares: Shares) -> "Figures":
        """The columns of a model's row, each computed when it is asked for.

        With `accuracy` and what belongs to it, as people's labels correct it where there are enough.
        """
        key = (model, level.name, _key(shares))
        if key not in self._figures:
            self._figures[key] = Figures(self, model, level, shares)
        return self._figures[key]

    def row(self, model: str) -> Mapping[Any, Any]:
        """What the table of models has of it: nothing that depends on the mix of buckets is read from here."""
        return self._rows[model]

    def rates(self, model: str, shares: Shares) -> dict[str, Any]:
        """Accuracy and what belongs to it, of all levels together, as judges or the dataset's own metric have it."""
        key = (model, _key(shares))
        if key not in self._rates:
            mine = self.rated.loc[self.rated["model"] == model]
            self._rates[key] = dict(rates(mine, shares, self.confidence, self.judged))
        return self._rates[key]

    def corrected(self, shares: Shares) -> Mapping[str, Estimate]:
        """Accuracies as people's labels correct them, of the models of which there are enough."""
        key = _key(shares)
        if key not in self._corrected:
            told = self.settings.labels
            by_model = (
                {}
                if self._labels is None or told is None
                else corrected(self._labels, told.verdict, self._rated_answers, shares, told.seed)
            )
            self._corrected[key] = {name: estimate for name, estimate in by_model.items() if estimate.enough}
        return self._corrected[key]

    def all_corrected(self, shares: Shares) -> bool:
        """Whether every model that has an accuracy has a corrected one: models are compared by the one or by the other."""
        return set(self.rated.loc[self.rated["accuracy"].notna(), "model"]) <= set(self.corrected(shares))

    def by_people(self, model: str, shares: Shares) -> dict[str, Any]:
        """Accuracy as people's labels correct it, under the names of the uncorrected columns; nothing without enough."""
        estimate = self.corrected(shares).get(model)
        bounds = None if estimate is None else estimate.interval(self.confidence)
        if estimate is None or bounds is None:
            return {}
        return {
            "accuracy": estimate.value,
            "accuracy_low": bounds.low,
            "accuracy_high": bounds.high,
            "accuracy_by": "people_ratings" if self.rated_on_scale else "people",
            "accuracy_labels": estimate.n,
            "accuracy_labels_most": estimate.prompts,
            "accuracy_unsure": estimate.evidence.unsure,
        }

    def standing(self, model: str, level: Level, shares: Shares) -> tuple[str, str | None]:
        """Status of a model's cells in a mix, the worst of them, and why it isn't `complete`."""
        row = self._rows[model]
        own = self.settings.level == level and set(shares) == set(self.settings.shares)
        if own and row["status"] != "complete":
            return str(row["status"]), row.get("reason")
        for bucket in shares:
            if (model, level.name, bucket) not in self._statuses:
                return "missing", f"{bucket}: not measured"
            status, why = self._statuses[model, level.name, bucket]
            if status != "complete":
                return status, f"{bucket}: {why}" if why is not None else bucket
        return "complete", None

    def found(self, measure: Measure, a: str, b: str, shares: Shares) -> Found:
        """What a pair of models differs by at the level of the decision, on a mix of buckets."""
        key = (*measure.key, a, b, _key(shares))
        if key not in self._found:
            level = self.settings.level
            people = self.corrected(shares) if self.all_corrected(shares) else None
            self._found[key] = find(
                measure,
                a,
                b,
                {model: self.sample(model, level, shares) for model in (a, b)},
                self.rated,
                shares,
                self.confidence,
                self.least_blocks,
                people,
            )
        return self._found[key]


def distorted(cells: pd.DataFrame) -> dict[Cell, str]:
    """The cells that the client itself spoilt, by the table of cells, with the reasons: none of their latencies counts."""
    bad = cells.loc[cells["status"].isin(["invalid", "spoilt"])]
    reasons = bad["reason"] if "reason" in bad else bad["status"]
    return {
        (str(model), str(bucket), str(load)): str(reason)
        for model, bucket, load, reason in zip(bad["model"], bad["bucket"], bad["load"], reasons, strict=True)
    }


class Figures(Mapping[str, Any]):
    """A model's row for one level and mix, computed column by column as they are asked for."""

    def __init__(self, evidence: Evidence, model: str, level: Level, shares: Shares) -> None:
        self._evidence = evidence
        self._of = (model, level, shares)
        row = evidence.row(model)
        known: dict[str, Any] = {
            name: row.get(name) for name in ("model", "model_id", "priced_by", "accuracy_by", "cost_usd")
        }
        known["rate_rps"] = level.rate_rps
        known["status"], known["reason"] = evidence.standing(model, level, shares)
        known |= evidence.rates(model, shares)
        self.by_panel: Mapping[str, Any] = dict(known)
        """The accuracy before labels correct it, with the columns that belong to it."""
        self._known: dict[str, Any] = known | evidence.by_people(model, shares)

    def __getitem__(self, name: str) -> Any:
        if name not in self._known:
            function = _SAMPLED.get(name)
            if function is None:
                raise KeyError(name)
            sample = self._evidence.sample(*self._of)
            few = len(sample.blocks) < self._evidence.least_blocks
            hidden = few and name.endswith(("_low", "_high")) and not name.startswith("cost")
            self._known[name] = None if hidden else function(sample)
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter({**self._known, **_SAMPLED})

    def __len__(self) -> int:
        return len({**self._known, **_SAMPLED})


_Key = tuple[tuple[str, float], ...]


def _key(shares: Shares) -> _Key:
    return tuple(shares.items())


_SAMPLED = {metric.name: metric.function for metric in sampled.SAMPLED if metric.function is not None}
