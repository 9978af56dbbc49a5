"""Keeps the rows of the sets and languages that a benchmark names."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from assay.datasets.example import Example
from assay.errors import InputError


def keep(
    examples: Iterable[Example],
    sets: Collection[str] | None,
    languages: Collection[str] | None,
    *,
    where: str,
    metrics: Collection[str] = (),
) -> Iterator[Example]:
    """Examples of these sets and languages, one at a time; None keeps all. `metrics` are the sets that have one named.

    Raises InputError, at the end and with what there was, if a set or language that was named has no row, or if
    no row is left.
    """
    there: Counter[tuple[str, str]] = Counter()
    kept = 0
    for example in examples:
        there[example.dataset, example.language] += 1
        if (sets is None or example.dataset in sets) and (languages is None or example.language in languages):
            kept += 1
            yield example
    if not there:
        raise InputError(f"{where}: found no rows. A dataset needs at least one.")
    for key, named, column in (("sets", sets, 0), ("languages", languages, 1), ("metrics", metrics, 0)):
        missing = sorted(set(named or ()) - {pair[column] for pair in there})
        if missing:
            raise InputError(
                f"{where}: `dataset.{key}` names {', '.join(missing)}, of which there is no row. "
                f"Found {_listed(there)}. Change the list or take it away."
            )
    if not kept:
        raise InputError(
            f"{where}: no row is left of the {there.total()} that there were, after `dataset.sets` and "
            f"`dataset.languages`. Found {_listed(there)}. Change the lists."
        )


def _listed(there: Counter[tuple[str, str]]) -> str:
    return ", ".join(
        f"{name} in {language} ({rows} rows)" for (name, language), rows in sorted(there.items())
    )
