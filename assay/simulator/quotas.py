"""Quotas as Bedrock keeps them: requests and tokens per minute, the most output tokens reserved at the start.

A quota is a bucket that refills evenly. Leaves to others what happens to a request that is refused. Time comes from
the caller, in seconds of any clock that only goes forward.
"""

from dataclasses import dataclass

from assay.simulator.behaviour import Quotas


class Allowance:
    """`per_minute` units a minute, of which `burst_s` seconds' worth can be taken at once."""

    def __init__(self, per_minute: float, burst_s: float, now: float) -> None:
        self.per_second = per_minute / 60
        self.capacity = self.per_second * burst_s
        self._left = self.capacity
        self._at = now

    def left(self, now: float) -> float:
        """Units that can be taken now. Negative while what was used exceeds what was reserved."""
        self._left = min(self.capacity, self._left + (now - self._at) * self.per_second)
        self._at = now
        return self._left

    def take(self, units: float, now: float) -> None:
        self._left = self.left(now) - units

    def give_back(self, units: float, now: float) -> None:
        self._left = min(self.capacity, self.left(now) + units)


@dataclass(slots=True)
class Reservation:
    """Tokens set aside for one request until it is settled."""

    tokens: float


class Account:
    """The quotas of one model."""

    def __init__(self, quotas: Quotas, now: float) -> None:
        self._burndown = quotas.output_burndown
        self._requests, self._tokens = (
            Allowance(limit, quotas.burst_s, now) if limit is not None else None
            for limit in (quotas.requests_per_minute, quotas.tokens_per_minute)
        )

    def reserve(self, input_tokens: int, max_tokens: int, now: float) -> Reservation | str:
        """Set aside what the request may use, or say in the service's words why not. A refusal uses nothing."""
        tokens = input_tokens + max_tokens * self._burndown
        if self._requests is not None and self._requests.left(now) < 1:
            return "Too many requests, please wait before trying again."
        if self._tokens is not None and self._tokens.left(now) < tokens:
            return "Too many tokens, please wait before trying again."
        if self._requests is not None:
            self._requests.take(1, now)
        if self._tokens is not None:
            self._tokens.take(tokens, now)
        return Reservation(tokens)

    def settle(self, reservation: Reservation, input_tokens: int, output_tokens: int, now: float) -> None:
        """Give back what was set aside and not used. Done once; a second time changes nothing."""
        if self._tokens is not None:
            used = input_tokens + output_tokens * self._burndown
            self._tokens.give_back(reservation.tokens - used, now)
        reservation.tokens = input_tokens + output_tokens * self._burndown
