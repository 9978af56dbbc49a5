"""The table of prices: what each line of the benchmark was priced at, where that is from, and what it doesn't know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from assay.bedrock.settings import Model
from assay.prices.book import Price, Threshold
from assay.tables.markdown import Column, Markdown, table
from assay.tables.numbers import UNKNOWN, count, dollars, known


@dataclass(frozen=True, slots=True)
class Priced:
    """A model or judge with the price of its own tier and latency."""

    label: str
    model_id: str
    asked_for: str
    """The variant that its requests ask for; empty where it is the default."""
    caches: bool
    price: Price


def priced(lines: Sequence[Model], prices: Mapping[str, Price]) -> list[Priced]:
    """The lines with their prices, from prices by model id."""
    return [
        Priced(
            line.label,
            line.id,
            ", ".join(_asked_for(line)),
            line.cache == "warm",
            prices.get(line.id, Price()).of_line(line.service_tier, line.latency),
        )
        for line in lines
    ]


def _asked_for(line: Model) -> list[str]:
    found = [f"{line.service_tier} tier"] if line.service_tier not in (None, "default") else []
    return [*found, "optimised latency"] if line.latency == "optimized" else found


def unpriced(lines: Sequence[Priced]) -> list[str]:
    """Labels of lines of which nobody knows what they cost, with the variant whose price is missing."""
    return [
        f"{line.label} ({line.asked_for})" if line.asked_for else line.label
        for line in lines
        if line.price.priced_by is None
    ]


def by_the_hour(lines: Sequence[Priced]) -> list[str]:
    """Labels of lines that are paid by the hour."""
    return [line.label for line in lines if line.price.priced_by == "hour"]


def prices(lines: Sequence[Priced]) -> Markdown:
    """One row for each line: dollars per million tokens of all that its requests use, where from, as of when."""
    columns: list[Column[Priced]] = [
        Column("line", lambda line: line.label, "left"),
        Column("model id", lambda line: line.model_id, "left"),
    ]
    if any(line.asked_for for line in lines):
        columns.append(Column("asked for", lambda line: line.asked_for or "default", "left"))
    columns += [_rate("input", "input_usd_per_million"), _rate("output", "output_usd_per_million")]
    if any(line.caches for line in lines):
        columns += [
            _rate("cache read", "cache_read_usd_per_million"),
            _rate("cache write for 5 minutes", "cache_write_usd_per_million"),
        ]
    if any(line.price.thresholds for line in lines):
        columns.append(Column("input and output of long inputs, whole request", _long, "left"))
    if any(line.price.usd_per_hour is not None for line in lines):
        columns.append(Column("USD per hour", _hour))
    columns += [
        Column("source", lambda line: line.price.source or UNKNOWN, "left"),
        Column("as of", lambda line: line.price.dated or UNKNOWN, "left"),
    ]
    return table(columns, lines)


def notes(lines: Sequence[Priced]) -> list[str]:
    """What the sources don't know, or disagree on: a line each, with the labels that it is about."""
    about: dict[str, list[str]] = {}
    for line in lines:
        for note in line.price.notes:
            about.setdefault(note, []).append(line.label)
    return [f"{', '.join(labels)}: {note}." for note, labels in about.items()]


_Rate = Literal[
    "input_usd_per_million",
    "output_usd_per_million",
    "cache_read_usd_per_million",
    "cache_write_usd_per_million",
]


def _rate(words: str, name: _Rate) -> Column[Priced]:
    def cell(line: Priced) -> str:
        return "by the hour" if line.price.priced_by == "hour" else _dollars(getattr(line.price, name))

    return Column(f"{words} (USD per million tokens)", cell)


def _dollars(value: float | None) -> str:
    return dollars(value) if known(value) else "unknown"


def _long(line: Priced) -> str:
    return "; ".join(map(_threshold, line.price.thresholds)) or "the same"


def _threshold(each: Threshold) -> str:
    rates = f"{_dollars(each.input_usd_per_million)} and {_dollars(each.output_usd_per_million)}"
    return f"above {count(each.above_input_tokens)} tokens {rates}"


def _hour(line: Priced) -> str:
    if line.price.usd_per_hour is None:
        return UNKNOWN
    units = line.price.model_units
    each = dollars(line.price.usd_per_hour)
    return each if units == 1 else f"{units} x {each}"
