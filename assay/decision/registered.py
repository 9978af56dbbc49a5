"""Was the rule set before the first request? What a decision goes by, as it is registered, and what changed since.

A rule that was chosen with the figures in sight finds what it was chosen to find. So the rule of a run (limits, objective,
margins, traffic, how many requests are sent, who is compared and who judges) is registered in the ledger before anything is
bought, and each measurement's status names the one that was in force when its first measured request left
(`assay.ledger.registered`). Nothing is bought again where the rule changes; the decision says that it did.

It is a record for whoever reads the report. It doesn't bind somebody who writes files by hand.
"""

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from assay.canonical import canonical_json
from assay.errors import InputError
from assay.ledger.registered import Registered, hash_of

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class InForce:
    """What one measurement's status says of the rule in force at its first measured request."""

    sha256: str | None
    """None where none was registered by then."""
    at_utc: str | None
    first_measured_utc: str | None
    """None where it isn't known, as of measurements made before rules were registered."""


def rule(**parts: Any) -> dict[str, Any]:
    """The rule as plain values, by the keys of the benchmark file: what isn't set is left out, so that a key that a later
    version knows changes nothing where it isn't used."""
    found: dict[str, Any] = _stripped(parts)
    return found


def _stripped(value: Any) -> Any:
    if hasattr(value, "model_dump"):
        value = value.model_dump(mode="json")
    if isinstance(value, Mapping):
        parts = {str(key): _stripped(item) for key, item in value.items()}
        return {key: item for key, item in parts.items() if item is not None and item != {}}
    if isinstance(value, list | tuple):
        return [_stripped(item) for item in value]
    # 600 and 600.0 are one limit.
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def changes(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What differs, by dotted key: `{"key", "then", "now"}`, null where it isn't set."""
    before, after = dict(_flat(then)), dict(_flat(now))
    keys = [*after, *(key for key in before if key not in after)]
    return [
        {"key": key, "then": before.get(key), "now": after.get(key)}
        for key in keys
        if before.get(key) != after.get(key)
    ]


def _flat(value: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for key, item in sorted(value.items()):
        if isinstance(item, Mapping):
            yield from _flat(item, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", item


def in_force(statuses: Sequence[Path]) -> list[InForce]:
    """What the statuses of measurements say, of those that measured anything. InputError where one can't be read."""
    found = []
    for path in statuses:
        try:
            status = json.loads(path.read_text(encoding="utf-8"))
            said = status.get("registered")
            if said is None and status.get("started_utc") is not None:
                found.append(InForce(None, None, None))
            elif said is not None and said["first_measured_utc"] is not None:
                found.append(InForce(said["sha256"], said["at_utc"], said["first_measured_utc"]))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(
                f"{path}: is not the status of a measurement ({type(error).__name__}: {error}); "
                "delete it and run again"
            ) from error
    return found


def told(
    now: Mapping[str, Any] | None,
    measured: Sequence[InForce],
    registrations: Sequence[Registered],
    reused: Sequence[str] = (),
) -> dict[str, Any]:
    """What the decision says of it. `now` is the rule that it was made by, `registrations` are all of the run's; `reused` are
    other runs that answers were taken from, which are older than any rule of this one.

    `state` is `before` where every measurement began under this very rule, `changed` where one began under another one, and
    `unknown` where that can't be said of all. `at_utc` is when the rule was registered under which the first of them began.
    """
    current = None if now is None else hash_of(now)
    known = sorted(
        (each for each in measured if each.first_measured_utc),
        key=lambda each: _when(each.first_measured_utc),
    )
    under = [each for each in known if each.sha256 is not None]
    others = [each for each in under if each.sha256 != current]
    differing: list[dict[str, Any]] = []
    if current is None or not measured:
        state = "unknown"
    elif others:
        state = "changed"
        by_hash = {each.sha256: each.rule for each in registrations}
        then = by_hash.get(others[0].sha256 or "")
        differing = [] if then is None or now is None else changes(then, now)
    else:
        state = "before" if len(under) == len(measured) else "unknown"
    first = known[0].first_measured_utc if known else None
    at = (others or under)[0].at_utc if under else None
    same = sum(each.sha256 == current for each in measured)
    passed = _passed(registrations, current)
    return {
        "state": state,
        "sha256": current,
        "at_utc": at,
        "first_request_utc": first,
        "changes": differing,
        "measurements": len(measured),
        "measurements_by_this_rule": same if current is not None else 0,
        "others_between": passed,
        "answers_from": list(reused),
        "sentence": _sentence(state, at, first, differing, same, len(measured), passed) + _older(reused),
    }


def _passed(registrations: Sequence[Registered], current: str | None) -> int:
    """How many other rules were registered after this one first was."""
    hashes = [each.sha256 for each in registrations]
    if current is None or current not in hashes:
        return 0
    return sum(other != current for other in hashes[hashes.index(current) :])


def _sentence(
    state: str,
    at: str | None,
    first: str | None,
    differing: Sequence[Mapping[str, Any]],
    same: int,
    of: int,
    passed: int,
) -> str:
    if state == "before":
        again = (
            ""
            if not passed
            else f" In between, {passed} other rule{' was' if passed == 1 else 's were'} registered for this run."
        )
        return (
            f"The rule, its limits and margins were registered at {clock(at)}, before the first measured request "
            f"({clock(first)}), and are the same now.{again}"
        )
    if state == "changed":
        what = (
            "; ".join(
                f"{each['key']} was {_value(each['then'])} and is {_value(each['now'])}" for each in differing
            )
            or "what it was isn't known, since the ledger's registered.jsonl doesn't hold it"
        )
        part = "" if not same else f" {same} of {of} measurements began under the rule as it is now."
        return (
            f"The rule was changed after measuring had begun ({clock(first)}): {what}.{part} What is said here was "
            "chosen by a rule that may have been set with figures in sight."
        )
    if at is None and first is not None:
        return (
            f"No rule was registered for this run before its first measured request ({clock(first)}), as where answers "
            "are taken from another run's ledger."
        )
    return (
        "Whether the rule was set before the first measured request isn't known: nothing was registered then."
    )


def _older(reused: Sequence[str]) -> str:
    """What the sentence says of answers that were there before the rule."""
    if not reused:
        return ""
    runs = f"an earlier run ({reused[0]})" if len(reused) == 1 else f"earlier runs ({', '.join(reused)})"
    return (
        f" Answers were taken from {runs}: how right they are could be known before this run's rule was set."
    )


def clock(utc: str | None) -> str:
    """A time in words: `2026-11-22 04:00:01 UTC`."""
    return "at an unknown time" if utc is None else _when(utc).strftime("%Y-%m-%d %H:%M:%S UTC")


def _when(utc: str | None) -> datetime:
    return datetime.fromisoformat(utc or "")


def _value(value: Any) -> str:
    if value is None:
        return "not set"
    if isinstance(value, float):
        return f"{value:g}" if abs(value) < 1e6 else f"{value:,.0f}"
    return value if isinstance(value, str) else canonical_json(value)
