"""Judging in batches, until each bucket's share of correct answers is known well enough.

Prompts come in an order that is drawn from the seed and is the same for every judge and model: by source document, then
by prompt. More prompts leave it as it was, so that who has been asked before is asked the same again. A batch is whole:
after it the judge's own share is looked at, prompts averaged, clustered by source document, and only its width decides.

Leaves to others: how a judge is asked (`asking`), and what the panel makes of answers that one judge wasn't asked about.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from assay.judging.prompt import JudgeTemplate
from assay.judging.reading import Reading, right
from assay.judging.reply import NOT_ASKED, Ask, Reply
from assay.judging.verdicts import judge_prompts
from assay.stats.shares import clustered
from assay.stopping.settings import JudgingWidth, fraction

GROWTH = 0.25
"""Each batch after the first is so large a part of what was asked before it."""

_LEFT_OUT = Reply(None, NOT_ASKED, None, None, None, 0)


@dataclass(slots=True)
class Batches:
    """Asks about answers batch by batch. Call it as `verdict_rows` calls `ask`; `ended` then says what was enough."""

    answers: Sequence[Mapping[str, Any]]
    """Rows of an answers file, with `bucket`, `source` and `times`."""
    template: JudgeTemplate
    ask: Ask
    stop: JudgingWidth
    seed: int
    reading: Reading = field(default_factory=Reading)
    ended: dict[str, str] = field(default_factory=dict)
    """By bucket: why not all of its prompts were judged."""

    def __call__(self, prompts: Sequence[str]) -> list[Reply]:
        """A reply to each prompt; NOT_ASKED where enough was known before it."""
        asked_about = self._by_prompt()
        replies: dict[str, Reply] = {}
        waiting = {bucket: self._order(found) for bucket, found in asked_about.items()}
        judged: dict[str, list[str]] = {bucket: [] for bucket in waiting}
        while waiting:
            batch: list[str] = []
            for bucket, order in waiting.items():
                size = self._size(len(judged[bucket]))
                judged[bucket] += order[:size]
                del order[:size]
                for prompt_id in judged[bucket][-size:]:
                    batch += [text for text, _ in asked_about[bucket][prompt_id]]
            fresh = [text for text in dict.fromkeys(batch) if text not in replies]
            replies |= dict(zip(fresh, self.ask(fresh), strict=True))
            if any(replies[text].error == NOT_ASKED for text in fresh):
                break  # the budget ended it, and asks nothing more
            for bucket in list(waiting):
                reason = self._enough(asked_about[bucket], judged[bucket], replies)
                if not waiting[bucket]:
                    del waiting[bucket]
                elif reason is not None:
                    left = len(waiting.pop(bucket))
                    self.ended[bucket] = f"{reason}, {left} prompts were left out"
        return [replies.get(text, _LEFT_OUT) for text in prompts]

    def told(self, capped: str | None) -> dict[str, str]:
        """What the status says of it: the reason where not all were asked, unless the budget has one."""
        if capped is not None or not self.ended:
            return {}
        return {
            "reason": "enough by stop.accuracy: "
            + "; ".join(f"{bucket}: {reason}" for bucket, reason in self.ended.items())
        }

    def _by_prompt(self) -> dict[str, dict[str, list[tuple[str, Mapping[str, Any]]]]]:
        """By bucket and prompt: what the judge is asked, with the answer that it is about."""
        found: dict[str, dict[str, list[tuple[str, Mapping[str, Any]]]]] = {}
        for answer, text in zip(self.answers, judge_prompts(self.answers, self.template), strict=True):
            found.setdefault(answer["bucket"], {}).setdefault(answer["prompt_id"], []).append((text, answer))
        return found

    def _order(self, prompts: Mapping[str, Sequence[tuple[str, Mapping[str, Any]]]]) -> list[str]:
        def drawn(prompt_id: str) -> tuple[str, str]:
            source = _source(prompts[prompt_id][0][1])
            return _drawn(self.seed, source), _drawn(self.seed, prompt_id)

        return sorted(prompts, key=drawn)

    def _size(self, judged: int) -> int:
        return math.ceil(GROWTH * judged) if judged else self.stop.min_prompts

    def _enough(
        self,
        answers: Mapping[str, Sequence[tuple[str, Mapping[str, Any]]]],
        judged: Sequence[str],
        replies: Mapping[str, Reply],
    ) -> str | None:
        values, sources = [], []
        for prompt_id in judged:
            said = [
                (value, float(answer.get("times") or 1.0))
                for text, answer in answers[prompt_id]
                if (value := right(self.reading(text, replies[text]))) is not None
            ]
            if said:
                values.append(sum(value * times for value, times in said) / sum(times for _, times in said))
                sources.append(_source(answers[prompt_id][0][1]))
        if len(values) < self.stop.min_prompts:
            return None
        codes = np.unique(np.array(sources), return_inverse=True)[1]
        bounds = clustered(np.array(values), codes.astype(np.int64), self.stop.confidence)
        if bounds is None or (half := (bounds.high - bounds.low) / 2.0) > fraction(self.stop.accuracy):
            return None
        return f"the share is known to {100 * half:.2g} points ({self.stop.accuracy} asked) from {len(values)} prompts"


def _source(answer: Mapping[str, Any]) -> str:
    return str(answer.get("source") or answer["prompt_id"])


def _drawn(seed: int, name: str) -> str:
    return hashlib.sha256(f"{seed}/{name}".encode()).hexdigest()
