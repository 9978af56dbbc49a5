"""Whether all that a ledger was given is still there: line by line, file by file."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assay.ledger.compact import set_aside
from assay.ledger.stored import Group, groups
from assay.ledger.text import table


@dataclass(frozen=True, slots=True)
class Checked:
    """What one job's file and those of its workers are like."""

    name: str
    files: int
    bytes: int
    lines: int
    damaged: int
    """Lines beyond repair: what they held is lost. The half-written last line of a killed job is one of them."""
    repaired: int
    """Lines with a flipped bit; what they held is known."""
    unanswered: int
    """Requests without an outcome: in flight now if a job is at work, else when one was killed."""
    answered_twice: int
    """Requests that were bought twice: two whole answers under one key."""
    twice_there: int
    """Lines that stand in two files: a compaction was cut off. They count once."""
    held: bool
    """Whether a job is at work on it."""
    set_aside: int
    """Bytes of lines beyond repair that compactions have set aside."""

    @property
    def lost(self) -> bool:
        """Whether anything that was paid for is lost, or was paid for twice."""
        return bool(self.damaged or self.answered_twice)


def check(folder: Path) -> list[Checked]:
    """Check every file of the ledger in `folder`. Raises InputError where there is no such folder."""
    return [_checked(group) for group in groups(folder)]


def _checked(group: Group) -> Checked:
    count: Counter[str] = Counter()
    seen: set[tuple[str, str, str, int]] = set()
    answers: Counter[str] = Counter()
    last: dict[Path, bool] = {}
    held = group.held
    for file, line in group.lines():
        count["lines"] += 1
        last[file] = line.entry is None
        count["damaged"] += line.entry is None
        count["repaired"] += line.repaired is not None
        if line.entry is None or line.entry["line"] not in ("dispatched", "outcome"):
            continue
        which = _which(line.entry)
        count["twice"] += which in seen
        if which not in seen and which[0] == "outcome":
            answers[which[1]] += "error" not in line.entry
        seen.add(which)
    if held:  # its last line may be on its way to the disk
        count["damaged"] -= sum(last.values())
    unanswered = sum(kind == "dispatched" and ("outcome", *rest) not in seen for kind, *rest in seen)
    return Checked(
        name=group.name,
        files=len(group.files),
        bytes=group.size,
        lines=count["lines"],
        damaged=count["damaged"],
        repaired=count["repaired"],
        unanswered=unanswered,
        answered_twice=sum(times > 1 for times in answers.values()),
        twice_there=count["twice"],
        held=held,
        set_aside=aside.stat().st_size if (aside := set_aside(group.path)).exists() else 0,
    )


def _which(entry: Mapping[str, Any]) -> tuple[str, str, str, int]:
    return entry["line"], entry["key"], entry["sitting"], entry["try"]


def as_json(checked: Sequence[Checked]) -> dict[str, Any]:
    """For programs."""
    return {"lost": any(each.lost for each in checked), "files": [asdict(each) for each in checked]}


def in_words(checked: Sequence[Checked]) -> str:
    """For people: a table, and what is to be done."""
    rows = [
        {
            "file": each.name,
            "bytes": f"{each.bytes:,}",
            "lines": str(each.lines),
            "damaged": str(each.damaged),
            "repaired": str(each.repaired),
            "unanswered": str(each.unanswered),
            "answered twice": str(each.answered_twice),
            "": "a job is at work" if each.held else "",
        }
        for each in checked
    ]
    said = [table(rows)] if rows else ["There is nothing in this ledger yet."]
    total = {
        name: sum(getattr(each, name) for each in checked)
        for name in ("damaged", "repaired", "unanswered", "answered_twice", "twice_there", "set_aside")
    }
    said += [
        text
        for name, text in (
            (
                "damaged",
                "{} lines are damaged beyond repair, or half-written: what they held is asked again.",
            ),
            ("repaired", "{} lines have a flipped bit and are used as they were; `compact` puts them right."),
            (
                "unanswered",
                "{} requests have no outcome: killed in flight, or in flight now. They may have been paid for.",
            ),
            ("answered_twice", "{} requests were bought twice."),
            (
                "twice_there",
                "{} lines stand in two files, since a compaction was cut off; `compact` ends it.",
            ),
            ("set_aside", "{} bytes of lines beyond repair were set aside, in files that end in .damaged."),
        )
        if total[name]
        for text in [text.format(total[name])]
    ]
    if not any(each.lost for each in checked):
        said.append("Nothing is lost.")
    return "\n".join(said)
