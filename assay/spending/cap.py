"""The cap of a run as its jobs meet it: which purse, at which prices, and what one request may take from it."""

import hashlib
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.bedrock.outcome import Outcome
from assay.bedrock.settings import Model
from assay.errors import InputError
from assay.ledger.files import about
from assay.prices.snapshot import read as read_prices
from assay.sender.allowance import Capped, Reserved, most_input_tokens
from assay.spending.committed import committed
from assay.spending.purse import PICODOLLARS, Purse, opened
from assay.spending.tariff import Tariff, tariff

log = logging.getLogger(__name__)

KNOWN_AFTER = 20
"""Answers of a model after which the density of its tokens is known."""

ROOM = 1.5
"""So many times the densest text seen so far may be met: then a token for each byte is too much to set aside."""

_TOLD = (
    "error",
    "error_in_stream",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
)


@dataclass(frozen=True, slots=True)
class Cap:
    """The most that a run may spend, and where it keeps count. Plain values, which cross to other processes."""

    ledger: Path
    """Folder of the ledger."""
    run: str
    max_usd: float
    prices: Path
    """The snapshot of prices."""

    @contextmanager
    def allowance(self, model: Model) -> Iterator["FromPurse"]:
        """What requests to `model` may spend, for as long as the block lasts.

        Raises InputError, before anything is sent, where prices are missing or that of the model is unknown.
        """
        if not self.prices.exists():
            raise InputError(
                f"{self.prices}: there are no prices yet, and budget.max_usd ({self.max_usd:g}) can't be kept without "
                "them. Run `snakemake estimate` first, with the same --configfile: it looks them up and sends nothing"
            )
        prices = read_prices(self.prices)
        found = tariff(prices, model.id, about(self.run, "", model))
        if found is None:
            raise InputError(_unpriced(model, self.max_usd))
        with opened(
            self.ledger, self.run, self.max_usd, lambda: committed(self.ledger, self.run, prices)
        ) as purse:
            yield FromPurse(purse, found, model)


class FromPurse:
    """Reserves the worst case of each request to one model, and settles it: see `assay.sender.allowance.Allowance`."""

    def __init__(self, purse: Purse, price: Tariff, model: Model) -> None:
        self._purse = purse
        self._tariff = price
        self._model = model
        self._key = int.from_bytes(hashlib.sha256(model.id.encode()).digest()[:8])
        self._answers, self._density = purse.density(self._key)
        self._most: dict[tuple[int, int], int | None] = {}
        """By tokens in and out: the sizes of requests recur."""

    def reserve(self, body_bytes: int, output_tokens: int) -> Reserved | Exception:
        """See Allowance."""
        utmost = input_tokens = most_input_tokens(body_bytes)
        if self._answers >= KNOWN_AFTER:
            known = most_input_tokens(int(body_bytes * self._density * ROOM / 1e6) + 1)
            input_tokens = min(utmost, known)
        amount = self._amount(input_tokens, output_tokens)
        if amount is None:
            return InputError(_unpriced(self._model, self._purse.max_usd, input_tokens))
        # However dense a text may be, there is to be room for it.
        room = amount if input_tokens == utmost else self._amount(utmost, output_tokens) or amount
        if not self._purse.reserve(amount, room):
            return Capped(_reason(self._purse.max_usd, self._purse.committed, room))
        return Reserved(input_tokens, output_tokens, body_bytes, amount)

    def settle(self, reserved: Reserved, outcome: Outcome) -> None:
        """See Allowance."""
        told = {name: getattr(outcome, name) for name in _TOLD}
        actual = self._tariff.cost(reserved.amount, told)
        if actual > reserved.amount:
            log.warning(
                "%s: a request cost %s USD, and its worst case was thought to be %s USD",
                self._model.label, _usd(actual), _usd(reserved.amount),
            )  # fmt: skip
        self._purse.settle(reserved.amount, actual)
        self._learn(reserved, told)

    def _amount(self, input_tokens: int, output_tokens: int) -> int | None:
        size = input_tokens, output_tokens
        if size not in self._most:
            self._most[size] = self._tariff.most(input_tokens, output_tokens)
        return self._most[size]

    def _learn(self, reserved: Reserved, told: Mapping[str, Any]) -> None:
        if told["input_tokens"] is None or not reserved.body_bytes:
            return
        cached = (told["cache_read_tokens"] or 0) + (told["cache_write_tokens"] or 0)
        density = -(-(told["input_tokens"] + cached) * 1_000_000 // reserved.body_bytes)
        if self._answers < KNOWN_AFTER or density > self._density:
            self._answers, self._density = self._purse.learn(self._key, density)


def _reason(max_usd: float, so_far: int, amount: int) -> str:
    return (
        f"budget.max_usd {max_usd:g}: {_usd(so_far)} USD were spent or reserved, "
        f"the next request may cost {_usd(amount)}"
    )


def _usd(amount: int) -> str:
    usd = amount / PICODOLLARS
    return f"{usd:.2f}" if usd >= 1 else f"{usd:.3g}"


def _unpriced(model: Model, max_usd: float, input_tokens: int | None = None) -> str:
    asked = [
        f"service tier {model.service_tier}" if model.service_tier not in (None, "default") else "",
        "latency optimized" if model.latency == "optimized" else "",
        f"inputs of up to {input_tokens} tokens" if input_tokens is not None else "",
        "with prompt caching" if model.cache == "warm" else "",
    ]
    how = ", ".join(filter(None, asked))
    return (
        f"{model.label}: the price of {model.id}{f' ({how})' if how else ''} is unknown, and budget.max_usd ({max_usd:g}) "
        f"can't be kept without it. Give it in the benchmark, in USD per million tokens, such as\n\n    prices:\n"
        f'      "{model.id}": {_example(model)}\n'
    )


def _example(model: Model) -> str:
    rates = "input_usd_per_million: 3.0, output_usd_per_million: 15.0"
    if model.cache == "warm":
        rates += ", cache_read_usd_per_million: 0.3, cache_write_usd_per_million: 3.75"
    if model.service_tier not in (None, "default"):
        return f"{{{rates}, service_tiers: {{{model.service_tier}: {{{rates}}}}}}}"
    if model.latency == "optimized":
        return f"{{{rates}, latency_optimized: {{{rates}}}}}"
    return f"{{{rates}}}"
