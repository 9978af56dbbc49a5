"""Assay's own sender, as a job runs it: ledger, nonce, signing, time limits, records of both endings.

Beside that it notes when each piece of text came, which a job doesn't: a little more work than a job has.
"""

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

from job import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY, Job, Meter, Seen, run

sys.path.insert(0, str(Path(__file__).parents[2]))

from assay.bedrock.address import parsed
from assay.bedrock.request import Line
from assay.bedrock.settings import Inference, Model, Retry, Timeouts
from assay.bedrock.signing import Credentials, SigV4
from assay.ledger.ledger import opened
from assay.sender import sender as under_test
from assay.sender.answer import Answer


class Noting(Answer):
    """An answer that keeps the stamp of each delta."""

    __slots__ = ("text_ns",)

    def __init__(self, stream: bool, timeline: Any, tools: bool = False) -> None:
        super().__init__(stream, timeline, tools)
        self.text_ns: list[int] = []

    def _delta(self, delta: dict[str, Any], stamp: int) -> None:
        self.text_ns.append(stamp)
        super()._delta(delta, stamp)


def client(job: Job, meter: Meter) -> list[Seen]:
    under_test.Answer = Noting  # type: ignore[misc]
    model = Model(label="bench", id=job.model)
    line = Line(model, Inference(max_tokens=job.max_tokens))
    keys = Credentials(ACCESS_KEY_ID, SECRET_ACCESS_KEY)
    signer = SigV4(lambda: keys, REGION)
    seen: list[Seen] = []
    delays_s = job.delays_s()
    taken = 0
    began_ns = 0

    def take() -> under_test.Planned | None:
        nonlocal taken, began_ns
        began_ns = began_ns or time.perf_counter_ns()
        # Slots of a closed loop are alike, so the first `streams` requests are each slot's first.
        if job.requests is not None and taken >= job.requests * job.streams:
            return None
        if job.requests is None and not job.more(0, began_ns):
            return None
        taken += 1
        at_s = delays_s[taken - 1] if taken <= job.streams else None
        tags = {"role": "measured", "number": (taken - 1) // job.streams}
        return under_test.Planned(f"{taken:032x}", job.prompt, None, tags, at_s)

    def done(planned: under_test.Planned, attempt: under_test.Attempt, last: bool) -> None:
        answer = attempt.answer
        assert isinstance(answer, Noting)
        if not answer.outcome.ok:
            raise RuntimeError(f"{answer.outcome.error}: {answer.outcome.error_message}")
        timeline = answer.timeline
        assert timeline.sent_ns is not None and timeline.first_text_ns is not None
        request_id = answer.outcome.request_id or ""
        ttft_ns = timeline.first_text_ns - timeline.sent_ns
        seen.append(Seen(planned.tags["number"], request_id, ttft_ns, answer.text_ns))

    async def send() -> None:
        with opened(Path(job.ledger) / "bench.jsonl") as ledger:
            address = parsed(job.url, REGION, "bench")
            made = under_test.Sender(address, signer, line, ledger, Timeouts(), Retry(), job.seed)
            async with made as sender:
                await sender.open(range(job.streams))
                meter.start()
                await sender.run(job.streams, take, done)
                meter.stop()

    asyncio.run(send())
    return seen


if __name__ == "__main__":
    run(client, dict)
