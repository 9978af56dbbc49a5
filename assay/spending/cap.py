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
from assay.spending.purse import PICODOLLARS, Purse, Seen, opened
from assay.spending.tariff import Tariff, tariff

log = logging.getLogger(__name__)

KNOWN_AFTER = 20
"""Answers of a model after which the density of its tokens is known."""

ROOM = 1.5
"""So many times the densest text seen so far may be met: then a token for each byte is too much to set aside."""

A_TOKEN_A_BYTE = 10**6
"""The density that no text should pass."""

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
        self._broken: InputError | None = None
        """Why no count can be kept any more."""
        self._most: dict[tuple[int, int], int | None] = {}
        """By tokens in and out: the sizes of requests recur."""

    def reserve(self, body_bytes: int, max_tokens: int) -> Reserved | Exception:
        """See Allowance."""
        if self._broken is not None:
            return self._broken
        try:
            return self._reserve(body_bytes, max_tokens)
        except (InputError, OSError) as error:
            return self._break(error)

    def _reserve(self, body_bytes: int, max_tokens: int) -> Reserved | Exception:
        seen = self._purse.seen(self._key)
        thought = most_input_tokens(body_bytes)
        dense = int(body_bytes * seen.density * ROOM / 1e6) + 1
        utmost = input_tokens = thought
        if seen.density > A_TOKEN_A_BYTE:
            # The service counts more than what is sent. So much more each time, where as long a text had no more than
            # it should; else it may be so much more for each byte.
            utmost = thought + seen.input_beyond
            utmost = input_tokens = utmost if 2 * seen.sound_bytes >= body_bytes else max(utmost, dense)
        elif seen.answers >= KNOWN_AFTER:
            input_tokens = min(utmost, most_input_tokens(dense))
        output_tokens = max_tokens + int(seen.output_beyond * ROOM)
        amount = self._amount(input_tokens, output_tokens)
        if amount is None:
            return InputError(_unpriced(self._model, self._purse.max_usd, input_tokens))
        # However dense a text may be, there is to be room for it.
        room = amount if input_tokens == utmost else self._amount(utmost, output_tokens) or amount
        if not self._purse.reserve(amount, room):
            return Capped(_reason(self._purse.max_usd, self._purse.committed, room))
        return Reserved(input_tokens, output_tokens, body_bytes, max_tokens, amount)

    def settle(self, reserved: Reserved, outcome: Outcome) -> None:
        """See Allowance."""
        told = {name: getattr(outcome, name) for name in _TOLD}
        actual = self._tariff.cost(reserved.amount, told)
        if actual > reserved.amount:
            log.warning(
                "%s: a request cost %s USD, and its worst case was thought to be %s USD",
                self._model.label, _usd(actual), _usd(reserved.amount),
            )  # fmt: skip
        try:
            # First, so that nobody reserves by what is out of date.
            self._learn(reserved, told)
            self._purse.settle(reserved.amount, actual)
        except (InputError, OSError) as error:
            self._break(error)

    def _break(self, error: InputError | OSError) -> InputError:
        """Nothing more may be reserved; what is in flight is followed to its end all the same."""
        if self._broken is None:
            self._broken = (
                error
                if isinstance(error, InputError)
                else InputError(f"no count can be kept of what is spent ({error}), so nothing more is sent")
            )
        return self._broken

    def _amount(self, input_tokens: int, output_tokens: int) -> int | None:
        size = input_tokens, output_tokens
        if size not in self._most:
            self._most[size] = self._tariff.most(input_tokens, output_tokens)
        return self._most[size]

    def _learn(self, reserved: Reserved, told: Mapping[str, Any]) -> None:
        if told["input_tokens"] is None or not reserved.body_bytes:
            return
        cached = (told["cache_read_tokens"] or 0) + (told["cache_write_tokens"] or 0)
        tokens = told["input_tokens"] + cached
        sound = tokens <= most_input_tokens(reserved.body_bytes)
        shown = Seen(
            density=-(-tokens * 1_000_000 // reserved.body_bytes),
            input_beyond=0 if sound else tokens,
            output_beyond=max(0, (told["output_tokens"] or 0) - reserved.max_tokens),
            sound_bytes=reserved.body_bytes if sound else 0,
        )
        seen = self._purse.seen(self._key)
        if seen.answers < KNOWN_AFTER or any(new > old for new, old in zip(shown, seen, strict=True)):
            self._purse.learn(self._key, shown)


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
