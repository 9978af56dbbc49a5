"""A regular expression of the user's on what a model wrote, for a bounded time.

Some expressions take time that doubles with each letter of an answer that nearly fits ("catastrophic backtracking").
Such a one ends as an error that names it: a score of 0 would blame the model.
"""

import re
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from assay.errors import InputError
from assay.metrics.choice import Regex

MOST_CPU_S = 2.0
"""CPU time, so that a busy machine changes no score."""


class _TooLong(Exception):
    """The time is over."""


def regex(prediction: str, answers: Sequence[str], settings: Regex) -> float:
    """1 if the expression fits the prediction and, unless nothing is compared, what it found is an answer.

    Raises InputError if it takes more than MOST_CPU_S of CPU. Only for a process's main thread, which alone has timers.
    """
    try:
        with _at_most(MOST_CPU_S):
            found = _found(prediction, settings)
    except _TooLong:
        raise InputError(
            f"the regular expression {settings.pattern!r} took more than {MOST_CPU_S:g} s of CPU on an answer of "
            f"{len(prediction)} characters; expected one without repetitions inside repetitions, such as (a+)+. Mend "
            "`pattern` of the metric regex"
        ) from None
    if found is None or settings.against == "nothing":
        return float(found is not None)
    return float(any(_folded(found, settings) == _folded(answer, settings) for answer in answers))


def _found(prediction: str, settings: Regex) -> str | None:
    """The text of the group at the place that counts, "" if the group took no part in it; None if nothing fits."""
    made = re.compile(settings.pattern, re.IGNORECASE if settings.ignore_case else 0)
    if settings.match == "fullmatch":
        match = made.fullmatch(prediction.strip())
    else:
        match = made.search(prediction)
        if settings.take == "last":
            for later in made.finditer(prediction):
                match = later
    if match is None:
        return None
    group = settings.group if settings.group is not None else min(made.groups, 1)
    return match[group] or ""


def _folded(text: str, settings: Regex) -> str:
    text = " ".join(text.split())
    return text.casefold() if settings.ignore_case else text


@contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """Raises _TooLong in the body once it has used this much CPU. Python's matcher looks for signals as it goes."""
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError(
            "a regular expression's time is bounded by a timer, which only the main thread has"
        )

    def stop(number: int, frame: FrameType | None) -> None:
        raise _TooLong

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
