"""What a run has asked of each model and judge so far, by the lines of its ledger: read as they come, and never twice.

Nothing is locked or written. A line that is damaged is passed over: the jobs themselves put it right and say so.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from assay.bedrock.errors import THROTTLED
from assay.errors import InputError
from assay.ledger.lines import checked
from assay.prices.book import Price
from assay.prices.snapshot import read as read_prices
from assay.spending.tariff import Tariff, tariff

COUNTED = ("measured", "judge", "judge_again")
"""Roles of requests that the plan is about. Others, such as warm-up, are sent anew at each sitting."""

Which = tuple[str, str]
"""Stage and label."""


@dataclass(slots=True)
class Asked:
    """Requests of one stage to one line of the benchmark. Amounts are in picodollars (10^-12 USD)."""

    sent: int = 0
    ended: int = 0
    """Of the plan (`COUNTED`), in the present edition: with an answer, or a failure that isn't tried again."""
    failed: int = 0
    """Attempts that ended in an error other than being throttled."""
    throttled: int = 0
    in_flight: int = 0
    """Without an outcome, of the newest sitting of each file: in flight, as long as that is at work."""
    spent: int = 0
    """What requests have cost of which it is known."""
    unknown: int = 0
    """Requests of which it isn't known what they cost."""

    def add(self, more: "Asked") -> None:
        """Add what others were asked."""
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(more, each.name))


@dataclass(slots=True)
class _File:
    """A file of the ledger, as far as it was read."""

    stage: str
    inode: int = -1
    offset: int = 0
    rest: bytes = b""
    """Of a line that isn't whole yet."""
    sitting: str = ""
    """The newest."""
    open: dict[tuple[str, str, int], bool] = field(default_factory=dict)
    """Attempts without an outcome so far (sitting, key, try), and whether each is of the plan."""
    found: dict[Which, Asked] = field(default_factory=dict)


class Ledger:
    """The ledger of a run, followed."""

    def __init__(self, folder: Path, run: str, edition: int, prices: Path) -> None:
        self._folder = folder
        self._run = run
        self._edition = edition
        self._prices_path = prices
        self._prices_ns = -1
        self._prices: Mapping[str, Price] = {}
        self._files: dict[Path, _File] = {}
        self._about: dict[str, Mapping[str, str]] = {}
        """What each sitting is about. One that is of another run is about nothing."""
        self._tariffs: dict[tuple[str, str], Tariff | None] = {}

    def look(self) -> dict[Which, Asked]:
        """All that was asked so far, by stage and label."""
        self._look_at_prices()
        found: dict[Which, Asked] = {}
        # A worker's sitting says whose it is as its job's does, so files can be read in any order.
        for path in sorted(self._folder.glob("*.jsonl")):
            file = self._files.setdefault(path, _File(path.name.split(".", 1)[0]))
            self._read(path, file)
            for which, asked in file.found.items():
                found.setdefault(which, Asked()).add(asked)
            for sitting, _, _ in file.open:
                if sitting == file.sitting and (which_ := self._which(file, sitting)) is not None:
                    found.setdefault(which_, Asked()).in_flight += 1
        return found

    @property
    def prices_known(self) -> bool:
        """Whether the run has its prices yet."""
        return bool(self._prices)

    def _look_at_prices(self) -> None:
        """Take the prices as they are now. Where they have changed, everything is counted again."""
        try:
            changed_ns = self._prices_path.stat().st_mtime_ns
            if changed_ns == self._prices_ns:
                return
            self._prices, self._prices_ns = read_prices(self._prices_path), changed_ns
        except (OSError, InputError):
            return
        self._files.clear()
        self._tariffs.clear()

    def _read(self, path: Path, file: _File) -> None:
        try:
            with path.open("rb") as opened:
                stat = path.stat()
                if stat.st_ino != file.inode or stat.st_size < file.offset:  # compacted, or made anew
                    file.inode, file.offset, file.rest = stat.st_ino, 0, b""
                    file.open.clear()
                    file.found.clear()
                opened.seek(file.offset)
                data = opened.read()
        except OSError:
            return
        file.offset += len(data)
        *lines, file.rest = (file.rest + data).split(b"\n")
        for raw in lines:
            try:
                entry = checked(raw) if raw else None
            except ValueError:
                continue
            if entry is not None:
                self._take(file, entry)

    def _take(self, file: _File, entry: Mapping[str, Any]) -> None:
        kind = entry.get("line")
        if kind == "sitting":
            file.sitting = entry["sitting"]
            about = entry.get("about") or {}
            self._about[file.sitting] = about if about.get("run", self._run) == self._run else {}
        elif kind in ("dispatched", "outcome"):
            which = self._which(file, entry["sitting"])
            if which is None:
                return
            asked = file.found.setdefault(which, Asked())
            attempt = (entry["sitting"], entry["key"], entry["try"])
            if kind == "dispatched":
                tags = entry.get("tags", {})
                asked.sent += 1
                file.open[attempt] = tags.get("role") in COUNTED and tags.get("edition") == self._edition
            elif attempt in file.open:
                self._end(asked, entry, file.open.pop(attempt))

    def _end(self, asked: Asked, outcome: Mapping[str, Any], of_the_plan: bool) -> None:
        error = outcome.get("error")
        if error in THROTTLED:
            asked.throttled += 1
        elif error is not None:
            asked.failed += 1
        if of_the_plan and outcome.get("last"):
            asked.ended += 1
        found = self._tariff(outcome["sitting"])
        cost = -1 if found is None else found.cost(-1, outcome)
        if cost < 0:
            asked.unknown += 1
        else:
            asked.spent += cost

    def _which(self, file: _File, sitting: str) -> Which | None:
        about = self._about.get(sitting)
        if not about:
            return None
        return about.get("stage", file.stage), about.get("label", "?")

    def _tariff(self, sitting: str) -> Tariff | None:
        about = self._about.get(sitting, {})
        key = (about.get("model", ""), repr(sorted(about.items())))
        if key not in self._tariffs:
            self._tariffs[key] = tariff(self._prices, key[0], about)
        return self._tariffs[key]
