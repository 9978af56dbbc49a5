"""Judging ends in whole batches where a share is known, in an order that is the same for every judge and model."""

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from assay.judging.batches import Batches
from assay.judging.prompt import template
from assay.judging.reading import Reading
from assay.judging.repair import Repairing
from assay.judging.reply import NOT_ASKED, Reply
from assay.judging.schema import Form
from assay.judging.verdicts import VerdictRow, verdict_counts, verdict_rows
from assay.stats.shares import clustered
from assay.stopping.settings import JudgingWidth

TEMPLATE = template("{question} {references} {answer}", "test")


def answers(count: int, bucket: str = "small", model: str = "swift") -> list[dict[str, Any]]:
    return [
        {
            "model": model,
            "answer_id": f"{bucket}{n}",
            "prompt_id": f"{bucket}-p{n}",
            "bucket": bucket,
            "source": f"{bucket}-s{n // 2}",
            "question": f"question {bucket} {n}",
            "answers": ["yes"],
            "text": f"{model} says {n}",
            "times": 1.0,
        }
        for n in range(count)
    ]


class Judge:
    """Calls answers correct at random, by the prompt; notes what it was asked."""

    def __init__(self, share: float = 0.9, most: int | None = None) -> None:
        self.share, self.most = share, most
        self.batches: list[int] = []

    def __call__(self, prompts: Sequence[str]) -> list[Reply]:
        self.batches.append(len(prompts))
        found = []
        for place, prompt in enumerate(prompts):
            if self.most is not None and place >= self.most:
                found.append(Reply(None, NOT_ASKED, None, None, None, 0))
                continue
            verdict = "correct" if random.Random(prompt).random() < self.share else "incorrect"
            found.append(Reply(f'{{"verdict": "{verdict}"}}', None, 10, 5, 1.0, 1))
        return found


def judged(
    rows: list[dict[str, Any]], judge: Judge, accuracy: str = "5 points", least: int = 40, seed: int = 1
) -> tuple[list[VerdictRow], Batches]:
    stop = JudgingWidth(accuracy=accuracy, min_prompts=least, confidence=0.95)
    batches = Batches(rows, TEMPLATE, judge, stop, seed)
    return verdict_rows(rows, TEMPLATE, batches, judge="ada", judge_id="id"), batches


def asked(rows: list[VerdictRow]) -> list[str]:
    return [row.prompt_id for row in rows if row.verdict != "not_asked"]


def test_it_ends_in_whole_batches_where_the_share_is_known() -> None:
    judge = Judge()
    rows, batches = judged(answers(1000), judge)
    counts = verdict_counts(rows)
    n = counts["correct"] + counts["incorrect"]
    assert n == sum(judge.batches) < 1000
    assert judge.batches[:3] == [40, 10, 13]
    assert counts["not_asked"] == 1000 - n
    assert counts["failed"] == counts["unparseable"] == 0
    stated = [row for row in rows if row.verdict != "not_asked"]
    values = np.array([float(row.verdict == "correct") for row in stated])
    sources = np.array([int(row.prompt_id.split("p")[1]) // 2 for row in stated])
    bounds = clustered(values, np.unique(sources, return_inverse=True)[1].astype(np.int64), 0.95)
    assert bounds is not None
    assert (bounds.high - bounds.low) / 2 <= 0.05
    assert f"from {n} prompts, {1000 - n} prompts were left out" in batches.told(None)["reason"]
    assert batches.told("capped") == {}


def test_never_under_the_floor_and_never_where_it_is_too_wide() -> None:
    rows, batches = judged(answers(300), Judge(1.0), least=200)
    assert len(asked(rows)) == 200
    rows, batches = judged(answers(100), Judge(0.5), accuracy="1 point")
    assert len(asked(rows)) == 100
    assert batches.ended == batches.told(None) == {}


def test_the_order_is_that_of_every_judge_and_model_and_more_prompts_keep_it() -> None:
    mine = asked(judged(answers(400, model="swift"), Judge(0.9))[0])
    other = asked(judged(answers(400, model="steady"), Judge(0.8))[0])
    assert set(mine) < set(other) or set(other) < set(mine) or set(mine) == set(other)
    assert asked(judged(answers(400), Judge(0.9), seed=2)[0]) != mine


def test_each_bucket_ends_by_itself() -> None:
    rows, batches = judged([*answers(300, "small"), *answers(50, "large")], Judge(0.95))
    found = asked(rows)
    assert sum(name.startswith("large") for name in found) == 50
    assert sum(name.startswith("small") for name in found) < 300
    assert list(batches.ended) == ["small"]


@pytest.mark.parametrize("most", [0, 30])
def test_what_the_budget_ends_goes_no_further(most: int) -> None:
    judge = Judge(most=most)
    rows, batches = judged(answers(300), judge)
    assert judge.batches == [40]
    assert len(asked(rows)) == most
    assert batches.ended == {}


def test_ratings_and_repaired_replies_are_looked_at_as_verdicts_are() -> None:
    """A judge that says 1 or 5 ends where one that says incorrect or correct does, also where half of it takes a repair."""

    class Rates(Judge):
        def __call__(self, prompts: Sequence[str]) -> list[Reply]:
            first = [prompt.partition("\n\nAn earlier reply")[0] for prompt in prompts]
            garbled = [
                prompt == whole and random.Random(prompt + "!").random() < 0.5
                for prompt, whole in zip(first, prompts, strict=True)
            ]
            said = super().__call__(first)
            rated = {'{"verdict": "correct"}': '{"rating": 5}', '{"verdict": "incorrect"}': '{"rating": 1}'}
            return [
                replace(reply, text="Who knows." if bad else rated[str(reply.text)])
                for reply, bad in zip(said, garbled, strict=True)
            ]

    rows = answers(1000)
    form = Form("scale")
    stop = JudgingWidth(accuracy="5 points", min_prompts=40, confidence=0.95)
    by_verdict, _ = judged(rows, Judge(), "5 points")
    batches = Batches(rows, TEMPLATE, Repairing(Rates(), Reading(form)), stop, 1, Reading(form))
    by_rating = verdict_rows(rows, TEMPLATE, batches, judge="ada", judge_id="id", reading=Reading(form))
    assert asked(by_rating) == asked(by_verdict)
    assert verdict_counts(by_rating)["rated"] == len(asked(by_verdict))
    assert 0 < sum(row.repaired for row in by_rating) < len(asked(by_verdict))
