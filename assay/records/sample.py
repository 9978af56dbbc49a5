"""A sample: the measured requests that a row of a table speaks of, as arrays, with what is computed from them once.

Leaves to others: which requests belong together (`aggregate`), what is said of them (`metrics`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from assay.stats import ratios
from assay.stats.drift import Drift, drift
from assay.stats.quantiles import Ends, Sorted, ends, sectioned

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Requests:
    """Measured requests, each by its last try. Arrays of one length; a value that is not there is NaN.

    `weight` sums to 1: all the same in one bucket, and in a mix each bucket's share over its number of requests.
    """

    weight: Floats
    block: Codes
    ok: Flags
    error: NDArray[np.object_]
    """Error kind, None where the request was answered."""
    dispatched_s: Floats
    """When it was dispatched: seconds since 1970, UTC."""
    ttft_ms: Floats
    e2e_ms: Floats
    tpot_ms: Floats
    service_latency_ms: Floats
    input_tokens: Floats
    output_tokens: Floats
    cache_read_tokens: Floats
    cache_write_tokens: Floats
    user_wait_ms: Floats
    """From the first try to the end of the last one."""
    ttft_from_intended_ms: Floats | None = None
    """None in a closed loop, where nothing says when a request was meant to leave."""
    e2e_from_intended_ms: Floats | None = None
    dispatch_error_ms: Floats | None = None
    source: Codes | None = None
    """Number of the source document of the prompt; None where nobody asks for it."""


@dataclass(frozen=True, slots=True)
class Attempts:
    """Every try of the same requests: what they cost, and how long they held their place among those in flight."""

    weight: Floats
    """That of the request."""
    answer_weight: Floats
    """Of an answered request among the answered ones: those of a sample sum to 1, and in a mix those of a bucket to
    its share. NaN in a bucket without any."""
    block: Codes
    answered: Floats
    """1 for an answered request's last try, else 0."""
    throttled: Flags
    slot_ms: Floats
    tokens: Floats
    """Input and output tokens of an answered request's last try, else 0."""
    cost_usd: Floats
    cost_known: Flags
    source: Codes
    """Number of the source document of the prompt."""


@dataclass(frozen=True, slots=True)
class AnswersCost:
    """What answered requests cost, each by the try that was answered. Arrays of one length."""

    usd: Floats
    weight: Floats
    source: Codes
    """Number of the source document of the prompt."""
    bucket: Codes
    """Number of the bucket in the mix; 0 where it isn't one."""
    shares: Floats
    """Of the buckets, by that number."""

    def by_document(self, sources: Codes) -> tuple[Floats, Floats]:
        """Dollars and answered requests by source document (`sources`, in rising order) and bucket."""
        places = np.searchsorted(sources, self.source) * len(self.shares) + self.bucket
        size = len(sources) * len(self.shares)
        usd = np.bincount(places, self.usd, size).astype(np.float64)
        counts = np.bincount(places, minlength=size).astype(np.float64)
        return usd.reshape(len(sources), -1), counts.reshape(len(sources), -1)

    def mean(self, clusters: Codes, groups: int) -> ratios.Ratio | None:
        """Dollars per answered request; clusters are numbered 0 .. groups - 1."""
        return ratios.ratio(self.usd, np.ones(len(self.usd)), self.weight, clusters, groups)


@dataclass(frozen=True, slots=True)
class Successes:
    """What measured requests came to, each by its last try. Arrays of one length."""

    weight: Floats
    """That of the request: see `Requests`."""
    judged_weight: Floats
    """Its weight among those of which it is known whether they are right, of which each bucket keeps its share; else 0."""
    right: Floats
    """Whether it was answered correctly, from 0 to 1: 0 where it failed, where its answer has no verdict, and where that isn't
    known, since no judge was asked."""
    kept: Flags | None
    """Whether it kept every limit that is on the latency of a single request; None where there is no such limit."""
    source: Codes
    """Number of the source document of the prompt."""


@dataclass(frozen=True, slots=True)
class Arriving:
    """How the requests of an open loop arrived."""

    kind: str
    """`poisson` or `constant`."""
    achieved_rps: float | None
    """Measured requests dispatched per second; None where too few were for a rate."""


@dataclass(frozen=True, slots=True)
class Mix:
    """The buckets that a sample mixes, which may end after different numbers of blocks."""

    bucket: Codes
    """Number of each measured request's bucket."""
    shares: Floats
    """By that number: the share of the traffic."""

    def weights(self, within: NDArray[np.bool_]) -> Floats:
        """Of each request, by the requests of its bucket that are `within` a part of the sample."""
        counts = np.bincount(self.bucket[within], minlength=len(self.shares))
        each: Floats = (self.shares / np.maximum(counts, 1))[self.bucket]
        return each

    def whole(self, within: NDArray[np.bool_]) -> bool:
        """Whether every bucket has a request there."""
        return len(np.unique(self.bucket[within])) == len(self.shares)


@dataclass(frozen=True)
class Sample:
    """What a row is computed from."""

    concurrency: int | None
    """None in an open loop."""
    confidence: float
    requests: Requests
    attempts: Attempts
    left_out: int = 0
    """Measured requests of blocks that the client spoilt."""
    valid: bool = True
    """Whether its latencies are the service's; otherwise it has none."""
    arriving: Arriving | None = None
    """None in a closed loop, and where there is no request."""
    in_flight_mean: float | None = None
    """Requests that were really in flight, time-averaged; None where the records have no stamps."""
    usd_per_hour: float | None = None
    """Dollars an hour of provisioned throughput, all model units; None for a price by tokens."""
    successes: Successes | None = None
    """None where nobody said which answers are right."""
    mix: Mix | None = None
    """None where it is of one bucket, or pools several."""
    documents: NDArray[np.object_] | None = None
    """Names of the source documents by their numbers, the same for all samples of a run; None where nobody asks for them."""
    _sorted: dict[tuple[str, bool], Sorted | None] = field(default_factory=dict, repr=False)
    _drift: dict[str, Drift | None] = field(default_factory=dict, repr=False)

    @property
    def n(self) -> int:
        """Measured requests."""
        return len(self.requests.ok)

    @property
    def held(self) -> float | None:
        """Requests in flight by which a closed loop's throughput counts: what was asked for, as far as it was held."""
        if self.concurrency is None or self.in_flight_mean is None:
            return None
        return min(float(self.concurrency), self.in_flight_mean)

    @cached_property
    def n_ok(self) -> int:
        """Those that were answered."""
        return int(self.requests.ok.sum())

    @cached_property
    def blocks(self) -> Codes:
        """Numbers of the blocks that the requests come from."""
        return np.unique(self.requests.block)

    @cached_property
    def whole_blocks(self) -> Codes:
        """Numbers of the blocks that have every bucket of the mix: the others say nothing of the mix by themselves."""
        mix = self.mix
        if mix is None:
            return self.blocks
        whole = [block for block in self.blocks if mix.whole(self.requests.block == block)]
        return np.array(whole, dtype=np.int64)

    def values(self, name: str, failures: bool, block: int | Sequence[int] | None = None) -> Sorted | None:
        """Latencies in order, of answered requests, or of all with failures infinitely late; of some blocks, if told which.

        None where no answered request has this latency although some were answered (a model that doesn't stream has
        no time to first token), where there is no request, or where the sample isn't valid. Where only some answers have it (the time per output
        token of long ones), failures weigh as much less: they too might have been short.
        """
        found = self._timed(name, failures, block)
        return None if found is None else Sorted.of(*found[:2])

    def _timed(
        self, name: str, failures: bool, block: int | Sequence[int] | None
    ) -> tuple[Floats, Floats, Flags] | None:
        """The latencies and weights that `values` is made of, and which requests they are of."""
        if not self.valid:
            return None
        requests = self.requests
        latency: Floats | None = getattr(requests, name)
        if latency is None:
            return None
        has = requests.ok & ~np.isnan(latency)
        chosen, weight = has, requests.weight
        within = None if block is None else np.isin(requests.block, block)
        if within is not None and self.mix is not None:
            weight = self.mix.weights(within)
        if failures and (has.any() or not requests.ok.any()):
            chosen = has | ~requests.ok
            latency = np.where(requests.ok, latency, math.inf)
            if requests.ok.any() and not has[requests.ok].all():
                share = float(weight[has].sum() / weight[requests.ok].sum())
                weight = np.where(requests.ok, weight, share * weight)
        if within is not None:
            chosen = chosen & within
        return (latency[chosen], weight[chosen], chosen) if chosen.any() else None

    def _all_values(self, name: str, failures: bool) -> Sorted | None:
        key = (name, failures)
        if key not in self._sorted:
            self._sorted[key] = self.values(name, failures)
        return self._sorted[key]

    def quantile(self, name: str, p: float, failures: bool) -> float | None:
        """The p-quantile of a latency; infinite where failures are part of it."""
        found = self._all_values(name, failures)
        return None if found is None else found.quantile(p)

    def quantile_ends(self, name: str, p: float, failures: bool) -> Ends:
        """The ends of its interval: from blocks where there are several, else from order statistics.

        From blocks it is never narrower than the order statistics would have it, and null where they are, or where
        only one block has this latency. Over answered requests both or none. Over all requests of one block each end
        for itself, so that a limit can be found missed by a sample that is too small to find it met.
        """
        found = self._all_values(name, failures)
        pooled = None if found is None else found.quantile(p)
        if found is None or pooled is None:
            return Ends(None, None)
        bounds = ends(found, p, self.confidence)
        both = bounds.interval()
        if len(self.blocks) > 1:
            blocks = [self.values(name, failures, int(block)) for block in self.whole_blocks]
            spread = sectioned(found, [block for block in blocks if block is not None], p, self.confidence)
            if spread is None or both is None:
                return Ends(None, None)
            return Ends(max(0.0, min(spread.low, both.low)), max(spread.high, both.high))
        return bounds if failures or both is not None else Ends(None, None)

    def later(self, name: str, p: float, block: Sequence[int] | None = None) -> tuple[Floats, Flags] | None:
        """By how much each source document makes the requests of a sample later than their p-quantile, and which it has.

        Of all requests, with failures infinitely late, or of those of some blocks: for each document the weighted sum of 1
        for a request beyond the quantile less the share of all that are. Divided by the density at the quantile it is the
        document's influence on the quantile (Serfling, Approximation Theorems of Mathematical Statistics, 1980, 2.5). None
        where there is no quantile or no document.
        """
        found, source = self._timed(name, True, block), self.requests.source
        if found is None or source is None or self.documents is None:
            return None
        latency, weight, chosen = found
        least = Sorted.of(latency, weight).quantile(p)
        if least is None or (source[chosen] < 0).any():
            return None
        heavy = weight / float(weight.sum())
        beyond = (latency > least).astype(np.float64)
        apart = heavy * (beyond - float((heavy * beyond).sum()))
        count = len(self.documents)
        sums = np.bincount(source[chosen], apart, count).astype(np.float64)
        return sums, np.bincount(source[chosen], minlength=count) > 0

    def block_quantiles(self, name: str, p: float, failures: bool) -> dict[int, float]:
        """The p-quantile in each whole block that has one."""
        found = {int(block): self.values(name, failures, int(block)) for block in self.whole_blocks}
        return {
            block: value
            for block, ordered in found.items()
            if ordered is not None and (value := ordered.quantile(p)) is not None
        }

    def block_variation(self, name: str, p: float) -> float | None:
        """Coefficient of variation of the blocks' p-quantiles, of answered requests.

        What requests vary by chance is a part of it. None for fewer than 2 blocks that have this latency, or where
        one of them has too few requests for its p-quantile to be anything but its slowest.
        """
        blocks = [found for block in self.blocks if (found := self.values(name, False, int(block)))]
        if len(blocks) < 2 or any(found.n * (1.0 - p) < 1.0 for found in blocks):
            return None
        quantiles = np.array([found.quantile(p) for found in blocks], dtype=np.float64)
        return float(quantiles.std(ddof=1) / quantiles.mean()) if quantiles.mean() > 0 else None

    def drift(self, name: str) -> Drift | None:
        """Trend of a latency over the time that it was measured, of answered requests."""
        requests = self.requests
        if name not in self._drift:
            chosen = requests.ok & self.valid
            latency: Floats = getattr(requests, name)
            self._drift[name] = drift(
                requests.dispatched_s[chosen], latency[chosen], requests.block[chosen], self.confidence
            )
        return self._drift[name]

    @cached_property
    def transactions_per_slot_ms(self) -> ratios.Ratio | None:
        """Answered requests per millisecond that a place in flight was held."""
        return self._per_slot(self.attempts.answered)

    @cached_property
    def tokens_per_slot_ms(self) -> ratios.Ratio | None:
        """Tokens of answered requests per millisecond that a place in flight was held."""
        return self._per_slot(self.attempts.tokens)

    def _per_slot(self, above: Floats) -> ratios.Ratio | None:
        held = self.attempts
        known = ~np.isnan(held.slot_ms)
        if not known.any():
            return None
        # Blocks are what varies together; within one sitting only the requests can be taken apart.
        numbers, codes = np.unique(held.block[known], return_inverse=True)
        groups = len(numbers)
        if groups < 2:
            groups = int(known.sum())
            codes = np.arange(groups)
        return ratios.ratio(above[known], held.slot_ms[known], held.weight[known], codes, groups)

    @cached_property
    def cost_usd(self) -> float | None:
        """Dollars of all attempts as far as they are known; None where the cost of an answered one is unknown."""
        paid = self.attempts
        if not paid.cost_known[paid.answered > 0].all() or (self.n and not paid.cost_known.any()):
            return None
        return float(paid.cost_usd[paid.cost_known].sum())

    @cached_property
    def n_cost_unknown(self) -> int:
        """Attempts that may have cost something that nobody told; none of a price by the hour."""
        if self.usd_per_hour is not None:
            return 0
        return int((~self.attempts.cost_known).sum())

    @cached_property
    def answers_cost(self) -> AnswersCost | None:
        """What each answered request cost; None where nothing was answered, of a mix in one of its buckets, or where
        a cost is unknown."""
        paid = self.attempts
        answered = paid.answered > 0
        weight = paid.answer_weight[answered]
        if not paid.cost_known[answered].all() or not math.isclose(float(weight.sum()), 1.0):
            return None
        mix = self.mix
        return AnswersCost(
            paid.cost_usd[answered],
            weight,
            paid.source[answered],
            np.zeros(len(weight), dtype=np.int64) if mix is None else mix.bucket[self.requests.ok],
            np.ones(1) if mix is None else mix.shares,
        )

    @cached_property
    def cost_per_transaction(self) -> ratios.Ratio | None:
        """Dollars per answered request: what failed is no transaction. Clusters are source documents."""
        paid = self.answers_cost
        if paid is None:
            return None
        numbers, codes = np.unique(paid.source, return_inverse=True)
        return paid.mean(codes, len(numbers))
