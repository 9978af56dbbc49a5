"""The records of the runs of one side as sittings, cut down to what both sides asked.

A sitting is what varies by itself: where a side has several runs, each of them; where it has one, each block of it. Only
requests for prompts that both sides asked in a cell count: others are taken for filler. Leaves to others: what the two sides
are compared by (`differences`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from assay.comparison.runs import FinishedRun
from assay.prices.book import Price
from assay.prices.snapshot import read as read_prices
from assay.records import reading
from assay.records.in_flight import Cell
from assay.records.measured import Measured, with_cost
from assay.records.rated import panel_of, rated_answers, rated_prompts
from assay.records.settings import Named, prices_of
from assay.records.status import spoilt_cells
from assay.tables.inputs import read_table

_COUNTED = ("measured", "superseded")
_CELL = ["model", "bucket", "load"]


@dataclass(frozen=True)
class Side:
    """The runs of one side. `records` are those of all runs, `block` being the number of the sitting."""

    records: pd.DataFrame
    """With `paid_usd`: what a request cost at its own run's prices; NaN where nobody knows."""
    rated: pd.DataFrame
    """One row per model and prompt, with its accuracy over all runs: see `rated.rated_prompts`."""
    sources: Mapping[str, str]
    """The source document of each prompt."""
    invalid: Mapping[tuple[int, Cell], str]
    """Of sittings and cells whose latencies the client distorted: why."""
    hourly: frozenset[str]
    """Models that are paid by the hour."""
    rated_by: Mapping[str, frozenset[str]]
    """What accuracy is by, for each model; several where runs of this side were rated in other ways."""
    not_whole: tuple[str, ...] = ()
    """Jobs that were capped or spoilt, as run, model, load, block and status: less was measured than was planned."""

    @cached_property
    def numbers(self) -> list[int]:
        """The sittings, in order."""
        return sorted(int(number) for number in self.records["block"].unique())

    def asked_by_sitting(self, model: str, bucket: str, load: str) -> list[frozenset[str]]:
        """The prompts of each sitting that measured a cell, in order."""
        return self._asked.get((model, bucket, load), [])

    @cached_property
    def _asked(self) -> dict[Cell, list[frozenset[str]]]:
        measured = self.records.loc[self.records["role"] == "measured", [*_CELL, "block", "prompt_id"]]
        found: dict[Cell, list[frozenset[str]]] = {}
        by = measured.astype(dict.fromkeys((*_CELL, "prompt_id"), object))
        for (model, bucket, load, _), prompts in by.groupby([*_CELL, "block"], sort=True)["prompt_id"]:
            found.setdefault((str(model), str(bucket), str(load)), []).append(frozenset(map(str, prompts)))
        return found

    @cached_property
    def each(self) -> list[Measured]:
        """Each sitting by itself."""
        return [
            Measured(
                self.records.loc[self.records["block"] == number],
                {},
                self.sources,
                invalid={cell: why for (sitting, cell), why in self.invalid.items() if sitting == number},
            )
            for number in self.numbers
        ]

    @cached_property
    def pooled(self) -> Measured:
        """All sittings together."""
        return Measured(
            self.records,
            {},
            self.sources,
            invalid={cell: why for (_, cell), why in self.invalid.items()},
        )


def read_side(runs: Sequence[FinishedRun], renamed: Mapping[str, str]) -> Side:
    """The runs of a side, with models by the labels in `renamed` where these name them. InputError for a file that can't be used."""
    records, rated, invalid, not_whole = [], [], {}, []
    sources: dict[str, str] = {}
    rated_by: dict[str, frozenset[str]] = {}
    hourly: set[str] = set()
    for number, run in enumerate(runs):
        prompts = reading.read([run.prompts], reading.PROMPTS, ("prompt_id", "bucket"))
        mine = reading.source_of(prompts)
        sources |= mine
        models = read_table(run.table("models"), ("model", "model_id"))
        ended = [reading.read_status(path) for path in run.records("json")]
        prices = _prices(run, models)
        hourly |= {
            renamed.get(label, label)
            for label, price in prices.items()
            if price.usd_per_hour_of_all_units is not None
        }
        found = with_cost(reading.read_records(run.records()), prices)
        found = found.rename(columns={"cost_usd": "paid_usd"}).assign(model=_named(found, renamed))
        not_whole += [
            f"{run.name}/{job.model}/{job.load}/b{job.block} ({job.status})"
            for job in ended
            if job.status != "complete"
        ]
        spoilt = {(job.model, job.load, job.block) for job in ended if job.status == "spoilt"}
        rated.append(_rated(run, found, mine, renamed))
        found = found.assign(role=_without(found, {(renamed.get(m, m), load, b) for m, load, b in spoilt}))
        if len(runs) > 1:
            found["block"] = number
        for (model, bucket, load), why in spoilt_cells(ended).items():
            for sitting in found["block"].unique():
                invalid[int(sitting), (renamed.get(model, model), bucket, load)] = why
        records.append(found)
        said = models["accuracy_by"] if "accuracy_by" in models else pd.Series(None, index=models.index)
        for label, by in zip(models["model"], said, strict=True):
            if isinstance(by, str):
                name = renamed.get(label, label)
                rated_by[name] = rated_by.get(name, frozenset()) | {_yardstick(run, label, by)}
    together = pd.concat(rated, ignore_index=True)
    keys = ["model", "bucket", "prompt_id", "source"]
    return Side(
        pd.concat(records, ignore_index=True),
        together.groupby(keys, sort=False)["accuracy"].mean().reset_index(),
        sources,
        invalid,
        frozenset(hourly),
        rated_by,
        tuple(not_whole),
    )


def like_for_like(before: Side, after: Side, *, at_any_load: bool = False) -> tuple[Side, Side]:
    """Both sides with every request taken for filler that asks a prompt which the other side didn't ask in the same cell,
    or of that model and in that bucket at any load."""
    keys = ["model", "bucket", "prompt_id"] if at_any_load else [*_CELL, "prompt_id"]
    asked = [_asked(side.records, keys) for side in (before, after)]
    shared = asked[0].merge(asked[1], on=keys)
    return _only(before, shared, keys), _only(after, shared, keys)


def _asked(records: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    return records.loc[records["role"] == "measured", keys].astype(object).drop_duplicates()


def _only(side: Side, shared: pd.DataFrame, keys: list[str]) -> Side:
    records = side.records
    there = (
        records[keys].astype(object).merge(shared, on=keys, how="left", indicator=True)["_merge"] == "both"
    )
    role = records["role"].astype(object)
    kept = role.where(there.to_numpy() | ~role.isin(_COUNTED).to_numpy(), "filler")
    return replace(side, records=records.assign(role=kept))


def _prices(run: FinishedRun, models: pd.DataFrame) -> dict[str, Price]:
    """Prices by label. Ids come from the table: those of the report are without account numbers."""
    ids = dict(zip(models["model"], models["model_id"], strict=True))
    lines = [
        Named(
            label=model["label"],
            id=str(ids.get(model["label"], model["id"])),
            service_tier=model.get("service_tier"),
            latency=model.get("latency"),
        )
        for model in run.settings["models"]
    ]
    return prices_of(lines, read_prices(run.prices))


def _named(records: pd.DataFrame, renamed: Mapping[str, str]) -> "pd.Series[str]":
    return records["model"].astype(object).map(lambda label: renamed.get(str(label), str(label)))


def _without(records: pd.DataFrame, spoilt: set[tuple[str, str, int]]) -> "pd.Series[str]":
    """Roles, where what the client spoilt is filler."""
    role = records["role"].astype(object)
    if not spoilt:
        return role
    jobs = zip(records["model"], records["load"].astype(object), records["block"], strict=True)
    bad = np.array([job in spoilt for job in jobs], dtype=bool)
    return role.where(~bad, "filler")


def _rated(
    run: FinishedRun, records: pd.DataFrame, sources: Mapping[str, str], renamed: Mapping[str, str]
) -> pd.DataFrame:
    answers = reading.read(
        run.answers, reading.ANSWERS, ("model", "answer_id", "prompt_id", "times", "score")
    )
    panel = None
    if run.judges:
        columns = ("model", "judge", "answer_id", "prompt_id", "verdict")
        panel = panel_of(reading.read(run.verdicts, reading.VERDICTS, columns), run.judges)
    rated = rated_answers(answers, panel)
    rated = rated.assign(model=_named(rated, renamed))
    return rated_prompts(rated, records, sources)


def _yardstick(run: FinishedRun, model: str, by: str) -> str:
    """What accuracy is by, so that the same words mean the same yardstick: a panel with its judges that worked, and their prompt."""
    judges = run.settings.get("judges") or {}
    if by not in ("panel", "ratings"):
        return by
    told = run.judged(model)
    working = [one.get("working") is not False for one in told]
    asked = [str(judge["id"]) for judge, works in zip(judges["panel"], working, strict=True) if works]
    how = {name: judges.get(name) for name in ("prompt", "verdict", "abstention") if judges.get(name)}
    prompts = sorted({str(one.get("prompt_sha256")) for one in told})
    return f"{by} of {len(told)}, {', '.join(asked)} ({how}, {prompts})"
