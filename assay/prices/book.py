"""What a price is, and what a request costs at it.

Unknown is None and never 0. Where prices come from is the business of `lookup`, which tokens were used that of whoever
asks.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Threshold:
    """Rates of a request whose input (cached tokens included) is above a number of tokens: they hold for all of it."""

    above_input_tokens: int
    input_usd_per_million: float | None = None
    output_usd_per_million: float | None = None
    cache_read_usd_per_million: float | None = None
    cache_write_usd_per_million: float | None = None
    cache_write_1h_usd_per_million: float | None = None


@dataclass(frozen=True, slots=True)
class Rates:
    """Dollars per million tokens under one condition, such as a service tier; None is unknown.

    A cache write is one for 5 minutes unless its name says 1h. `thresholds` are in rising order.
    """

    input_usd_per_million: float | None = None
    output_usd_per_million: float | None = None
    cache_read_usd_per_million: float | None = None
    cache_write_usd_per_million: float | None = None
    cache_write_1h_usd_per_million: float | None = None
    thresholds: tuple[Threshold, ...] = ()


RATES = (
    "input_usd_per_million",
    "output_usd_per_million",
    "cache_read_usd_per_million",
    "cache_write_usd_per_million",
    "cache_write_1h_usd_per_million",
)
"""The names of the rates."""


@dataclass(frozen=True, slots=True)
class Price(Rates):
    """What one model id costs: its rates on demand, those of other ways to ask it, or dollars an hour.

    Dollars are per million tokens; None is unknown.
    """

    batch: Rates | None = None
    service_tiers: Mapping[str, Rates] = field(default_factory=dict)
    """By `priority`, `flex`, `reserved`; one that isn't there is unknown."""
    latency_optimized: Rates | None = None
    usd_per_hour: float | None = None
    """Of one model unit of provisioned throughput: then a request costs nothing of its own, and has no price."""
    model_units: int = 1
    source: str | None = None
    """Where the figures are from; None where nothing is known."""
    dated: str | None = None
    """The day from which they hold, or on which they were published or looked up."""
    notes: tuple[str, ...] = ()
    """What the source doesn't know, or where sources disagree: each a sentence without its full stop."""

    def of_line(self, service_tier: str | None, latency: str | None) -> "Price":
        """The price of requests that ask for a service tier and a latency (None is the default of either).

        Its rates on demand are those of such requests: unknown ones where this variant's are unknown, never those of
        the default. Both a tier and optimised latency at once is a variant that no source knows.
        """
        if self.usd_per_hour is not None:
            return self
        tier, optimized = service_tier not in (None, "default"), latency == "optimized"
        if tier and optimized:
            rates: Rates | None = None
        elif tier:
            rates = self.service_tiers.get(str(service_tier))
        elif optimized:
            rates = self.latency_optimized
        else:
            rates = self
        rates = rates or Rates()
        above = {threshold.above_input_tokens for threshold in rates.thresholds}
        # Where the model gets dearer and nobody says what it costs there in this variant, that is unknown.
        unsaid = [
            Threshold(threshold.above_input_tokens)
            for threshold in self.thresholds
            if threshold.above_input_tokens not in above
        ]
        return Price(
            **{name: getattr(rates, name) for name in RATES},
            thresholds=tuple(
                sorted([*rates.thresholds, *unsaid], key=lambda threshold: threshold.above_input_tokens)
            ),
            source=self.source,
            dated=self.dated,
            notes=self.notes,
        )

    def with_notes(self, notes: tuple[str, ...]) -> "Price":
        """The same with more notes after its own."""
        return replace(self, notes=(*self.notes, *notes))

    @property
    def known(self) -> bool:
        """Whether it is known what tokens in and out cost, of inputs below every threshold; False by the hour."""
        return self.input_usd_per_million is not None and self.output_usd_per_million is not None

    @property
    def priced_by(self) -> Literal["tokens", "hour"] | None:
        """What is paid for; None where the price is unknown."""
        return "hour" if self.usd_per_hour is not None else "tokens" if self.known else None

    @property
    def usd_per_hour_of_all_units(self) -> float | None:
        """Dollars an hour of all model units; None for a price by tokens."""
        return None if self.usd_per_hour is None else self.usd_per_hour * self.model_units

    def as_json(self) -> dict[str, Any]:
        """As it stands in a snapshot."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Price":
        """Back from `as_json`. TypeError, ValueError or KeyError where it isn't such a thing."""
        known = _with_thresholds(values)
        for name in ("batch", "latency_optimized"):
            if known.get(name) is not None:
                known[name] = Rates(**_with_thresholds(known[name]))
        tiers = known.get("service_tiers", {})
        known["service_tiers"] = {name: Rates(**_with_thresholds(rates)) for name, rates in tiers.items()}
        return cls(**{**known, "notes": tuple(known.get("notes", ()))})


def _with_thresholds(values: Mapping[str, Any]) -> dict[str, Any]:
    return {**values, "thresholds": tuple(Threshold(**each) for each in values.get("thresholds", ()))}


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one request as Bedrock counts them: `input_tokens` does not include the cached ones.

    None where the service did not say. A service that says nothing of caching has cached nothing. A cache write counts as
    one for 5 minutes: Assay's cache points ask for no other time, and `cacheWriteInputTokens` doesn't tell.
    """

    input_tokens: int | None
    output_tokens: int | None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None


def cost_usd(usage: Usage, price: Price) -> float | None:
    """Dollars for one request at the rates on demand of `price`, or None if any part of it is unknown.

    None by the hour too: no request has a cost of its own then.
    """
    millions = _usd_millions(usage, price)
    return None if millions is None else sum(millions) / 1e6


def parts_usd(usage: Usage, price: Price) -> tuple[float, float, float, float] | None:
    """What `cost_usd` is the sum of: dollars for input, output, reading from and writing to the prompt cache."""
    millions = _usd_millions(usage, price)
    if millions is None:
        return None
    tokens_in, tokens_out, read, write = (part / 1e6 for part in millions)
    return tokens_in, tokens_out, read, write


def _usd_millions(usage: Usage, price: Price) -> list[float] | None:
    """Tokens times dollars per million of them: input, output, cache read, cache write."""
    if usage.input_tokens is None or usage.output_tokens is None or price.usd_per_hour is not None:
        return None
    read, write = usage.cache_read_tokens or 0, usage.cache_write_tokens or 0
    whole_input = usage.input_tokens + read + write
    rates: Rates | Threshold = price
    for threshold in price.thresholds:
        if whole_input > threshold.above_input_tokens:
            rates = threshold
    parts = []
    for tokens, rate in (
        (usage.input_tokens, rates.input_usd_per_million),
        (usage.output_tokens, rates.output_usd_per_million),
        (read, rates.cache_read_usd_per_million),
        (write, rates.cache_write_usd_per_million),
    ):
        if tokens and rate is None:
            return None
        parts.append(tokens * rate if rate is not None else 0.0)
    return parts


def most_usd(input_tokens: int, output_tokens: int, price: Price, *, cached: bool = False) -> float | None:
    """The most dollars that one request can cost, of at most so many tokens in (cached ones included) and out.

    Rates are the dearest that an input up to this size can reach, over thresholds and over reading from and writing to
    the prompt cache. None where one of them is unknown; that of a cache write only where the request asks for one
    (`cached`). 0 by the hour: the request adds nothing to what the hour costs.
    """
    if price.usd_per_hour is not None:
        return 0.0
    reachable: list[Rates | Threshold] = [price]
    reachable += [each for each in price.thresholds if input_tokens > each.above_input_tokens]
    dearest_in = dearest_out = 0.0
    for rates in reachable:
        if (input_tokens and rates.input_usd_per_million is None) or (
            output_tokens and rates.output_usd_per_million is None
        ):
            return None
        if cached and rates.cache_write_usd_per_million is None:
            return None
        of_input = (
            rates.input_usd_per_million,
            rates.cache_read_usd_per_million,
            rates.cache_write_usd_per_million,
        )
        dearest_in = max([dearest_in, *(rate for rate in of_input if rate is not None)])
        dearest_out = max(dearest_out, rates.output_usd_per_million or 0.0)
    return (input_tokens * dearest_in + output_tokens * dearest_out) / 1e6
