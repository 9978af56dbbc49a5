"""A sender whose requests wait for their turn at a pacer: for judges, never for what is measured."""

import asyncio
import json
from time import monotonic
from typing import Any

from assay.bedrock.address import Address
from assay.bedrock.request import Line
from assay.bedrock.settings import Quota, Retry, Timeouts
from assay.bedrock.signing import Signer
from assay.ledger.ledger import Ledger
from assay.sender.allowance import Allowance
from assay.sender.pacing import Pacer
from assay.sender.sender import Attempt, Planned, Sender


class PacedSender(Sender):
    """Keeps to a quota: no attempt, retries included, leaves before its turn. First come, first served."""

    _waits_for_money = True

    def __init__(
        self,
        address: Address,
        signer: Signer,
        line: Line,
        ledger: Ledger,
        timeouts: Timeouts,
        retry: Retry,
        seed: int,
        quota: Quota,
        allowance: Allowance | None = None,
    ) -> None:
        super().__init__(address, signer, line, ledger, timeouts, retry, seed, allowance)
        self._pacer = Pacer(quota, monotonic())
        self._output_burndown = quota.output_burndown
        self._queue = asyncio.Lock()
        self._changed = asyncio.Event()

    async def _attempt(self, slot: int, planned: Planned, try_number: int, *rest: Any) -> Attempt | None:
        reserved_output = self._most_output_tokens(planned) * self._output_burndown
        shape = "" if planned.shape is None else json.dumps(planned.shape)
        tokens = tokens_about(planned.prompt + (planned.system or "") + shape) + reserved_output
        async with self._queue:  # which is fair: only the first in it watches the clock
            while (wait_s := self._pacer.wait_s(tokens, monotonic())) > 0:
                self._changed.clear()
                try:
                    async with asyncio.timeout(wait_s):
                        await self._changed.wait()
                except TimeoutError:
                    continue  # its time has come
            reservation = self._pacer.take(tokens, monotonic())
        attempt = await super()._attempt(slot, planned, try_number, *rest)
        if attempt is None:
            return None
        self._pacer.settle(reservation, attempt.answer.outcome, monotonic())
        self._changed.set()
        return attempt


def tokens_about(text: str) -> int:
    """A rough token count, four bytes a token: the service's own count replaces it when the request ends."""
    return len(text.encode()) // 4 + 1
