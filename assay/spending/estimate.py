"""What a run is going to cost, by model and by judge, before a request is sent: dollars, tokens, requests, minutes.

Counts what the plan asks for and what the ledger holds of it; sizes of answers and times are priors until there are
answers (`prior`, `seen`). What it costs is never the only figure: each has a low and a high end, at most three times
apart, and what it can't exceed without retries.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from assay.bedrock.settings import Model, Quota
from assay.errors import InputError
from assay.prompts.prompt import Prompt
from assay.spending import prior
from assay.spending.committed import of_file
from assay.spending.costs import Costs, costed
from assay.spending.ends import Ends, between, exactly, total
from assay.spending.estimate_settings import EstimateJob
from assay.spending.facts import AskedLine, Facts
from assay.spending.judging import JudgePart, of_judge, usd_of
from assay.spending.models import Amounts, ModelPart, of_model
from assay.spending.purse import PICODOLLARS
from assay.spending.seen import Seen, peeked
from assay.spending.unpriced import named

STAGES = {"model": "invoke", "search": "search", "judge": "judge"}
"""Of the rows that belong to one model or judge."""


@dataclass(slots=True)
class Row:
    """One line of the estimate: a model, its search, a judge, or all of the preflight."""

    kind: str
    label: str
    id: str | None
    left: Amounts
    """What is still to be bought: as is."""
    plan: Amounts
    """What the whole plan takes, by priors alone: as if nothing had been bought."""
    held: int = 0
    """Requests of the plan that the ledger holds, so that they cost nothing."""
    spent_usd: float | None = 0.0
    """What this run has spent on it so far, in all its sittings and editions; None where the price is unknown."""
    usd_per_hour: float | None = None
    """Of provisioned throughput, which isn't in any sum."""
    model: Model | None = None
    """The model or judge, where it is one."""

    @property
    def usd(self) -> Ends | None:
        """Dollars of the whole run: spent, and still to be spent."""
        left = _narrow(self.left.usd)
        return None if left is None or self.spent_usd is None else exactly(self.spent_usd) + left


@dataclass(slots=True)
class Estimate:
    """All rows, and what they come to."""

    rows: list[Row]
    max_usd: float | None
    seconds: Ends
    """Of what is left, models side by side as far as there are cores."""
    parts: dict[str, ModelPart] = field(default_factory=dict)
    """What was counted of each model, by label."""

    @property
    def unpriced(self) -> list[Model]:
        """What is to be asked, or was, in a way whose price is unknown."""
        return [row.model for row in self.rows if row.model is not None and row.usd is None]

    @property
    def unknown(self) -> list[str]:
        """Ids of the same, each with the way in which it is asked where that is not the default."""
        return named(self.unpriced)

    @property
    def priced(self) -> bool:
        """Whether any price is known: else there is nothing to sum up."""
        return not self.rows or any(row.usd is not None for row in self.rows)

    @property
    def spent_usd(self) -> float:
        """What this run has spent so far, as far as prices are known."""
        return sum(row.spent_usd or 0.0 for row in self.rows)

    @property
    def left_usd(self) -> Ends:
        """Dollars that are still to be spent, as far as prices are known."""
        return total(_narrow(row.left.usd) or Ends() for row in self.rows)

    @property
    def usd(self) -> Ends:
        """Dollars of the whole run, as far as prices are known."""
        return exactly(self.spent_usd) + self.left_usd

    @property
    def above(self) -> bool:
        """Whether the run may well cost more than the cap."""
        return self.max_usd is not None and self.spent_usd + self.left_usd.high > self.max_usd

    @property
    def may_be_capped(self) -> bool:
        """Whether it could, in the worst case, though it isn't likely."""
        return (
            self.max_usd is not None
            and not self.above
            and self.spent_usd + self.left_usd.at_most > self.max_usd
        )

    def as_json(self) -> dict[str, Any]:
        """As it stands in the run's `estimate.json`."""
        return {
            "rows": [_row_json(row) for row in self.rows],
            "total": {
                "requests": _ends_json(total(_narrowed(row.left.all_requests) for row in self.rows)),
                "held_requests": sum(row.held for row in self.rows),
                "input_tokens": _ends_json(total(_narrowed(row.left.input_tokens) for row in self.rows)),
                "output_tokens": _ends_json(total(_narrowed(row.left.output_tokens) for row in self.rows)),
                "minutes": _ends_json(_narrowed(self.seconds) * (1 / 60)),
                **{name: usd if self.priced else None for name, usd in self._dollars().items()},
            },
            "max_usd": self.max_usd,
            "unknown_prices": self.unknown,
        }

    def _dollars(self) -> dict[str, float]:
        return {
            "spent_usd": self.spent_usd,
            "left_low_usd": self.left_usd.low,
            "left_high_usd": self.left_usd.high,
            "left_at_most_usd": self.left_usd.at_most,
            "low_usd": self.usd.low,
            "high_usd": self.usd.high,
            "at_most_usd": self.usd.at_most,
            "plan_low_usd": self._plan_usd.low,
            "plan_high_usd": self._plan_usd.high,
            "plan_at_most_usd": self._plan_usd.at_most,
        }

    @property
    def _plan_usd(self) -> Ends:
        return total(_narrow(row.plan.usd) or Ends() for row in self.rows)


def _narrow(ends: Ends | None) -> Ends | None:
    return None if ends is None else ends.narrowed()


def _narrowed(ends: Ends) -> Ends:
    return ends.narrowed()


def _ends_json(ends: Ends | None) -> dict[str, float] | None:
    if ends is None:
        return None
    return {"low": ends.low, "high": ends.high, "at_most": ends.at_most}


def _row_json(row: Row) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "label": row.label,
        "id": row.id,
        "requests": {role: _ends_json(ends.narrowed()) for role, ends in row.left.requests.items()},
        "held_requests": row.held,
        "input_tokens": _ends_json(row.left.input_tokens.narrowed()),
        "output_tokens": _ends_json(row.left.output_tokens.narrowed()),
        "minutes": _ends_json(row.left.seconds.narrowed() * (1 / 60)),
        "spent_usd": row.spent_usd,
        "left_usd": _ends_json(_narrow(row.left.usd)),
        "usd": _ends_json(row.usd),
        "plan_usd": _ends_json(_narrow(row.plan.usd)),
        "plan_requests": _ends_json(row.plan.all_requests.narrowed()),
        "usd_per_hour": row.usd_per_hour,
    }


class Estimator:
    """Estimates plans that ask the same prompts of the same models and judges, or of some of them."""

    def __init__(self, facts: Facts, settings: EstimateJob, cores: int) -> None:
        self._facts = facts
        self._cores = max(1, cores)
        edition = settings.run.edition
        self._models = {
            model.label: facts.line(model, settings.inference, edition, "invoke") for model in settings.models
        }
        self._judges = {}
        if settings.judges is not None:
            self._judges = {
                judge.label: facts.line(judge, settings.judges.inference, edition, "judge")
                for judge in settings.judges.panel
            }
        self._spent = _spent(facts.ledger, settings.run.name, facts)
        self._costs: dict[tuple[str, bool], dict[str, Costs]] = {}

    @property
    def models(self) -> Mapping[str, AskedLine]:
        """The models, by label."""
        return self._models

    @property
    def prompts(self) -> Mapping[str, Sequence[Prompt]]:
        """The prompts, by bucket."""
        return self._facts.prompts

    def of(self, settings: EstimateJob, prompts: int | None = None, *, from_scratch: bool = True) -> Estimate:
        """The estimate of a plan; of one with at most so many prompts in each bucket.

        `from_scratch`: also what the plan takes as if nothing had been bought. Else that says what is left, too.
        """
        facts = self._facts if prompts is None else _fewer(self._facts, prompts)
        models = {model.label: self._models[model.label] for model in settings.models}
        panel = settings.judges.panel if settings.judges is not None else ()
        judges = {judge.label: self._judges[judge.label] for judge in panel}
        left = {label: self._of_model(facts, settings, line, told=True) for label, line in models.items()}
        plan = left
        if from_scratch:
            plan = {
                label: self._of_model(facts, settings, line, told=False) for label, line in models.items()
            }
        rows = []
        measuring: dict[str, Ends] = {}
        for label, line in models.items():
            rows.append(self._row("model", line, left[label].amounts, plan[label].amounts, left[label].held))
            measuring[label] = left[label].amounts.seconds
            if settings.load.search is not None:
                rows.append(self._search(facts, settings, line, left[label], plan[label]))
                measuring[label] += rows[-1].left.seconds
        judging: dict[str, Ends] = {}
        for label, judge in judges.items():
            now = whole = _of_judge(facts, settings, judge, models, left, told=True)
            if from_scratch:
                whole = _of_judge(facts, settings, judge, models, plan, told=False)
            rows.append(self._row("judge", judge, now.amounts, whole.amounts, now.held))
            judging[label] = now.amounts.seconds
        first = Ends()
        if settings.preflight:
            rows.append(self._preflight(facts, [*models.values(), *judges.values()]))
            first = rows[-1].left.seconds
        if gone := self._gone(models, judges):
            rows.append(Row("gone", "no longer planned", None, Amounts(), Amounts(), spent_usd=gone))
        seconds = first + self._side_by_side(measuring) + self._side_by_side(judging)
        return Estimate(rows, settings.budget.max_usd, seconds, left)

    def _of_model(self, facts: Facts, settings: EstimateJob, line: AskedLine, *, told: bool) -> ModelPart:
        which = line.model.label, told and line.seen.answered()
        if which not in self._costs:
            seen = line.seen if told else Seen()
            self._costs[which] = {
                bucket: costed(each, self._facts, line, bucket, seen)
                for bucket, each in self._facts.prompts.items()
            }
        quota = settings.quotas.get(line.model.id, Quota())
        costs = self._costs[which]
        return of_model(facts, line, costs, settings.load, settings.stop, settings.run.seed, quota, told=told)

    def _row(self, kind: str, line: AskedLine, left: Amounts, plan: Amounts, held: int) -> Row:
        hourly = None if line.price is None else line.price.usd_per_hour_of_all_units
        spent = sum(self._spent[name] for name in self._files(kind, line))
        known = line.price is not None
        spent_usd = spent if known else None
        return Row(kind, line.model.label, line.model.id, left, plan, held, spent_usd, hourly, line.model)

    def _files(self, kind: str, line: AskedLine) -> list[str]:
        stem = line.stem(STAGES[kind])
        return [name for name in self._spent if name.startswith(stem)]

    def _gone(self, models: Mapping[str, AskedLine], judges: Mapping[str, AskedLine]) -> float:
        """What this run has spent on what is no longer in its plan."""
        planned = {
            name
            for kinds, lines in ((("model", "search"), models), (("judge",), judges))
            for line in lines.values()
            for kind in kinds
            for name in self._files(kind, line)
        }
        return sum(
            usd
            for name, usd in self._spent.items()
            if name not in planned and not name.startswith("preflight.")
        )

    def _search(
        self, facts: Facts, settings: EstimateJob, line: AskedLine, now: ModelPart, whole: ModelPart
    ) -> Row:
        """The search for the highest rate: bounded by the requests that it may send."""
        search = settings.load.search
        assert search is not None
        stem = line.stem("search")
        sent = 0
        for path in sorted(facts.ledger.glob(f"{stem}*.jsonl")):
            sent += sum(map(len, peeked(path).dispatched.values()))
        of_probe = search.start_rps * (search.probe_s + settings.load.warmup_s) * len(settings.shares)
        few = min(2 * of_probe, search.max_requests)
        likely = prior.SEARCHED * max(of_probe, prior.PROBE_REQUESTS * len(settings.shares))
        made = []
        for part, before in ((now, sent), (whole, 0)):
            most = max(0, search.max_requests - before)
            done = before and line.model.label in facts.searched
            count = Ends() if done or not most else _searched(few, likely - before, most)
            pause_s = search.pause_s if facts.endpoint.kind == "bedrock" else 0.0
            each_s = len(settings.shares) * (search.probe_s + settings.load.warmup_s) + pause_s
            seconds = Ends() if done else prior.PROBES * each_s
            each = _mean_of(part, whole)
            made.append(
                Amounts(
                    {"search": count},
                    each.input_tokens.times(count),
                    each.output_tokens.times(count),
                    None if each.usd is None else each.usd.times(count),
                    seconds,
                )
            )
        return self._row("search", line, made[0], made[1], sent)

    def _preflight(self, facts: Facts, lines: Sequence[AskedLine]) -> Row:
        """The small calls to all, as one row."""
        left, plan, held = Amounts(), Amounts(), 0
        for line in lines:
            system = facts.system_tokens if line.stage == "invoke" else 0
            tokens_in = prior.PREFLIGHT_INPUT_TOKENS + exactly(system)
            tokens_out = between(1, _most_tokens(facts, line))
            usd = usd_of(tokens_in, tokens_out, line.price)
            seconds = prior.latency_s(facts.endpoint, tokens_in.middle, tokens_out)
            call = Amounts({"preflight": exactly(1)}, tokens_in, tokens_out, usd, Ends())
            plan.add(call)
            if _passed(facts, line):
                held += 1
            else:
                left.add(call)
                left.seconds = left.seconds.at_least(seconds + prior.JOB_S)
        spent = sum(usd for name, usd in self._spent.items() if name.startswith("preflight."))
        known = all(line.price is not None for line in lines)
        return Row("preflight", "preflight", None, left, plan, held, spent if known else None)

    def _side_by_side(self, seconds: Mapping[str, Ends]) -> Ends:
        """How long jobs of several quotas take that run side by side as far as there are cores: the longest first."""
        ends = []
        for end in ("low", "middle", "high", "at_most"):
            busy = [0.0] * self._cores
            for value in sorted((getattr(each, end) for each in seconds.values()), reverse=True):
                busy[busy.index(min(busy))] += value
            ends.append(max(busy))
        return Ends(*ends)


def _of_judge(
    facts: Facts,
    settings: EstimateJob,
    judge: AskedLine,
    models: Mapping[str, AskedLine],
    parts: Mapping[str, ModelPart],
    *,
    told: bool,
) -> JudgePart:
    assert settings.judges is not None
    asked = {label: (line, parts[label]) for label, line in models.items()}
    return of_judge(facts, judge, asked, settings.judges, settings.stop, told=told)


def _mean_of(part: ModelPart, whole: ModelPart) -> Amounts:
    """What a request takes, in the mean over all of a plan."""
    amounts = part.amounts if part.amounts.all_requests.high else whole.amounts
    count = amounts.all_requests
    each = Ends(*(1 / max(1.0, end) for end in (count.low, count.middle, count.high, count.at_most)))
    return Amounts(
        {},
        amounts.input_tokens.times(each),
        amounts.output_tokens.times(each),
        None if amounts.usd is None else amounts.usd.times(each),
    )


def _searched(few: float, likely: float, most: float) -> Ends:
    """Requests of a search: at least few, at most all that it may send, where the highest rate is far above the first."""
    low = min(few, most)
    return Ends(low, min(max(low, likely), most), most, most)


def _most_tokens(facts: Facts, line: AskedLine) -> int:
    """The largest limit of output tokens that a model or judge is asked with."""
    prompts = [prompt for each in facts.prompts.values() for prompt in each]
    return max(map(line.max_tokens_of, prompts), default=line.max_tokens)


def _passed(facts: Facts, line: AskedLine) -> bool:
    """Whether the small call to a model or judge stands in the ledger, of this edition, with an answer."""
    return any(
        "error" not in outcome and tags.get("edition") == line.asked.edition
        for path in facts.ledger.glob(f"{line.stem('preflight')}*jsonl")
        for ledger in (peeked(path),)
        for key, outcomes in ledger.outcomes.items()
        for tags in ([sent["tags"] for sent in ledger.dispatched.get(key, ())][:1])
        for outcome in outcomes
    )


def _fewer(facts: Facts, prompts: int) -> Facts:
    return replace(facts, prompts={bucket: each[:prompts] for bucket, each in facts.prompts.items()})


def _spent(folder: Path, run: str, facts: Facts) -> dict[str, float]:
    """Dollars that this run has spent, by ledger file. Files of models without any known price count nothing."""
    made = {}
    for path in sorted(folder.glob("*.jsonl")):
        try:
            made[path.name] = of_file(path, run, facts.prices) / PICODOLLARS
        except InputError:
            made[path.name] = 0.0
    return made
