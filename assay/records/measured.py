"""All records of a run as arrays, and samples cut out of them: of a cell, or of a mix of buckets.

Leaves to others: what is said of a sample (`metrics`), and of answers (`rated`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from assay.bedrock.errors import UNPAID
from assay.prices.book import Price, Usage, cost_usd, most_usd
from assay.records.in_flight import Cell, Held, held
from assay.records.sample import Arriving, Attempts, Mix, Requests, Sample, Successes
from assay.schedule.level import Level

_EPOCH = pd.Timestamp(0, tz="UTC")
_MOST = ("most_input_tokens", "most_output_tokens")
_TOKENS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")


class Measured:
    """The records of a run, with the cost and the source document of each.

    `records` is the frame of `reading.read_records`; `prices` are by the models' labels; `sources` name the source document of each prompt id (a prompt that isn't there is a source of its own);
    `spoilt` are the (model, load, block) that the client spoilt; `invalid` the cells of which no latency counts,
    with the reason. To these are added cells that were meant to be cold and got cached tokens. `right` says of each record
    how correct its answer is, from 0 to 1 (NaN where nobody can say), and `latency_limits` what the latency of a single
    request may be in ms, by name (`ttft_ms`).
    """

    def __init__(
        self,
        records: pd.DataFrame,
        prices: Mapping[str, Price],
        sources: Mapping[str, str],
        spoilt: Iterable[tuple[str, str, int]] = (),
        invalid: Mapping[Cell, str] | None = None,
        right: NDArray[np.float64] | None = None,
        latency_limits: Mapping[str, float] | None = None,
    ) -> None:
        self.records = with_cost(records, prices)
        self._prices = prices
        self.records["right"] = np.nan if right is None else right
        self._latency_limits = dict(latency_limits or {})
        prompts = self.records["prompt_id"].astype("category")
        names = pd.Series([sources.get(prompt, prompt) for prompt in prompts.cat.categories], dtype="object")
        codes, documents = pd.factorize(names)
        self._documents = np.asarray(documents, dtype=object)
        self.records["source_code"] = (
            np.where(prompts.cat.codes >= 0, codes[prompts.cat.codes], -1) if len(codes) else -1
        )
        bad = pd.MultiIndex.from_tuples(list(spoilt), names=["model", "load", "block"]) if spoilt else None
        keys = pd.MultiIndex.from_arrays(
            [self.records["model"].astype(object), self.records["load"].astype(object), self.records["block"]]
        )
        self.records["spoilt"] = False if bad is None else keys.isin(bad)
        counted = self.records["role"].isin(["measured", "superseded"])
        measured = self.records.loc[counted]
        self._cells: dict[Cell, pd.DataFrame] = {
            (str(model), str(bucket), str(load)): rows
            for (model, bucket, load), rows in measured.groupby(
                ["model", "bucket", "load"], observed=True, sort=False
            )
        }

        self._held = held(self.records)
        self.invalid = dict(invalid or {})
        for cell, rows in self._cells.items():
            if reason := _flattered(rows):
                self.invalid[cell] = "; ".join(filter(None, (self.invalid.get(cell), reason)))

    def spent_usd(self, model: str) -> float | None:
        """Dollars of everything that a model was sent, as far as they are known: see `spent_unknown`.

        None where the price is unknown, or by the hour: then no request has a cost of its own.
        """
        rows = self.records.loc[self.records["model"] == model]
        if not len(rows):
            return 0.0
        known = rows["cost_known"].to_numpy(dtype=bool)
        if not rows["priced"].all() or not known[rows["ok"].fillna(False).to_numpy(dtype=bool)].all():
            return None
        return float(rows["cost_usd"].to_numpy(dtype=np.float64)[known].sum())

    def spent_unknown(self, model: str) -> int:
        """Attempts of all roles at a model of which it isn't known what they cost; none of a price by the hour."""
        if self._usd_per_hour(model) is not None:
            return 0
        return int(((self.records["model"] == model) & ~self.records["cost_known"]).sum())

    def spent_usd_at_most(self, model: str) -> float | None:
        """As `spent_usd`, with the worst case of each request of which it isn't known what it cost.

        None where that isn't known either, as in records of earlier versions.
        """
        if self.spent_usd(model) is None:
            return None
        most = self.records.loc[self.records["model"] == model, "cost_usd_most"].to_numpy(dtype=np.float64)
        return None if np.isnan(most).any() else float(most.sum())

    def _usd_per_hour(self, model: str) -> float | None:
        price = self._prices.get(model)
        return None if price is None else price.usd_per_hour_of_all_units

    def sent(self, model: str) -> int:
        """Attempts of all roles at a model."""
        return int((self.records["model"] == model).sum())

    def sample(
        self,
        model: str,
        level: Level,
        shares: Mapping[str, float] | Sequence[str],
        confidence: float,
    ) -> Sample:
        """Measured requests of a model at a load: of a mix of buckets by their shares, or of several pooled.

        A mix of which a bucket has no measured request is no sample of it, and comes back empty. One of which a cell
        is invalid has no latency.
        """
        chosen = [self._cells.get((model, bucket, level.name)) for bucket in shares]
        left_out = sum(
            int((rows["spoilt"] & (rows["role"] == "measured")).sum()) for rows in chosen if rows is not None
        )
        kept = [None if rows is None else rows.loc[~rows["spoilt"]] for rows in chosen]
        counts = [0 if rows is None else int((rows["role"] == "measured").sum()) for rows in kept]
        mixed = isinstance(shares, Mapping)
        mix = None
        if not sum(counts) or (mixed and not all(counts)):
            together = self.records.iloc[:0]
            weights = answer_weights = np.zeros(0)
        else:
            there = [
                (rows, count) for rows, count in zip(kept, counts, strict=True) if rows is not None and count
            ]
            together = pd.concat([rows for rows, _ in there]) if len(there) > 1 else there[0][0]
            each = (
                [share / count for share, count in zip(shares.values(), counts, strict=True)]
                if isinstance(shares, Mapping)
                else [1.0 / sum(counts)] * len(there)
            )
            lengths = [len(rows) for rows, _ in there]
            weights = np.repeat(each, lengths)
            # By answered requests a bucket keeps its share too, however many of its requests failed.
            answered = [
                int((rows["ok"].fillna(False) & (rows["role"] == "measured")).sum()) for rows, _ in there
            ]
            of_answers = (
                [
                    share / count if count else np.nan
                    for share, count in zip(shares.values(), answered, strict=True)
                ]
                if isinstance(shares, Mapping)
                else [1.0 / max(1, sum(answered))] * len(there)
            )
            answer_weights = np.repeat(of_answers, lengths)
            if isinstance(shares, Mapping) and len(there) > 1:
                last = (together["role"] == "measured").to_numpy(dtype=bool)
                mix = Mix(np.repeat(np.arange(len(there)), lengths)[last], np.array([*shares.values()]))
        valid = not any((model, bucket, level.name) in self.invalid for bucket in shares)
        in_flight = self._in_flight(model, level, shares, chosen, counts)
        usd_per_hour = self._usd_per_hour(model)
        made = _sample(
            together, weights, answer_weights, level, confidence, left_out, valid, in_flight, usd_per_hour
        )
        successes = _successes(together, weights, level, valid, self._latency_limits)
        return replace(made, successes=successes, mix=mix, documents=self._documents)

    def _in_flight(
        self,
        model: str,
        level: Level,
        shares: Mapping[str, float] | Sequence[str],
        chosen: Sequence[pd.DataFrame | None],
        counts: Sequence[int],
    ) -> float | None:
        """Mean number in flight over the blocks that aren't spoilt; in a mix each bucket's time weighs as its requests do."""
        busy = window = 0.0
        for bucket, rows, count in zip(shares, chosen, counts, strict=True):
            if rows is None or not count:
                continue
            weight = shares[bucket] / count if isinstance(shares, Mapping) else 1.0
            spoilt = set(rows.loc[rows["spoilt"], "block"])
            blocks: Mapping[int, Held] = self._held.get((model, bucket, level.name), {})
            for block, found in blocks.items():
                if block not in spoilt:
                    busy += weight * found.busy_ns
                    window += weight * found.window_ns
        return busy / window if window > 0 else None


def _flattered(rows: pd.DataFrame) -> str | None:
    cached = (rows["cache_read_tokens"] > 0) & (rows["cache"].astype(object) != "warm")
    count = int(cached.sum())
    return f"cold, but {count} of its requests were answered from cached tokens" if count else None


_NUMBERS = (
    "ttft_ms",
    "e2e_ms",
    "tpot_ms",
    "service_latency_ms",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "user_wait_ms",
)
_OF_OPEN_LOOPS = ("ttft_from_intended_ms", "e2e_from_intended_ms", "dispatch_error_ms")
_LATENCIES = frozenset({"ttft_ms", "e2e_ms", "tpot_ms", "service_latency_ms", "user_wait_ms"})


def _sample(
    rows: pd.DataFrame,
    weights: NDArray[np.float64],
    answer_weights: NDArray[np.float64],
    level: Level,
    confidence: float,
    left_out: int,
    valid: bool,
    in_flight_mean: float | None,
    usd_per_hour: float | None,
) -> Sample:
    last = (rows["role"] == "measured").to_numpy(dtype=bool)
    ok = rows["ok"].fillna(False).to_numpy(dtype=bool)
    block = rows["block"].to_numpy(dtype=np.int64)
    error = rows["error"].astype(object).to_numpy()
    number = {name: rows[name].to_numpy(dtype=np.float64) for name in _NUMBERS}
    if not valid:
        number |= {name: np.full(len(rows), np.nan) for name in _LATENCIES}
    when = pd.to_datetime(rows["dispatched_utc"], utc=True)
    seconds = np.asarray((when - _EPOCH) / pd.Timedelta(seconds=1), dtype=np.float64)
    slot_ms = rows["slot_ms"].to_numpy(dtype=np.float64)
    answered = (ok & last).astype(np.float64)
    open_loop = level.concurrency is None
    intended: dict[str, Any] = {
        name: rows[name].to_numpy(dtype=np.float64)[last] if open_loop else None for name in _OF_OPEN_LOOPS
    }
    requests = Requests(
        weights[last],
        block[last],
        ok[last],
        error[last],
        seconds[last],
        **{name: values[last] for name, values in number.items()},
        **intended,
        source=rows["source_code"].to_numpy(dtype=np.int64)[last],
    )
    attempts = Attempts(
        weight=weights,
        answer_weight=answer_weights,
        block=block,
        answered=answered,
        throttled=error == "throttling",
        slot_ms=slot_ms if valid else np.full(len(rows), np.nan),
        tokens=answered * np.nan_to_num(number["input_tokens"] + number["output_tokens"]),
        cost_usd=rows["cost_usd"].to_numpy(dtype=np.float64),
        cost_known=rows["cost_known"].to_numpy(dtype=bool),
        source=rows["source_code"].to_numpy(dtype=np.int64),
    )
    arriving = _arriving(rows.loc[last]) if open_loop and last.any() else None
    return Sample(
        level.concurrency,
        confidence,
        requests,
        attempts,
        left_out,
        valid,
        arriving,
        in_flight_mean,
        usd_per_hour,
    )


def _successes(
    rows: pd.DataFrame,
    weights: NDArray[np.float64],
    level: Level,
    valid: bool,
    limits: Mapping[str, float],
) -> Successes | None:
    """What the requests came to. None in a ramp, whose answers aren't scored, and where of a bucket nothing is known."""
    last = (rows["role"] == "measured").to_numpy(dtype=bool)
    right = rows["right"].to_numpy(dtype=np.float64)[last]
    bucket = pd.factorize(rows["bucket"].astype(object)[last])[0]
    judged = np.where(np.isnan(right), 0.0, weights[last])
    share = np.bincount(bucket, judged)
    if level.ramp is not None or not len(right) or not share.all():
        return None
    judged *= (np.bincount(bucket, weights[last]) / share)[bucket]
    kept = np.full(len(right), valid) if limits else None
    for name, most_ms in limits.items():
        due = name in ("ttft_ms", "e2e_ms") and level.concurrency is None
        column = name.replace("_ms", "_from_intended_ms") if due else name
        latency = rows[column].to_numpy(dtype=np.float64)[last]
        # An answer too short for a time per output token broke no limit on it.
        kept &= (latency <= most_ms) | (np.isnan(latency) & (name == "tpot_ms"))
    right = np.nan_to_num(right)
    return Successes(weights[last], judged, right, kept, rows["source_code"].to_numpy(dtype=np.int64)[last])


def _arriving(rows: pd.DataFrame) -> Arriving:
    """The rate at which measured requests left: over each sitting of a cell from the first to the last, pooled."""
    spans = rows.groupby(["bucket", "block", "sitting"], observed=True)["dispatched_ns"].agg(
        ["count", "min", "max"]
    )
    spans = spans.loc[spans["count"] > 1]
    seconds = float((spans["max"] - spans["min"]).sum()) / 1e9
    kind = next((str(kind) for kind in rows["arrivals"] if isinstance(kind, str)), "")
    return Arriving(kind, float((spans["count"] - 1).sum()) / seconds if seconds > 0 else None)


def with_cost(records: pd.DataFrame, prices: Mapping[str, Price]) -> pd.DataFrame:
    """The records with `cost_usd` (NaN if unknown), `cost_known`, and `priced`: whether the model's price is known.

    And with `cost_usd_most`: what a request can have cost at most, which is what it did cost where that is known; else by
    the most tokens that it could have, as its line of the ledger told when it was sent (NaN where it didn't).

    `prices` are by the models' labels. At a price by the hour nothing is known, since no request has a cost of its own.
    A request that was refused with an error in place of an answer costs nothing. One that broke off later and reported no tokens
    has an unknown cost, as has every request at an unknown price.
    """
    made = records.copy(deep=False)
    made["cost_usd"] = np.nan
    if not len(made):
        made["cost_known"] = made["priced"] = np.zeros(0, dtype=bool)
        made["cost_usd_most"] = np.nan
        return made
    usage = made[["model", *_TOKENS]].drop_duplicates()
    unknown = Price()
    costs = [
        cost_usd(Usage(*(_whole(tokens) for tokens in row[1:])), prices.get(row[0], unknown))
        for row in usage.itertuples(index=False, name=None)
    ]
    found = usage.assign(found=pd.Series(costs, index=usage.index, dtype="float64"))
    cost = made[["model", *_TOKENS]].merge(found, on=["model", *_TOKENS], how="left")["found"].to_numpy()
    free = (made["error"].isin(UNPAID) & ~made["error_in_stream"].fillna(False).astype(bool)).to_numpy()
    priced = made["model"].map(lambda label: prices.get(label, unknown).known).astype(bool).to_numpy()
    made["cost_usd"] = np.where(np.isnan(cost) & free & priced, 0.0, cost)
    made["cost_known"] = made["cost_usd"].notna().to_numpy()
    made["priced"] = priced
    made["cost_usd_most"] = made["cost_usd"]
    worst = made.loc[~made["cost_known"] & made["most_input_tokens"].notna(), ["model", "cache", *_MOST]]
    made.loc[worst.index, "cost_usd_most"] = [
        np.nan
        if (usd := most_usd(int(most_in), int(most_out), prices.get(model, unknown), cached=cache == "warm"))
        is None
        else usd
        for model, cache, most_in, most_out in worst.itertuples(index=False, name=None)
    ]
    return made


def _whole(tokens: float) -> int | None:
    return None if tokens != tokens else int(tokens)
