"""What the money buys: the smallest differences between two models that a plan is likely to tell.

Likely is in four of five runs. A difference is told as the decision tells it (`assay.decision.compare`): with two-sided
tests at `decision.confidence`, corrected for all pairs of models. Here the correction is Bonferroni's, which is a little
more cautious than the decision's own (Holm's).
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from statistics import NormalDist, fmean, variance
from typing import Any

from assay.spending.estimate_settings import EstimateJob
from assay.spending.facts import AskedLine, Facts
from assay.stats.distributions import t_quantile

POWER = 0.8
"""In so many of the runs a difference of the size that is told is found."""

ACCURACY = 0.75
"""Taken for the models' accuracy until it is known."""

SIGMA = 0.4
"""Taken for the standard deviation of the logarithm of latency, over the mix that models are compared on, until it is known."""

BETWEEN = 0.05
"""Taken for the standard deviation of what blocks add to the logarithm of a model's latency, until it is known."""

_PLENTY = 10**6
"""Degrees of freedom of a test that has none: Student's distribution is the normal one then."""


@dataclass(frozen=True, slots=True)
class Buys:
    """The smallest differences that are told with a power of 80 %. None where there is nothing to compare."""

    pairs: int
    """Pairs of models that are compared."""
    confidence: float
    prompts: float
    """Prompts that accuracy rests on, on the dataset of interest: as many as they are worth by weights and source
    documents."""
    requests: float
    """Requests that latency rests on, at the load of interest."""
    blocks: int
    load: str
    accuracy_points: float | None
    """Percentage points of accuracy."""
    accuracy_points_doubled: float | None
    """The same with twice the prompts."""
    p50_percent: float | None
    """Median latency: by how many per cent the slower model is slower."""
    p50_percent_doubled: float | None
    """The same with twice the requests."""
    p95_percent: float | None
    """95th percentile of latency."""
    p95_percent_doubled: float | None
    assumed: tuple[str, ...]
    """What was taken for granted."""

    def as_json(self) -> dict[str, Any]:
        """As it stands in the run's `estimate.json`."""
        return asdict(self)


def power(
    settings: EstimateJob, facts: Facts, models: Mapping[str, AskedLine], accuracy: Path | None
) -> Buys:
    """What a plan buys. `accuracy` is the table of accuracies, which need not exist."""
    pairs = len(list(combinations(models, 2)))
    alpha = (1.0 - settings.confidence) / max(1, pairs)
    mix = settings.objective_shares
    known = _accuracies(accuracy, models, mix)
    shares = fmean(known) if known else ACCURACY
    sigmas = [sigma for line in models.values() if (sigma := _sigma(line, settings)) is not None]
    sigma = math.sqrt(fmean(each * each for each in sigmas)) if sigmas else SIGMA
    known_between = _between(list(models.values()), settings)
    between = BETWEEN if known_between is None else known_between
    load = settings.load
    per_cell = {bucket: _requests(settings, bucket) for bucket in mix}
    requests = _worth(mix, per_cell)
    documents = _worth(mix, {bucket: _documents(facts, bucket, per_cell[bucket]) for bucket in mix})
    counts = pairs > 0
    told: dict[str, Callable[[int], float | None]] = {
        "accuracy_points": lambda n: accuracy_points(documents * n, discordance(shares), alpha),
        "p50_percent": lambda n: latency_percent(0.5, requests * n, sigma, alpha, load.blocks, between),
        "p95_percent": lambda n: latency_percent(0.95, requests * n, sigma, alpha, load.blocks, between),
    }
    found: dict[str, float | None] = {}
    for name, tell in told.items():
        found[name] = tell(1) if counts else None
        found[f"{name}_doubled"] = tell(2) if counts else None
    return Buys(
        pairs=pairs,
        confidence=settings.confidence,
        prompts=documents,
        requests=requests,
        blocks=load.blocks,
        load=settings.level_of_interest,
        **found,
        assumed=(
            *(() if known else (f"{ACCURACY:.0%} of answers are correct",)),
            *(() if sigmas else (f"log latency has a standard deviation of {SIGMA:g}",)),
            *(
                (f"blocks add a standard deviation of {BETWEEN:g} to it",)
                if load.blocks > 1 and known_between is None
                else ()
            ),
        ),
    )


def discordance(accuracy: float) -> float:
    """Share of the prompts on which one of two models is right and the other wrong: p (1 - p).

    That is half of what it would be if models erred independently of each other: what is hard for one is hard for others,
    too (McNemar's test rests on those prompts alone: Connor, "Sample size for testing differences in proportions for the
    paired-sample design", Biometrics 43, 1987).
    """
    return accuracy * (1.0 - accuracy)


def accuracy_points(documents: float, discordant: float, alpha: float) -> float | None:
    """The smallest difference in accuracy that is told, in percentage points; None for fewer than 2 documents.

    The test is that of `assay.stats.paired.compared`, by the signs of source documents. Its power is that of the paired t test
    on documents, as long as two prompts are added that cancel each other, one that each model wins: .83 to .86 in simulation,
    where .8 is meant, with 80 to 500 documents, and more with fewer. With G documents and a share d of discordant ones, its estimate is
    G / (G + 2) times the difference, and its standard error sqrt(G d + 2) / (G + 2). So the difference that is told with
    the power asked for is k sqrt(G d + 2) / G, where k is the sum of the t quantiles of the test and of the power (Dixon and
    Massey, Introduction to Statistical Analysis, 1969, chapter 14). It can't be more than d: where it were, so many prompts
    have to be discordant.
    """
    if documents < 2:
        return None
    k = _k(alpha, math.floor(documents) - 1)
    difference = k * math.sqrt(documents * discordant + 2.0) / documents
    while difference > discordant:
        discordant, before = difference, discordant
        difference = k * math.sqrt(documents * discordant + 2.0) / documents
        if difference >= 1.0 or difference - before < 1e-9:
            break
    return 100.0 * min(1.0, difference)


def latency_percent(
    p: float, requests: float, sigma: float, alpha: float, blocks: int = 1, between: float = 0.0
) -> float | None:
    """By how many per cent a quantile of latency has to differ to be told; None for fewer than 2 requests.

    The logarithm of latency is taken to be normal. The p-quantile of n of them has the standard error
    sigma sqrt(p (1 - p) / n) / phi(z_p), phi and z_p being density and quantile of the standard normal distribution
    (Cramér, Mathematical Methods of Statistics, 1946, section 28.5). Two models are two samples: sqrt(2) times that. With B
    blocks the test is a t test on the B ratios of the blocks (sectioning), B - 1 degrees of freedom, and what blocks add by
    themselves (of a standard deviation `between`, each model's own) is averaged over no more than B. One block speaks of itself
    alone.
    """
    if requests < 2:
        return None
    normal = NormalDist()
    density = normal.pdf(normal.inv_cdf(p))
    squares = sigma**2 * p * (1.0 - p) / requests / density**2
    error = math.sqrt(2.0 * (squares + (between**2 / blocks if blocks > 1 else 0.0)))
    k = _k(alpha, blocks - 1 if blocks > 1 else _PLENTY)
    return 100.0 * math.expm1(k * error)


def _k(alpha: float, degrees: int) -> float:
    """How many standard errors a difference has to be, to be told with the power asked for."""
    return t_quantile(1.0 - alpha / 2.0, degrees) + t_quantile(POWER, degrees)


def _worth(shares: Mapping[str, float], counts: Mapping[str, float]) -> float:
    """How many a weighted mix of buckets is worth: 1 over the sum of w^2 / n (Kish, Survey Sampling, 1965)."""
    if any(counts[bucket] <= 0 for bucket in shares):
        return 0.0
    return 1.0 / sum(share * share / counts[bucket] for bucket, share in shares.items())


def _requests(settings: EstimateJob, bucket: str) -> float:
    """Measured requests of a model in one cell of a bucket."""
    load = settings.load
    if load.requests is not None:
        return load.requests
    level = settings.level_of_interest
    rate = float(level[1:]) if level.startswith("r") and not level.startswith("ramp") else 1.0
    return rate * (load.duration_s or 0.0)


def _documents(facts: Facts, bucket: str, requests: float) -> int:
    """Source documents of the prompts of a bucket that are asked: prompts about one document count as one.

    Every load asks the same prompts, from the first on.
    """
    return len({prompt.source for prompt in facts.prompts.get(bucket, ())[: math.floor(requests)]})


def _sigma(line: AskedLine, settings: EstimateJob) -> float | None:
    """Standard deviation of the logarithm of a model's latency over the mix, at the load of interest, as it was seen.

    Buckets that differ in latency make a mix more spread out than its cells are, and its quantiles less sure. None where a
    bucket of the mix was seen too little.
    """
    mix = settings.objective_shares
    logs = {
        bucket: [log for block in _blocks(line, settings, bucket).values() for log in block] for bucket in mix
    }
    if any(len(seen) < 2 for seen in logs.values()) or sum(len(seen) - 1 for seen in logs.values()) < 10:
        return None
    means = {bucket: fmean(seen) for bucket, seen in logs.items()}
    centre = sum(share * means[bucket] for bucket, share in mix.items())
    return math.sqrt(
        sum(share * (variance(logs[bucket]) + (means[bucket] - centre) ** 2) for bucket, share in mix.items())
    )


def _between(lines: Sequence[AskedLine], settings: EstimateJob) -> float | None:
    """Standard deviation of what blocks add to the logarithm of a model's latency, beside what all models share in them.

    From the variance over blocks of how far two models lie apart in the mean, less what chance makes of so few requests; mean
    over pairs. None where no two models were seen in two blocks.
    """
    found = []
    for first, second in combinations([_centres(line, settings) for line in lines], 2):
        shared = sorted(first.keys() & second.keys())
        if len(shared) > 1:
            apart = variance(first[block][0] - second[block][0] for block in shared)
            by_chance = fmean(first[block][1] + second[block][1] for block in shared)
            found.append((apart - by_chance) / 2.0)
    return math.sqrt(max(0.0, fmean(found))) if found else None


def _centres(line: AskedLine, settings: EstimateJob) -> dict[int, tuple[float, float]]:
    """By block that has the whole mix: the mean logarithm over the mix, and the variance that chance gives it."""
    mix = settings.objective_shares
    seen = {bucket: _blocks(line, settings, bucket) for bucket in mix}
    made = {}
    for block in set.intersection(*(set(blocks) for blocks in seen.values())):
        logs = {bucket: seen[bucket][block] for bucket in mix}
        if all(len(each) > 1 for each in logs.values()):
            centre = sum(share * fmean(logs[bucket]) for bucket, share in mix.items())
            chance = sum(
                share**2 * variance(logs[bucket]) / len(logs[bucket]) for bucket, share in mix.items()
            )
            made[block] = (centre, chance)
    return made


def _blocks(line: AskedLine, settings: EstimateJob, bucket: str) -> dict[int, Sequence[float]]:
    """Logarithms that were seen of a bucket at the load of interest, by block."""
    return {
        block: logs
        for (load, of, block), logs in line.seen.logs.items()
        if load == settings.level_of_interest and of == bucket
    }


def _accuracies(table: Path | None, models: Iterable[str], shares: Mapping[str, float]) -> Sequence[float]:
    """Accuracies of these models on the buckets of interest, as far as an earlier run knows them."""
    if table is None or not table.exists():
        return ()
    from pyarrow import parquet

    wanted = set(models)
    rows = parquet.read_table(table, columns=["model", "bucket", "accuracy"]).to_pylist()
    return [
        row["accuracy"]
        for row in rows
        if row["model"] in wanted and row["bucket"] in shares and row["accuracy"] is not None
    ]
