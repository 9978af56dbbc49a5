"""What would change the answer: for each limit, between which bounds the rule says what, the other limits as they are.

A limit says met, missed or undecided of a model by where the ends of the model's interval lie. So an answer can only change at
one of these ends, and between two of them it is the same all the way: the rule is asked once for each stretch, of the same
figures, and stretches with one answer are joined.

It is a way to see how much hangs on a limit. A limit that is chosen from it is chosen with the figures in sight: whether that
was done stands beside it (`registered`).

Leaves to others: the rule (`decide`), words for metrics and amounts (`words`).
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from assay.decision.settings import Bound, Bounds, Limits
from assay.decision.words import amount, metric_name
from assay.tables.metrics import asked

Side = Literal["max", "min"]


class Outcome(Protocol):
    """What the rule says: as much of it as is needed here."""

    @property
    def answer(self) -> str: ...
    @property
    def model(self) -> str | None: ...
    @property
    def candidates(self) -> Sequence[str]: ...


Ends = tuple[float | None, float | None]
"""Of a model's interval; None where there is none."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit of the settings. `bucket` is None for one on the dataset of interest."""

    metric: str
    bucket: str | None
    side: Side
    value: float

    def at(self, limits: Limits, value: float) -> Limits:
        """All limits, with this one at another value."""
        bound = Bound(max=value) if self.side == "max" else Bound(min=value)
        if self.bucket is None:
            return limits.model_copy(update={self.metric: bound})
        there = limits.buckets[self.bucket].model_copy(update={self.metric: bound})
        return limits.model_copy(update={"buckets": {**limits.buckets, self.bucket: there}})

    @property
    def tightens_upwards(self) -> bool:
        """Whether a higher value asks for more."""
        return self.side == "min"


@dataclass(frozen=True, slots=True)
class Stretch:
    """A range of a limit with one answer. For `max` it begins at `low` and ends before `high`; for `min` it begins after `low`
    and ends at `high`. None is no end."""

    low: float | None
    high: float | None
    outcome: Outcome

    def holds(self, limit: Limit) -> bool:
        """Whether the limit as it is lies in it."""
        low = -math.inf if self.low is None else self.low
        high = math.inf if self.high is None else self.high
        if limit.side == "max":
            return low <= limit.value < high
        return low < limit.value <= high


def limits_of(limits: Limits) -> list[Limit]:
    """Every limit that is set, those on buckets last."""
    each: list[tuple[str | None, Bounds]] = [(None, limits), *limits.buckets.items()]
    return [
        Limit(
            name,
            bucket,
            "max" if bound.max is not None else "min",
            bound.max if bound.max is not None else bound.min or 0.0,
        )
        for bucket, bounds in each
        for name, bound in bounds.named.items()
    ]


def what_would_change(
    limits: Limits,
    ends: Mapping[tuple[str, str | None], Sequence[Ends]],
    now: Outcome,
    decided: Callable[[Limits], Outcome],
) -> list[dict[str, Any]]:
    """For each limit its stretches, as plain values for JSON.

    `ends` are those of all models' intervals, by metric and bucket; `now` is what the rule says with the limits as they are, and
    `decided` applies it with others to the same figures.
    """
    found = []
    for limit in limits_of(limits):
        stretches = list(
            _joined(_stretches(limit, limits, ends.get((limit.metric, limit.bucket), ()), now, decided))
        )
        found.append(
            {
                "metric": limit.metric,
                "bucket": limit.bucket,
                "bound": limit.side,
                "limit": limit.value,
                "ranges": [
                    {
                        "from": stretch.low,
                        "to": stretch.high,
                        "answer": stretch.outcome.answer,
                        "model": stretch.outcome.model,
                        "candidates": list(stretch.outcome.candidates),
                        "current": stretch.holds(limit),
                    }
                    for stretch in stretches
                ],
                "sentence": sentence(limit, stretches),
            }
        )
    return found


def _stretches(
    limit: Limit,
    limits: Limits,
    ends: Sequence[Ends],
    now: Outcome,
    decided: Callable[[Limits], Outcome],
) -> Iterator[Stretch]:
    """From the lowest values to the highest, one for each place where a model's state may change."""
    steps = sorted({end for both in ends for end in both if end is not None and math.isfinite(end)})
    most = 1.0 if limit.metric in ("accuracy", "error_rate") else math.inf
    # A limit is never negative, and no share is above 1: there is nothing to ask beyond.
    steps = (
        [step for step in steps if 0.0 < step < most]
        if limit.side == "min"
        else [s for s in steps if 0.0 < s <= most]
    )
    for low, high in zip([None, *steps], [*steps, None], strict=True):
        if Stretch(low, high, now).holds(limit):
            yield Stretch(low, high, now)
        else:
            yield Stretch(low, high, decided(limit.at(limits, _inside(limit.side, low, high, most))))


def _inside(side: Side, low: float | None, high: float | None, most: float) -> float:
    """A value of a stretch: its own end, or one beyond the last of them."""
    if side == "max":
        return low if low is not None else (0.0 if high is None else high / 2.0)
    if high is not None:
        return high
    return 0.0 if low is None else (low + most) / 2.0 if math.isfinite(most) else 2.0 * low + 1.0


def _joined(stretches: Iterator[Stretch]) -> Iterator[Stretch]:
    """Neighbours with one answer are one."""
    held: Stretch | None = None
    for stretch in stretches:
        if held is not None and _said(held.outcome) == _said(stretch.outcome):
            held = Stretch(held.low, stretch.high, held.outcome)
            continue
        if held is not None:
            yield held
        held = stretch
    if held is not None:
        yield held


def _said(outcome: Outcome) -> tuple[str, str | None, frozenset[str]]:
    return outcome.answer, outcome.model, frozenset(outcome.candidates)


def sentence(limit: Limit, stretches: Sequence[Stretch]) -> str:
    """One line: what the answer becomes as the limit is tightened, then as it is loosened, nearest first.

    Of stretches that leave it undecided only the nearest are told.
    """
    name = metric_name(limit.metric) + ("" if limit.bucket is None else f" in {limit.bucket}")
    now = next((place for place, stretch in enumerate(stretches) if stretch.holds(limit)), None)
    wanted = f"at {'most' if limit.side == 'max' else 'least'} {asked(limit.metric, limit.value)}"
    if now is None or len(stretches) == 1:
        stays = "" if now is None else f": {said(stretches[now].outcome)}"
        return f"{_capital(name)}, {wanted} is asked: whatever were asked of it, the answer would be the same{stays}."
    tighter = stretches[now + 1 :] if limit.tightens_upwards else stretches[:now][::-1]
    looser = stretches[:now][::-1] if limit.tightens_upwards else stretches[now + 1 :]
    parts = [f"{_where(limit, each)} {said(each.outcome)}" for each in (*_told(tighter), *_told(looser))]
    same = "" if tighter and looser else f"; a {'looser' if tighter else 'tighter'} limit changes nothing"
    return f"{_capital(name)}, {wanted} is asked ({said(stretches[now].outcome)}): {'; '.join(parts)}{same}."


def _told(stretches: Sequence[Stretch]) -> list[Stretch]:
    return [each for place, each in enumerate(stretches) if place == 0 or each.outcome.answer != "undecided"]


def _where(limit: Limit, stretch: Stretch) -> str:
    low, high = (None if end is None else amount(limit.metric, end) for end in (stretch.low, stretch.high))
    if low is None:
        return f"below {high}" if limit.side == "max" else f"up to {high}"
    if high is None:
        return f"from {low} on" if limit.side == "max" else f"above {low}"
    return f"{low} to {high}"


def said(outcome: Outcome) -> str:
    """An answer in a few words."""
    names = list(outcome.candidates)
    together = (
        names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else "nobody"
    )
    if outcome.answer == "winner":
        return outcome.model or together
    if outcome.answer == "equivalent":
        return f"{together}, equally good"
    if outcome.answer == "undecided":
        return f"undecided on {together}" if len(names) == 1 else f"undecided between {together}"
    return "no model qualifies" if outcome.answer == "none_qualifies" else "no model can be evaluated"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
