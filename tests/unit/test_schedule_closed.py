"""The closed loop's answer to its one question."""

from assay.schedule.closed import ClosedLoop


def drive(loop: ClosedLoop, in_flight: int, slow: int | None = None) -> list[str]:
    """Roles in the order sent, with requests ending in the order sent; request `slow` ends last of all."""
    sent: list[str] = []
    flying: list[int] = []
    while True:
        measured = sum(sent[number] == "measured" for number in flying)
        role = loop.next(len(sent), measured) if len(flying) < in_flight else None
        if role is not None:
            flying.append(len(sent))
            sent.append(role)
            continue
        quick = [number for number in flying if number != slow]
        if not flying:
            return sent
        flying.remove(quick[0] if quick else flying[0])


def test_warm_up_comes_first_then_what_is_measured_then_filler_until_its_last_request_ends() -> None:
    assert drive(ClosedLoop(2, 3), 1) == ["warmup"] * 2 + ["measured"] * 3
    assert drive(ClosedLoop(4, 6), 3) == ["warmup"] * 4 + ["measured"] * 6 + ["filler"] * 2


def test_one_straggler_can_not_cost_without_end() -> None:
    assert drive(ClosedLoop(0, 5), 2, slow=4).count("filler") == 5


def test_nothing_to_measure_sends_nothing() -> None:
    assert drive(ClosedLoop(4, 0), 2) == []
