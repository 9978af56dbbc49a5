"""Simulates decisions: how often are equal models told apart, and how often is a better one named?

    python benchmarks/decision.py [--worlds 2000] [--parts equal power margins] [--processes 2]
        [--out benchmarks/results/decision.json]

Every world's truth is known, since the world is made from it, and every decision is made by the functions that are shipped
(`assay.decision`). Worlds depend on themselves as a benchmark does: models are asked the same prompts, some prompts
share a document, what is hard for one model is hard for the other, and blocks differ. Three parts:

- equal: two equal models. A winner is a mistake.
- power: one is better by the difference that the estimate names (`assay.spending.power`), which it says is found in four of
  five runs. Of dollars the estimate says nothing; there it is the difference that a test finds so often which knows the
  standard error.
- margins: one is worse by exactly the margin. To call them equivalent, or it non-inferior, is a mistake.

Seeded; nothing is sent and no clock is read.
"""

import argparse
import json
import math
import os
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache, partial
from pathlib import Path
from statistics import NormalDist
from typing import Any

# Threads of the linear algebra only get in each other's way on arrays as small as these.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from numpy.typing import NDArray

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from assay.decision.decided import decided  # noqa: E402
from assay.decision.evidence import Evidence  # noqa: E402
from assay.decision.incumbent import against  # noqa: E402
from assay.decision.settings import Decision, Margins, Objective, Traffic, Weights  # noqa: E402
from assay.decision.stage import Choice  # noqa: E402
from assay.records.sample import Attempts, Mix, Requests, Sample, Successes  # noqa: E402
from assay.records.settings import Named  # noqa: E402
from assay.schedule.level import Level  # noqa: E402
from assay.spending.power import POWER, accuracy_points, discordance, latency_percent  # noqa: E402
from assay.stats.distributions import t_quantile  # noqa: E402
from assay.stats.interval import Interval  # noqa: E402
from assay.stats.swap import Swapped  # noqa: E402

Floats = NDArray[np.float64]

ALPHA = 0.05

_SHIPPED = Swapped.interval


def _jackknifed(effect: Swapped, confidence: float) -> Interval:
    """Winners and equivalence go by p values: an interval takes far longer, and only a weighted score's error is made of it."""
    return effect.jackknifed.interval(confidence)


BUCKETS = {"short": 0.5, "middle": 0.3, "long": 0.2}
"""Shares of the dataset of interest."""
TRAFFIC = {"short": 0.1, "middle": 0.2, "long": 0.7}
"""Shares of the traffic, where the choice is for another mix."""
SIZES = (0.0, 0.7, 1.4)
"""Of each bucket's prompts, as logarithms of dollars; latency has three tenths of that."""
NAMES = ("a", "b", "c", "d")
WEIGHTS = Weights(cost=1, latency=1, accuracy=1)


@dataclass(frozen=True)
class Design:
    """What is measured, and what varies how much. Spreads are standard deviations of logarithms, between models' values."""

    blocks: int = 5
    prompts: int = 50
    """Of each bucket. Each is asked once."""
    documents: int = 25
    """Of each bucket: the first half have one prompt each, the others share the rest."""
    models: int = 2
    failing: float = 0.01
    """Share of requests that fail."""
    accuracy: float = 0.8
    alike: float = 0.75
    """How far right answers go by the prompt: correlation of two models' latent skill on the same prompt."""
    within: float = 0.4
    """How far prompts of one document are alike, of whatever is drawn: their correlation."""
    cost_shared: float = 0.5
    cost_own: float = 0.25
    latency_shared: float = 0.2
    latency_own: float = 0.35
    between_blocks: float = 0.05
    """Of latency: each model's own hours. With one block both models share the hour, which is all that is spoken of."""


@dataclass(frozen=True)
class Gap:
    """How much better the first model is than the others: logarithms of ratios, and a difference of shares."""

    cost: float = 0.0
    latency: float = 0.0
    accuracy: float = 0.0


@dataclass(frozen=True)
class World:
    """What was measured, as arrays by request; models x requests where models differ."""

    bucket: NDArray[np.int64]
    document: NDArray[np.int64]
    block: NDArray[np.int64]
    ok: NDArray[np.bool_]
    usd: Floats
    e2e_ms: Floats
    right: Floats


def drawn(design: Design, gap: Gap, rng: np.random.Generator) -> World:
    """A world of `design`, in which the first model is better by `gap`."""
    of_bucket, sizes = design.prompts, _sizes(design.prompts, design.documents)
    count, n = len(BUCKETS), len(BUCKETS) * of_bucket
    bucket = np.repeat(np.arange(count), of_bucket)
    place = np.tile(np.arange(of_bucket), count)
    # Prompts are drawn in any order, so that a document's are spread over the blocks.
    order = np.concatenate([rng.permutation(of_bucket) for _ in range(count)])
    document = np.repeat(np.arange(len(sizes)), sizes)[order] + bucket * len(sizes)
    block = place * design.blocks // of_bucket

    def spread(*shape: int) -> Floats:
        """Standard normal, alike within documents."""
        by_document = rng.normal(size=(*shape, count * len(sizes)))[..., document]
        return math.sqrt(design.within) * by_document + math.sqrt(1 - design.within) * rng.normal(
            size=(*shape, n)
        )

    ahead = np.zeros((design.models, 1))
    ahead[0] = 1.0
    size = np.array(SIZES)[bucket]
    usd = size + design.cost_shared * spread() + design.cost_own * spread(design.models) - gap.cost * ahead
    hours = rng.normal(size=(design.models, design.blocks)) * design.between_blocks
    if design.blocks == 1:
        hours[:] = hours[0]
    # By request and not by document: two askings of a document have nothing of the service's in common.
    e2e = 0.3 * size + design.latency_shared * spread()
    e2e = (
        e2e + design.latency_own * rng.normal(size=(design.models, n)) + hours[:, block] - gap.latency * ahead
    )
    skill = math.sqrt(design.alike) * spread() + math.sqrt(1 - design.alike) * spread(design.models)
    normal = NormalDist()
    least = [
        normal.inv_cdf(1 - design.accuracy - (gap.accuracy / 2 if model == 0 else -gap.accuracy / 2))
        for model in range(design.models)
    ]
    right = skill > np.array(least)[:, None]
    ok = rng.random((design.models, n)) >= design.failing
    return World(bucket, document, block, ok, np.exp(usd) / 1e4, 300 * np.exp(e2e), right.astype(np.float64))


@lru_cache(maxsize=8)
def _sizes(prompts: int, documents: int) -> tuple[int, ...]:
    """Prompts of each document: uneven, as they are."""
    if documents == prompts:
        return (1,) * prompts
    single = documents // 2
    rest, left = documents - single, prompts - single
    raw = [1 + place % 4 for place in range(rest)]
    made = [max(1, round(each * left / sum(raw))) for each in raw]
    made[-1] += left - sum(made)
    if made[-1] < 1:
        raise ValueError(f"{prompts} prompts can't be spread over {documents} documents")
    return (1,) * single + tuple(made)


def sample(world: World, model: int, shares: Mapping[str, float], confidence: float) -> Sample:
    """The measured requests of one model, on a mix of buckets."""
    names = list(BUCKETS)
    chosen = np.isin(world.bucket, [names.index(name) for name in shares])
    codes = np.array([list(shares).index(name) if name in shares else -1 for name in names])[
        world.bucket[chosen]
    ]
    each = np.array(list(shares.values()))
    ok = world.ok[model][chosen]
    weight = (each / np.bincount(codes, minlength=len(each)))[codes]
    answer_weight = (each / np.bincount(codes, weights=ok, minlength=len(each)))[codes]
    n = len(codes)
    unknown = np.full(n, np.nan)
    e2e = world.e2e_ms[model][chosen]
    of_requests: dict[str, Any] = dict.fromkeys((each.name for each in fields(Requests)), unknown)
    of_requests |= {
        "weight": weight,
        "block": world.block[chosen],
        "ok": ok,
        "error": np.array([None if fine else "internal_server" for fine in ok], dtype=object),
        "ttft_ms": 0.3 * e2e,
        "e2e_ms": e2e,
        "dispatched_s": np.arange(n, dtype=np.float64),
        "ttft_from_intended_ms": None,
        "e2e_from_intended_ms": None,
        "dispatch_error_ms": None,
        "source": world.document[chosen],
    }
    attempts = Attempts(
        weight=weight,
        answer_weight=answer_weight,
        block=world.block[chosen],
        answered=ok.astype(np.float64),
        throttled=np.zeros(n, dtype=np.bool_),
        slot_ms=e2e,
        tokens=np.full(n, 1000.0),
        cost_usd=np.where(ok, world.usd[model][chosen], 0.0),
        cost_known=np.ones(n, dtype=np.bool_),
        source=world.document[chosen],
    )
    right = np.where(ok, world.right[model][chosen], 0.0)
    successes = Successes(weight, weight, right, None, world.document[chosen])
    mix = Mix(codes, each) if len(each) > 1 else None
    return Sample(
        4,
        confidence,
        Requests(**of_requests),
        attempts,
        successes=successes,
        mix=mix,
        documents=_names(int(world.document.max()) + 1),
    )


@lru_cache(maxsize=8)
def _names(documents: int) -> NDArray[np.object_]:
    return np.array([f"d{number}" for number in range(documents)], dtype=object)


def rated(world: World) -> pd.DataFrame:
    """What `assay.records.rated.rated_prompts` makes of the same world: a row for each model and prompt."""
    models, n = world.ok.shape
    ok = world.ok.reshape(-1)
    right = world.right.reshape(-1)
    answered = ok.astype(np.float64)
    names = np.array(list(BUCKETS), dtype=object)
    return pd.DataFrame(
        {
            "model": np.repeat(np.array(NAMES[:models], dtype=object), n),
            "bucket": np.tile(names[world.bucket], models),
            "prompt_id": np.tile(np.array([f"p{place}" for place in range(n)], dtype=object), models),
            "source": np.tile(np.array([f"d{place}" for place in world.document], dtype=object), models),
            "asked": 1.0,
            "answered": answered,
            "reused": False,
            "accuracy": np.where(ok, right, np.nan),
            "accuracy_of_asked": np.where(ok, right, 0.0),
            "metric_score": np.where(ok, right, np.nan),
            "times": answered,
            "decided": answered,
            "correct": ok * right,
            "correct_here": ok * right,
            "answers": answered,
            "without_verdict": 0.0,
            "unjudged": 0.0,
            "unjudged_here": 0.0,
            "cut": 0.0,
            "empty": 0.0,
            "refusal_suspected": 0.0,
            "injection_suspected": 0.0,
        }
    )


@dataclass(frozen=True)
class Case:
    """One row of the results."""

    objective: Objective
    design: Design
    traffic: bool = False
    """Whether the choice is for the traffic's mix, and not for the dataset of interest."""
    margins: Margins = field(default_factory=Margins)
    incumbent: bool = False
    """Whether the second model is in use."""

    @property
    def shares(self) -> Mapping[str, float]:
        """The mix that models are compared on."""
        return TRAFFIC if self.traffic else BUCKETS


def _accuracy(world: World, model: int, shares: Mapping[str, float]) -> float:
    answered = world.ok[model]
    found = np.bincount(world.bucket, answered * world.right[model]) / np.bincount(world.bucket, answered)
    return float(sum(shares.get(name, 0.0) * share for name, share in zip(BUCKETS, found, strict=True)))


class Measured:
    """Samples of a world, for `Evidence`."""

    def __init__(self, world: World) -> None:
        self.world = world

    def sample(self, model: str, level: Level, shares: Mapping[str, float], confidence: float) -> Sample:
        """Measured requests of a model on a mix of buckets."""
        return sample(self.world, NAMES.index(model), shares, confidence)


class Seen(Evidence):
    """What a benchmark would know of a world, without its files."""

    def __init__(self, world: World, settings: Choice) -> None:
        self.settings, self.confidence = settings, settings.decision.confidence
        self.judged, self.least_blocks, self.rated_on_scale = False, 1, False
        self.measured = Measured(world)  # type: ignore[assignment]
        self.rated = rated(world)
        self._rows = {name: {"model": name, "status": "complete"} for name in NAMES[: len(world.ok)]}
        self._labels, self._corrected = None, {}
        self._samples, self._figures, self._found, self._rates = {}, {}, {}, {}

    def rates(self, model: str, shares: Mapping[str, float]) -> dict[str, Any]:
        """Accuracy alone: its interval is for limits, of which there are none here, and takes most of the time."""
        return {"accuracy": _accuracy(self.measured.world, NAMES.index(model), shares)}  # type: ignore[attr-defined]

    def standing(self, model: str, level: Level, shares: Mapping[str, float]) -> tuple[str, str | None]:
        """Every cell was measured whole."""
        return "complete", None


@dataclass(frozen=True)
class Said:
    """What the decision says of one world."""

    winner: str | None
    equivalent: bool
    """Whether the first two models are called equally good."""
    verdict: str | None
    """Of the first model against the incumbent."""
    log_ratio: float | None
    """Of the first two models' figures, or the difference of their accuracies."""


@lru_cache(maxsize=64)
def settings_of(case: Case) -> Choice:
    """What the decide stage would be told."""
    return Choice(
        models=tuple(Named(label=name, id=name) for name in NAMES[: case.design.models]),
        decision=Decision(
            objective=case.objective,
            weights=WEIGHTS if case.objective == "weighted" else None,
            margins=case.margins,
            incumbent="b" if case.incumbent else None,
            confidence=1.0 - ALPHA,
        ),
        dataset_of_interest=BUCKETS,
        traffic=Traffic(buckets=TRAFFIC, rate_rps=1.0) if case.traffic else None,
        concurrency=(4,),
    )


def said(world: World, case: Case) -> Said:
    """The decision, by the functions that are shipped."""
    settings = settings_of(case)
    by_interval = case.objective == "weighted"
    Swapped.interval = _SHIPPED if by_interval else _jackknifed  # type: ignore[method-assign]
    evidence = Seen(world, settings)
    made = decided(
        settings, evidence, settings.shares, settings.limits, objective_shares=settings.objective_shares
    )
    pair = next(pair for pair in made.comparisons if {pair.a, pair.b} == {"a", "b"})
    size = pair.difference
    log = None if size is None else size if pair.unit == "absolute" else math.log1p(size)
    verdict = None
    if case.incumbent:
        held = against(
            "b",
            made.measure,
            settings.decision.margins,
            evidence,
            made.candidates,
            settings.objective_shares,
        )
        verdict = next(one.verdict for one in held if one.model == "a")
    alike = made.found.answer == "equivalent" or "b" in made.as_good or "a" in made.as_good
    return Said(made.found.model, alike, verdict, log)


def told(part: str, case: Case, gap: Gap, world: int) -> Said:
    """The decision on one world, the same in every process."""
    key = int.from_bytes(f"{part} {case.objective} {case.traffic} {case.design}".encode(), "little") % 2**63
    return said(drawn(case.design, gap, np.random.default_rng((key, world))), case)


def of_worlds(
    part: str, case: Case, gap: Gap, worlds: int, pool: ProcessPoolExecutor | None
) -> Sequence[Said]:
    """What is said of so many worlds."""
    one = partial(told, part, case, gap)
    return [*map(one, range(worlds))] if pool is None else [*pool.map(one, range(worlds), chunksize=50)]


def row_of(case: Case, worlds: int, **figures: float | None) -> dict[str, Any]:
    """A row of the results: what was simulated, and shares rounded to what they are worth."""
    return {
        "objective": case.objective,
        "models": case.design.models,
        "blocks": case.design.blocks,
        "spread_between_blocks": case.design.between_blocks,
        "mix": "traffic" if case.traffic else "dataset_of_interest",
        "worlds": worlds,
        **{name: None if value is None else round(value, 4) for name, value in figures.items()},
    }


OBJECTIVES: tuple[Objective, ...] = ("cheapest", "fastest", "most_accurate", "cheapest_success", "weighted")


def equal_part(
    worlds: int, objectives: Sequence[Objective] = OBJECTIVES, pool: ProcessPoolExecutor | None = None
) -> list[dict[str, Any]]:
    """Equal models: how often is a winner named?"""
    cases = [
        Case(objective, Design(blocks=blocks), traffic)
        for objective in OBJECTIVES
        for blocks in (1, 5)
        for traffic in (False, True)
    ]
    cases += [Case("fastest", Design(blocks=5, between_blocks=0.2))]
    cases += [Case("cheapest", Design(prompts=16, documents=6))]
    cases += [Case("most_accurate", Design(prompts=16, documents=6))]
    cases += [Case(objective, Design(models=4)) for objective in OBJECTIVES]
    rows = []
    for case in (case for case in cases if case.objective in objectives):
        # Six pairs take six times as long, and their winners are few: the level is that of all pairs together.
        count = worlds if case.design.models == 2 else max(1, worlds // 4)
        found = of_worlds("equal", case, Gap(), count, pool)
        named = sum(each.winner is not None for each in found) / count
        rows.append(row_of(case, count, documents=3 * case.design.documents, winner=named))
        print(rows[-1], flush=True)
    return rows


def planned(case: Case, pilots: int, pool: ProcessPoolExecutor | None) -> tuple[Gap, bool]:
    """How much better the first model has to be, and whether the estimate says so."""
    design = case.design
    if case.objective == "most_accurate":
        points = accuracy_points(_worth(case.shares, design.documents), discordance(design.accuracy), ALPHA)
        return Gap(accuracy=(points or 0.0) / 100), True
    if case.objective == "fastest":
        # What a ledger would show of the mix: its buckets and blocks differ, too.
        sizes = np.array([0.3 * size for size in SIZES])
        shares = np.array([case.shares[name] for name in BUCKETS])
        between = float(shares @ (sizes - shares @ sizes) ** 2)
        spread = math.sqrt(
            design.latency_shared**2 + design.latency_own**2 + design.between_blocks**2 + between
        )
        percent = latency_percent(
            0.5, _worth(case.shares, design.prompts), spread, ALPHA, design.blocks, design.between_blocks
        )
        return Gap(latency=math.log1p((percent or 0.0) / 100)), True
    logs = [each.log_ratio for each in of_worlds("pilot", case, Gap(), pilots, pool)]
    error = float(np.std([log for log in logs if log is not None]))
    df = 3 * design.documents - 1
    size = error * (t_quantile(1 - ALPHA / 2, df) + t_quantile(POWER, df))
    return (
        Gap(cost=size) if case.objective != "weighted" else Gap(cost=size / WEIGHTS.shares["cost"])
    ), False


def _worth(shares: Mapping[str, float], each: int) -> float:
    """How many prompts, or documents, a mix is worth that has as many of each bucket."""
    return each / sum(share * share for share in shares.values())


def power_part(
    worlds: int, objectives: Sequence[Objective] = OBJECTIVES, pool: ProcessPoolExecutor | None = None
) -> list[dict[str, Any]]:
    """One model is better by the planned difference: how often is it named, and how often the other one?"""
    single = Design(documents=50)
    cases = [
        Case(objective, replace(design, blocks=blocks), traffic)
        for objective in OBJECTIVES
        for design in ((single, Design()) if objective == "most_accurate" else (Design(),))
        for blocks in (1, 5)
        for traffic in (False, True)
    ]
    quiet = replace(Design(), between_blocks=0.0)
    cases += [Case("fastest", quiet, traffic) for traffic in (False, True)]
    rows = []
    for case in (case for case in cases if case.objective in objectives):
        gap, by_estimate = planned(case, max(10, worlds // 4), pool)
        found = of_worlds("power", case, gap, worlds, pool)
        right = sum(each.winner == "a" for each in found) / worlds
        wrong = sum(each.winner not in (None, "a") for each in found) / worlds
        size = gap.accuracy or math.expm1(gap.latency or gap.cost)
        rows.append(
            row_of(case, worlds, documents=3 * case.design.documents, difference=size, right_winner=right)
            | {"wrong_winner": wrong, "difference_by": "estimate" if by_estimate else "standard error"}
        )
        print(rows[-1], flush=True)
    return rows


def margins_part(
    worlds: int, objectives: Sequence[Objective] = OBJECTIVES, pool: ProcessPoolExecutor | None = None
) -> list[dict[str, Any]]:
    """One model is worse by exactly the margin; and none is: how often are two called equivalent?"""
    margins = Margins(cost=0.2, latency=0.3, accuracy=0.15, score=0.2)
    gaps: Mapping[Objective, Gap] = {
        "cheapest": Gap(cost=math.log(1.2)),
        "fastest": Gap(latency=math.log(1.3)),
        "most_accurate": Gap(accuracy=0.15),
        "cheapest_success": Gap(cost=math.log(1.2)),
        "weighted": Gap(cost=math.log(1.2) / WEIGHTS.shares["cost"]),
    }
    rows = []
    for objective in objectives:
        for blocks in (1, 5):
            case = Case(objective, Design(blocks=blocks), margins=margins)
            at_margin = of_worlds("margins", case, gaps[objective], worlds, pool)
            equal = of_worlds("margins", case, Gap(), worlds, pool)
            rows.append(
                row_of(
                    case,
                    worlds,
                    margin=settings_of(case).decision.margin,
                    equivalent_at_margin=sum(each.equivalent for each in at_margin) / worlds,
                    equivalent_where_equal=sum(each.equivalent for each in equal) / worlds,
                )
            )
            print(rows[-1], flush=True)
    # Against the model in use, worse in one respect by the margin, in the others alike.
    for name, gap in (
        ("cost", Gap(cost=-math.log(1.2))),
        ("latency", Gap(latency=-math.log(1.3))),
        ("accuracy", Gap(accuracy=-0.15)),
        ("nothing", Gap()),
    ):
        for blocks in (1, 5) if "cheapest" in objectives else ():
            case = Case("cheapest", Design(blocks=blocks), margins=margins, incumbent=True)
            found = of_worlds("incumbent", case, gap, worlds, pool)
            rows.append(
                row_of(
                    case, worlds, non_inferior=sum(each.verdict == "non_inferior" for each in found) / worlds
                )
                | {"worse_by_the_margin_in": name}
            )
            print(rows[-1], flush=True)
    return rows


PARTS = {"equal": equal_part, "power": power_part, "margins": margins_part}


def main() -> None:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--worlds", type=int, default=2000)
    made.add_argument("--parts", nargs="+", choices=list(PARTS), default=list(PARTS))
    made.add_argument("--objectives", nargs="+", choices=OBJECTIVES, default=OBJECTIVES)
    made.add_argument("--processes", type=int, default=1)
    made.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results" / "decision.json")
    arguments = made.parse_args()
    found: dict[str, Any] = {}
    if arguments.out.exists() and set(arguments.parts) < set(PARTS):
        found = json.loads(arguments.out.read_text(encoding="utf-8"))
    with ProcessPoolExecutor(arguments.processes) as pool:
        for part in arguments.parts:
            found[part] = PARTS[part](
                arguments.worlds, arguments.objectives, pool if arguments.processes > 1 else None
            )
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
