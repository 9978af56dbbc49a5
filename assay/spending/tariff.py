"""What requests of one kind cost, in picodollars: the worst case before one is sent, and what it came to afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assay.bedrock.errors import unpaid
from assay.prices.book import Price, Usage, cost_usd, most_usd
from assay.spending.purse import picodollars


@dataclass(frozen=True, slots=True)
class Tariff:
    """The price of requests to one model, asked in one way."""

    price: Price
    cached: bool = False
    """Whether they write to the prompt cache."""

    @property
    def known(self) -> bool:
        """Whether requests have a worst case, but for inputs so long that another rate may hold."""
        return self.most(1, 1) is not None

    def most(self, input_tokens: int, output_tokens: int) -> int | None:
        """The most that a request of so many tokens can cost; null where a rate that it may meet is unknown."""
        usd = most_usd(input_tokens, output_tokens, self.price, cached=self.cached)
        return None if usd is None else picodollars(usd)

    def cost(self, most: int, outcome: Mapping[str, Any]) -> int:
        """What a request came to, by what stands in the ledger of its outcome (see `assay.bedrock.outcome`).

        Its tokens, where the service told them. Nothing, where it was refused with an error in place of an answer. Else, as
        for one that broke off, `most`: what it can have cost.
        """
        tokens_in, tokens_out = outcome.get("input_tokens"), outcome.get("output_tokens")
        if tokens_in is not None and tokens_out is not None:
            if self.price.usd_per_hour is not None:
                return 0
            read, written = outcome.get("cache_read_tokens"), outcome.get("cache_write_tokens")
            usd = cost_usd(Usage(tokens_in, tokens_out, read, written), self.price)
            return most if usd is None else picodollars(usd)
        return 0 if unpaid(outcome) else most


def tariff(prices: Mapping[str, Price], model_id: str, about: Mapping[str, str]) -> Tariff | None:
    """The tariff of a model id, in the way that a sitting says it asks (`service_tier`, `latency`, `cache`).

    Null where it is unknown.
    """
    price = prices.get(model_id)
    if price is None:
        return None
    found = Tariff(
        price.of_line(about.get("service_tier"), about.get("latency")), about.get("cache") == "warm"
    )
    return found if found.known else None
