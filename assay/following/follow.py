"""Follows a run to its end: redraws a screen, or prints a line now and then. Where that goes is the caller's business."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from assay.errors import InputError
from assay.following import words
from assay.following.picture import Follower, Picture
from assay.following.plan import Plan, alive, how_it_ended, not_begun, plan_path, read


@dataclass(slots=True)
class Screen:
    """Draws over what it has drawn before, within the size of a terminal."""

    write: Callable[[str], None]
    size: Callable[[], tuple[int, int]]
    """Columns and lines of the terminal, as they are now."""
    _drawn: int = 0

    def show(self, picture: Picture) -> None:
        """Put the picture in the place of the last one."""
        columns, rows = self.size()
        found = words.screen(picture)
        # Of the last picture everything is left standing, however long.
        lines = found if picture.over else [line[: columns - 1] for line in found[: rows - 1]]
        back = f"\x1b[{self._drawn}F\x1b[J" if self._drawn else ""
        self._drawn = len(lines)
        self.write(back + "".join(f"{_printable(line)}\n" for line in lines))


@dataclass(slots=True)
class Lines:
    """Prints a line where something has changed: for logs, and wherever nothing can be drawn over."""

    write: Callable[[str], None]
    _last: str = ""
    _noted: set[str] = field(default_factory=set)

    def show(self, picture: Picture) -> None:
        """Say what is new."""
        said = [note for note in words.notes(picture) if note not in self._noted]
        self._noted.update(said)
        line = words.line(picture)
        if picture.over:
            said += [line, *words.ending(picture)]
        elif line != self._last:
            said.append(line)
        self._last = line
        for each in said:
            self.write(f"{_printable(each)}\n")


def follow(
    folder: Callable[[], Path | None], show: Callable[[Picture], None], pause: Callable[[], None], wait: bool
) -> Picture:
    """Show how the run in `folder()` stands until it has ended; the last picture.

    `pause` is called between two looks. With `wait`, a run that has ended already isn't shown: the next one is waited for.
    Raises InputError where no run has begun there, unless it is waited for.
    """
    plan = _plan(folder, pause, wait)
    follower = Follower(plan)
    while True:
        picture = follower.look()
        show(picture)
        if picture.over:
            return picture
        pause()
        try:
            now = read(plan.folder)
        except InputError:  # the folder was deleted, say: the follower sees what is left
            continue
        if now.id != plan.id:  # another run has begun there
            plan, follower = now, Follower(now)


def _plan(folder: Callable[[], Path | None], pause: Callable[[], None], wait: bool) -> Plan:
    while True:
        found = folder()
        there = found is not None and plan_path(found).exists()
        if found is not None and there and (not wait or _living(found)):
            return read(found)
        if not wait:
            raise not_begun(found or Path("results"))
        pause()


def _living(folder: Path) -> bool:
    return alive(folder) and how_it_ended(read(folder)) is None


def _printable(line: str) -> str:
    """The line without what a terminal would obey: it may hold words of a service or of a file."""
    return "".join(letter if letter.isprintable() else "�" for letter in line)
