"""The closed loop's answer to its one question."""

import pytest

from assay.schedule.closed import LONGEST_STAGGER_S, ClosedLoop
from assay.schedule.step import Step


def drive(loop: ClosedLoop, in_flight: int, slow: int | None = None, step_s: float = 0.0) -> list[Step]:
    """Steps in the order sent, with requests ending in the order sent; request `slow` ends last of all.

    Each request that ends takes `step_s` of time.
    """
    sent: list[Step] = []
    flying: list[int] = []
    elapsed_s = 0.0
    while True:
        measured = sum(sent[number].role == "measured" for number in flying)
        step = loop.next(elapsed_s, len(sent), measured) if len(flying) < in_flight else None
        if step is not None:
            flying.append(len(sent))
            sent.append(step)
            continue
        quick = [number for number in flying if number != slow]
        if not flying:
            return sent
        flying.remove(quick[0] if quick else flying[0])
        elapsed_s += step_s


def roles(steps: list[Step]) -> list[str]:
    return [step.role for step in steps]


def test_warm_up_comes_first_then_what_is_measured_then_filler_until_its_last_request_ends() -> None:
    assert roles(drive(ClosedLoop(1, 2, 3), 1)) == ["warmup"] * 2 + ["measured"] * 3
    assert roles(drive(ClosedLoop(3, 4, 6), 3)) == ["warmup"] * 4 + ["measured"] * 6 + ["filler"] * 2


def test_one_straggler_can_not_cost_without_end() -> None:
    assert roles(drive(ClosedLoop(2, 0, 5), 2, slow=4)).count("filler") == 5
    assert roles(drive(ClosedLoop(2, 0, None, duration_s=5), 2, slow=4, step_s=1)).count("filler") <= 6


def test_few_requests_at_a_high_level_have_others_beside_them() -> None:
    steps = roles(drive(ClosedLoop(300, 0, 8), 300, slow=4))
    assert (steps.count("measured"), steps.count("filler")) == (8, 600)


def test_nothing_to_measure_sends_nothing() -> None:
    assert drive(ClosedLoop(2, 4, 0), 2) == []


def test_by_duration_it_measures_from_the_first_measured_request_for_that_long() -> None:
    steps = roles(drive(ClosedLoop(1, 3, None, duration_s=10), 1, step_s=1.0))
    assert steps == ["warmup"] * 3 + ["measured"] * 10


@pytest.mark.parametrize("concurrency", [1, 3, 16, 500])
def test_slots_start_one_after_the_other_within_a_second_and_then_without_waiting(concurrency: int) -> None:
    steps = drive(ClosedLoop(concurrency, 0, concurrency + 5), concurrency)
    starts = [step.at_s for step in steps[:concurrency]]
    assert all(start is not None for start in starts)
    times = [start for start in starts if start is not None]
    assert times[0] == 0.0 and times == sorted(set(times)) and times[-1] < LONGEST_STAGGER_S
    assert all(step.at_s is None for step in steps[concurrency:])
