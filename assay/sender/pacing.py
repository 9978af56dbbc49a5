"""Paces requests that aren't measured, so that a panel of judges runs at its quota's edge and not in storms.

A `Pacer` is a token bucket for one quota (see `assay.bedrock.quota`): requests and tokens per minute, the most output
tokens reserved at the start and settled by the service's own usage, as Bedrock counts. Limits that nobody told are found
by additive increase and multiplicative decrease. The state is one process's, which suffices: the rules never run two jobs
of one quota at once. What is measured is never paced.

Nothing waits here: time is handed in, in seconds of any clock that only goes forward. `assay.sender.paced` waits.
"""

from collections import deque
from dataclasses import dataclass

from assay.bedrock.errors import THROTTLED
from assay.bedrock.outcome import Outcome
from assay.bedrock.settings import Quota

BURST_S = 0.1
"""How many seconds' worth of quota may be used at once. Nobody documents how quotas refill, so the pace is nearly even."""

RECOVERY_S = 60.0
"""How long it takes to grow back to the pace at which the last throttle came."""

SEEN_S = 10.0
"""The pace before the first throttle is that of so many seconds before it."""

_LEAST_PER_S = 1 / 60


class _Bucket:
    """Units that refill evenly. It begins nearly empty, since the job before may have used up the quota."""

    def __init__(self, per_s: float, now: float) -> None:
        self.per_s = per_s
        self.left = 0.0
        self._at = now
        self.left = self._most(1.0)

    def _most(self, units: float) -> float:
        return max(units, self.per_s * BURST_S)

    def refill(self, units: float, per_s: float, now: float) -> None:
        self.left = min(self._most(units), self.left + max(0.0, now - self._at) * self.per_s)
        self._at = now
        self.per_s = per_s

    def wait_s(self, units: float) -> float:
        """Until `units` may be taken, if nothing changes."""
        missing = units - self.left
        return missing / self.per_s if missing > 1e-9 * units else 0.0  # less than that is rounding


@dataclass(slots=True)
class Reservation:
    """What was set aside for a request, and when."""

    tokens: float
    at: float


class Pacer:
    """The pace of one quota.

    Limits that are known are kept. Beside them, or in their place, each throttle halves the pace, and from there it
    grows evenly, back to where it was in RECOVERY_S (Chiu and Jain, "Analysis of the increase and decrease algorithms",
    1989). Throttles of requests that were sent before the pace was halved say nothing new, and change nothing.
    """

    def __init__(self, quota: Quota, now: float) -> None:
        self._quota = quota
        self._tokens = None if quota.tokens_per_minute is None else _Bucket(quota.tokens_per_minute / 60, now)
        limit = quota.requests_per_minute
        self._requests = None if limit is None else _Bucket(limit / 60, now)
        self._cut_at: float | None = None
        self._cut_per_s = 0.0
        self._taken: deque[float] = deque()

    def wait_s(self, tokens: float, now: float) -> float:
        """How long a request that reserves `tokens` has to wait; 0 if it may be sent now."""
        wait = 0.0
        if self._requests is not None:
            self._requests.refill(1.0, self._requests_per_s(now), now)
            wait = self._requests.wait_s(1.0)
        if self._tokens is not None:
            self._tokens.refill(tokens, self._tokens.per_s, now)
            wait = max(wait, self._tokens.wait_s(tokens))
        return wait

    def take(self, tokens: float, now: float) -> Reservation:
        """Set aside what a request may use. To be called once its wait is over."""
        self._taken.append(now)
        while self._taken[0] < now - SEEN_S:
            self._taken.popleft()
        if self._requests is not None:
            self._requests.left -= 1.0
        if self._tokens is not None:
            self._tokens.left -= tokens
        return Reservation(tokens, now)

    def settle(self, reservation: Reservation, outcome: Outcome, now: float) -> None:
        """Give back what a request didn't use, by the service's own count; slow down if it was throttled.

        A request that was throttled used no tokens. Of one that broke off without telling its usage, all that was
        reserved counts as used.
        """
        used = reservation.tokens
        if outcome.error in THROTTLED:
            used = 0.0
            self._throttled(reservation.at, now)
        elif outcome.input_tokens is not None and outcome.output_tokens is not None:
            # Tokens read from the prompt cache use up no quota; those written to it do.
            written = outcome.cache_write_tokens or 0
            used = outcome.input_tokens + written + outcome.output_tokens * self._quota.output_burndown
        if self._tokens is not None:
            self._tokens.left += reservation.tokens - used

    def _throttled(self, sent_at: float, now: float) -> None:
        if self._cut_at is not None and sent_at < self._cut_at:
            return
        at = self._requests_per_s(now) if self._requests is not None else self._seen_per_s(now)
        self._cut_at, self._cut_per_s = now, max(at, 2 * _LEAST_PER_S)
        if self._requests is None:
            self._requests = _Bucket(self._cut_per_s / 2, now)
        self._requests.refill(1.0, self._requests_per_s(now), now)
        self._requests.left = min(self._requests.left, 0.0)

    def _requests_per_s(self, now: float) -> float:
        """The pace of requests: the limit if it is known, or less for a while after a throttle."""
        limit = self._quota.requests_per_minute
        known = float("inf") if limit is None else limit / 60
        if self._cut_at is None:
            return known
        return min(known, self._cut_per_s * (0.5 + 0.5 * (now - self._cut_at) / RECOVERY_S))

    def _seen_per_s(self, now: float) -> float:
        """Requests per second of late, while nothing limited them."""
        recent = [at for at in self._taken if at >= now - SEEN_S]
        span = now - recent[0] if recent else 0.0
        return len(recent) / max(span, 0.01)
