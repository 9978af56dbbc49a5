"""Answers that other runs have paid for: looked up by ask key in the files of their ledgers.

A ledger is read as it lies there: without its lock, since the run that it belongs to may be at work on it, and nothing is
written to it. A line that doesn't hold is left out, as the last one of a run that is still writing may be. Only what is
asked for is kept in memory, however large the files are. What the answers are used for is left to the caller: never for
latency, which belongs to the run that measured it.
"""

import logging
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.ledger.lines import checked

log = logging.getLogger(__name__)

_DISPATCHED, _OUTCOME, _REUSED, _SITTING = (
    b'{"line":"%s"' % kind for kind in (b"dispatched", b"outcome", b"reused", b"sitting")
)


@dataclass(frozen=True, slots=True)
class Found:
    """An answer in another run's ledger."""

    outcome: Mapping[str, Any]
    """As the ledger holds it: text, tokens, stop reason, stamps."""
    origin: str
    """The run that paid for it."""
    answered_ns: int | None
    """When it was answered, in wall-clock time; None where its sitting doesn't say."""

    @property
    def text(self) -> str:
        """The answer; what is empty isn't in the ledger."""
        return str(self.outcome.get("text", ""))


def ledger_files(folder: Path) -> list[Path]:
    """The files of a ledger, those of workers too, in the order of their names."""
    return sorted(path for path in folder.glob("*.jsonl") if path.is_file())


def is_ledger(folder: Path) -> bool:
    """Whether a folder holds a file of a ledger: one in which a line holds."""
    return any(_some_line_holds(path) for path in ledger_files(folder))


def sizes(folders: Iterable[Path]) -> list[dict[str, int]]:
    """Names and sizes of the files of each ledger: what changes when one of them grows, is edited or goes away."""
    return [{path.name: path.stat().st_size for path in ledger_files(folder)} for folder in folders]


def answers(folders: Sequence[Path], asks: Collection[str], role: str) -> dict[str, list[Found]]:
    """What the ledgers in `folders` hold of questions with these ask keys: answers by ask key, never errors.

    `role` is that of the requests which count: `measured` or `judge`. In the order of the folders, of the names of their
    files, and of the lines in them.
    """
    wanted = {ask.encode(): ask for ask in asks}
    found: dict[str, list[Found]] = {}
    for folder in folders:
        seen: set[tuple[Any, ...]] = set()
        for path in ledger_files(folder) if wanted else ():
            for ask, answer in _of_file(path, wanted, role, name_of(folder)):
                # Where merging the files of workers was cut off, a line can stand in two files.
                which = tuple(answer.outcome.get(name) for name in ("key", "sitting", "try"))
                if which not in seen:
                    seen.add(which)
                    found.setdefault(ask, []).append(answer)
    return found


_OF_THE_LINE = ("line", "key", "sitting", "try", "last", "crc")


def copied(found: Found, ask: str, role: str) -> dict[str, Any]:
    """What `Ledger.write_reused` keeps of an answer, so that the run no longer needs the ledger that it is from."""
    outcome = {name: value for name, value in found.outcome.items() if name not in _OF_THE_LINE}
    return {**outcome, "ask": ask, "role": role, "from": found.origin, "answered_ns": found.answered_ns}


def name_of(folder: Path) -> str:
    """What a ledger is called where it doesn't say whose it is: its folder, or for `<run>/ledger` the run."""
    here = folder.expanduser().absolute()
    return here.parent.name if here.name == "ledger" and here.parent.name else here.name


def origins(found: Iterable[Found]) -> str:
    """The runs that answers come from, in words."""
    return ", ".join(sorted(Counter(answer.origin for answer in found)))


def _of_file(path: Path, wanted: Mapping[bytes, str], role: str, name: str) -> Iterator[tuple[str, Found]]:
    asked: dict[bytes, str] = {}
    sitting: dict[str, dict[str, Any]] = {}
    with path.open("rb") as file:
        for raw in file:
            if raw.startswith(_SITTING):
                entry = _whole(raw)
                if entry is not None:
                    sitting[entry["sitting"]] = entry
            elif raw.startswith((_DISPATCHED, _REUSED)):
                ask = wanted.get(_value(raw, b"ask"))
                entry = None if ask is None else _whole(raw)
                if ask is None or entry is None:
                    continue
                if entry["line"] == "reused":
                    # What that run had from another one is an answer too, and its origin stays the first.
                    if entry.get("role") == role:
                        yield ask, Found(entry, str(entry.get("from") or name), entry.get("answered_ns"))
                elif entry["tags"].get("role") == role:
                    asked[entry["key"].encode()] = ask
            elif raw.startswith(_OUTCOME):
                ask = asked.get(_value(raw, b"key"))
                entry = None if ask is None else _whole(raw)
                if ask is not None and entry is not None and "error" not in entry:
                    sat = sitting.get(entry["sitting"], {})
                    run = sat.get("about", {}).get("run")
                    yield ask, Found(entry, str(run or name), _answered_ns(entry, sat))


def _value(raw: bytes, name: bytes) -> bytes:
    """The text that the first key of this name has in a line, as far as it can be seen without parsing it."""
    mark = b'"%s":"' % name
    start = raw.find(mark)
    if start < 0:
        return b""
    start += len(mark)
    return raw[start : raw.find(b'"', start)]


def _whole(raw: bytes) -> dict[str, Any] | None:
    return checked(raw.rstrip(b"\n"))


def _answered_ns(outcome: Mapping[str, Any], sitting: Mapping[str, Any]) -> int | None:
    if "ended_ns" not in outcome or "wall_ns" not in sitting:
        return None
    return int(sitting["wall_ns"] + outcome["ended_ns"] - sitting["perf_ns"])


_FIRST_LINES = 100


def _some_line_holds(path: Path) -> bool:
    with path.open("rb") as file:
        return any(_whole(raw) is not None for _, raw in zip(range(_FIRST_LINES), file, strict=False))
