"""Whether a judge works, and the panel: by what its jobs say.

A judge that can't be asked doesn't end the run while others can: its verdicts have failed, and the panel's quorum is that of
all judges. So it has to be said, wherever the panel's word is told. That its job runs again is left to `spoilt`.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from assay.errors import InputError
from assay.judging.parsing import Verdict

ASKED: tuple[str, ...] = tuple(name for name in get_args(Verdict) if name != "not_asked")
"""Verdicts that a judge was asked for, whatever came of it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One judge on one model's answers, by the status that its job wrote."""

    judge: str
    model: str
    working: bool
    reason: str | None
    """Why it isn't working; None where it is."""
    answers: int
    """So many it was asked about."""


def why_not_working(
    verdicts: Iterable[tuple[str, str | None]],
    broken: str | None,
    last_error: str | None = None,
    output: str = "auto",
) -> str | None:
    """Why a judge isn't working, by its verdicts on a model's answers, each with the kind of its error; None if it is.

    `broken` is why it can't be asked at all, `last_error` what the service said of the last request that failed,
    `output` how it is made to reply in a fixed form.

    It works if it replied to anything at all, or was asked nothing.
    """
    if broken is not None:
        return broken
    asked = [(verdict, error) for verdict, error in verdicts if verdict != "not_asked"]
    if not asked or any(verdict != "failed" for verdict, _ in asked):
        return None
    kinds = Counter(error for _, error in asked)
    by_kind = ", ".join(f"{n} by {kind}" for kind, n in kinds.most_common())
    said = f" (the last one: {last_error})" if last_error else ""
    advice = ""
    if set(kinds) == {"validation"} and output in ("json_schema", "tool"):
        advice = f". Its model may not take `output: {output}`; `output: auto` finds out what it takes"
    return f"all {len(asked)} verdicts failed: {by_kind}{said}{advice}"


def read_standings(statuses: Iterable[Path]) -> list[Standing]:
    """What the status files of judge jobs say. InputError where one isn't such a file."""
    found = []
    for path in statuses:
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            asked = sum(int(told[name]) for name in ASKED)
            found.append(Standing(told["judge"], told["model"], told["working"], told["not_working"], asked))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"{path}: expected the status that the judge stage wrote ({error!r}). Delete it and run again"
            ) from error
    return found


def check_panel(standings: Sequence[Standing]) -> list[str]:
    """A line for each judge that doesn't work. Raises InputError where none of those that were asked anything does."""
    asked = [one for one in standings if one.answers]
    lines = [
        f"judge {one.judge} isn't working on {one.model}: {one.reason}" for one in asked if not one.working
    ]
    if asked and len(lines) == len(asked):
        said = "; ".join(dict.fromkeys(f"{one.judge}: {one.reason}" for one in asked))
        raise InputError(
            f"no judge of the panel is working, so there is nothing to go by: {said}. What was answered is kept. Check access, "
            "ids and region of the judges and run again: they are asked anew"
        )
    return lines
