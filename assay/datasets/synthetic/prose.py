"""Sentences and paragraphs from the patterns of `subjects`."""

import re
from collections.abc import Callable, Iterable
from random import Random

from assay.datasets.synthetic import names
from assay.datasets.synthetic.subjects import Fact, Subject

_SLOT = re.compile(r"\{(\w+)\}")
_VALUES: dict[str, Callable[[Random], str]] = {
    "date": names.date,
    "edition": lambda rng: str(rng.randint(1911, 1929)),
    "few": lambda rng: str(rng.randint(3, 9)),
    "number": lambda rng: names.quantity(rng, 120, 9400),
    "ordinal": lambda rng: rng.choice(("second", "third", "fourth", "fifth")),
    "person": names.person,
    "river": names.river,
    "small": lambda rng: str(rng.randint(3, 29)),
    "street": names.street,
    "town": names.town,
    "weekday": lambda rng: rng.choice(("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")),
    "year": names.year,
}


def sentence(rng: Random, pattern: str, **given: str) -> str:
    """The pattern with its slots filled: from `given` where it has them, else at random. Capitalised."""

    def value(match: re.Match[str]) -> str:
        slot = match.group(1)
        return given[slot] if slot in given else _VALUES[slot](rng)

    text = _SLOT.sub(value, pattern)
    return text[0].upper() + text[1:]


def paragraph(
    rng: Random, subject: Subject, name: str, facts: Iterable[tuple[Fact, str]], details: int
) -> str:
    """An entry of the document: an opening that names the thing, its facts in any order, and some details."""
    said = [sentence(rng, rng.choice(fact.sentences), name=name, value=value) for fact, value in facts]
    said += [sentence(rng, pattern, name=name) for pattern in rng.sample(subject.details, details)]
    rng.shuffle(said)
    return " ".join([sentence(rng, rng.choice(subject.openings), name=name), *said])


def fresh(rng: Random, make: Callable[[Random], str], taken: set[str]) -> str:
    """A value that the document does not have yet; it is added to `taken`."""
    while (value := make(rng)) in taken:
        pass
    taken.add(value)
    return value
