"""How far each figure of one side lies from the other side's, by model, bucket and load, and which of that is more than chance.

| figure | by | compared |
| --- | --- | --- |
| TTFT and end-to-end latency, p50 and p95, failures as infinitely late | model, bucket, load | the sittings' quantiles on the logarithmic scale, paired where sittings have prompts of their own |
| transactions per minute, of closed loops | model, bucket, load | the sittings' figures on the logarithmic scale, paired likewise |
| error rate | model, bucket, load | the sittings' shares |
| cost per 10,000 transactions | model, bucket | prompts paired, clustered by source document |
| accuracy | model, bucket | prompts paired, clustered by source document, as in the tables of one run |

And each once more over all buckets and loads of a model: most of the error rate is spent there, see `OVERALL_WEIGHT`. Where a side has one sitting, the first four are compared by its
requests, as if they were independent, and nothing is flagged: see `LEAST_SITTINGS`.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from assay.comparison.settings import Comparison
from assay.comparison.sittings import Side, like_for_like
from assay.records import sampled
from assay.records.measured import Measured
from assay.records.pairs import compared
from assay.records.sample import Sample
from assay.schedule.level import Level, level_of
from assay.stats import paired, ratios, shares, sittings
from assay.stats.distributions import normal_quantile, normal_two_sided
from assay.stats.interval import Interval, tail
from assay.stats.multiplicity import weighted_holm
from assay.stats.quantiles import least_n
from assay.stats.ratios import Difference
from assay.stats.sign_flip import sign_flip

Floats = NDArray[np.float64]
State = Literal["regression", "improvement", "not_shown", "not_tested"]

LEAST_SITTINGS = 3
"""Of each side, before anything is called a regression: of fewer nobody knows how much they differ by themselves."""

_CERTAIN = 6
"""Source documents at which a difference that is the same for each of them is no chance: their signs say .03."""

ALL = "all"
"""In place of a bucket or a load: over all of them."""

OVERALL_WEIGHT = 0.75
"""Part of the error rate that the test over all buckets and loads gets of each model's figure; buckets and loads share the rest.
What changed everywhere is seen there first, and with three sittings a single cell shows little."""

LATENCIES: dict[str, tuple[str, float]] = {
    "ttft_ms_p50_all": ("ttft_ms", 0.5),
    "ttft_ms_p95_all": ("ttft_ms", 0.95),
    "e2e_ms_p50_all": ("e2e_ms", 0.5),
    "e2e_ms_p95_all": ("e2e_ms", 0.95),
}
THROUGHPUT, ERRORS = "transactions_per_minute", "error_rate"
COST, ACCURACY = "cost_usd_per_10k_transactions", "accuracy"
METRICS = (*LATENCIES, THROUGHPUT, ERRORS, COST, ACCURACY)
HIGHER_IS_BETTER = (THROUGHPUT, ACCURACY)
ABSOLUTE = (ERRORS, ACCURACY)
"""Figures that are shares: their difference is one of shares. That of the others is relative."""


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of both sides. `difference` is after / before - 1 for `relative`, after - before for `absolute`."""

    model: str
    bucket: str
    load: str
    metric: str
    unit: Literal["relative", "absolute"]
    before: float | None
    after: float | None
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    p_adjusted: float | None
    """By Holm, for all tests of the comparison; None where it isn't one of them."""
    state: State
    basis: Literal["sittings", "requests", "prompts"]
    """What the interval goes by."""
    n_before: int
    """Requests, or prompts that both sides have."""
    n_after: int
    sittings_before: int
    sittings_after: int
    reason: str | None
    """Why there is no difference, or no test of it; and what is left out of one over all buckets and loads."""
    overall: bool
    """Over all buckets and loads of the model. By this, since a bucket may be called `all`."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What a figure comes to, before anything is said of it."""

    before: float | None
    after: float | None
    difference: Difference | None
    basis: Literal["sittings", "requests", "prompts"]
    n: tuple[int, int]
    sittings: tuple[int, int]
    reason: str | None = None


def differences(settings: Comparison, before: Side, after: Side, models: Sequence[str]) -> list[Row]:
    """Every figure of `models` (labels after), with what is flagged at the error rate of `settings`."""
    buckets = [*dict.fromkeys(before.records["bucket"].astype(object))]
    buckets = [bucket for bucket in buckets if bucket in set(after.records["bucket"].astype(object))]
    loads = set(before.records["load"].astype(object)) & set(after.records["load"].astype(object))
    levels = sorted(map(level_of, map(str, loads)), key=lambda level: level.rank)
    found: list[tuple[str, str | None, str, str, _Found]] = []
    cells = like_for_like(before, after)
    prompts = like_for_like(before, after, at_any_load=True)
    for model in models:
        of_model = _of_model(model, buckets, levels, cells, prompts, settings.confidence)
        found += [(model, bucket, load, metric, one) for bucket, load, metric, one in of_model]
    return _flagged(found, settings.error_rate)


def _flagged(found: Sequence[tuple[str, str | None, str, str, _Found]], error_rate: float) -> list[Row]:
    tested = [
        (place, model, bucket, metric, one.difference.p)
        for place, (model, bucket, _, metric, one) in enumerate(found)
        if one.difference is not None and min(one.sittings) >= LEAST_SITTINGS
    ]
    kinds = Counter((model, metric, bucket is None) for _, model, bucket, metric, _ in tested)
    weights = [_weight(kinds, model, metric, bucket is None) for _, model, bucket, metric, _ in tested]
    p_values = weighted_holm([p for *_, p in tested], weights)
    adjusted = {place: p for (place, *_), p in zip(tested, p_values, strict=True)}
    rows = []
    for place, (model, bucket, load, metric, one) in enumerate(found):
        difference, p = one.difference, adjusted.get(place)
        rows.append(
            Row(
                model,
                ALL if bucket is None else bucket,
                load,
                metric,
                "absolute" if metric in ABSOLUTE else "relative",
                one.before,
                one.after,
                None if difference is None else difference.value,
                None if difference is None else difference.interval.low,
                None if difference is None else difference.interval.high,
                None if difference is None else difference.p,
                p,
                _state(metric, difference, p, error_rate),
                one.basis,
                *one.n,
                *one.sittings,
                one.reason or (_too_few(one.sittings) if p is None else None),
                bucket is None,
            )
        )
    return rows


def _weight(kinds: Counter[tuple[str, str, bool]], model: str, metric: str, overall: bool) -> float:
    """Each model's figure weighs 1; where it has a test over all and others, these share it."""
    if not (kinds[model, metric, True] and kinds[model, metric, False]):
        return 1.0 / kinds[model, metric, overall]
    return OVERALL_WEIGHT if overall else (1.0 - OVERALL_WEIGHT) / kinds[model, metric, False]


def _state(metric: str, difference: Difference | None, p: float | None, error_rate: float) -> State:
    if difference is None or p is None:
        return "not_tested"
    if p > error_rate or difference.value == 0:
        return "not_shown"
    return "improvement" if (difference.value > 0) == (metric in HIGHER_IS_BETTER) else "regression"


def _too_few(there: tuple[int, int]) -> str | None:
    if min(there) >= LEAST_SITTINGS:
        return None
    side = "before" if there[0] < LEAST_SITTINGS else "after"
    count = there[0] if side == "before" else there[1]
    return f"{count} sitting{'' if count == 1 else 's'} {side}: {LEAST_SITTINGS} are needed on each side"


def _of_model(
    model: str,
    buckets: Sequence[str],
    levels: Sequence[Level],
    alike: tuple[Side, Side],
    by_prompt: tuple[Side, Side],
    confidence: float,
) -> Iterable[tuple[str | None, str, str, _Found]]:
    """Bucket (None: over all buckets and loads), load, metric, and what it comes to. Both sides cut down to what both asked:
    `alike` in the same cell, `by_prompt` at any load."""
    cells = {
        (bucket, level.name): _Cell.of(model, bucket, level, *alike, confidence)
        for bucket in buckets
        for level in levels
    }
    cells = {place: cell for place, cell in cells.items() if cell.there}
    for metric in (*LATENCIES, THROUGHPUT, ERRORS):
        mine = {
            place: cell
            for place, cell in cells.items()
            if metric != THROUGHPUT or level_of(place[1]).concurrency is not None
        }
        if len(mine) > 1:
            yield None, ALL, metric, _over_cells(metric, list(mine.values()), confidence)
        for (bucket, load), cell in mine.items():
            yield bucket, load, metric, _of_cell(metric, cell, confidence)
    paid_and_rated: tuple[tuple[str, Callable[[str | None], _Found]], ...] = (
        (COST, lambda bucket: _cost(model, bucket, *by_prompt, confidence)),
        (ACCURACY, lambda bucket: _accuracy(model, bucket, *by_prompt, confidence)),
    )
    for metric, of in paid_and_rated:
        if len(buckets) > 1:
            yield None, ALL, metric, of(None)
        for bucket in buckets:
            yield bucket, ALL, metric, of(bucket)


@dataclass(frozen=True, slots=True)
class _Cell:
    """Samples of a model, bucket and load: of each side's sittings that measured it, and of all of them together."""

    each: tuple[list[Sample], list[Sample]]
    pooled: tuple[Sample, Sample]
    paired: bool
    """Whether the k-th sittings of both sides asked the same prompts, and others didn't."""

    @classmethod
    def of(
        cls, model: str, bucket: str, level: Level, before: Side, after: Side, confidence: float
    ) -> "_Cell":
        def sample(measured: Measured) -> Sample:
            return measured.sample(model, level, [bucket], confidence)

        each = tuple([one for of in side.each if (one := sample(of)).n] for side in (before, after))
        asked = tuple(side.asked_by_sitting(model, bucket, level.name) for side in (before, after))
        paired = asked[0] == asked[1] and len(set(asked[0])) == len(asked[0]) > 1
        return cls((each[0], each[1]), (sample(before.pooled), sample(after.pooled)), paired)

    @property
    def there(self) -> bool:
        """Whether either side measured it."""
        return bool(self.pooled[0].n or self.pooled[1].n)

    @property
    def n(self) -> tuple[int, int]:
        """Requests of both sides."""
        return self.pooled[0].n, self.pooled[1].n

    @property
    def sittings(self) -> tuple[int, int]:
        """Sittings of both sides."""
        return len(self.each[0]), len(self.each[1])


def _figure(metric: str, sample: Sample) -> float | None:
    if metric in LATENCIES:
        name, p = LATENCIES[metric]
        return sample.quantile(name, p, failures=True)
    if metric == THROUGHPUT:
        return sampled.transactions_per_minute(sample)
    return float((~sample.requests.ok).mean()) if sample.n else None


def _figures(metric: str, cell: _Cell) -> tuple[Floats, Floats]:
    """The figure of each sitting; NaN where a sitting has none."""
    found = [[_figure(metric, sample) for sample in side] for side in cell.each]
    before, after = (np.array([np.nan if x is None else x for x in side], dtype=np.float64) for side in found)
    return before, after


def _of_cell(metric: str, cell: _Cell, confidence: float) -> _Found:
    whole = [_figure(metric, sample) for sample in cell.pooled]
    if not all(cell.n):
        side = "before" if not cell.n[0] else "after"
        return _Found(
            whole[0], whole[1], None, "requests", cell.n, cell.sittings, f"no request in common {side}"
        )
    by_sittings = min(cell.sittings) >= 2
    if metric == ERRORS:
        found = _errors([cell], confidence) if by_sittings else _errors_of_requests(cell, confidence)
        reason = None
    else:
        found, reason = _relative(metric, cell, whole, by_sittings, confidence)
    basis: Literal["sittings", "requests"] = "sittings" if by_sittings else "requests"
    return _Found(whole[0], whole[1], found, basis, cell.n, cell.sittings, reason)


def _relative(
    metric: str, cell: _Cell, whole: Sequence[float | None], by_sittings: bool, confidence: float
) -> tuple[Difference | None, str | None]:
    """The relative difference, or why there is none."""
    first, second = whole
    if first is None or second is None:
        invalid = not (cell.pooled[0].valid and cell.pooled[1].valid)
        return (
            None,
            "the client distorted a latency" if invalid else "a side doesn't have it",
        )
    if not (math.isfinite(first) and math.isfinite(second) and first > 0 and second > 0):
        return None, "too many requests failed: see the error rate"
    if by_sittings:
        figures = _figures(metric, cell)
        found = sittings.log_ratio(*figures, confidence, (first, second), paired=cell.paired)
        return found, None if found else "in a sitting too many requests failed: see the error rate"
    if metric == THROUGHPUT:
        apart = [ratios.apart_of(ratio) for s in cell.pooled if (ratio := s.transactions_per_slot_ms)]
        pair = [one for one in apart if one is not None]
        if len(pair) < 2:
            return None, "too few requests"
        # What was really in flight is taken as known: it is the load, not an outcome.
        scaled = [replace(one, value=value) for one, value in zip(pair, (first, second), strict=True)]
        return ratios.difference_apart(scaled[1], scaled[0], confidence), None
    name, p = LATENCIES[metric]
    values = [sample.values(name, True) for sample in cell.pooled]
    if values[0] is None or values[1] is None:
        return None, "a side doesn't have it"
    found = paired.quantile_ratio(values[1], values[0], p, confidence)
    if found is None or not math.isfinite(found.standard_error):
        return None, f"too few requests for an interval: {least_n(p, confidence)} are needed on each side"
    return found, None


def _errors(cells: Sequence[_Cell], confidence: float) -> Difference | None:
    """Shares of failed requests, by sittings; of several cells pooled."""
    before, after = _failed(cells, 0), _failed(cells, 1)
    return sittings.share_difference(*before, *after, confidence)


def _failed(cells: Sequence[_Cell], side: int) -> tuple[Floats, Floats]:
    """Failed requests and all requests of each sitting."""
    count = min(len(cell.each[side]) for cell in cells)
    failed, n = np.zeros(count), np.zeros(count)
    for cell in cells:
        failed += [int((~sample.requests.ok).sum()) for sample in cell.each[side][:count]]
        n += [sample.n for sample in cell.each[side][:count]]
    return failed, n


def _errors_of_requests(cell: _Cell, confidence: float) -> Difference:
    """Newcombe's interval (1998, method 10) from Wilson's of both; p by the same on the scale of its half-widths."""
    first, second = (float((~sample.requests.ok).mean()) for sample in cell.pooled)
    bounds = [shares.wilson(share, n, confidence) for share, n in zip((first, second), cell.n, strict=True)]
    of_first, of_second = (Interval(0.0, 1.0) if found is None else found for found in bounds)
    value = second - first
    low = value - math.hypot(second - of_second.low, of_first.high - first)
    high = value + math.hypot(of_second.high - second, first - of_first.low)
    z = normal_quantile(1.0 - tail(confidence))
    error = ((value - low) if value > 0 else (high - value)) / z
    return Difference(value, error, Interval(low, high), normal_two_sided(value / error) if error else 1.0)


def _over_cells(metric: str, cells: Sequence[_Cell], confidence: float) -> _Found:
    """Over all cells that both sides have and the client didn't distort: geometric means of the cells' figures, or the share of all requests."""
    both = [cell for cell in cells if all(cell.n)]
    if metric == ERRORS:
        return _errors_over(both, confidence)
    # What the client distorted says nothing of the service. What the service didn't answer does, and is not left out.
    measured = len(both)
    both = [cell for cell in both if cell.pooled[0].valid and cell.pooled[1].valid]
    less = measured - len(both)
    without = f"without {less} of {measured} buckets and loads, which the client distorted" if less else None
    known = []
    for cell in both:
        whole = [_figure(metric, sample) for sample in cell.pooled]
        figures = _figures(metric, cell)
        everything = np.concatenate([*figures, [math.nan if one is None else one for one in whole]])
        if np.isfinite(everything).all() and (everything > 0).all():
            known.append((cell, whole, figures))
    n = (sum(cell.n[0] for cell in both), sum(cell.n[1] for cell in both))
    counts = [{len(of[side]) for _, _, of in known} for side in (0, 1)]
    there = (min(counts[0], default=0), min(counts[1], default=0))
    if len(known) < 2 or len(known) < len(both):
        return _Found(None, None, None, "sittings", n, there, "not every bucket and load has it")
    if any(len(found) > 1 for found in counts):
        return _Found(None, None, None, "sittings", n, there, "buckets and loads have different sittings")
    middle = [
        math.exp(sum(math.log(whole[side] or math.nan) for _, whole, _ in known) / len(known))
        for side in (0, 1)
    ]
    means = (middle[0], middle[1])
    if min(there) < 2:
        each = [_of_cell(metric, cell, confidence).difference for cell, _, _ in known]
        found = _mean_of([one for one in each if one is not None], confidence)
        missing = len([one for one in each if one is None])
        return _Found(
            *means,
            None if missing else found,
            "requests",
            n,
            there,
            "not every bucket and load has it" if missing else without,
        )
    logs = [np.mean([np.log(of[side]) for _, _, of in known], axis=0) for side in (0, 1)]
    paired_all = all(cell.paired for cell, _, _ in known)
    difference = sittings.log_ratio(np.exp(logs[0]), np.exp(logs[1]), confidence, paired=paired_all)
    return _Found(*means, difference, "sittings", n, there, without)


def _errors_over(cells: Sequence[_Cell], confidence: float) -> _Found:
    n = (sum(cell.n[0] for cell in cells), sum(cell.n[1] for cell in cells))
    counts = [{len(cell.each[side]) for cell in cells} for side in (0, 1)]
    there = (min(counts[0], default=0), min(counts[1], default=0))
    rates = [
        sum(int((~cell.pooled[side].requests.ok).sum()) for cell in cells) / n[side] if n[side] else None
        for side in (0, 1)
    ]
    if any(len(found) != 1 for found in counts):
        return _Found(
            rates[0], rates[1], None, "sittings", n, there, "buckets and loads have different sittings"
        )
    if min(there) < 2:
        return _Found(rates[0], rates[1], None, "requests", n, there, "one sitting: see buckets and loads")
    return _Found(rates[0], rates[1], _errors(cells, confidence), "sittings", n, there)


def _mean_of(found: Sequence[Difference], confidence: float) -> Difference | None:
    """The mean of logarithms of ratios that are taken for independent of each other."""
    if not found:
        return None
    log = sum(math.log1p(one.value) for one in found) / len(found)
    error = math.sqrt(sum(one.standard_error**2 for one in found)) / len(found)
    half = normal_quantile(1.0 - tail(confidence)) * error
    p = normal_two_sided(log / error) if error > 0 else float(log == 0)
    return Difference(math.expm1(log), error, Interval(math.expm1(log - half), math.expm1(log + half)), p)


def _sittings_of(model: str, bucket: str | None, before: Side, after: Side) -> tuple[int, int]:
    def count(side: Side) -> int:
        rows = side.records
        mine = (rows["model"] == model) & (rows["role"] == "measured")
        if bucket is not None:
            mine &= rows["bucket"] == bucket
        return int(rows.loc[mine, "block"].nunique())

    return count(before), count(after)


def _cost(model: str, bucket: str | None, before: Side, after: Side, confidence: float) -> _Found:
    """Dollars per answered request: the mean over prompts that both sides answered, each side at the prices of its runs."""
    there = _sittings_of(model, bucket, before, after)
    if model in before.hourly or model in after.hourly:
        return _Found(None, None, None, "prompts", (0, 0), there, "paid by the hour: see the throughput")
    paid = [_paid(side, model, bucket) for side in (before, after)]
    both = paid[0].merge(paid[1], on="prompt_id", suffixes=("_before", "_after"))
    n = (len(both), len(both))
    if both.empty:
        return _Found(None, None, None, "prompts", n, there, "no answered prompt in common")
    first, second = (both[f"paid_usd_{side}"].to_numpy(dtype=np.float64) for side in ("before", "after"))
    if np.isnan(first).any() or np.isnan(second).any():
        side = "before" if np.isnan(first).any() else "after"
        return _Found(None, None, None, "prompts", n, there, f"the price is unknown {side}")
    means = float(first.mean()) * 10_000, float(second.mean()) * 10_000
    names = [before.sources.get(prompt, prompt) for prompt in both["prompt_id"]]
    codes, documents = pd.factorize(np.array(names, dtype=object))
    found, reason = paid_difference(first, second, codes.astype(np.int64), len(documents), confidence)
    return _Found(*means, found, "prompts", n, there, reason)


def paid_difference(
    before: Floats, after: Floats, clusters: NDArray[np.int64], groups: int, confidence: float
) -> tuple[Difference | None, str | None]:
    """after / before - 1 of the sums of prompts' costs, which come in clusters; or why there is none.

    By the jackknife over clusters (`ratios.relative_difference`), whose interval is too narrow where clusters are few and
    uneven; so the p value is never below that of exchanging the two sides within clusters (`sign_flip`).
    """
    if np.allclose(before, after, rtol=1e-9, atol=0.0):
        return Difference(0.0, 0.0, Interval(0.0, 0.0), 1.0), None
    ones = np.ones(len(before))
    of = [ratios.ratio(paid, ones, ones, clusters, groups) for paid in (before, after)]
    if of[0] is None or of[1] is None or not (of[0].value > 0 and of[1].value > 0):
        return None, "a side costs nothing"
    found = ratios.relative_difference(of[1], of[0], confidence)
    if found is None:
        return None, "the prompts are of one source document"
    if found.standard_error == 0 and groups >= _CERTAIN:
        return found, None  # every prompt costs as much more: another price for the same tokens
    flipped = sign_flip(np.bincount(clusters, weights=after - before, minlength=groups).astype(np.float64))
    return replace(found, p=max(found.p, flipped.p)), None


def _paid(side: Side, model: str, bucket: str | None) -> pd.DataFrame:
    """Mean dollars of a prompt's answered requests."""
    rows = side.records
    mine = (rows["model"] == model) & (rows["role"] == "measured") & rows["ok"].fillna(False).astype(bool)
    if bucket is not None:
        mine &= rows["bucket"] == bucket
    answered = rows.loc[mine, ["prompt_id", "paid_usd"]].assign(
        prompt_id=lambda f: f["prompt_id"].astype(object)
    )
    # A prompt of which one cost is unknown has none.
    return answered.groupby("prompt_id")["paid_usd"].agg(lambda paid: paid.mean(skipna=False)).reset_index()


def _accuracy(model: str, bucket: str | None, before: Side, after: Side, confidence: float) -> _Found:
    there = _sittings_of(model, bucket, before, after)
    first, second = (_rated(side, model, bucket) for side in (before, after))
    shared = first.loc[first["accuracy"].notna(), ["prompt_id", "accuracy"]].merge(
        second.loc[second["accuracy"].notna(), ["prompt_id", "accuracy"]], on="prompt_id"
    )
    n = (len(shared), len(shared))
    if shared.empty:
        return _Found(None, None, None, "prompts", n, there, "no rated prompt in common")
    means = float(shared["accuracy_x"].mean()), float(shared["accuracy_y"].mean())
    by = before.rated_by.get(model, frozenset())
    if by != after.rated_by.get(model, frozenset()) or len(by) > 1:
        why = "not all runs were rated by the same judges, judge prompt or metric"
        return _Found(*means, None, "prompts", n, there, why)
    found, _ = compared(second, first, "accuracy", None, confidence)
    reason = None if found is not None else "the prompts are of one source document"
    return _Found(*means, None if found is None else found.difference, "prompts", n, there, reason)


def _rated(side: Side, model: str, bucket: str | None) -> pd.DataFrame:
    rows = side.rated.loc[side.rated["model"] == model]
    return rows if bucket is None else rows.loc[rows["bucket"] == bucket]
