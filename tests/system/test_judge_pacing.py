"""A panel at a tight quota: paced, it is hardly throttled; without pacing it would be. Real servers, real sender."""

import asyncio
import json
from collections import Counter
from contextlib import nullcontext
from pathlib import Path

import pytest

from assay.bedrock.address import parsed
from assay.bedrock.request import Line
from assay.bedrock.settings import Inference, Model, Quota, Retry, Timeouts
from assay.bedrock.signing import Bearer
from assay.judging.asking import Asking
from assay.ledger.ledger import opened
from assay.sender.paced import PacedSender
from assay.sender.sender import Attempt, Planned, Sender
from assay.simulator.credentials import BEARER_TOKEN, REGION
from assay.simulator.process import SimulatorProcess

REQUESTS = 80
JUDGE = {
    "kind": "judge",
    "latency": {"base_ms": 5, "tokens_per_s": 5000},
    "quotas": {"requests_per_minute": 4800, "burst_s": 0.1},  # 80 a second, 8 at once
}
LINE = Line(Model(label="j", id="sim.judge"), Inference(max_tokens=64, temperature=0.0))
RETRY = Retry(attempts=20, base_s=0.02, cap_s=0.05)


@pytest.fixture
def behaviour(tmp_path: Path) -> Path:
    path = tmp_path / "behaviour.yaml"
    path.write_text(json.dumps({"seed": 1, "models": {"sim.judge": JUDGE}}))
    return path


def endings(folder: Path, behaviour: Path, quota: Quota | None) -> Counter[str | None]:
    """How all attempts ended, by error kind; paced by `quota`, or not at all."""
    found: Counter[str | None] = Counter()

    async def go(url: str) -> None:
        waiting = iter([Planned(f"k{n}", f"Is {n} right?", None, {}) for n in range(REQUESTS)])
        with opened(folder / "ledger" / f"{quota}.jsonl") as ledger:
            common = (parsed(url, REGION, "s"), Bearer(BEARER_TOKEN), LINE, ledger, Timeouts(), RETRY, 1)

            def done(_planned: Planned, attempt: Attempt, _last: bool) -> None:
                found[attempt.answer.outcome.error] += 1

            async with Sender(*common) if quota is None else PacedSender(*common, quota) as sender:
                await sender.run(16, lambda: next(waiting, None), done)

    with SimulatorProcess.started(behaviour=behaviour) as simulator:
        asyncio.run(go(simulator.url))
    return found


def test_pacing_keeps_a_panel_at_the_edge_of_its_quota(tmp_path: Path, behaviour: Path) -> None:
    unpaced = endings(tmp_path, behaviour, None)
    by_limit = endings(tmp_path, behaviour, Quota(requests_per_minute=4000))
    found = endings(tmp_path, behaviour, Quota())
    assert by_limit[None] == found[None] == REQUESTS, "everything is answered"
    assert unpaced["throttling"] > 40
    assert by_limit["throttling"] < unpaced["throttling"] / 5
    assert found["throttling"] < unpaced["throttling"] / 5


def test_a_judge_is_asked_at_its_quotas_pace_and_tells_how_often_it_was_throttled(
    tmp_path: Path, behaviour: Path
) -> None:
    with SimulatorProcess.started(behaviour=behaviour) as simulator:
        address = parsed(simulator.url, REGION, "s")
        asking = Asking(
            name="judge j on a", label="j", endpoint="s", region=REGION, line=LINE, edition=1, concurrency=16,
            timeouts=Timeouts(), retry=RETRY, seed=1, quota=Quota(requests_per_minute=4000),
        )  # fmt: skip
        with opened(tmp_path / "ledger" / "judge.jsonl") as ledger:
            replies = asking.replies(
                [f"Is {n} right?" for n in range(30)],
                ledger,
                lambda: nullcontext((address, Bearer(BEARER_TOKEN))),
            )
    assert all(reply.text is not None for reply in replies)
    assert asking.requests_sent == 30 + asking.throttled
