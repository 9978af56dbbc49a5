"""What would change the answer: each limit's stretches are those that asking the rule everywhere would find."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pytest

from assay.decision.sensitivity import Ends, what_would_change
from assay.decision.settings import Bound, Bounds, Limits

ORDER = ("frugal", "swift", "grand")
"""From the cheapest to the dearest."""


@dataclass(frozen=True)
class Said:
    answer: str
    model: str | None
    candidates: tuple[str, ...]


def state(bound: Bound | None, ends: Ends) -> str:
    low, high = ends
    if bound is None:
        return "met"
    if bound.max is not None:
        return (
            "met"
            if high is not None and high <= bound.max
            else "missed" if low is not None and low > bound.max else "open"
        )  # fmt: skip
    assert bound.min is not None
    return (
        "met"
        if low is not None and low >= bound.min
        else "missed" if high is not None and high < bound.min else "open"
    )  # fmt: skip


def cheapest(ends: Mapping[tuple[str, str | None], Mapping[str, Ends]]) -> Callable[[Limits], Said]:
    """The cheapest of those that keep all limits; open where a cheaper one may keep them."""

    def decided(limits: Limits) -> Said:
        states: dict[str, set[str]] = {model: set() for model in ORDER}
        for (metric, bucket), by_model in ends.items():
            bounds = limits if bucket is None else limits.buckets.get(bucket, Bounds())
            for model, both in by_model.items():
                states[model].add(state(bounds.named.get(metric), both))
        left = [model for model in ORDER if "missed" not in states[model]]
        sure = [model for model in left if states[model] == {"met"}]
        left = left[: left.index(sure[0]) + 1] if sure else left
        if not left:
            return Said("none_qualifies", None, ())
        if len(left) == 1 and sure:
            return Said("winner", left[0], (left[0],))
        return Said("undecided", None, tuple(left))

    return decided


LATENCY = ("e2e_ms_p95", None)
ENDS: dict[tuple[str, str | None], dict[str, Ends]] = {
    LATENCY: {"frugal": (500.0, 700.0), "swift": (200.0, 250.0), "grand": (100.0, 150.0)},
}


def found(
    limits: Limits, ends: Mapping[tuple[str, str | None], Mapping[str, Ends]]
) -> list[dict[str, object]]:
    return what_would_change(
        limits,
        {which: list(by_model.values()) for which, by_model in ends.items()},
        cheapest(ends)(limits),
        cheapest(ends),
    )


def test_each_stretch_says_who_would_be_chosen_and_where_the_limit_lies() -> None:
    (told,) = found(Limits(e2e_ms_p95=Bound(max=300)), ENDS)
    ranges = told.pop("ranges")
    assert isinstance(ranges, list)
    assert [
        (each["from"], each["to"], each["answer"], each["model"], each["current"]) for each in ranges
    ] == [
        (None, 100.0, "none_qualifies", None, False),
        (100.0, 150.0, "undecided", None, False),
        (150.0, 200.0, "winner", "grand", False),
        (200.0, 250.0, "undecided", None, False),
        (250.0, 500.0, "winner", "swift", True),
        (500.0, 700.0, "undecided", None, False),
        (700.0, None, "winner", "frugal", False),
    ]
    assert [each["candidates"] for each in ranges][3] == ["swift", "grand"]
    assert told == {
        "metric": "e2e_ms_p95",
        "bucket": None,
        "bound": "max",
        "limit": 300.0,
        "sentence": "End-to-end time (95th percentile), at most 300 ms is asked (swift): 200 ms to 250 ms undecided "
        "between swift and grand; 150 ms to 200 ms grand; below 100 ms no model qualifies; 500 ms to 700 ms undecided between frugal and swift; from 700 ms on frugal.",
    }


def test_a_limit_at_least_is_read_from_the_other_side() -> None:
    accuracy: dict[tuple[str, str | None], dict[str, Ends]] = {
        ("accuracy", None): {"frugal": (0.5, 0.6), "swift": (0.7, 0.8), "grand": (0.9, 0.95)}
    }
    (told,) = found(Limits(accuracy=Bound(min=0.65)), accuracy)
    ranges = told["ranges"]
    assert isinstance(ranges, list)
    assert [(each["from"], each["to"], each["model"]) for each in ranges if each["answer"] == "winner"] == [
        (None, 0.5, "frugal"),
        (0.6, 0.7, "swift"),
        (0.8, 0.9, "grand"),
    ]
    assert [each["model"] for each in ranges if each["current"]] == ["swift"]
    assert ranges[-1]["answer"] == "none_qualifies" and ranges[-1]["from"] == 0.95
    assert str(told["sentence"]).startswith(
        "Accuracy, at least 65 % is asked (swift): 70 % to 80 % undecided between swift and grand; 80 % to 90 % grand;"
    )


def test_the_other_limits_stay_as_they_are_and_those_on_a_bucket_count() -> None:
    ends: dict[tuple[str, str | None], dict[str, Ends]] = ENDS | {
        ("error_rate", "long"): {"frugal": (0.0, 0.01), "swift": (0.2, 0.3), "grand": (0.0, 0.01)}
    }
    limits = Limits(e2e_ms_p95=Bound(max=300), buckets={"long": Bounds(error_rate=Bound(max=0.1))})
    latency, errors = found(limits, ends)
    assert isinstance(latency["ranges"], list) and isinstance(errors["ranges"], list)
    assert {each["model"] for each in latency["ranges"]} == {
        None,
        "grand",
        "frugal",
    }  # never swift, that fails too often
    assert (errors["bucket"], errors["metric"]) == ("long", "error_rate")
    assert [(each["from"], each["model"]) for each in errors["ranges"] if each["answer"] == "winner"] == [
        (0.01, "grand"),
        (0.3, "swift"),
    ]
    assert str(errors["sentence"]).startswith("Error rate in long, at most 10 % is asked (grand):")


def test_a_limit_that_decides_nothing_is_said_to() -> None:
    ends: dict[tuple[str, str | None], dict[str, Ends]] = {LATENCY: dict.fromkeys(ORDER, (None, None))}
    (told,) = found(Limits(e2e_ms_p95=Bound(max=300)), ends)
    assert isinstance(told["ranges"], list) and len(told["ranges"]) == 1
    assert told["sentence"] == (
        "End-to-end time (95th percentile), at most 300 ms is asked: whatever were asked of it, the answer would be the "
        "same: undecided between frugal, swift and grand."
    )


def test_without_limits_there_is_nothing_to_change() -> None:
    assert found(Limits(), {}) == []


@pytest.mark.parametrize("side", ["max", "min"])
def test_the_stretches_are_those_that_a_fine_grid_of_limits_finds(side: str) -> None:
    draw = np.random.default_rng(3)
    for _ in range(25):
        ends: dict[tuple[str, str | None], dict[str, Ends]] = {LATENCY: {}}
        for model in ORDER:
            low, high = sorted(draw.integers(1, 20, 2) * 10)
            missing = draw.random()
            ends[LATENCY][model] = (
                None if missing < 0.1 else float(low),
                None if missing > 0.9 else np.inf if missing > 0.8 else float(high),
            )
        decided = cheapest(ends)

        def at(value: float) -> Limits:
            return Limits(e2e_ms_p95=Bound(max=value) if side == "max" else Bound(min=value))

        (told,) = found(at(95.0), ends)
        ranges = told["ranges"]
        assert isinstance(ranges, list)
        for value in np.arange(2.5, 250.0, 2.5):
            right = decided(at(float(value)))
            (stretch,) = [
                each
                for each in ranges
                if (-np.inf if each["from"] is None else each["from"])
                <= value - (side == "min") * 1e-9
                < (np.inf if each["to"] is None else each["to"])
            ]
            assert (stretch["answer"], stretch["model"], tuple(stretch["candidates"])) == (
                right.answer,
                right.model,
                right.candidates,
            )
