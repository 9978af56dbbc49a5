"""What is no longer as it was: settings, prices, data, versions, code, machines; from what the runs' reports say made them.

Where a side has several runs, a value is what they have, and all of them where they differ. Leaves to others: what came of it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Literal

from assay.comparison.runs import FinishedRun
from assay.comparison.settings import SIDES

Part = Literal["settings", "endpoint", "data", "prices", "code", "versions", "machines"]

PARTS: tuple[Part, ...] = ("settings", "endpoint", "data", "prices", "code", "versions", "machines")

ABSENT = "not there"

_NAMES_ONLY = ("run.name", "run.ledger", "report.", "publish", "budget.", "labels.", "reuse", "preflight.")
"""Settings that change no figure. `prices` are those of the run, below."""

_MEASURES = (
    "run.edition",
    "run.seed",
    "dataset",
    "buckets",
    "tokenizer",
    "prompt.",
    "inference.",
    "models",
    "load.",
    "stop",
)
_RATES = ("judges", "judges.")

_NAMED_BY = ("label", "name")


@dataclass(frozen=True, slots=True)
class Change:
    """One value that differs, as text: JSON for what is no text."""

    part: Part
    key: str
    before: str
    after: str
    matters: bool
    """Whether a figure may be another one for it: a benchmark that was changed measures something else."""


def changes(
    before: Sequence[FinishedRun],
    after: Sequence[FinishedRun],
    endpoints: Mapping[str, Mapping[str, Sequence[str]]],
    renamed: Mapping[str, str],
) -> list[Change]:
    """What differs, part by part, sorted by key. `endpoints` are what the records of each side name as asked,
    by model."""
    priced = _priced(before, renamed) & _priced(after, {})
    sides = {"before": _side(before, renamed, priced), "after": _side(after, {}, priced)}
    for side in SIDES:
        for model, asked in endpoints[side].items():
            if all(model in endpoints[each] for each in SIDES):
                sides[side]["endpoint", f"asked of {model}"] = list(asked)
    keys = sorted({*sides["before"], *sides["after"]}, key=lambda key: (PARTS.index(key[0]), key[1]))
    found = []
    for part, key in keys:
        values = [sides[side].get((part, key), []) for side in SIDES]
        if values[0] != values[1]:
            was, now = ("; ".join(each) if each else ABSENT for each in values)
            found.append(Change(part, key, was, now, _matters(part, key)))
    return found


def _matters(part: Part, key: str) -> bool:
    if part == "settings":
        return key.startswith((*_MEASURES, *_RATES))
    return part in ("endpoint", "data", "prices", "machines")


def _priced(runs: Sequence[FinishedRun], renamed: Mapping[str, str]) -> set[tuple[str, str]]:
    """The models and judges of a side that have a price: that of one which the other side lacks didn't change."""
    lines = [line for run in runs for line in (run.provenance.get("prices") or {}).get("lines") or []]
    return {(line["kind"], renamed.get(line["label"], line["label"])) for line in lines}


def _side(
    runs: Sequence[FinishedRun], renamed: Mapping[str, str], priced: Set[tuple[str, str]]
) -> dict[tuple[Part, str], list[str]]:
    """Each value that the runs of a side have, as sorted texts; prices of those in `priced`."""
    found: dict[tuple[Part, str], set[str]] = {}
    for run in runs:
        for place, value in _values(run, renamed, priced):
            found.setdefault(place, set()).add(_text(value))
    return {place: sorted(values) for place, values in found.items()}


def _values(
    run: FinishedRun, renamed: Mapping[str, str], priced: Set[tuple[str, str]]
) -> Iterable[tuple[tuple[Part, str], Any]]:
    told = run.provenance
    settings = {name: part for name, part in run.settings.items() if name not in ("prices", "endpoint")}
    for key, value in _flat(settings, "", renamed):
        if not key.startswith(_NAMES_ONLY):
            yield ("settings", key), value
    for key, value in _flat(run.settings["endpoint"], "", {}):
        yield ("endpoint", key), value
    for key, value in _flat(told.get("dataset") or {}, "", {}):
        yield ("data", key), value
    for line in (told.get("prices") or {}).get("lines") or []:
        label = renamed.get(line["label"], line["label"])
        for key, value in line.items() if (line["kind"], label) in priced else ():
            if key not in ("kind", "label", "model_id", "source", "dated") and value not in (None, []):
                yield ("prices", f"{line['kind']} {label}: {key}"), value
    for key, value in (told.get("code") or {}).items():
        yield ("code", key), value
    for key, value in (told.get("versions") or {}).items():
        yield ("versions", key), value
    for machine in told.get("machines") or []:
        for key, value in machine.items():
            yield ("machines", key), value


def _flat(value: Any, key: str, renamed: Mapping[str, str]) -> Iterable[tuple[str, Any]]:
    """Every value that isn't null by its dotted key; items of lists that have a label or name by it."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _flat(item, f"{key}.{name}" if key else str(name), renamed)
    elif isinstance(value, list) and value and all(_name(item) is not None for item in value):
        for item in value:
            name = str(_name(item))
            rest = {part: found for part, found in item.items() if part not in _NAMED_BY}
            yield from _flat(rest, f"{key}[{renamed.get(name, name)}]", renamed)
    elif value is not None and value not in ([], {}):
        yield key, value


def _name(item: Any) -> Any:
    return next((item[by] for by in _NAMED_BY if by in item), None) if isinstance(item, Mapping) else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
