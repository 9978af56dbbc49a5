"""Quotas reserve the most and settle the rest; slots are first come, first served."""

import pytest

from assay.simulator.behaviour import Capacity, Quotas
from assay.simulator.quotas import Account, Reservation
from assay.simulator.slots import Slots


def account(**quotas: float) -> Account:
    return Account(Quotas.model_validate(quotas), now=0.0)


def accepted(account: Account, input_tokens: int, max_tokens: int, now: float) -> Reservation:
    reservation = account.reserve(input_tokens, max_tokens, now)
    assert isinstance(reservation, Reservation), reservation
    return reservation


def test_without_quotas_everything_is_accepted() -> None:
    free = account()
    for _ in range(1000):
        accepted(free, 10**6, 10**6, 0.0)


def test_requests_per_minute_refill_evenly() -> None:
    limited = account(requests_per_minute=60)
    for _ in range(60):
        accepted(limited, 1, 1, 0.0)
    assert limited.reserve(1, 1, 0.0) == "Too many requests, please wait before trying again."
    assert isinstance(limited.reserve(1, 1, 0.99), str)
    accepted(limited, 1, 1, 1.01)
    assert isinstance(limited.reserve(1, 1, 1.5), str)


def test_a_short_burst_limits_what_can_be_used_at_once() -> None:
    limited = account(requests_per_minute=60, burst_s=2)
    accepted(limited, 1, 1, 100.0)
    accepted(limited, 1, 1, 100.0)
    assert isinstance(limited.reserve(1, 1, 100.0), str)


def test_max_tokens_are_reserved_and_settled() -> None:
    limited = account(tokens_per_minute=1000)
    reservation = accepted(limited, 100, 800, 0.0)
    assert limited.reserve(100, 100, 0.0) == "Too many tokens, please wait before trying again."
    limited.settle(reservation, 100, 50, 0.0)
    accepted(limited, 100, 750, 0.0)
    assert isinstance(limited.reserve(1, 1, 0.0), str)


def test_settling_twice_gives_nothing_twice() -> None:
    limited = account(tokens_per_minute=1000)
    reservation = accepted(limited, 100, 800, 0.0)
    for _ in range(3):
        limited.settle(reservation, 100, 50, 0.0)
    assert isinstance(limited.reserve(100, 751, 0.0), str)


def test_output_tokens_burn_down_more() -> None:
    limited = account(tokens_per_minute=1000, output_burndown=5)
    assert isinstance(limited.reserve(100, 181, 0.0), str)
    reservation = accepted(limited, 100, 180, 0.0)
    limited.settle(reservation, 100, 20, 0.0)
    accepted(limited, 800, 0, 0.0)
    assert isinstance(limited.reserve(1, 0, 0.0), str)


def test_a_refusal_uses_nothing() -> None:
    limited = account(requests_per_minute=1, tokens_per_minute=100)
    assert "tokens" in str(limited.reserve(100, 1, 0.0))
    accepted(limited, 50, 50, 0.0)


def test_slots_begin_in_order_as_they_get_free() -> None:
    slots = Slots(Capacity(slots=2))
    begun: list[int] = []
    for number in range(5):
        slots.enter(lambda number=number: begun.append(number))  # type: ignore[misc]
    assert begun == [0, 1]
    slots.leave()
    slots.leave()
    assert begun == [0, 1, 2, 3]


def test_a_full_queue_has_no_room() -> None:
    slots = Slots(Capacity(slots=1, queue=1))
    for room in (True, True, False):
        assert slots.has_room() is room
        if room:
            slots.enter(lambda: None)
    slots.leave()
    assert slots.has_room()


def test_who_withdraws_never_begins() -> None:
    slots = Slots(Capacity(slots=1))
    begun: list[str] = []

    def first() -> None:
        begun.append("first")

    def second() -> None:
        begun.append("second")

    slots.enter(first)
    slots.enter(second)
    assert slots.withdraw(second)
    assert not slots.withdraw(first)
    slots.leave()
    slots.enter(first)
    assert begun == ["first", "first"]


@pytest.mark.parametrize("capacity", [{}, {"slots": 3}])
def test_an_open_queue_always_has_room(capacity: dict[str, int]) -> None:
    slots = Slots(Capacity.model_validate(capacity))
    for _ in range(100):
        assert slots.has_room()
        slots.enter(lambda: None)
