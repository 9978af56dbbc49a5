"""A pacer keeps to limits that are known, finds those that aren't, and is never a storm. No server, no real clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.bedrock.outcome import Outcome
from assay.bedrock.settings import Quota
from assay.sender.pacing import BURST_S, RECOVERY_S, Pacer

THROTTLED = Outcome(error="throttling")


def answered(input_tokens: int, output_tokens: int, **more: int) -> Outcome:
    return Outcome(input_tokens=input_tokens, output_tokens=output_tokens, **more)


class Service:
    """A service with a quota of requests per second that refills evenly, and no more than `burst` at once."""

    def __init__(self, per_s: float, burst: float) -> None:
        self.per_s, self.burst, self.left, self.at = per_s, burst, burst, 0.0

    def ask(self, now: float) -> Outcome:
        self.left = min(self.burst, self.left + (now - self.at) * self.per_s)
        self.at = now
        if self.left < 1:
            return THROTTLED
        self.left -= 1
        return answered(10, 10)


def run(
    pacer: Pacer, service: Service, until_s: float, latency_s: float = 0.05, slots: int = 8
) -> list[tuple[float, bool]]:
    """When each request was sent, and whether it was throttled: `slots` in flight, each asking again at once."""
    free = [0.0] * slots
    ending: list[tuple[float, object, Outcome]] = []
    sent: list[tuple[float, bool]] = []
    now = 0.0
    while now < until_s:
        slot = min(range(slots), key=lambda number: free[number])
        now = max(now, free[slot])
        while True:
            for entry in sorted((one for one in ending if one[0] <= now), key=lambda one: one[0]):
                ending.remove(entry)
                pacer.settle(entry[1], entry[2], entry[0])  # type: ignore[arg-type]
            wait_s = pacer.wait_s(20, now)
            if wait_s <= 0:
                break
            now = min([now + wait_s, *(one[0] for one in ending)])
        reservation = pacer.take(20, now)
        outcome = service.ask(now)
        sent.append((now, outcome.error is not None))
        free[slot] = now + latency_s
        ending.append((now + latency_s, reservation, outcome))
    return sent


def test_without_limits_and_without_throttles_nothing_ever_waits() -> None:
    pacer = Pacer(Quota(), 0.0)
    for number in range(1000):
        assert pacer.wait_s(1e6, number / 1000) == 0
        pacer.take(1e6, number / 1000)


@given(
    per_minute=st.floats(6, 60_000),
    gaps=st.lists(st.floats(0, 5), min_size=1, max_size=60),
)
def test_requests_never_exceed_a_known_limit(per_minute: float, gaps: list[float]) -> None:
    pacer = Pacer(Quota(requests_per_minute=per_minute), 0.0)
    now, times = 0.0, []
    for gap in gaps:
        now += gap
        while (wait_s := pacer.wait_s(1, now)) > 0:
            now += wait_s + 1e-9
        pacer.take(1, now)
        times.append(now)
    per_s = per_minute / 60
    for first, start in enumerate(times):
        for last in range(first, len(times)):
            most = max(1.0, per_s * BURST_S) + per_s * (times[last] - start)
            assert last - first + 1 <= most + 1e-3


def test_the_most_output_tokens_are_reserved_and_settled_by_what_was_used() -> None:
    pacer = Pacer(Quota(tokens_per_minute=6000), 0.0)  # 100 a second
    first = pacer.take(300, 0.0)
    assert pacer.wait_s(300, 0.0) == pytest.approx(5.0, abs=2.1)
    waiting = pacer.wait_s(300, 1.0)
    pacer.settle(first, answered(90, 10), 1.0)
    assert pacer.wait_s(300, 1.0) == pytest.approx(max(0.0, waiting - 2.0))


@pytest.mark.parametrize(
    ("outcome", "used"),
    [
        (THROTTLED, 0),
        (answered(90, 10), 140),
        (answered(40, 10, cache_read_tokens=1000, cache_write_tokens=50), 140),
        (Outcome(error="stream_cut"), 300),
    ],
)
def test_what_counts_as_used(outcome: Outcome, used: int) -> None:
    def left_after(outcome: Outcome | None) -> float:
        pacer = Pacer(Quota(tokens_per_minute=6000, output_burndown=5), 0.0)
        pacer.wait_s(300, 0.0)
        reservation = pacer.take(300, 0.0)
        if outcome is not None:
            pacer.settle(reservation, outcome, 0.0)
        return -pacer.wait_s(300, 0.0) * 100

    unsettled = left_after(None)
    assert left_after(outcome) - unsettled == pytest.approx(300 - used, abs=1)


def test_a_request_larger_than_the_limit_of_a_minute_is_sent_all_the_same() -> None:
    pacer = Pacer(Quota(tokens_per_minute=60), 0.0)
    assert pacer.wait_s(10_000, 0.0) < float("inf")
    pacer.take(10_000, 0.0)
    assert pacer.wait_s(1, 0.0) > 60


def test_a_throttle_halves_the_pace_and_throttles_of_before_change_nothing_more() -> None:
    pacer = Pacer(Quota(requests_per_minute=600), 0.0)  # 10 a second
    reservations = [pacer.take(1, 0.1 * number) for number in range(8)]
    pacer.settle(reservations[0], THROTTLED, 1.0)
    spacing = pacer.wait_s(1, 1.0)
    assert spacing == pytest.approx(1 / 5)
    for reservation in reservations[1:]:
        pacer.settle(reservation, THROTTLED, 1.0)
    assert pacer.wait_s(1, 1.0) == pytest.approx(spacing)
    later = pacer.take(1, 1.2)
    pacer.settle(later, THROTTLED, 1.3)
    assert pacer.wait_s(1, 1.3) == pytest.approx(1 / 2.5, rel=0.01)


def test_the_pace_grows_back_to_the_limit_and_not_above_it() -> None:
    pacer = Pacer(Quota(requests_per_minute=600), 0.0)
    pacer.settle(pacer.take(1, 0.0), THROTTLED, 1.0)
    for later in (RECOVERY_S + 1, 20 * RECOVERY_S):
        pacer.wait_s(1, later)
        pacer.take(1, later)
        assert pacer.wait_s(1, later) == pytest.approx(1 / 10, rel=0.01)


@pytest.mark.parametrize("per_s", [0.5, 3.0, 20.0])
def test_a_quota_that_nobody_told_is_found_with_few_throttles_and_used(per_s: float) -> None:
    until_s = 600.0
    paced = run(Pacer(Quota(), 0.0), Service(per_s, burst=per_s * 10), until_s)
    throttled = sum(refused for _, refused in paced)
    answered_per_s = (len(paced) - throttled) / until_s
    assert throttled / len(paced) < 0.05 or throttled < 40
    assert answered_per_s > 0.6 * per_s


def test_paced_by_its_limit_a_panel_is_hardly_ever_throttled_and_loses_no_time() -> None:
    paced = run(Pacer(Quota(requests_per_minute=300), 0.0), Service(5.0, burst=2), 300.0)
    assert sum(refused for _, refused in paced) <= 1
    assert len(paced) >= 0.98 * 5 * 300


def test_unpaced_the_same_panel_is_a_storm() -> None:
    """What the tests above would show if pacing did nothing."""

    class Never(Pacer):
        def wait_s(self, tokens: float, now: float) -> float:
            return 0.0

    sent = run(Never(Quota(), 0.0), Service(5.0, burst=2), 20.0)
    assert sum(refused for _, refused in sent) / len(sent) > 0.9
